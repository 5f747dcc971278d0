/** `deno task decoder new`: makes a decoder, tries it as the agent would, writes it. Called by main.ts. */
import { dirname } from "node:path";
import { GoRange, parseGoVersion } from "../../decoder/go_release.ts";
import type { DecoderManifest } from "../../decoder/manifest.ts";
import { Gate } from "../../gate/gate.ts";
import {
  type NewDecoder,
  newDecoder,
  NewDecoderError,
  type NewDecoderSummary,
} from "../../maker/new_decoder.ts";
import { compareStructs } from "../../maker/structs.ts";
import type { NewCommand } from "./args.ts";
import { type CommandContext, projectPath, userPath } from "./context.ts";
import { examineFile } from "./examine.ts";
import { Failure } from "./failure.ts";
import { fileFailure } from "./file.ts";
import { formatMs } from "./json.ts";
import { decoderFiles } from "./local_files.ts";
import { alignRows } from "./table.ts";

/** Differences that are named one by one. */
const MAX_DIFFERENCES = 8;

/** The decoder that was written. */
export interface MadeDecoder {
  readonly path: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** @throws {Failure} and writes nothing when the program cannot be read or the decoder does not pass the gate. */
export async function makeAndWrite(context: CommandContext, command: NewCommand): Promise<MadeDecoder> {
  const began = performance.now();
  const { bytes, summary } = await make(context, command);
  const made = performance.now();
  await using gate = new Gate();
  const checked = await gate.check(bytes);
  if ("refused" in checked) {
    const { message, code, remedy } = checked.refused;
    throw new Failure(`The decoder that was made does not pass the check: ${message}`, { code, remedy });
  }
  const passed = performance.now();
  const { name, version, goRange } = checked.pack.manifest;
  const path = command.output === undefined
    ? projectPath(`decoders/${name}.wasm`)
    : userPath(context, command.output);
  await writeWhole(path, bytes);
  const rows = [
    ["read", `${summary.goVersion}, by ${summary.method}`],
    ["structs", describeStructs(summary)],
    ["compared", await compareWithBundled(summary)],
    ["traces", summary.traces.join(", ")],
    ["made", `${name} ${version} for Go ${goRange} in ${formatMs(made - began)}`],
    ["checked", `passed in ${formatMs(passed - made)}`],
    ["written", `${path}, ${bytes.length} bytes`],
    ["took", formatMs(performance.now() - began)],
  ];
  for (const line of alignRows(rows)) context.print(line);
  return { path, bytes };
}

async function make(context: CommandContext, command: NewCommand): Promise<NewDecoder> {
  const { range, name } = command;
  const [binary, go] = [command.binary, command.go].map((path) => path && userPath(context, path));
  for (const path of [binary, go]) if (path) await checkExists(path);
  try {
    return await newDecoder({
      ...binary ? { binary } : {},
      ...go ? { go } : {},
      ...range === undefined ? {} : { goRange: range },
      ...name === undefined ? {} : { name },
    });
  } catch (error) {
    if (error instanceof NewDecoderError) throw new Failure(error.message, error.reason);
    throw error;
  }
}

async function checkExists(path: string): Promise<void> {
  try {
    await Deno.stat(path);
  } catch (cause) {
    throw fileFailure("read", path, cause);
  }
}

function describeStructs({ structs }: NewDecoderSummary): string {
  const offsets = Object.values(structs.fields);
  const known = offsets.filter((offset) => offset !== null).length;
  return `${known} of ${offsets.length} offsets, _Gdead is ${structs.gDead}, maps are of kind ${structs.headerMap}`;
}

/** How the structs differ from those of the decoder that came with Tsunagi for this release. */
async function compareWithBundled({ goVersion, structs }: NewDecoderSummary): Promise<string> {
  const bundled = await bundledFor(goVersion);
  if (bundled === null) return `no bundled decoder knows ${goVersion}`;
  const whose = `the bundled decoder ${bundled.name} (${bundled.goRange})`;
  const differences = compareStructs(structs, bundled.structs);
  if (differences.length === 0) return `the structs are the same as those of ${whose}`;
  const shown = differences.slice(0, MAX_DIFFERENCES).map(({ field, executable, decoder }) =>
    `${field} ${executable ?? "absent"} (there ${decoder ?? "absent"})`
  );
  const more = differences.length - shown.length;
  return `${differences.length} differ from ${whose}: ${shown.join(", ")}` +
    (more > 0 ? ` and ${more} more` : "");
}

async function bundledFor(goVersion: string): Promise<DecoderManifest | null> {
  const release = parseGoVersion(goVersion);
  if (release === null) return null;
  let best: { manifest: DecoderManifest; range: GoRange } | null = null;
  for (const file of await decoderFiles(projectPath("build/decoders")).catch(() => [])) {
    const { manifest } = await examineFile(await Deno.readFile(file));
    if (manifest === null) continue;
    const range = new GoRange(manifest.goRange);
    if (!range.has(release)) continue;
    if (best === null || best.range.contains(range)) best = { manifest, range };
  }
  return best?.manifest ?? null;
}

/** The file appears whole: the agent may be watching. */
async function writeWhole(path: string, bytes: Uint8Array): Promise<void> {
  const unfinished = `${path}.${crypto.randomUUID()}`;
  try {
    await Deno.mkdir(dirname(path), { recursive: true });
    await Deno.writeFile(unfinished, bytes);
    await Deno.rename(unfinished, path);
  } catch (cause) {
    await Deno.remove(unfinished).catch(() => {});
    throw fileFailure("write", path, cause);
  }
}
