import { deepEqual, equal, throws } from "node:assert/strict";
import { ConfigError } from "./config_error.ts";
import { fromFile } from "./from_file.ts";
import { type Config, defaultConfig } from "./schema.ts";

Deno.test("fromFile() reads every key", () => {
  const config: Config = {
    otlp: {
      endpoint: "http://collector:4318/",
      tracesEndpoint: "https://collector/traces",
      headers: { authorization: "Bearer x" },
      timeoutMs: 5_003,
      protocol: "http/protobuf",
      compression: "gzip",
      maxQueue: 1_009,
      maxBatch: 101,
      delayMs: 23,
    },
    print: "json",
    listen: { host: "::1", port: 9811 },
    select: { exe: ["*/app"], ports: [8080], pids: [7] },
    sampler: { name: "traceidratio", ratio: 0.25 },
    store: { maxSpans: 11, maxBytes: 13 },
    decoders: { directory: "/d", learn: false, allowNearest: true },
    tokenFile: "/t",
    log: { level: "debug", format: "json" },
  };
  const yaml = snakeCaseKeys(JSON.stringify({ ...config, listen: "[::1]:9811" }));
  deepEqual(fromFile("f.yaml", yaml), config);
  deepEqual(sortedPaths(config), sortedPaths(defaultConfig()), "the test covers every key there is");
});

Deno.test("README shows every key with its default", () => {
  const readme = Deno.readTextFileSync(new URL("../../README.md", import.meta.url));
  const yaml = /```yaml\n(.*?)```/s.exec(readme)?.[1] ?? "";
  const { listen, ...shown } = fromFile("README.md", yaml);
  const { otlp, listen: _, ...rest } = defaultConfig();
  const { tracesEndpoint: __, ...others } = otlp;
  deepEqual(shown, { ...rest, otlp: { ...others, endpoint: "http://127.0.0.1:4318/" } });
  deepEqual(listen, defaultConfig().listen);
});

Deno.test("fromFile() takes an empty file and an empty section as saying nothing", () => {
  deepEqual(fromFile("f.yaml", ""), {});
  deepEqual(fromFile("f.yaml", "# only a comment\n"), {});
  deepEqual(fromFile("f.yaml", "otlp:\n  # endpoint: x\nprint: off\n"), {
    otlp: {},
    print: "off",
  });
});

Deno.test("fromFile() names file, key path, problem and the nearest known key", () => {
  const f = (yaml: string, message: string) =>
    throws(() => fromFile("f.yaml", yaml), { name: "ConfigError", message });
  f("otpl: {}", 'Cannot use key "otpl" in file f.yaml: there is no such key; did you mean "otlp"?');
  f(
    "otlp: { endpont: x }",
    'Cannot use key "otlp.endpont" in file f.yaml: there is no such key; did you mean "otlp.endpoint"?',
  );
  f(
    "log: { kubernetes: 1 }",
    'Cannot use key "log.kubernetes" in file f.yaml: there is no such key; known here: level, format',
  );
  f(
    "constructor: 1",
    'Cannot use key "constructor" in file f.yaml: there is no such key; ' +
      "known here: otlp, print, listen, select, sampler, store, decoders, token_file, log",
  );
  f(
    "otlp: { timeout_ms: soon }",
    'Cannot use key "otlp.timeout_ms" in file f.yaml: value is "soon", must be a whole number',
  );
  f(
    "otlp: { timeout_ms: 0 }",
    'Cannot use key "otlp.timeout_ms" in file f.yaml: value is 0, must be from 1 to 600000',
  );
  f(
    "otlp: { timeoutMs: 7 }",
    'Cannot use key "otlp.timeoutMs" in file f.yaml: there is no such key; did you mean "otlp.timeout_ms"?',
  );
  f(
    "decoders: { learn: yes please }",
    'Cannot use key "decoders.learn" in file f.yaml: value is "yes please", must be true or false',
  );
  f("otlp: 7", 'Cannot use key "otlp" in file f.yaml: value is 7, must be a map of keys');
  f("- a", "Cannot use file f.yaml: value is a list, must be a map of keys");
  f(
    "select: { exe: [a, 7] }",
    'Cannot use key "select.exe" in file f.yaml: entry 2: value is 7, must be text',
  );
  f(
    "print: jsn",
    'Cannot use key "print" in file f.yaml: value is "jsn", must be one of text, json, off (did you mean "json"?)',
  );
  f(
    "listen: 9810",
    'Cannot use key "listen" in file f.yaml: value is 9810, must be text',
  );
});

Deno.test("fromFile() says where a file is not YAML", () => {
  throws(() => fromFile("f.yaml", "a: [1\nb: 2"), (error: unknown) => {
    equal(error instanceof ConfigError, true);
    const { message } = error as ConfigError;
    equal(message.startsWith("Cannot use file f.yaml: it is not YAML: "), true, message);
    equal(/line \d/.test(message), true, message);
    return true;
  });
});

function snakeCaseKeys(json: string): string {
  return json.replace(/"\w+":/g, (key) => key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`));
}

function sortedPaths(node: object, prefix = ""): string[] {
  return Object.entries(node).flatMap(([key, child]) =>
    typeof child === "object" && child !== null && !Array.isArray(child) && key !== "headers" &&
      key !== "listen"
      ? sortedPaths(child, `${prefix}${key}.`)
      : [prefix + key]
  ).sort();
}
