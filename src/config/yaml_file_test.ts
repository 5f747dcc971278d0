import { deepEqual, equal, match } from "node:assert/strict";
import { inspect, load } from "./testing.ts";

Deno.test("a mistake is told with its place, its key and the nearest known one", async () => {
  const said = async (file: string, ...want: string[]) =>
    deepEqual((await inspect({ file })).said, want, file);
  await said("otpl: {}", 'f.yaml:1:1: otpl: there is no such key; did you mean "otlp"?');
  await said(
    "print: off\notlp:\n  endpont: x\n  timeout_ms:  soon\n",
    'f.yaml:3:3: otlp.endpont: there is no such key; did you mean "endpoint"?',
    'f.yaml:4:16: otlp.timeout_ms: value is "soon", must be a whole number',
  );
  await said(
    "log: { kubernetes: 1 }",
    "f.yaml:1:8: log.kubernetes: there is no such key; known here: level, format",
  );
  await said(
    "patterns: [/a]",
    "f.yaml:1:1: patterns: there is no such key here; did you mean routes.patterns?",
  );
  await said(
    "constructor: 1",
    "f.yaml:1:1: constructor: there is no such key; docs/configuration.md lists them",
  );
  await said("__proto__: 1", "f.yaml:1:1: __proto__: there is no such key; docs/configuration.md lists them");
  await said("otlp: 7", "f.yaml:1:7: otlp: value is 7, must be a map");
  await said("- a", "f.yaml:1:1: must be a map of keys");
  await said(
    "select:\n  exe:\n    - a\n    - []\n",
    "f.yaml:4:7: select.exe[1]: value is a list, must be text; write several as {a,b}",
  );
  await said(
    "discovery: {services: {exe_path: a}, exclude_services: [{k8s_namespace: [a, b]}]}",
    'f.yaml:1:23: discovery.services: value is a map, must be a list; begin each of its entries with "- "',
    "f.yaml:1:73: discovery.exclude_services[0].k8s_namespace: value is a list, must be text; write several as a|b",
  );
  await said(
    "discovery:\n  services:\n    - exe_path: a\n      opn_ports: 80\n",
    'f.yaml:4:7: discovery.services[0].opn_ports: there is no such key; did you mean "open_ports"?',
  );
});

Deno.test("mistakes of YAML are told in plain words", async () => {
  const said = async (file: string, ...want: string[]) =>
    deepEqual((await inspect({ file })).said, want, file);
  await said(
    "print: off\nlog: {level: info}\nprint: json\n",
    "f.yaml:3:1: key print is there twice in this map; keep one",
  );
  await said(
    "store: {max_spans: 1, max_spans: 2, max_bytes: 1, max_bytes: 2}",
    "f.yaml:1:23: key max_spans is there twice in this map; keep one",
    "f.yaml:1:51: key max_bytes is there twice in this map; keep one",
  );
  await said("log:\n\tlevel: info\n", "f.yaml:2:1: a tab cannot indent in YAML; use spaces");
  await said(
    "print: off\n---\nprint: on\n",
    "f.yaml:2:1: a second document begins here; a file is one configuration",
  );
  await said("print: *nothing\n", "f.yaml:1:8: there is no anchor &nothing before this alias");
  const { said: [syntax = ""] } = await inspect({ file: "select: {exe: [a\nprint: off" });
  match(syntax, /^f\.yaml:2:1: it is not YAML: \w/);
});

Deno.test("what stands before a mistake of syntax is still checked, what stands behind it is not", async () => {
  const { config, said } = await inspect({
    file: "prnt: off\nlog: {level: loud}\nselect: [a: b: c\nlisen: x\n",
  });
  equal(config, null);
  deepEqual(said.slice(0, 2), [
    'f.yaml:1:1: prnt: there is no such key; did you mean "print"?',
    'f.yaml:2:14: log.level: value is "loud", must be one of debug, info, warn, error',
  ]);
  equal(
    said.length > 2 && said.slice(2).every((text) => text.includes("it is not YAML")),
    true,
    said.join("\n"),
  );
  // The line of a mistake may mean anything, too.
  const line = "discovery:\n  services:\n    - exe_path: a\n      routes: {incoming: [/a/{id}]}\n";
  deepEqual((await inspect({ file: line })).said.map((text) => text.replace(/YAML: .*/, "YAML")), [
    "f.yaml:4:30: it is not YAML",
  ]);
});

