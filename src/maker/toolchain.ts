/**
 * Reads the structs of a Go toolchain: has it build a small program with server, client and HTTP/2 of net/http and
 * reads that program's debug information. Needs no network. Used by `deno task decoder new --go` and by
 * scripts/gen_layouts.ts.
 */
import type { GoStructs } from "../decoder/manifest.ts";
import { FileSource } from "../goexe/file_source.ts";
import { describeError } from "../support/errors.ts";
import { readGoStructs } from "./structs.ts";

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
/** The path has a dot: Go 1.19 takes other modules for packages of its own. */
const MODULE = "module layout.test/app\n\ngo 1.17\n";

/** What one toolchain compiles. */
export interface Toolchain {
  /** As its file VERSION says: "go1.28.1", "devel go1.28-0f1e2d3c". */
  readonly goVersion: string;
  readonly structs: GoStructs;
}

/**
 * Reads the structs of the toolchain in a directory, its GOROOT.
 *
 * @throws {Error} when there is no toolchain, or it cannot build.
 */
export async function readToolchain(
  root: string,
  options: { signal?: AbortSignal } = {},
): Promise<Toolchain> {
  const goVersion = await toolchainVersion(root);
  const directory = await Deno.makeTempDir({ prefix: "tsunagi-toolchain-" });
  try {
    const program = `${directory}/app`;
    await buildProgram(root, program, options);
    return { goVersion, structs: await readProgram(program) };
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/**
 * The version of the toolchain in a directory.
 *
 * @throws {Error} when there is none.
 */
export async function toolchainVersion(root: string): Promise<string> {
  const path = `${root}/VERSION`;
  let text: string;
  try {
    text = await Deno.readTextFile(path);
  } catch (cause) {
    throw new Error(`Cannot find a Go toolchain in ${root}: it has no file VERSION`, { cause });
  }
  const version = text.split("\n", 1)[0]?.trim() ?? "";
  if (!/^(devel )?go1\./.test(version)) {
    throw new Error(`Cannot use ${path}: it says "${version.slice(0, 80)}"`);
  }
  return version;
}

/** Builds the program into the file `output` with the toolchain's own `go`, whatever the user's settings are. */
export async function buildProgram(
  root: string,
  output: string,
  options: { signal?: AbortSignal } = {},
): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "tsunagi-program-" });
  try {
    await Deno.writeTextFile(`${directory}/go.mod`, MODULE);
    await Deno.writeTextFile(`${directory}/main.go`, PROGRAM);
    const { success, stderr } = await new Deno.Command(`${root}/bin/go`, {
      args: ["build", "-o", output, "."],
      cwd: directory,
      env: environment(root, directory),
      stdin: "null",
      ...options,
    }).output();
    if (!success) throw new Error(new TextDecoder().decode(stderr).trim() || "go build failed");
  } catch (error) {
    throw new Error(`Cannot build a program with ${root}/bin/go: ${describeError(error)}`, { cause: error });
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** The structs of a program that `buildProgram` made. */
export async function readProgram(path: string): Promise<GoStructs> {
  using source = await FileSource.open(path);
  const structs = await readGoStructs(source);
  if (structs === null) throw new Error(`Cannot read the structs of ${path}: it has no debug information`);
  return structs;
}

/** Go 1.19 and 1.20 refuse a GOROOT inside the module cache, so another one is named. */
function environment(root: string, directory: string): Record<string, string> {
  const cache = ["GOCACHE", "XDG_CACHE_HOME", "HOME"].some((name) => Deno.env.get(name));
  return {
    GOROOT: root,
    GOTOOLCHAIN: "local",
    GOENV: "off",
    GOWORK: "off",
    GOFLAGS: "",
    GOPROXY: "off",
    GOMODCACHE: `${directory}/modules`,
    GOOS: "linux",
    GOARCH: "amd64",
    GOAMD64: "",
    GOEXPERIMENT: "",
    CGO_ENABLED: "0",
    ...cache ? {} : { GOCACHE: `${directory}/cache` },
  };
}
