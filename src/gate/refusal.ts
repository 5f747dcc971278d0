/** Why the gate lets a decoder not in: codes, and for each what can be done. Used by the files of this folder. */
import type { Reason } from "../support/reason.ts";

const REMEDIES = {
  "decoder-too-large": "Leave out what a decoder does not need, debug information above all",
  "decoder-not-wasm": "Give the file that the compiler made: a WebAssembly module of version 1",
  "decoder-truncated": "Copy the whole file again",
  "decoder-without-manifest": "Add the custom section tsunagi.manifest that docs/decoder-abi.md describes",
  "decoder-bad-manifest": "Correct the manifest as docs/decoder-abi.md describes it",
  "decoder-abi-mismatch": "Build the decoder anew with the sources of this release of Tsunagi",
  "decoder-wire-mismatch": "Build the decoder anew with the sources of this release of Tsunagi",
  "decoder-bad-range": 'Write the range of Go releases like ">=1.23 <1.24"',
  "decoder-imports": "Import the memory env.memory and nothing else",
  "decoder-memory": "Keep to the memory map of docs/decoder-abi.md",
  "decoder-instruction": "Compile without bulk memory, threads, exceptions and references",
  "decoder-exports": "Export the functions that docs/decoder-abi.md lists",
  "decoder-golden-missing": "Build the decoder with golden vectors; docs/decoder-abi.md tells how",
  "decoder-golden-mismatch":
    "Make code, plans and golden vectors of one build, with the offsets of one Go layout",
  "decoder-trapped": "Correct the code: no record may make a decoder trap",
  "decoder-too-slow": "Correct the code: its work must be bounded by the bytes of its input",
  "decoder-hostile-record": "Correct the code: any record may come, and each start must be counted",
} as const;

export type GateCode = keyof typeof REMEDIES;

/** Thrown within the gate; the message is what the decoder is or does. */
export class GateRefusal extends Error {
  readonly code: GateCode;

  constructor(code: GateCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "GateRefusal";
    this.code = code;
  }
}

/** The refusal as it is shown; `name` is the decoder's where it is known. */
export function reasonOf(
  { code, message }: { code: GateCode; message: string },
  name: string | null,
): Reason {
  return {
    code,
    message: `Cannot use decoder${name === null ? "" : ` ${name}`}: ${message}`,
    remedy: REMEDIES[code],
  };
}
