/**
 * Layouts of every Go release: asks the module proxy which releases there are, reads the first and the last patch of
 * each minor release and, where they differ, those between by bisection. Used by gen_layouts.ts.
 */
import { compareReleases, FIELD_NAMES, type FieldName, type GoLayout } from "../decoder-as/plans/layout.ts";
import type { GoStructs } from "../src/decoder/manifest.ts";
import { buildProgram, readProgram } from "../src/maker/toolchain.ts";

/** The oldest minor release that passes arguments in registers. */
const FIRST_MINOR = 17;
/** How layouts are read, as layout files say it. */
export const METHOD = "DWARF of a net/http program built for linux/amd64";

/**
 * Releases that were read once: first and last patch of every minor release, and both sides of a change within one.
 * They are read also when the proxy's list lacks them, or there is none.
 */
const KNOWN: readonly string[] = [
  ...[
    "1.17",
    "1.17.13",
    "1.18",
    "1.18.10",
    "1.19",
    "1.19.13",
    "1.20",
    "1.20.14",
    "1.21.0",
    "1.21.13",
    "1.22.0",
  ],
  ...[
    "1.22.12",
    "1.23.0",
    "1.23.12",
    "1.24.0",
    "1.24.13",
    "1.25.0",
    "1.25.14",
    "1.26.0",
    "1.26.10",
    "1.26.11",
  ],
  ...["1.27.0", "1.27.4"],
];

/** The layouts of one minor release, by name: "go1.26.11". */
export interface MinorLayouts {
  /** "go1.26" */
  readonly name: string;
  readonly layouts: ReadonlyMap<string, GoLayout>;
}

/** One release and what it compiles. */
export interface Reading {
  readonly release: string;
  readonly structs: GoStructs;
}

/** Reads one minor release ("1.28"), or each there is; programs are kept in `directory`. */
export async function* makeLayouts(
  { minor, directory }: { readonly minor: string | undefined; readonly directory: string },
): AsyncGenerator<MinorLayouts> {
  const byMinor = Map.groupBy(await listReleases(), (release) => release.split(".").slice(0, 2).join("."));
  if (minor !== undefined && !byMinor.has(minor)) throw new Error(`Cannot find a release of Go ${minor}`);
  for (const [name, releases] of byMinor) {
    if (minor !== undefined && name !== minor) continue;
    const read = async (release: string) => ({ release, structs: await structsOf(release, directory) });
    const readings = await readRuns(releases, read);
    yield { name: `go${name}`, layouts: layoutsOf(readings, releases) };
  }
}

/** Releases in order, without betas and release candidates. */
async function listReleases(): Promise<readonly string[]> {
  let listed: string;
  try {
    listed = await go(["list", "-m", "-versions", "golang.org/toolchain"], { GOFLAGS: "-mod=mod" });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    await Deno.stderr.write(new TextEncoder().encode(`Reading known releases only: ${why}\n`));
    return KNOWN;
  }
  return [...new Set([...KNOWN, ...parseReleases(listed)])].sort(compareReleases);
}

/** "1.26.11" of "v0.0.1-go1.26.11.linux-amd64", of every release that decoders can serve. */
export function parseReleases(listed: string): string[] {
  const releases = [...listed.matchAll(/(?<= )v0\.0\.1-go(1\.\d+(?:\.\d+)?)\.linux-amd64(?= |$)/g)]
    .map(([, release]) => release!)
    .filter((release) => Number(release.split(".")[1]) >= FIRST_MINOR);
  return releases.sort(compareReleases);
}

/**
 * Reads first and last release, and between two that differ one in the middle, until neighbours are left. A change
 * that a later patch takes back is not found; a patch that the proxy does not have counts to the one before it.
 */
export async function readRuns(
  releases: readonly string[],
  read: (release: string) => Promise<Reading>,
): Promise<Reading[]> {
  const readings = new Map<number, Reading>();
  const at = async (index: number) => {
    const reading = readings.get(index) ?? await read(releases[index]!);
    readings.set(index, reading);
    return reading;
  };
  const search = async (low: number, high: number): Promise<void> => {
    if (high - low < 2 || isSame(await at(low), await at(high))) return;
    const middle = (low + high) >> 1;
    await at(middle);
    await search(low, middle);
    await search(middle, high);
  };
  await at(0);
  await at(releases.length - 1);
  await search(0, releases.length - 1);
  return [...readings].sort(([a], [b]) => a - b).map(([, reading]) => reading);
}

function isSame(left: Reading, right: Reading): boolean {
  return JSON.stringify(left.structs) === JSON.stringify(right.structs);
}

/** One layout for each run of equal readings; `releases` are all of the minor release. */
export function layoutsOf(readings: readonly Reading[], releases: readonly string[]): Map<string, GoLayout> {
  const minor = Number(readings[0]!.release.split(".")[1]);
  const runs: Reading[][] = [];
  for (const reading of readings) {
    const run = runs.at(-1);
    if (run && isSame(run[0]!, reading)) run.push(reading);
    else runs.push([reading]);
  }
  const layouts = new Map<string, GoLayout>();
  for (const [index, run] of runs.entries()) {
    const from = index === 0 ? `1.${minor}` : run[0]!.release;
    const next = runs[index + 1]?.[0]?.release;
    if (next !== undefined && releases.indexOf(next) !== releases.indexOf(run.at(-1)!.release) + 1) {
      throw new Error(`Cannot tell where the layout changes between ${run.at(-1)!.release} and ${next}`);
    }
    layouts.set(
      `go${from}`,
      layoutOf(run[0]!.structs, {
        goRange: `>=${from} <${next ?? `1.${minor + 1}`}`,
        toolchains: run.map(({ release }) => `go${release}`),
      }),
    );
  }
  return layouts;
}

/** Structs as a layout file holds them. */
export function layoutOf(
  { headerMap, gDead, fields }: GoStructs,
  { goRange, toolchains }: Pick<GoLayout, "goRange" | "toolchains">,
): GoLayout {
  const offsets = Object.fromEntries(FIELD_NAMES.map((field) => [field, fields[field] ?? null]));
  return {
    goRange,
    toolchains,
    method: METHOD,
    gDead,
    headerMap,
    fields: offsets as Record<FieldName, number | null>,
  };
}

async function structsOf(release: string, directory: string): Promise<GoStructs> {
  const program = `${directory}/app-${release}`;
  if (!await Deno.stat(program).catch(() => null)) {
    await buildProgram(await go(["env", "GOROOT"], { GOTOOLCHAIN: `go${release}` }), program);
  }
  return await readProgram(program);
}

/** What the installed `go` prints; it fetches the toolchain that GOTOOLCHAIN names. */
async function go(args: string[], env: Record<string, string>): Promise<string> {
  const cwd = await Deno.makeTempDir({ prefix: "layout-" });
  try {
    const { success, stdout, stderr } = await new Deno.Command("go", {
      args,
      cwd,
      env: { GOENV: "off", ...env },
    })
      .output();
    if (!success) {
      throw new Error(`Cannot run go ${args.join(" ")}: ${new TextDecoder().decode(stderr).trim()}`);
    }
    return new TextDecoder().decode(stdout).trim();
  } finally {
    await Deno.remove(cwd);
  }
}
