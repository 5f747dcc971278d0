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
  /** Links all that declares the structs. */
  readonly program: string;
  /** Fields to read, by the struct's name in DWARF. */
  readonly structs: Readonly<Record<string, readonly string[]>>;
}

const LIBRARIES: readonly Library[] = [{
  module: "golang.org/x/net",
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

/** Reads every STEP-th release and the last, then halves each stretch whose ends differ. */
async function readAll(library: Library, versions: readonly string[]) {
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
  for (let low = 0; low < last; low += STEP) {
    const high = Math.min(low + STEP, last);
    await at(low);
    await at(high);
    await narrow(low, high);
  }
  return [...readings].sort(([a], [b]) => a - b);
}

/** "v0.62.1" is the last known one of releases below 0.63.0. */
function minorAfter(version: string): string {
  const [major, minor] = version.slice(1).split(".").map(Number);
  return `${major}.${minor! + 1}.0`;
}

async function layoutsOf(library: Library): Promise<ModuleLayouts> {
  const directory = await Deno.makeTempDir({ prefix: "module-layout-" });
  try {
    const listed = await go(directory, "list", "-m", "-versions", library.module);
    const versions = listed.split(" ").slice(1);
    const layouts: ModuleLayout[] = [];
    for (const [index, fields] of await readAll(library, versions)) {
      const version = versions[index]!;
      const last = layouts.pop();
      const ending = minorAfter(versions.at(-1)!);
      if (last && JSON.stringify(last.fields) === JSON.stringify(fields)) {
        layouts.push({ ...last, versions: [...last.versions, version] });
        continue;
      }
      if (last) layouts.push({ ...last, range: last.range.replace(ending, version.slice(1)) });
      layouts.push({ range: `>=${version.slice(1)} <${ending}`, versions: [version], fields });
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
