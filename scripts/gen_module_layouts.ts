/**
 * Generates decoder-as/modules: builds a small program against releases of a Go module with the installed Go, reads
 * the struct offsets from its DWARF and bisects where they change. Run by hand when such a module has new releases
 * (needs `go` and its module proxy):
 *
 *     deno run --allow-read --allow-write --allow-run --allow-env scripts/gen_module_layouts.ts
 */
import type { ModuleLayout, ModuleLayouts } from "../decoder-as/plans/module_layout.ts";
import { readStructs } from "../src/goexe/dwarf.ts";
import { FileSource } from "../src/goexe/file_source.ts";

const OUTPUT = new URL("../decoder-as/modules/", import.meta.url);
/** Releases between two that are read at least. Where those two agree, so, it is taken, do the ones between. */
const STEP = 16;

interface Library {
  readonly module: string;
  /** Revisions from before the first release, in order: `go list` does not name them. Each is read. */
  readonly revisions: readonly string[];
  /** Links all that declares the structs. */
  readonly program: string;
  /** Fields to read, by the struct's name in DWARF. */
  readonly structs: Readonly<Record<string, readonly string[]>>;
}

const LIBRARIES: readonly Library[] = [{
  module: "golang.org/x/net",
  revisions: [
    "v0.0.0-20190404232315-eb5bcb51f2a3",
    "v0.0.0-20190620200207-3b0461eec859",
    "v0.0.0-20210226172049-e18ecbb05110",
    "v0.0.0-20211112202133-69e39bad7dc2",
    "v0.0.0-20220425223048-2871e0cb64e4",
    "v0.0.0-20220520000938-2e3eb7b945c2",
    "v0.0.0-20220607020251-c690dde0001d",
    "v0.0.0-20220624214902-1bab6f366d9e",
    "v0.0.0-20220722155237-a158d28d115b",
  ],
  program: `package main

import (
	"net/http"

	"golang.org/x/net/http2"
)

func main() {
	server := &http.Server{}
	http2.ConfigureServer(server, nil)
	server.ListenAndServeTLS("", "")
}
`,
  structs: {
    "golang.org/x/net/http2.responseWriter": ["rws"],
    "golang.org/x/net/http2.responseWriterState": ["req", "status", "wroteHeader", "wroteBytes"],
  },
}];

async function go(directory: string, ...args: string[]): Promise<string> {
  const env = { GOENV: "off", GOTOOLCHAIN: "local" };
  const { success, stdout, stderr } = await new Deno.Command("go", { args, env, cwd: directory }).output();
  if (!success) throw new Error(`Cannot run go ${args.join(" ")}: ${new TextDecoder().decode(stderr)}`);
  return new TextDecoder().decode(stdout).trim();
}

/** Offsets by "responseWriter.rws": the struct without its package. */
async function readFields(file: string, { structs }: Library): Promise<Record<string, number | null>> {
  using source = await FileSource.open(file);
  const found = await readStructs(source, structs);
  const fields: Record<string, number | null> = {};
  for (const [struct, names] of Object.entries(structs)) {
    const layout = found.get(struct);
    if (!layout) throw new Error(`Cannot find struct ${struct} in ${file}`);
    const type = struct.slice(struct.lastIndexOf(".") + 1);
    for (const name of names) fields[`${type}.${name}`] = layout.offsets.get(name) ?? null;
  }
  return fields;
}

/** Builds the library's program against one release. */
async function read(library: Library, version: string): Promise<Record<string, number | null>> {
  const directory = await Deno.makeTempDir({ prefix: "module-layout-" });
  try {
    await Deno.writeTextFile(`${directory}/go.mod`, "module layout.test/app\n\ngo 1.17\n");
    await Deno.writeTextFile(`${directory}/main.go`, library.program);
    await go(directory, "get", `${library.module}@${version}`);
    await go(directory, "build", "-mod=mod", "-o", "app", ".");
    return await readFields(`${directory}/app`, library);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** Reads all revisions, every STEP-th release and the last, then halves each stretch whose ends differ. */
async function readAll(library: Library, releases: readonly string[]) {
  const versions = [...library.revisions, ...releases];
  const first = library.revisions.length;
  const readings = new Map<number, Record<string, number | null>>();
  const at = async (index: number) => {
    const fields = readings.get(index) ?? await read(library, versions[index]!);
    readings.set(index, fields);
    return JSON.stringify(fields);
  };
  const narrow = async (low: number, high: number): Promise<void> => {
    if (high - low < 2 || await at(low) === await at(high)) return;
    const middle = low + high >> 1;
    await at(middle);
    await narrow(low, middle);
    await narrow(middle, high);
  };
  const last = versions.length - 1;
  for (let index = 0; index < first; index++) await at(index);
  for (let low = first; low < last; low += STEP) {
    const high = Math.min(low + STEP, last);
    await at(low);
    await at(high);
    await narrow(low, high);
  }
  return [...readings].sort(([a], [b]) => a - b).map(([index, fields]) => ({
    version: versions[index]!,
    fields,
  }));
}

/** "v0.62.1" is the last known one of releases below 0.63.0. */
function minorAfter(version: string): string {
  const [major, minor] = version.slice(1).split(".").map(Number);
  return `${major}.${minor! + 1}.0`;
}

/** A version as an end of a range. */
function endAt(version: string): string {
  return version.slice(1).split("-", 2).join("-");
}

/** Where a range ends whose last read version is `last`: revisions between it and the next one read are not known. */
function endAfter(last: string, next: string): string {
  const [release, time] = endAt(last).split("-");
  return time === undefined ? endAt(next) : `${release}-${Number(time) + 1}`;
}

async function layoutsOf(library: Library): Promise<ModuleLayouts> {
  const directory = await Deno.makeTempDir({ prefix: "module-layout-" });
  try {
    const listed = await go(directory, "list", "-m", "-versions", library.module);
    const releases = listed.split(" ").slice(1);
    const ending = minorAfter(releases.at(-1)!);
    const layouts: ModuleLayout[] = [];
    for (const { version, fields } of await readAll(library, releases)) {
      const last = layouts.pop();
      if (last && JSON.stringify(last.fields) === JSON.stringify(fields)) {
        layouts.push({ ...last, versions: [...last.versions, version] });
        continue;
      }
      if (last) {
        const end = endAfter(last.versions.at(-1)!, version);
        layouts.push({ ...last, range: last.range.replace(`<${ending}`, `<${end}`) });
      }
      layouts.push({ range: `>=${endAt(version)} <${ending}`, versions: [version], fields });
    }
    return {
      module: library.module,
      toolchain: await go(directory, "env", "GOVERSION"),
      method: "DWARF of a program built for linux/amd64 against each release",
      layouts,
    };
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

for (const library of LIBRARIES) {
  const name = `${library.module.replaceAll("/", "_")}.json`;
  const text = JSON.stringify(await layoutsOf(library), null, 2) + "\n";
  await Deno.writeTextFile(new URL(name, OUTPUT), text);
}
