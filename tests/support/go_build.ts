/**
 * Builds a Go package with a given toolchain and way of linking, once: the binary is kept by a hash of its
 * sources, version and flags.
 */
import { join } from "node:path";
import { cached, cacheDirectory, cacheKey, pruneCache } from "./cache.ts";

/** How a binary is built. */
export type GoFlavour = "plain" | "stripped" | "pie" | "debug" | "race" | "trimpath";

/** What to build. */
export interface GoBuildOptions {
  /**
   * Directory of the module. Its path must have a dot in its first element: Go 1.19 in the module cache
   * takes other imports for its own standard library ("import of unknown directory").
   */
  readonly module: string;
  /** Package of the module, "." or "./matrix". */
  readonly package?: string;
  /** "1.26.11". */
  readonly toolchain: string;
  readonly flavour?: GoFlavour;
  readonly tags?: string;
  /** GOEXPERIMENT: "noswissmap". */
  readonly experiment?: string;
  /** What profile-guided optimisation goes by, for one package: the lines that `go tool preprofile` writes. */
  readonly profile?: { readonly of: string; readonly lines: readonly string[] };
}

/** Settings that say from where modules come; a user may keep them in Go's own file, which GOENV=off skips. */
const SOURCE_SETTINGS = ["GOPROXY", "GOSUMDB", "GOPRIVATE", "GONOPROXY", "GONOSUMDB", "GOINSECURE"] as const;

const FLAGS: Readonly<Record<GoFlavour, readonly string[]>> = {
  plain: [],
  stripped: ["-ldflags=-s -w"],
  pie: ["-buildmode=pie"],
  // As debuggers have programs built: nothing inlined, nothing optimised.
  debug: ["-gcflags=all=-N -l"],
  race: ["-race"],
  trimpath: ["-trimpath"],
};

let sourceSettings: Promise<Record<string, string>> | undefined;

async function readSourceSettings(): Promise<Record<string, string>> {
  const { stdout } = await new Deno.Command("go", {
    args: ["env", "-json", ...SOURCE_SETTINGS],
    stderr: "inherit",
  })
    .output();
  return JSON.parse(new TextDecoder().decode(stdout));
}

function sourceFiles(directory: string): string[] {
  const files: string[] = [];
  for (const entry of Deno.readDirSync(directory)) {
    const path = join(directory, entry.name);
    if (entry.isDirectory) files.push(...sourceFiles(path));
    else if (/\.go$|^go\.(mod|sum)$/.test(entry.name)) files.push(path);
  }
  return files.sort();
}

function isOlderThan118(toolchain: string): boolean {
  return Number(toolchain.split(".")[1]) < 18;
}

/** Environment in which the go command is the one of a toolchain and nothing of the user's changes what it builds. */
export async function goEnvironment(toolchain: string, cgo = false): Promise<Record<string, string>> {
  sourceSettings ??= readSourceSettings();
  return {
    ...await sourceSettings,
    GOENV: "off",
    GOWORK: "off",
    GOTOOLCHAIN: `go${toolchain}`,
    // Go 1.17 does not know the flag, and stops at it.
    GOFLAGS: isOlderThan118(toolchain) ? "" : "-buildvcs=false",
    CGO_ENABLED: cgo ? "1" : "0",
  };
}

/**
 * Path of the built binary.
 *
 * @throws {Error} with the compiler's output.
 */
export async function goBuild(options: GoBuildOptions): Promise<string> {
  const { module, package: packagePath = ".", toolchain, flavour = "plain", tags = "", experiment = "" } =
    options;
  const { profile } = options;
  const directory = cacheDirectory("go");
  pruneCache(directory);
  const contents = sourceFiles(module).flatMap((
    path,
  ) => [path.slice(module.length), Deno.readFileSync(path)]);
  const key = await cacheKey([
    packagePath,
    toolchain,
    tags,
    ...(experiment ? [experiment] : []),
    ...(profile ? [profile.of, ...profile.lines] : []),
    ...FLAGS[flavour],
    ...contents,
  ]);
  const name = (packagePath === "." ? module : packagePath).split("/").at(-1);
  return await cached(join(directory, `${name}-${toolchain}-${flavour}-${key}`), async (partial) => {
    using profileFile = profile ? new ProfileFile(profile) : null;
    const flags = [...FLAGS[flavour], ...(profileFile?.flags ?? []), ...(tags ? ["-tags", tags] : [])];
    const { success, stderr } = await new Deno.Command("go", {
      args: ["build", ...flags, "-o", partial, packagePath],
      cwd: module,
      env: {
        // The race detector's run time is C.
        ...await goEnvironment(toolchain, flavour === "race"),
        ...(experiment ? { GOEXPERIMENT: experiment } : {}),
      },
    }).output();
    if (!success) {
      throw new Error(
        `Cannot build ${packagePath} with Go ${toolchain}: ${new TextDecoder().decode(stderr)}`,
      );
    }
  });
}

/** A profile as `go build -pgo` hands it to the compiler, which it would do for every package of the program. */
class ProfileFile implements Disposable {
  readonly #path = Deno.makeTempFileSync();
  readonly flags: readonly string[];

  constructor({ of, lines }: NonNullable<GoBuildOptions["profile"]>) {
    Deno.writeTextFileSync(this.#path, ["GO PREPROFILE V1", ...lines, ""].join("\n"));
    this.flags = [`-gcflags=${of}=-pgoprofile=${this.#path}`];
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.#path);
  }
}
