/**
 * Generates the decoder's sources from decoder-as/layouts; with `--check` it writes nothing and fails when the
 * committed ones differ. With `--toolchains` it first makes the layouts themselves
 * from real Go toolchains: it builds a small net/http program with each release and reads the struct offsets from its
 * DWARF. Run by `deno task gen`, and by hand when a Go release appears (needs `go` and its module proxy):
 *
 *     deno run --allow-read --allow-write --allow-run --allow-env scripts/gen_layouts.ts --toolchains [DIRECTORY]
 *
 * DIRECTORY keeps the programs as `app-1.26.11`; those that it already holds are not built again.
 */
import { groupFamilies } from "../decoder-as/plans/family.ts";
import {
  compareReleases,
  FIELD_NAMES,
  type FieldName,
  type GoLayout,
  parseLayout,
} from "../decoder-as/plans/layout.ts";
import { FAMILY_DIRECTORY, generatedFiles } from "../decoder-as/plans/render.ts";
import { readStructs } from "../src/goexe/dwarf.ts";
import { FileSource } from "../src/goexe/file_source.ts";

const ROOT = new URL("../", import.meta.url);
const LAYOUTS = new URL("decoder-as/layouts/", ROOT);

/** First and last patch release of every minor release, and both sides of a change within one. */
const RELEASES = [
  ["1.17", "1.17.13"],
  ["1.18", "1.18.10"],
  ["1.19", "1.19.13"],
  ["1.20", "1.20.14"],
  ["1.21.0", "1.21.13"],
  ["1.22.0", "1.22.12"],
  ["1.23.0", "1.23.12"],
  ["1.24.0", "1.24.13"],
  ["1.25.0", "1.25.14"],
  ["1.26.0", "1.26.8", "1.26.10", "1.26.11"],
  ["1.27.0", "1.27.4"],
] as const;

/** First minor release whose maps are Swiss tables (src/internal/runtime/maps). */
const FIRST_SWISS_MINOR = 24;

/** Struct of each type name in FIELD_NAMES; the first that the program has counts. */
const STRUCTS: Readonly<Record<string, readonly string[]>> = {
  g: ["runtime.g"],
  m: ["runtime.m"],
  Request: ["net/http.Request"],
  pattern: ["net/http.pattern"],
  URL: ["net/url.URL"],
  response: ["net/http.response"],
  conn: ["net/http.conn"],
  h2responseWriter: ["net/http.http2responseWriter", "net/http/internal/http2.responseWriter"],
  h2responseWriterState: ["net/http.http2responseWriterState", "net/http/internal/http2.responseWriterState"],
  Response: ["net/http.Response"],
  persistConn: ["net/http.persistConn"],
  transportRequest: ["net/http.transportRequest"],
};

const PROGRAM = `package main

import (
	"net/http"
	"os"
)

func main() {
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		if resp, err := http.Get(os.Args[2]); err == nil {
			resp.Body.Close()
		}
	})
	http.ListenAndServe(os.Args[1], nil)
}
`;

interface Reading {
  readonly release: string;
  readonly gDead: number;
  readonly fields: GoLayout["fields"];
}

async function output(program: string, args: string[], options: Deno.CommandOptions = {}): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(program, { ...options, args }).output();
  if (!success) {
    throw new Error(`Cannot run ${program} ${args.join(" ")}: ${new TextDecoder().decode(stderr)}`);
  }
  return new TextDecoder().decode(stdout).trim();
}

async function toolchainRoot(release: string): Promise<string> {
  const env = { GOENV: "off", GOTOOLCHAIN: `go${release}` };
  return await output("go", ["env", "GOROOT"], { env });
}

