/// <reference lib="deno.unstable" />
import { deepEqual, equal } from "node:assert/strict";
import plugin, { importProblem } from "./lint_plugin.ts";

Deno.test("importProblem() lets a file import from its own rank and lower ones", () => {
  const f = (path: string, specifier: string) =>
    equal(importProblem(path, specifier), null, `${path} ${specifier}`);
  f("src/export/queue.ts", "../trace/split.ts");
  f("src/export/queue.ts", "./retry.ts");
  f("src/discovery/discovery.ts", "../goexe/inspect.ts");
  f("src/main.ts", "./app.ts");
  f("src/app.ts", "./status/app.ts");
  f("src/wire/hello.ts", "../../bpf/wire.gen.ts");
  f("src/maker/family_pack.ts", "../../decoder-as/plans/family.ts");
  f("src/gate/battery.ts", "../../decoder-as/samples/server.ts");
  f("src/maker/make.ts", "../gate/gate.ts");
  f("src/registry/registry.ts", "../maker/structs.ts");
  f("src/discovery/discovery.ts", "../registry/registry.ts");
  f("src/trace/split_test.ts", "../../tests/support/otlp_proto.ts");
  f("tests/e2e/x_test.ts", "../../src/status/app.ts");
  f("src/trace/x_test.ts", "node:assert/strict");
});

Deno.test("importProblem() reports an import from a higher rank", () => {
  equal(
    importProblem("src/trace/store.ts", "../status/model.ts"),
    "src/trace may not import src/status, which is of a higher rank; pass it in as a parameter",
  );
  equal(
    importProblem("src/status/app.ts", "../app.ts"),
    "src/status may not import src/app, which is of a higher rank; pass it in as a parameter",
  );
  equal(
    importProblem("src/gate/gate.ts", "../registry/registry.ts"),
    "src/gate may not import src/registry, which is of a higher rank; pass it in as a parameter",
  );
  equal(
    importProblem("src/app.ts", "./main.ts"),
    "src/app may not import src/main, which is of a higher rank; pass it in as a parameter",
  );
});

Deno.test("importProblem() reports folders without a rank and files outside of src/", () => {
  equal(
    importProblem("src/trace/store.ts", "../new/thing.ts"),
    "src/new has no rank; add it to RANKS in scripts/lint_plugin.ts",
  );
  equal(
    importProblem("src/trace/store.ts", "../../tests/support/otlp_proto.ts"),
    "src/ may not import tests/support/otlp_proto.ts; see SHARED_WITH_SRC in scripts/lint_plugin.ts",
  );
  equal(
    importProblem("src/maker/make.ts", "../../decoder-as/assembly/feed.ts"),
    "src/ may not import decoder-as/assembly/feed.ts; see SHARED_WITH_SRC in scripts/lint_plugin.ts",
  );
});

Deno.test("importProblem() keeps each package to its one folder", () => {
  const f = (path: string, specifier: string, want: string | null) =>
    equal(importProblem(path, specifier), want);
  f("src/status/app.ts", "hono", null);
  f("src/status/app.ts", "hono/utils/http-status", null);
  f("src/cli/args.ts", "@std/cli/parse-args", null);
  f("tests/support/otlp_proto.ts", "npm:protobufjs@8.8.1", null);
  f("src/maker/family_pack.ts", "assemblyscript/asc", null);
  f("scripts/build_decoders.ts", "assemblyscript/asc", '"assemblyscript" may be imported in src/maker/ only');
  f("src/app.ts", "hono", '"hono" may be imported in src/status/ only');
  f("src/trace/x.ts", "jsr:@std/yaml@^1.0.10", '"@std/yaml" may be imported in src/config/ only');
  f("src/export/x.ts", "@opentelemetry/api", '"@opentelemetry/api" may be imported in src/trace/ only');
  f(
    "src/trace/x.ts",
    "npm:@scope/left-pad@1/x",
    '"@scope/left-pad" is not a package of this project; add it to PACKAGES in scripts/lint_plugin.ts with the one ' +
      "folder that imports it",
  );
});

Deno.test("the plugin reports every form of import, by file and line", () => {
  const source = `import { a } from "../status/model.ts";
import type { B } from "../status/model.ts";
export { c } from "../status/model.ts";
export * from "../status/model.ts";
const d = await import("../status/model.ts");
import { fine } from "../support/log.ts";
export const e = 1;
`;
  const filename = new URL("../src/trace/x.ts", import.meta.url).pathname;
  const found = Deno.lint.runPlugin(plugin, filename, source);
  deepEqual(found.map(({ id, range }) => [id, source.slice(0, range[0]).split("\n").length]), [
    ["tsunagi/imports", 1],
    ["tsunagi/imports", 2],
    ["tsunagi/imports", 3],
    ["tsunagi/imports", 4],
    ["tsunagi/imports", 5],
  ]);
});

Deno.test("the plugin leaves the stand-ins under deps/ alone", () => {
  const filename = new URL("../deps/std_yaml/mod.ts", import.meta.url).pathname;
  deepEqual(Deno.lint.runPlugin(plugin, filename, 'import { parseDocument } from "yaml";'), []);
});
