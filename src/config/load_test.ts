import { deepEqual, equal, match, rejects, throws } from "node:assert/strict";
import { ENV_NAMES } from "./from_env.ts";
import { loadConfig } from "./load.ts";
import { samplerDecision } from "./sampler.ts";
import { inspect, load } from "./testing.ts";

const README = new URL("../../README.md", import.meta.url);
const DENO_JSON = new URL("../../deno.json", import.meta.url);

Deno.test("loadConfig() yields the defaults when nothing is said", async () => {
  const config = await load({});
  equal(config.file, null);
  equal(config.traces.url, null);
  equal(config.metrics.url, null);
  deepEqual(config.listen, { host: "127.0.0.1", port: 9810 });
  deepEqual(config.sampler, { name: "parentbased_always_on", ratio: 1 });
  deepEqual(config.measure.features, ["application", "application_service_graph"]);
  equal(config.measure.durationBucketsS.length, 14);
  equal(config.measure.ttlMs, 300_000);
  equal(config.metrics.intervalMs, 60_000);
  deepEqual(config.select.include, []);
  equal(config.select.excludeInstrumented, true);
  equal(config.routes.unmatched, "heuristic");
  equal(config.print, "text");
  throws(() => Object.assign(config.log, { level: "debug" }), TypeError, "it is frozen");
});

Deno.test("loadConfig() takes an empty file and empty sections as saying nothing", async () => {
  const { file: _, ...defaults } = await load({});
  for (
    const file of [
      "",
      "# a comment\n",
      "otlp:\n  # endpoint: x\nroutes:\n",
      "routes: {patterns: }\nselect:\n",
    ]
  ) {
    const { file: path, ...config } = await load({ file });
    equal(path, "f.yaml");
    deepEqual(config, defaults, file);
  }
});

