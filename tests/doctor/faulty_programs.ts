/** Go programs with a fault each, built so or made from sound ones by changing bytes; all of them run and serve. */
import { join } from "node:path";
import { goBuild, goEnvironment, type GoFlavour } from "../support/go_build.ts";
import type { ScratchDirectory } from "../support/scratch.ts";
import { DEFAULT_TOOLCHAIN } from "../support/toolchains.ts";

const PROGRAM = new URL("program", import.meta.url).pathname;
const INSTRUMENTED = new URL("instrumented", import.meta.url).pathname;
/** Not in any range of the decoders that come with Tsunagi. */
export const UNKNOWN_VERSION = "go1.39.11";
const VERSION = `go${DEFAULT_TOOLCHAIN}`;

export interface FaultyProgram {
  readonly path: string;
  /** What the agent and the doctor must say of it; null: it is traced. */
  readonly code: string | null;
}

/** By what is wrong with each. */
export async function faultyPrograms(scratch: ScratchDirectory): Promise<Record<string, FaultyProgram>> {
  const build = (toolchain: string, flavour: GoFlavour = "plain") =>
    goBuild({ module: PROGRAM, toolchain, flavour });
  const plain = await build(DEFAULT_TOOLCHAIN);
  const stripped = await build(DEFAULT_TOOLCHAIN, "stripped");
  const make = (from: string, name: string, before: string, after: string) => {
    const path = join(scratch.path, name);
    Deno.writeFileSync(path, replaced(Deno.readFileSync(from), before, after), { mode: 0o755 });
    return path;
  };
  return {
    "sound": { path: scratch.copy(plain, "sound"), code: null },
    "stripped, of an unknown version": {
      path: make(stripped, "stripped-unknown", VERSION, UNKNOWN_VERSION),
      code: "no-decoder-for-go1.39",
    },
    "of an unknown version with symbols, whose structs are known": {
      path: make(plain, "unknown", VERSION, UNKNOWN_VERSION),
      code: null,
    },
    "of no version of Go": {
      path: make(plain, "no-version", VERSION, VERSION.replace("go", "xy")),
      code: "go-version-unknown",
    },
    "of Go 1.15": { path: scratch.copy(await build("1.15.15"), "old"), code: "go-too-old" },
    "with a renamed function": {
      path: make(
        plain,
        "renamed",
        "net/http.(*response).finishRequest",
        "net/http.(*response).finishRequesT",
      ),
      code: "symbol-missing",
    },
    "whose handlers the compiler has inlined": {
      path: scratch.copy(
        await goBuild({ module: PROGRAM, toolchain: DEFAULT_TOOLCHAIN, profile: await busyHandlers() }),
        "inlined",
      ),
      code: "symbol-inlined",
    },
    "with spans of its own": {
      path: scratch.copy(
        await goBuild({ module: INSTRUMENTED, toolchain: DEFAULT_TOOLCHAIN }),
        "instrumented",
      ),
      code: "already-instrumented",
    },
  };
}

/** The profile of a server that spends its time in handlers: the call that begins them is the one that is hot. */
async function busyHandlers() {
  const { stdout } = await new Deno.Command("go", {
    args: ["env", "GOROOT"],
    env: await goEnvironment(DEFAULT_TOOLCHAIN),
    stderr: "inherit",
  }).output();
  const root = new TextDecoder().decode(stdout).trim();
  const source = Deno.readTextFileSync(join(root, "src/net/http/server.go")).split("\n");
  const lineOf = (text: string) => {
    const line = source.findIndex((line) => line.includes(text));
    if (line < 0) throw new Error(`net/http of Go ${DEFAULT_TOOLCHAIN} has no "${text}"`);
    return line;
  };
  // A call is named by its distance from the first line of its function.
  const call = lineOf("serverHandler{c.server}.ServeHTTP(") - lineOf("func (c *conn) serve(");
  return {
    of: "net/http",
    lines: ["net/http.(*conn).serve", "net/http.serverHandler.ServeHTTP", `${call} 1000`],
  };
}

/** Every occurrence; both texts have the same length, so that nothing moves. */
function replaced(bytes: Uint8Array, before: string, after: string): Uint8Array {
  const [from, to] = [before, after].map((text) => new TextEncoder().encode(text));
  if (from!.length !== to!.length) throw new RangeError(`"${before}" and "${after}" differ in length`);
  // Latin-1 keeps each byte as a character, and strings can be searched.
  const text = new TextDecoder("latin1").decode(bytes);
  let count = 0;
  for (let at = text.indexOf(before); at >= 0; at = text.indexOf(before, at + 1)) {
    bytes.set(to!, at);
    count++;
  }
  if (count === 0) throw new Error(`"${before}" does not occur in the executable`);
  return bytes;
}
