import { deepEqual, equal, rejects } from "node:assert/strict";
import { loadConfig } from "./load.ts";
import { tracesUrl } from "./otlp_url.ts";
import { samplerDecision } from "./sampler.ts";
import { defaultConfig } from "./schema.ts";
import type { Flags } from "./from_flags.ts";

function load(options: { flags?: Flags; env?: Record<string, string>; file?: string }) {
  const { flags = {}, env = {}, file } = options;
  return loadConfig({
    flags: file === undefined ? flags : { config: "f.yaml", ...flags },
    getEnv: (name) => env[name],
    readFile: () => file === undefined ? Promise.reject(new Error("no file")) : Promise.resolve(file),
  });
}

Deno.test("loadConfig() yields the defaults when nothing is said", async () => {
  const { config, warnings } = await load({});
  deepEqual(config, defaultConfig());
  deepEqual(warnings, []);
  equal(tracesUrl(config.otlp), null);
  equal(config.listen.host, "127.0.0.1");
});

Deno.test("loadConfig() lets environment win over file, and flags over both", async () => {
  const file =
    "otlp: { endpoint: 'http://file:1', timeout_ms: 11, delay_ms: 13 }\nprint: json\nlog: { format: json }";
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://env:1", OTEL_EXPORTER_OTLP_TIMEOUT: "17" };
  equal(tracesUrl((await load({ file })).config.otlp), "http://file:1/v1/traces");
  const both = (await load({ file, env })).config;
  equal(tracesUrl(both.otlp), "http://env:1/v1/traces");
  deepEqual([both.otlp.timeoutMs, both.otlp.delayMs, both.print], [17, 13, "json"]);
  const flags: Flags = { otlp: "http://flag:1", print: "off", logLevel: "debug", listen: ":0" };
  const all = (await load({ file, env, flags })).config;
  equal(tracesUrl(all.otlp), "http://flag:1/v1/traces");
  deepEqual([all.print, all.log, all.listen], ["off", { level: "debug", format: "json" }, {
    host: "127.0.0.1",
    port: 0,
  }]);
});

Deno.test("loadConfig() sends to --otlp whatever traces endpoint or exporter the environment names", async () => {
  for (
    const env of [{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "http://env:1/x" }, { OTEL_TRACES_EXPORTER: "none" }]
  ) {
    const { config } = await load({ env: env as Record<string, string>, flags: { otlp: "http://flag:1" } });
    equal(tracesUrl(config.otlp), "http://flag:1/v1/traces");
  }
});

Deno.test("loadConfig() collects repeated selection flags", async () => {
  const { config } = await load({ flags: { exe: ["/a", "/b,c"], port: ["80,81", "82"], pid: ["7"] } });
  deepEqual(config.select, { exe: ["/a", "/b,c"], ports: [80, 81, 82], pids: [7] });
});

Deno.test("loadConfig() takes the decoders' directory and the token's file from flags over the file", async () => {
  const file = "decoders: { directory: /file, learn: false }\ntoken_file: /file/token";
  const { config } = await load({ file });
  deepEqual(config.decoders, { directory: "/file", learn: false, allowNearest: false });
  equal(config.tokenFile, "/file/token");
  const flagged = (await load({ file, flags: { decoders: "/flag", tokenFile: "/flag/token" } })).config;
  deepEqual(flagged.decoders, { directory: "/flag", learn: false, allowNearest: false });
  equal(flagged.tokenFile, "/flag/token");
});

Deno.test("loadConfig() names the flag behind a wrong value", async () => {
  const f = (flags: Flags, message: string) => rejects(load({ flags }), { name: "ConfigError", message });
  await f(
    { listen: "9810" },
    'Cannot use flag --listen: value is "9810", must be HOST:PORT such as 127.0.0.1:9810',
  );
  await f(
    { listen: "a:65536" },
    'Cannot use flag --listen: value is "a:65536", must be HOST:PORT such as 127.0.0.1:9810',
  );
  await f({ port: ["80,x"] }, 'Cannot use flag --port: value is "x", must be a whole number');
  await f({ pid: ["0"] }, "Cannot use flag --pid: value is 0, must be from 1 to 4194304");
  await f(
    { print: "texd" },
    'Cannot use flag --print: value is "texd", must be one of text, json, off (did you mean "text"?)',
  );
  await f(
    { otlp: "http://u:p@h" },
    "Cannot use flag --otlp: URL has a user name or password; " +
      "send credentials with OTEL_EXPORTER_OTLP_HEADERS",
  );
  await f({ config: "x.yaml" }, "Cannot use file x.yaml (flag --config): no file");
});

Deno.test("tracesUrl() appends to a base path and leaves a traces URL alone", () => {
  const f = (endpoint: string | null, tracesEndpoint: string | null, want: string | null) =>
    equal(tracesUrl({ endpoint, tracesEndpoint }), want);
  f("http://h:4318", null, "http://h:4318/v1/traces");
  f("http://h:4318/base/", null, "http://h:4318/base/v1/traces");
  f("http://h:4318/base?k=v", null, "http://h:4318/base/v1/traces?k=v");
  f("http://h:4318", "http://t/", "http://t/");
  f(null, null, null);
});

Deno.test("samplerDecision() turns names and ratios into what the kernel compares", () => {
  deepEqual(samplerDecision({ name: "parentbased_always_on", ratio: 1 }), {
    kind: "alwaysOn",
    parentBased: true,
    threshold: 0n,
  });
  deepEqual(samplerDecision({ name: "always_off", ratio: 1 }), {
    kind: "alwaysOff",
    parentBased: false,
    threshold: 0n,
  });
  deepEqual(samplerDecision({ name: "traceidratio", ratio: 1 }).threshold, 2n ** 63n);
  deepEqual(samplerDecision({ name: "traceidratio", ratio: 0 }).threshold, 0n);
  deepEqual(samplerDecision({ name: "parentbased_traceidratio", ratio: 0.5 }), {
    kind: "ratio",
    parentBased: true,
    threshold: 2n ** 62n,
  });
});