Deno.test("README's file shows keys with their defaults", async () => {
  const yaml = /```yaml\n(.*?)```/s.exec(await Deno.readTextFile(README))?.[1] ?? "";
  match(yaml, /endpoint: http:\/\/127.0.0.1:4318/);
  const shown = await load({ file: yaml });
  const defaults = await load({ env: { OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:4318" } });
  deepEqual({ ...shown, file: null }, defaults);
});

Deno.test("loadConfig() lets environment win over file, and flags over both", async () => {
  const file =
    "otlp: { endpoint: 'http://file:1', timeout_ms: 11, delay_ms: 13 }\nprint: json\nlog: { format: json }";
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://env:1", OTEL_EXPORTER_OTLP_TIMEOUT: "17" };
  equal((await load({ file })).traces.url, "http://file:1/v1/traces");
  const both = await load({ file, env });
  deepEqual([both.traces.url, both.metrics.url], ["http://env:1/v1/traces", "http://env:1/v1/metrics"]);
  deepEqual([both.traces.timeoutMs, both.traces.delayMs, both.print], [17, 13, "json"]);
  const flags = { otlp: "http://flag:1", print: "off", logLevel: "debug", listen: ":0" };
  const all = await load({ file, env, flags });
  deepEqual([all.traces.url, all.metrics.url], ["http://flag:1/v1/traces", "http://flag:1/v1/metrics"]);
  deepEqual([all.print, all.log, all.listen], ["off", { level: "debug", format: "json" }, {
    host: "127.0.0.1",
    port: 0,
  }]);
});

Deno.test("loadConfig() lets what holds for both signals displace what weaker sources say of one, but for URLs", async () => {
  const file = [
    "otlp: {traces_endpoint: 'http://t/x'}",
    "otel_metrics_export: {endpoint: 'http://m', headers: {a: b}, timeout_ms: 5}",
  ].join("\n");
  const config = await load({
    file,
    env: { OTEL_EXPORTER_OTLP_ENDPOINT: "http://e", OTEL_EXPORTER_OTLP_HEADERS: "c=d" },
  });
  deepEqual([config.traces.url, config.metrics.url], ["http://t/x", "http://m/v1/metrics"]);
  deepEqual([config.metrics.headers, config.metrics.timeoutMs], [{ c: "d" }, 5]);
});

Deno.test("loadConfig() sends to --otlp whatever endpoint or exporter the environment names", async () => {
  const flags = { otlp: "http://flag:1" };
  for (
    const env of [
      { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "http://env:1/x" },
      { OTEL_TRACES_EXPORTER: "none", OTEL_METRICS_EXPORTER: "none" },
    ] as Record<string, string>[]
  ) {
    const { traces, metrics } = await load({ env, flags });
    deepEqual([traces.url, metrics.url], ["http://flag:1/v1/traces", "http://flag:1/v1/metrics"]);
  }
});

Deno.test("loadConfig() lets a sampler's name displace a weaker ratio", async () => {
  const file = "sampler: { name: traceidratio, ratio: 0.1 }";
  deepEqual((await load({ file })).sampler, { name: "traceidratio", ratio: 0.1 });
  const env = { OTEL_TRACES_SAMPLER: "parentbased_traceidratio" };
  deepEqual((await load({ file, env })).sampler, { name: "parentbased_traceidratio", ratio: 1 });
  deepEqual((await load({ file, env: { ...env, OTEL_TRACES_SAMPLER_ARG: "0.5" } })).sampler, {
    name: "parentbased_traceidratio",
    ratio: 0.5,
  });
});

Deno.test("loadConfig() takes decoders and token from flags over the file", async () => {
  const file = "decoders: { directory: /file, learn: false }\ntoken_file: /file/token";
  const { decoders, tokenFile } = await load({ file });
  deepEqual(decoders, { directory: "/file", learn: false, allowNearest: false });
  equal(tokenFile, "/file/token");
  const flagged = await load({ file, flags: { decoders: "/flag", tokenFile: "/flag/token" } });
  deepEqual([flagged.decoders.directory, flagged.decoders.learn, flagged.tokenFile], [
    "/flag",
    false,
    "/flag/token",
  ]);
});

Deno.test("--set gives any key, with a value in YAML", async () => {
  const config = await load({
    file: "routes: { unmatched: path }\nlog: { level: warn }",
    flags: {
      set: [
        "routes.unmatched=wildcard",
        'routes.patterns=["/a/{id}", /b]',
        "otel_metrics_export.interval=5s",
        "otel_traces_export.sampler.arg=0.5",
      ],
    },
  });
  deepEqual([config.routes.unmatched, config.routes.patterns], ["wildcard", ["/a/{id}", "/b"]]);
  deepEqual([config.metrics.intervalMs, config.log.level], [5_000, "warn"]);
  equal(config.sampler.ratio, 0.5, "as in the file, quotes or not");
  const { said } = await inspect({
    flags: { set: ["routes.unmatchd=path", "log.level", "log.level=[", "ttl=5m", "routs.patterns=[]"] },
  });
  deepEqual(said.map((text) => text.replace(/(not YAML): .*/, "$1")), [
    'Cannot use flag --set: value is "log.level", must be KEY=VALUE such as log.level=debug',
    "Cannot use flag --set log.level: value is not YAML",
    'Cannot use flag --set routes.unmatchd: there is no such key; did you mean "unmatched"?',
    "Cannot use flag --set ttl: there is no such key here; did you mean " +
    "otel_metrics_export.ttl or prometheus_export.ttl?",
    'Cannot use flag --set routs.patterns: there is no such key; did you mean "routes"?',
  ]);
});

Deno.test("a text in place of headers is not told: it is a secret", async () => {
  const { said } = await inspect({
    file: "otlp: {headers: 'authorization=Bearer s3cret'}",
    flags: { set: ["otel_traces_export.headers=s3cret"] },
  });
  deepEqual(said, [
    'f.yaml:1:17: otlp.headers: value is "***", must be a map',
    'Cannot use flag --set otel_traces_export.headers: value is "***", must be a map',
  ]);
});

Deno.test("loadConfig() names the flag behind a wrong value, and all of them at once", async () => {
  const { said } = await inspect({
    flags: { listen: "9810", port: ["80,x"], pid: ["0"], print: "texd", otlp: "http://u:p@h" },
  });
  deepEqual(said, [
    'Cannot use flag --listen: value is "9810", must be HOST:PORT such as 127.0.0.1:9810',
    'Cannot use flag --otlp: value is "http://***@h", must not have a user name or password; send credentials as a header',
    'Cannot use flag --print: value is "texd", must be one of text, json, off (did you mean "text"?)',
    'Cannot use flag --port: value is "x", must be a whole number',
    "Cannot use flag --pid: value is 0, must be from 1 to 4194304",
  ]);
});

Deno.test("loadConfig() finds the file by flag or variable, and says when it is not there", async () => {
  const files = { "a.yaml": "print: json", "b.yaml": "print: off" };
  equal((await load({ files, env: { TSUNAGI_CONFIG: "a.yaml" } })).print, "json");
  equal(
    (await load({ files, env: { BEYLA_CONFIG_PATH: "b.yaml", TSUNAGI_CONFIG: "a.yaml" } })).print,
    "json",
  );
  equal(
    (await load({ files, env: { TSUNAGI_CONFIG: "a.yaml" }, flags: { config: "b.yaml" } })).file,
    "b.yaml",
  );
  deepEqual((await inspect({ flags: { config: "x.yaml" } })).said, [
    "Cannot use file x.yaml: there is no such file",
  ]);
  deepEqual((await inspect({ env: { OTEL_EBPF_CONFIG_PATH: "x.yaml" } })).said, [
    "Cannot use file x.yaml (environment variable OTEL_EBPF_CONFIG_PATH): there is no such file",
  ]);
});

Deno.test("loadConfig() throws one error with every mistake, without the warnings", async () => {
  const options = {
    flags: { config: "f.yaml", listen: "x" },
    getEnv: () => undefined,
    readFile: () => Promise.resolve("prnt: off\nnoop: true\nlog: {level: loud}\n"),
  };
  await rejects(loadConfig(options), {
    name: "ConfigError",
    message: [
      'f.yaml:1:1: prnt: there is no such key; did you mean "print"?',
      'f.yaml:3:14: log.level: value is "loud", must be one of debug, info, warn, error',
      'Cannot use flag --listen: value is "x", must be HOST:PORT such as 127.0.0.1:9810',
    ].join("\n"),
  });
});

Deno.test("the run task may read every variable that is looked at", async () => {
  const { tasks } = JSON.parse(await Deno.readTextFile(DENO_JSON));
  const [, list = ""] = /--allow-env=(\S+)/.exec(tasks.run.command) ?? [];
  const patterns = list.split(",").map((entry) => new RegExp(`^${entry.replace("*", ".*")}$`));
  for (const name of [...ENV_NAMES, "TSUNAGI_API_TOKEN"]) {
    equal(patterns.some((pattern) => pattern.test(name)), true, name);
  }
});

Deno.test("samplerDecision() turns names and ratios into what the kernel compares", () => {
  const decision = (name: Parameters<typeof samplerDecision>[0]["name"], ratio = 1) =>
    samplerDecision({ name, ratio });
  deepEqual(decision("parentbased_always_on"), { kind: "alwaysOn", parentBased: true, threshold: 0n });
  deepEqual(decision("always_off"), { kind: "alwaysOff", parentBased: false, threshold: 0n });
  deepEqual(decision("traceidratio").threshold, 2n ** 63n);
  deepEqual(decision("traceidratio", 0).threshold, 0n);
  deepEqual(decision("parentbased_traceidratio", 0.5), {
    kind: "ratio",
    parentBased: true,
    threshold: 2n ** 62n,
  });
});
