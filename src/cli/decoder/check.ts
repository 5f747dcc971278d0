/** `deno task decoder check`: the agent's gate on files, without an agent. Called by main.ts and new.ts. */
import type { DecoderPack } from "../../decoder/manifest.ts";
import { Gate } from "../../gate/gate.ts";
import { escapeControls } from "../../support/text.ts";
import type { Reason } from "../../support/reason.ts";
import type { CommandContext } from "./context.ts";
import { describeFailure, Failure } from "./failure.ts";
import { readDecoderFile } from "./file.ts";
import { formatMs } from "./json.ts";
import { alignRows } from "./table.ts";

interface Check {
  readonly what: string;
  /** Codes of what does not pass. */
  readonly codes: readonly string[];
  /** Another check's work, named only when it is what failed. */
  readonly onlyFailed?: boolean;
}

/** What the gate tries, in its order. */
const CHECKS: readonly Check[] = [
  { what: "size within the limit", codes: ["decoder-too-large"] },
  { what: "a whole WebAssembly module", codes: ["decoder-not-wasm", "decoder-truncated"] },
  { what: "a manifest", codes: ["decoder-without-manifest", "decoder-bad-manifest"] },
  { what: "ABI of this release", codes: ["decoder-abi-mismatch"] },
  { what: "wire of this release", codes: ["decoder-wire-mismatch"] },
  { what: "a Go range", codes: ["decoder-bad-range"] },
  { what: "golden vectors are there", codes: ["decoder-golden-missing"] },
  {
    what: "imports nothing but the memory, which is within bounds",
    codes: ["decoder-imports", "decoder-memory"],
  },
  { what: "only instructions whose run time can be bounded", codes: ["decoder-instruction"] },
  { what: "the functions of a decoder", codes: ["decoder-exports"] },
  {
    what: "runs without a trap and within the budget",
    codes: ["decoder-trapped", "decoder-too-slow"],
    onlyFailed: true,
  },
  { what: "golden vectors byte for byte", codes: ["decoder-golden-mismatch"] },
  { what: "hostile records, within the budget", codes: ["decoder-hostile-record"] },
];

interface Checked {
  readonly file: string;
  readonly pack: DecoderPack | null;
  readonly refused: Reason | null;
  readonly ms: number;
}

/** @returns whether all of them passed. */
export async function checkFiles(
  context: CommandContext,
  files: readonly string[],
  options: { json: boolean },
): Promise<boolean> {
  await using gate = new Gate();
  const results: Checked[] = [];
  for (const file of files) {
    const result = await checkFile(gate, file);
    results.push(result);
    if (!options.json) printResult(context, result);
  }
  if (options.json) {
    const shown = results.map(({ file, pack, refused, ms }) => ({
      file,
      passed: refused === null,
      name: pack?.manifest.name ?? null,
      digest: pack?.digest ?? null,
      refused,
      ms,
    }));
    context.print(JSON.stringify({ files: shown }, null, 2));
  }
  return results.every(({ refused }) => refused === null);
}

async function checkFile(gate: Gate, file: string): Promise<Checked> {
  const began = performance.now();
  const done = (pack: DecoderPack | null, refused: Reason | null): Checked => ({
    file,
    pack,
    refused,
    ms: performance.now() - began,
  });
  try {
    const answer = await gate.check(await readDecoderFile(file));
    return "refused" in answer ? done(null, answer.refused) : done(answer.pack, null);
  } catch (error) {
    // Also a file that cannot be read must not hide what the others are.
    if (!(error instanceof Failure)) throw error;
    const { code, message, remedy } = error;
    return done(null, { code: code ?? "file-unreadable", message, remedy: remedy ?? "Check the path" });
  }
}

function printResult(context: CommandContext, { file, pack, refused, ms }: Checked): void {
  if (refused === null) {
    const { name, version, goRange } = pack!.manifest;
    context.print(escapeControls(`${file}: passed in ${formatMs(ms)}: ${name} ${version} for Go ${goRange}`));
  } else {
    context.print(escapeControls(`${file}: refused`));
  }
  const failed = CHECKS.findIndex(({ codes }) => refused !== null && codes.includes(refused.code));
  // A refusal of another kind, such as a file that is missing, is of no check.
  const shown = refused === null ? CHECKS : CHECKS.slice(0, failed + 1);
  const rows = shown.flatMap(({ what, onlyFailed = false }, index) => {
    const isFailed = index === failed;
    return onlyFailed && !isFailed ? [] : [["", isFailed ? "FAILED" : "passed", what]];
  });
  for (const line of alignRows(rows)) context.print(line);
  if (refused === null) return;
  for (const line of describeFailure(refused)) context.print(`  ${line}`);
}
