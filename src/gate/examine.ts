/**
 * The static part of the gate: takes a file for a decoder without running it. The whole of it is called before tryPack,
 * also by the build; of a decoder that the build let in, only the manifest is read at the start.
 */
import {
  CAPTURE_END_BYTES,
  CAPTURE_START_BYTES,
  OP_PEEK,
  OP_READ,
  OP_STRING,
  PROBE_CLIENT_START,
  PROBE_SERVER_START,
} from "../../bpf/wire.gen.ts";
import { ABI_VERSION } from "../../decoder-as/assembly/version.ts";
import { GoRange } from "../decoder/go_release.ts";
import { GOLDEN_SECTION, type GoldenVector, parseGoldens } from "../decoder/golden.ts";
import { harden, HardenError } from "../decoder/harden.ts";
import {
  type DecoderManifest,
  type DecoderPack,
  MANIFEST_SECTION,
  parseManifest,
  parseManifestHead,
} from "../decoder/manifest.ts";
import { customSection, isWasm } from "../decoder/wasm_section.ts";
import { describeError } from "../support/errors.ts";
import type { Reason } from "../support/reason.ts";
import { encodeLayout } from "../wire/control.ts";
import { WIRE_FINGERPRINT } from "../wire/hello.ts";
import { type GateCode, GateRefusal, reasonOf } from "./refusal.ts";

/** No decoder is larger; the API and the directory watcher do not read on beyond it. */
export const MAX_PACK_BYTES = 4 * 1024 * 1024;

/** Functions that a decoder must export; their types show when they are called. */
const EXPORTS = ["abi", "wireFingerprintLow", "wireFingerprintHigh", "feed", "drop"];

const WORD_BYTES = 8;
/** Pointer and length of a Go string. */
const STRING_HEADER_BYTES = 16;

/** The decoder in a file, or why it is none. Runs nothing of it. */
export async function examinePack(bytes: Uint8Array<ArrayBuffer>): Promise<DecoderPack | Reason> {
  const digest = await digestOf(bytes);
  return orReason((told) => {
    const manifest = readManifest(bytes, told);
    checkHasGoldens(bytes);
    const code = hardened(bytes);
    checkExports(code);
    return { manifest, bytes, code, digest };
  });
}

/**
 * A decoder that the build of this service has let through the whole gate. Its code is hardened when it is first
 * wanted, since most of the bundled decoders never are.
 */
export async function readBuiltPack(bytes: Uint8Array<ArrayBuffer>): Promise<DecoderPack | Reason> {
  const digest = await digestOf(bytes);
  return orReason((told) => {
    const manifest = readManifest(bytes, told);
    let code: Uint8Array<ArrayBuffer> | undefined;
    return {
      manifest,
      bytes,
      digest,
      get code() {
        return code ??= harden(bytes);
      },
    };
  });
}

/** SHA-256 in lower-case hex. */
async function digestOf(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}

/** What `read` makes, or why it refuses; it tells the decoder's name as soon as that is known. */
function orReason(read: (told: (name: string) => void) => DecoderPack): DecoderPack | Reason {
  let name: string | null = null;
  try {
    return read((told) => name = told);
  } catch (error) {
    if (error instanceof GateRefusal) return reasonOf(error, name);
    throw error;
  }
}

function readManifest(bytes: Uint8Array<ArrayBuffer>, told: (name: string) => void): DecoderManifest {
  if (bytes.length > MAX_PACK_BYTES) {
    throw new GateRefusal("decoder-too-large", `it has ${bytes.length} bytes, may have ${MAX_PACK_BYTES}`);
  }
  if (!isWasm(bytes)) throw new GateRefusal("decoder-not-wasm", "it is no WebAssembly module");
  const section = sectionOf(bytes, MANIFEST_SECTION);
  if (!section) throw new GateRefusal("decoder-without-manifest", `it has no section ${MANIFEST_SECTION}`);
  const head = attempt("decoder-bad-manifest", () => parseManifestHead(section));
  told(head.name);
  checkBuild(head.abi, head.wireFingerprint);
  const manifest = attempt("decoder-bad-manifest", () => parseManifest(section));
  attempt("decoder-bad-range", () => new GoRange(manifest.goRange));
  attempt("decoder-bad-manifest", () => checkKernelHalf(manifest));
  return manifest;
}

/** The golden vectors of a pack that examinePack made. */
export function goldensOf({ bytes }: Pick<DecoderPack, "bytes">): GoldenVector[] {
  const section = sectionOf(bytes, GOLDEN_SECTION);
  if (!section) throw new GateRefusal("decoder-golden-missing", `it has no section ${GOLDEN_SECTION}`);
  return attempt("decoder-golden-missing", () => parseGoldens(section));
}

function checkBuild(abi: number, wireFingerprint: string): void {
  if (abi !== ABI_VERSION) {
    throw new GateRefusal("decoder-abi-mismatch", `it has ABI ${abi}, the service has ${ABI_VERSION}`);
  }
  if (wireFingerprint !== WIRE_FINGERPRINT) {
    throw new GateRefusal(
      "decoder-wire-mismatch",
      `it reads wire ${wireFingerprint}, the service has ${WIRE_FINGERPRINT}`,
    );
  }
}

/** @throws {TypeError | RangeError} when the layout cannot be sent to the kernel, or a plan leaves its record. */
function checkKernelHalf({ layout, plans, libraries }: DecoderManifest): void {
  encodeLayout(0, 0, layout);
  for (const { probe, ops } of [...plans, ...libraries.flatMap((library) => library.plans)]) {
    const isStart = probe === PROBE_SERVER_START || probe === PROBE_CLIENT_START;
    const reserved = isStart ? CAPTURE_START_BYTES : CAPTURE_END_BYTES;
    for (const [index, { code, source }] of ops.entries()) {
      const needed = code === OP_STRING ? STRING_HEADER_BYTES : WORD_BYTES;
      if ((code === OP_READ || code === OP_PEEK || code === OP_STRING) && source + needed <= reserved) {
        continue;
      }
      throw new RangeError(
        `Cannot use plan of probe ${probe}: op ${index} has code ${code}, source ${source}`,
      );
    }
  }
}

function checkHasGoldens(bytes: Uint8Array<ArrayBuffer>): void {
  if (goldensOf({ bytes }).some(({ counters }) => counters.spans > 0)) return;
  throw new GateRefusal("decoder-golden-missing", "none of its golden vectors gives a span");
}

function hardened(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  try {
    return harden(bytes);
  } catch (error) {
    if (!(error instanceof HardenError)) throw error;
    throw new GateRefusal(error.code, error.message.replace("Cannot harden module: ", ""), { cause: error });
  }
}

function checkExports(code: Uint8Array<ArrayBuffer>): void {
  const module = attempt("decoder-not-wasm", () => new WebAssembly.Module(code));
  const functions = WebAssembly.Module.exports(module).filter(({ kind }) => kind === "function");
  const missing = EXPORTS.filter((wanted) => !functions.some(({ name }) => name === wanted));
  if (missing.length > 0) {
    throw new GateRefusal("decoder-exports", `it does not export ${missing.join(", ")}`);
  }
}

function sectionOf(bytes: Uint8Array, name: string): Uint8Array | null {
  return attempt("decoder-truncated", () => customSection(bytes, name));
}

/** Runs a check of others, whose errors become refusals. */
export function attempt<Result>(code: GateCode, check: () => Result): Result {
  try {
    return check();
  } catch (cause) {
    throw new GateRefusal(code, describeError(cause), { cause });
  }
}
