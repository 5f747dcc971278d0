import { deepEqual } from "node:assert/strict";
import { join } from "node:path";

const ROOT = new URL("../../", import.meta.url).pathname;
const GUIDE = join(ROOT, "docs/troubleshooting.md");
/** Where reasons are made that the doctor or the agent's lists may show. */
const SOURCES = [
  "src/doctor",
  "src/export",
  "src/goexe",
  "src/discovery",
  "src/loader",
  "src/gate",
  "src/registry",
  "src/app/learn.ts",
  "src/status/serve.ts",
  "src/wire",
];
/** A code where it is made, or as a key of a table of remedies. */
const CODE = /(?:code|taken|unusable): "([a-z0-9-]+)"|^ {2}"([a-z]+(?:-[a-z]+)+)":(?! \[)/gm;

function sourcesOf(path: string): string[] {
  if (path.endsWith(".ts")) return path.endsWith("_test.ts") ? [] : [path];
  return [...Deno.readDirSync(path)].flatMap(({ name, isDirectory }) =>
    isDirectory || name.endsWith(".ts") ? sourcesOf(join(path, name)) : []
  );
}

Deno.test("docs/troubleshooting.md explains every code", () => {
  const guide = Deno.readTextFileSync(GUIDE);
  const explained = new Set([...guide.matchAll(/`([a-z0-9-]+)`/g)].map(([, code]) => code!));
  const unexplained = new Set<string>();
  for (const path of SOURCES.flatMap((source) => sourcesOf(join(ROOT, source)))) {
    for (const [, made, key] of Deno.readTextFileSync(path).matchAll(CODE)) {
      const code = made ?? key!;
      if (code !== "ok" && code.includes("-") && !explained.has(code)) {
        unexplained.add(`${code} of ${path.slice(ROOT.length)}`);
      }
    }
  }
  deepEqual([...unexplained], []);
});