Deno.test("anchors, aliases and merge keys are filled in", async () => {
  const file = [
    "discovery:",
    "  services:",
    "    - &shop {k8s_namespace: shop, exports: &signals [traces]}",
    "    - {<<: *shop, k8s_namespace: pay}",
    "    - {exe_path: /app, exports: *signals}",
  ].join("\n");
  const { select: { include } } = await load({ file });
  deepEqual(include.map(({ exports }) => exports), [["traces"], ["traces"], ["traces"]]);
  deepEqual(include[1]?.kubernetes, [{
    attribute: "k8s.namespace.name",
    match: { kind: "regex", regex: /pay/ },
  }]);
});

Deno.test("a file that grows without bounds is refused, not filled in", async () => {
  const tooLarge = "it is too large once its aliases are filled in, or nested too deeply";
  const bomb = ["a: &a [x,x,x,x,x,x,x,x,x,x]"];
  for (const [before, name] of ["ab", "bc", "cd", "de", "ef", "fg"]) {
    bomb.push(`${name}: &${name} [${Array(10).fill(`*${before}`).join(",")}]`);
  }
  const { said } = await inspect({ file: bomb.join("\n") });
  equal(said.filter((text) => text.endsWith(tooLarge)).length, 1, said.join("\n"));
  for (
    const file of [
      "select: &s {exe: [*s]}",
      `select: ${"[".repeat(50_000)}`,
      `print: ${"[".repeat(70)}${"]".repeat(70)}`,
    ]
  ) {
    equal((await inspect({ file })).config, null);
  }
  deepEqual((await inspect({ file: "#".repeat(1024 * 1024 + 1) })).said, [
    "f.yaml:1:1: file is larger than 1048576 bytes",
  ]);
});

Deno.test("variables are filled in, wherever YAML allows a text or not", async () => {
  const env = { E: "http://h:1", PORTS: "80,90", DELAY: "7", EMPTY: "" };
  const file = [
    "otlp: {endpoint: ${E}, delay_ms: ${DELAY}, headers: {x: 'a-${DELAY}-${NONE:-b}', y: $${E}}}",
    'open_port: "${PORTS}"',
    "otel_traces_export: {batch_max_size: ${SIZE:-11}}",
    "print: ${EMPTY:-off}",
    "token_file: ${EMPTY}",
  ].join("\n");
  const { traces, select, print, tokenFile } = await load({ file, env });
  deepEqual([traces.url, traces.delayMs, traces.maxBatch], ["http://h:1/v1/traces", 7, 11]);
  deepEqual(traces.headers, { x: "a-7-b", y: "${E}" });
  deepEqual(select.include[0]?.openPorts.map(({ first }) => first), [80, 90]);
  deepEqual([print, tokenFile], ["off", null]);
});

Deno.test("a variable keeps every place in the file true, and what it holds is checked", async () => {
  const { said } = await inspect({
    file: "otlp: {delay_ms: ${A_LONG_NAME}, endpont: x}\nprint: ${MODE}\nlisten: ${MISSING}\n",
    env: { A_LONG_NAME: "soon", MODE: "jsn" },
  });
  deepEqual(said, [
    'f.yaml:1:18: otlp.delay_ms: value is "soon", must be a whole number',
    'f.yaml:1:34: otlp.endpont: there is no such key; did you mean "endpoint"?',
    'f.yaml:2:8: print: value is "jsn", must be one of text, json, off (did you mean "json"?)',
    "f.yaml:3:9: warning: variable MISSING is not set; nothing stands for it",
  ]);
});

Deno.test("config.data of Helm values is read as the file, with the places that it has there", async () => {
  const file = "config:\n  data:\n    print: json\n    log: {level: loud}\n";
  deepEqual((await inspect({ file })).said, [
    'f.yaml:4:18: log.level: value is "loud", must be one of debug, info, warn, error',
  ]);
  equal((await load({ file: "config: {data: {print: json}}" })).print, "json");
  const { config, said } = await inspect({ file: "config: {create: true, data: {print: json}}" });
  equal(config?.print, "json");
  deepEqual(said, [
    "f.yaml:1:9: warning: of these values of a Helm chart only config.data is read; not config.create",
  ]);
  const values = await inspect({ file: "image: {tag: v2}\nconfig: {data: {print: json}}\nenv: {A: b}" });
  equal(values.config?.print, "json");
  deepEqual(values.said, [
    "f.yaml:2:9: warning: of these values of a Helm chart only config.data is read; not image, env",
  ]);
  // Beside keys of a configuration it is one that nobody knows.
  equal((await inspect({ file: "config: {data: {print: json}}\nprint: off" })).config, null);
});

