/**
 * Every Go version, built in every way: front calls back, many requests at once, and every one of them must be a
 * trace of exactly its spans, with nothing missing, twice or wrong. When all of it ran, COMPATIBILITY.md must say
 * what came out; TSUNAGI_WRITE_COMPATIBILITY=1 writes it instead.
 * TSUNAGI_MATRIX_VERSIONS and TSUNAGI_MATRIX_FLAVOURS (lists with commas) restrict it.
 */
import assert from "node:assert/strict";
import { ROOT } from "../support/agent.ts";
import { rootTest } from "../support/root.ts";
import { GO_TOOLCHAINS } from "../support/toolchains.ts";
import { type CellResult, FLAVOURS, runCell } from "./cell.ts";
import { renderCompatibility } from "./compatibility.ts";

const COMPATIBILITY = `${ROOT}/COMPATIBILITY.md`;

function chosen<T extends string>(variable: string, all: readonly T[]): readonly T[] {
  const list = Deno.env.get(variable)?.split(",");
  return list ? all.filter((name) => list.includes(name)) : all;
}

/** As `deno fmt` wants it, so that the file passes the checks of every other. */
async function formatted(markdown: string): Promise<string> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["fmt", "--ext", "md", "-"],
    cwd: ROOT,
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  await new Blob([markdown]).stream().pipeTo(child.stdin);
  const { success, stdout } = await child.output();
  assert.ok(success, "deno fmt failed");
  return new TextDecoder().decode(stdout);
}

const versions = chosen("TSUNAGI_MATRIX_VERSIONS", GO_TOOLCHAINS);
const flavours = chosen("TSUNAGI_MATRIX_FLAVOURS", FLAVOURS);
const results: CellResult[] = [];

for (const version of versions) {
  for (const flavour of flavours) {
    rootTest(`Go ${version} ${flavour}: every request is a joined trace with right attributes`, async () => {
      const result = await runCell(version, flavour);
      results.push(result);
      const { right, total, reasons } = result;
      const sample = reasons.slice(0, 3).join("\n");
      assert.ok(total > 0 && reasons.length === 0, `${right} of ${total} requests right: ${sample}`);
    });
  }
}

if (versions.length === GO_TOOLCHAINS.length && flavours.length === FLAVOURS.length) {
  rootTest("COMPATIBILITY.md says what the matrix gave", async () => {
    const text = await formatted(renderCompatibility(results));
    if (Deno.env.get("TSUNAGI_WRITE_COMPATIBILITY") === "1") await Deno.writeTextFile(COMPATIBILITY, text);
    assert.equal(
      await Deno.readTextFile(COMPATIBILITY).catch(() => ""),
      text,
      "run deno task compatibility, and look at what changed",
    );
  });
}