/** Builds the program. The toolchain's own `go` runs: 1.19 and 1.20 refuse a GOROOT inside the module cache. */
async function build(root: string, program: string): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "layout-" });
  try {
    await Deno.writeTextFile(`${directory}/go.mod`, "module layout.test/app\n\ngo 1.17\n");
    await Deno.writeTextFile(`${directory}/main.go`, PROGRAM);
    await output(`${root}/bin/go`, ["build", "-o", program, "."], {
      cwd: directory,
      env: { GOENV: "off", GOTOOLCHAIN: "local", GOROOT: root, GOMODCACHE: `${directory}/modules` },
    });
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** The number that src/runtime/runtime2.go notes beside _Gdead. */
async function readGDead(root: string): Promise<number> {
  const source = await Deno.readTextFile(`${root}/src/runtime/runtime2.go`);
  const match = /^\s*_Gdead \/\/ (\d+)$/m.exec(source);
  if (!match) throw new Error(`Cannot find _Gdead in ${root}/src/runtime/runtime2.go`);
  return Number(match[1]);
}

async function readFields(program: string): Promise<GoLayout["fields"]> {
  const wanted: Record<string, string[]> = {};
  for (const field of FIELD_NAMES) {
    const [type, name] = split(field);
    for (const struct of STRUCTS[type]!) (wanted[struct] ??= []).push(name);
  }
  using source = await FileSource.open(program);
  const found = await readStructs(source, wanted);
  const fields = {} as Record<FieldName, number | null>;
  for (const field of FIELD_NAMES) {
    const [type, name] = split(field);
    const struct = STRUCTS[type]!.find((candidate) => found.get(candidate)?.offsets.size);
    fields[field] = struct === undefined ? null : found.get(struct)?.offsets.get(name) ?? null;
    // Since 1.27 HTTP/2 keeps a request of its own there, by value, not the *http.Request.
    if (field === "h2responseWriterState.req" && struct?.includes("internal/http2")) fields[field] = null;
  }
  return fields;
}

function split(field: FieldName): [string, string] {
  const dot = field.indexOf(".");
  return [field.slice(0, dot), field.slice(dot + 1)];
}

async function read(release: string, directory: string): Promise<Reading> {
  const program = `${directory}/app-${release}`;
  const root = await toolchainRoot(release);
  if (!await Deno.stat(program).catch(() => null)) await build(root, program);
  return { release, gDead: await readGDead(root), fields: await readFields(program) };
}

/** One layout for each run of equal readings of a minor release; a change must lie between neighbouring patches. */
function layoutsOf(readings: readonly Reading[]): Map<string, GoLayout> {
  const minor = Number(readings[0]!.release.split(".")[1]);
  const runs: Reading[][] = [];
  for (const reading of [...readings].sort((a, b) => compareReleases(a.release, b.release))) {
    const run = runs.at(-1);
    if (run && JSON.stringify(run[0]!.fields) === JSON.stringify(reading.fields)) run.push(reading);
    else runs.push([reading]);
  }
  const layouts = new Map<string, GoLayout>();
  for (const [index, run] of runs.entries()) {
    const from = index === 0 ? `1.${minor}` : run[0]!.release;
    const nextRun = runs[index + 1]?.[0];
    if (nextRun && Number(nextRun.release.split(".")[2]) !== Number(run.at(-1)!.release.split(".")[2]) + 1) {
      throw new Error(
        `Cannot tell where the layout changes: read the releases between ${run.at(-1)!.release} ` +
          `and ${nextRun.release} too`,
      );
    }
    layouts.set(`go${from}`, {
      goRange: `>=${from} <${nextRun?.release ?? `1.${minor + 1}`}`,
      toolchains: run.map(({ release }) => `go${release}`),
      method: "DWARF of a net/http program built for linux/amd64; _Gdead from src/runtime/runtime2.go",
      gDead: run[0]!.gDead,
      headerMap: minor >= FIRST_SWISS_MINOR ? "swiss" : "hmap",
      fields: run[0]!.fields,
    });
  }
  return layouts;
}

async function makeLayouts(directory: string): Promise<void> {
  for (const releases of RELEASES) {
    const readings: Reading[] = [];
    for (const release of releases) readings.push(await read(release, directory));
    for (const [name, layout] of layoutsOf(readings)) {
      await Deno.writeTextFile(new URL(`${name}.json`, LAYOUTS), JSON.stringify(layout, null, 2) + "\n");
    }
  }
}

async function readLayouts(): Promise<GoLayout[]> {
  const layouts = [];
  for await (const { name } of Deno.readDir(LAYOUTS)) {
    layouts.push(parseLayout(await Deno.readTextFile(new URL(name, LAYOUTS)), name));
  }
  return layouts;
}

async function generate(): Promise<void> {
  const files = generatedFiles(groupFamilies(await readLayouts()));
  for await (const { name } of Deno.readDir(new URL(FAMILY_DIRECTORY, ROOT))) {
    const path = FAMILY_DIRECTORY + name;
    if (!files.has(path)) await Deno.remove(new URL(path, ROOT));
  }
  for (const [path, text] of files) await Deno.writeTextFile(new URL(path, ROOT), text);
}

/** Names a generated file that is missing or does not follow from the layouts, or one that is left over. */
async function findStale(): Promise<string | null> {
  const files = generatedFiles(groupFamilies(await readLayouts()));
  for (const [path, text] of files) {
    if (await Deno.readTextFile(new URL(path, ROOT)).catch(() => null) !== text) return path;
  }
  for await (const { name } of Deno.readDir(new URL(FAMILY_DIRECTORY, ROOT))) {
    if (!files.has(FAMILY_DIRECTORY + name)) return FAMILY_DIRECTORY + name;
  }
  return null;
}

const [mode, kept] = Deno.args;
if (mode === "--toolchains") {
  const directory = kept ?? await Deno.makeTempDir({ prefix: "layout-programs-" });
  try {
    await makeLayouts(directory);
  } finally {
    if (kept === undefined) await Deno.remove(directory, { recursive: true });
  }
}
if (mode === "--check") {
  const stale = await findStale();
  if (stale !== null) throw new Error(`Cannot pass ${stale}: it is stale; run deno task gen`);
} else {
  await generate();
}