Deno.test("a file of another kind gets one message that says what it is", async () => {
  const said = async (file: string, want: string) => deepEqual((await inspect({ file })).said, [want], file);
  const version2 =
    "this is version 2 of OBI's format, OpenTelemetry's declarative configuration, which is not read; use " +
    "the file of version 1 that it was made from, or the keys of docs/configuration.md";
  await said(
    'log_level: info\nfile_format: "1.0"\ntracer_provider: {}\nextensions: {obi: {version: "2.0"}}',
    `f.yaml:2:1: ${version2}`,
  );
  await said("resource: {}\nextensions: {obi: {capture: {}}}", `f.yaml:2:1: ${version2}`);
  await said('version: "2.0"\ncapture: {rules: []}', `f.yaml:1:1: ${version2}`);
  await said(
    "apiVersion: v1\nkind: ConfigMap\ndata:\n  beyla.yml: |\n    open_port: 80\n---\napiVersion: v1\nkind: Pod\n",
    "f.yaml:2:1: this is a Kubernetes manifest (ConfigMap), which is not read; give a file with the text below " +
      "data.beyla.yml",
  );
  await said(
    "apiVersion: apps/v1\nkind: DaemonSet\nspec: {}",
    "f.yaml:2:1: this is a Kubernetes manifest (DaemonSet), which is not read; give a file with the text in its ConfigMap",
  );
  await said(
    "exporters: {}\nreceivers: {obi: {}}\nservice: {}",
    "f.yaml:2:1: this is the configuration of an OpenTelemetry Collector, which is not read; give a file with what " +
      "stands below its receiver, by the keys of docs/configuration.md",
  );
});

Deno.test("the configuration within the values of a chart is found, and what stands beside it is told", async () => {
  for (const keys of [["config", "data"], ["beyla", "config", "data"], ["configmapData"]]) {
    const head = keys.map((key, depth) => "  ".repeat(depth) + `${key}:\n`).join("");
    const file = `${head}${"  ".repeat(keys.length)}print: json\nreplicas: 1\n`;
    const { config, said } = await inspect({ file });
    equal(config?.print, "json", file);
    equal(said.length, 1);
    match(said[0]!, new RegExp(`only ${keys.join("\\.")} is read; not replicas$`));
  }
});

Deno.test("an empty text that a template left says nothing", async () => {
  const file =
    'otel_traces_export: {endpoint: "", protocol: ""}\nservice_name: ""\nprometheus_export: {path: ""}\n' +
    'otlp: {endpoint: "http://h", headers: {x-a: ""}}\ndiscovery: {services: [{exe_path: a, name: ""}]}';
  const { traces, prometheus, select } = await load({ file });
  deepEqual([traces.url, traces.headers, prometheus.path], ["http://h/v1/traces", { "x-a": "" }, "/metrics"]);
  equal(select.include[0]?.name, null);
  deepEqual((await inspect({ file: 'discovery: {services: [{exe_path: ""}]}' })).said, [
    "f.yaml:1:24: discovery.services[0]: value is a map, must say what it selects, for example with exe_path or " +
    "open_ports",
  ]);
});

Deno.test("what Beyla reads as true, false or nothing is that", async () => {
  const instrumented = async (word: string) =>
    (await load({ file: `discovery: {exclude_otel_instrumented_services: ${word}}` })).select
      .excludeInstrumented;
  deepEqual([await instrumented("no"), await instrumented("off"), await instrumented("yes")], [
    false,
    false,
    true,
  ]);
  equal((await load({ file: "print: off" })).print, "off", "a word where words are wanted stays one");
  for (const empty of ["", '""', "[]"]) {
    const file = `discovery:\n  default_exclude_services: ${empty}\n`;
    deepEqual((await load({ file })).select.exclude, [], file);
  }
});
