/**
 * The committed layouts are what the toolchains compile: read again from each toolchain that is in the module cache,
 * of those that the layouts were made from and the installed one. Nothing is downloaded; what is not there is named.
 */
import assert from "node:assert/strict";
import { type GoLayout, parseLayout } from "../../decoder-as/plans/layout.ts";
import { layoutOf } from "../../scripts/toolchain_layouts.ts";
import { GoRange, parseGoVersion } from "../../src/decoder/go_release.ts";
import { buildProgram, readProgram, toolchainVersion } from "../../src/maker/toolchain.ts";
import { cached, cacheDirectory, cacheKey } from "../support/cache.ts";

const LAYOUTS = new URL("../../decoder-as/layouts/", import.meta.url);
const MAKER = new URL("../../src/maker/toolchain.ts", import.meta.url);

async function goEnv(name: string): Promise<string> {
  const { stdout } = await new Deno.Command("go", { args: ["env", name] }).output();
  return new TextDecoder().decode(stdout).trim();
}

async function readLayouts(): Promise<GoLayout[]> {
  const layouts = [];
  for await (const { name } of Deno.readDir(LAYOUTS)) {
    layouts.push(parseLayout(await Deno.readTextFile(new URL(name, LAYOUTS)), name));
  }
  return layouts;
}

/** Roots of the toolchains at hand, by version. */
async function toolchains(): Promise<Map<string, string>> {
  const roots = new Map<string, string>();
  const cache = `${await goEnv("GOMODCACHE")}/golang.org`;
  try {
    for await (const { name } of Deno.readDir(cache)) {
      const release = /^toolchain@v0\.0\.1-(go1\.[\d.]+)\.linux-amd64$/.exec(name)?.[1];
      if (release !== undefined) roots.set(release, `${cache}/${name}`);
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  const installed = await goEnv("GOROOT");
  roots.set(await toolchainVersion(installed), installed);
  return roots;
}

/** The program of a toolchain, built once for all runs of the tests. */
async function programOf(version: string, root: string): Promise<string> {
  const key = await cacheKey([version, await Deno.readTextFile(MAKER)]);
  return await cached(
    `${cacheDirectory("go")}/layout-${version}-${key}`,
    (partial) => buildProgram(root, partial),
  );
}

function layoutFor(layouts: readonly GoLayout[], version: string): GoLayout | undefined {
  const release = parseGoVersion(version);
  return layouts.find(({ goRange }) => release !== null && new GoRange(goRange).has(release));
}

const layouts = await readLayouts();
const roots = await toolchains();
const atHand = [...roots].filter(([version]) => layoutFor(layouts, version) !== undefined);

Deno.test("there is a toolchain to check layouts with", () => {
  assert.ok(atHand.length > 0, "no toolchain of a committed layout is installed or in the module cache");
});

for (const [version, root] of atHand) {
  Deno.test(`the committed layout for ${version} is what that toolchain compiles`, async () => {
    const committed = layoutFor(layouts, version)!;
    const structs = await readProgram(await programOf(version, root));
    assert.deepEqual({ ...layoutOf(structs, committed), method: committed.method }, committed);
  });
}

for (
  const version of layouts.flatMap(({ toolchains }) => toolchains).filter((version) => !roots.has(version))
) {
  Deno.test.ignore(
    `the committed layout for ${version} is what that toolchain compiles (not in the module cache)`,
    () => {},
  );
}
