/** Configurations of Beyla, from its documentation (docs/sources/configure in its repository), mean here what they mean there. */
import { deepEqual, equal } from "node:assert/strict";
import type { TextMatch } from "./config.ts";
import { inspect, load } from "./testing.ts";

const regex = (source: RegExp): TextMatch => ({ kind: "regex", regex: source });

Deno.test("the config.data block of a demo is accepted as it stands, wrapped or not", async () => {
  const block = [
    "otel_metrics_export:",
    "  endpoint: http://otelcol.observability:4318",
    "otel_traces_export:",
    "  endpoint: http://otelcol.observability:4318",
    "  sampler:",
    "    name: always_on",
    "discovery:",
    "  services:",
    "    - k8s_namespace: demo",
    "      k8s_pod_name: front.*",
  ];
  const plain = await load({ file: block.join("\n") });
  const wrapped = await load({
    file: ["config:", "  data:", ...block.map((line) => `    ${line}`)].join("\n"),
  });
  deepEqual(wrapped, plain);
  equal(plain.traces.url, "http://otelcol.observability:4318/v1/traces");
  equal(plain.metrics.url, "http://otelcol.observability:4318/v1/metrics");
  equal(plain.sampler.name, "always_on");
  deepEqual(plain.select.include[0]?.kubernetes, [
    { attribute: "k8s.namespace.name", match: regex(/demo/) },
    { attribute: "k8s.pod.name", match: regex(/front.*/) },
  ]);
});

Deno.test("endpoints get a path as Beyla gives them one", async () => {
  const urls = async (endpoint: string) => {
    const file =
      `otel_traces_export: {endpoint: "${endpoint}"}\notel_metrics_export: {endpoint: "${endpoint}"}`;
    const { traces, metrics } = await load({ file });
    return [traces.url, metrics.url];
  };
  deepEqual(await urls("http://h:4318"), ["http://h:4318/v1/traces", "http://h:4318/v1/metrics"]);
  deepEqual(await urls("http://h:4318/"), ["http://h:4318/v1/traces", "http://h:4318/v1/metrics"]);
  deepEqual(await urls("https://h/otlp"), ["https://h/otlp/v1/traces", "https://h/otlp"]);
  deepEqual(await urls("https://h/v1/traces"), ["https://h/v1/traces", "https://h/v1/traces"]);
});

Deno.test("every key of the exporters means its own one", async () => {
  const { traces, metrics, measure, prometheus, sampler } = await load({
    file: `
otel_traces_export:
  endpoint: http://h:4318
  protocol: http/json
  queue_size: 100
  batch_max_size: 10
  batch_timeout: 2s
  sampler: {name: traceidratio, arg: "0.25"}
otel_metrics_export:
  endpoint: http://h:4318
  interval: 10s
  features: [application]
  buckets: {duration_histogram: [0.1, 1], request_size_histogram: [10, 100]}
  ttl: 10m
  histogram_aggregation: explicit_bucket_histogram
prometheus_export:
  port: 8999
  path: /internal
  features: [application_service_graph]
`,
  });
  deepEqual([traces.protocol, traces.maxQueue, traces.maxBatch, traces.delayMs], [
    "http/json",
    100,
    10,
    2_000,
  ]);
  deepEqual(sampler, { name: "traceidratio", ratio: 0.25 });
  deepEqual([metrics.protocol, metrics.intervalMs], ["http/protobuf", 10_000]);
  deepEqual(measure.features, ["application", "application_service_graph"]);
  deepEqual([measure.durationBucketsS, measure.sizeBucketsBytes, measure.ttlMs], [
    [0.1, 1],
    [10, 100],
    600_000,
  ]);
  deepEqual(prometheus, { listen: { host: "0.0.0.0", port: 8999 }, path: "/internal" });
});

Deno.test("Grafana Cloud is a collector for what has no other", async () => {
  const grafana =
    "grafana: {otlp: {cloud_zone: prod-eu-west-0, cloud_instance_id: 123456, cloud_api_key: key}}";
  const { traces, metrics } = await load({ file: `${grafana}\notlp: {headers: {x-a: b}}` });
  deepEqual([traces.url, traces.protocol, metrics.url], [
    "https://otlp-gateway-prod-eu-west-0.grafana.net/otlp/v1/traces",
    "http/protobuf",
    null,
  ]);
  deepEqual(traces.headers, { "x-a": "b", Authorization: `Basic ${btoa("123456:key")}` });
  const own = await load({ file: `${grafana}\notlp: {headers: {authorization: Bearer own}}` });
  deepEqual(own.traces.headers, { authorization: "Bearer own" });
  const env = { GRAFANA_CLOUD_SUBMIT: "metrics,traces" };
  const both = await load({ file: `${grafana}\notel_traces_export: {endpoint: "http://tempo"}`, env });
  deepEqual([both.traces.url, both.traces.headers, both.metrics.url], [
    "http://tempo/v1/traces",
    {},
    "https://otlp-gateway-prod-eu-west-0.grafana.net/otlp/v1/metrics",
  ]);
  deepEqual((await inspect({ file: "grafana: {otlp: {cloud_zone: 'x.y/'}}" })).said, [
    'f.yaml:1:30: grafana.otlp.cloud_zone: value is "x.y/", must be a zone such as prod-eu-west-0',
  ]);
  deepEqual((await inspect({ env: { GRAFANA_CLOUD_ZONE: "prod" } })).said, [
    "Cannot use environment variable GRAFANA_CLOUD_ZONE: needs cloud_instance_id and cloud_api_key beside it",
  ]);
});

Deno.test("the endpoint of a signal is stronger than the one of both, wherever they stand, unless a flag says so", async () => {
  const file = "otel_traces_export: {endpoint: 'http://tempo:4318'}";
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://agent:4318" };
  const urls = async (sources: Parameters<typeof load>[0]) => {
    const { traces, metrics } = await load(sources);
    return [traces.url, metrics.url];
  };
  deepEqual(await urls({ file, env }), ["http://tempo:4318/v1/traces", "http://agent:4318/v1/metrics"]);
  deepEqual(await urls({ file, env, flags: { otlp: "http://f" } }), [
    "http://f/v1/traces",
    "http://f/v1/metrics",
  ]);
  deepEqual(await urls({ file, env: { ...env, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "http://own" } }), [
    "http://own/",
    "http://agent:4318/v1/metrics",
  ]);
});

Deno.test("where no protocol is given the port decides, as in Beyla; gRPC goes to the call, whatever path is given", async () => {
  const sent = async (file: string, env: Record<string, string> = {}) => {
    const { traces, metrics } = await load({ file, env });
    return [traces, metrics].map(({ url, protocol }) => `${protocol} ${url}`);
  };
  const calls = (base: string) => [
    `grpc ${base}/opentelemetry.proto.collector.trace.v1.TraceService/Export`,
    `grpc ${base}/opentelemetry.proto.collector.metrics.v1.MetricsService/Export`,
  ];
  const http = (base: string) => [`http/protobuf ${base}/v1/traces`, `http/protobuf ${base}/v1/metrics`];
  const both = (endpoint: string) =>
    `{otel_traces_export: {endpoint: "${endpoint}"}, otel_metrics_export: {endpoint: "${endpoint}"}}`;
  deepEqual(await sent(both("http://h:4317")), calls("http://h:4317"));
  deepEqual(await sent(both("https://h:14317/ignored")), calls("https://h:14317"));
  deepEqual(await sent(both("http://h:4318")), http("http://h:4318"));
  deepEqual(await sent(both("http://h:9999")), http("http://h:9999"));
  deepEqual(await sent(both("https://h")), http("https://h"));
  deepEqual(await sent("{}", { OTEL_EXPORTER_OTLP_ENDPOINT: "http://h:4317" }), calls("http://h:4317"));

  // What is said is stronger than the port, for both signals or for one.
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://h:4318", OTEL_EXPORTER_OTLP_PROTOCOL: "grpc" };
  deepEqual(await sent("{}", env), calls("http://h:4318"));
  deepEqual(await sent("otlp: {endpoint: 'http://h:4318', protocol: grpc}"), calls("http://h:4318"));
  const own = await sent("{}", { ...env, OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: "http/protobuf" });
  deepEqual(own, [http("http://h:4318")[0], calls("http://h:4318")[1]]);
  const section = "otel_metrics_export: {endpoint: 'http://h:4317', protocol: http/protobuf}";
  deepEqual(await sent(section), ["http/protobuf null", "http/protobuf http://h:4317/v1/metrics"]);
  deepEqual((await inspect({ file: both("http://h:4317") })).said, []);
});

Deno.test("services select by regular expressions, instrument by globs, and both exclude", async () => {
  const { select } = await load({
    file: `
discovery:
  services:
    - name: shop
      namespace: prod
      open_ports: 8080
      exe_path: (?i)/SHOP
      cmd_args: --verbose
      languages: go
      target_pids: [7, 8]
      containers_only: true
      container_name: web
      k8s_owner_name: shop-.*
      k8s_pod_labels: {app.kubernetes.io/name: shop, canary: true}
      k8s_pod_annotations: {trace: "on"}
      exports: [traces]
      sampler: {name: always_off}
      routes: {incoming: ["/orders/{id}"], unmatched: wildcard}
    - exe_path_regexp: old
      open_ports: [80, 8000-8999]
  exclude_services:
    - k8s_namespace: kube-.*
  exclude_otel_instrumented_services: false
  default_exclude_services: []
`,
  });
  deepEqual(select.include[0], {
    origin: "discovery.services[0]",
    name: "shop",
    namespace: "prod",
    openPorts: [{ first: 8080, last: 8080 }],
    exePath: regex(/\/SHOP/i),
    cmdArgs: regex(/--verbose/),
    languages: regex(/go/),
    pids: [7, 8],
    containersOnly: true,
    containerName: regex(/web/),
    kubernetes: [
      { attribute: "k8s.owner.name", match: regex(/shop-.*/) },
      { attribute: "k8s.pod.label.app.kubernetes.io/name", match: regex(/shop/) },
      { attribute: "k8s.pod.label.canary", match: regex(/true/) },
      { attribute: "k8s.pod.annotation.trace", match: regex(/on/) },
    ],
    sampler: { name: "always_off", ratio: 1 },
    routes: {
      patterns: ["/orders/{id}"],
      ignoredPatterns: [],
      ignoreMode: "all",
      unmatched: "wildcard",
      wildcard: "*",
    },
    exports: ["traces"],
  });
  deepEqual(select.include[1]?.exePath, regex(/old/));
  deepEqual(select.include[1]?.openPorts, [{ first: 80, last: 80 }, { first: 8000, last: 8999 }]);
  deepEqual(select.exclude.map(({ origin }) => origin), ["discovery.exclude_services[0]"]);
  equal(select.excludeInstrumented, false);
});

Deno.test("instrument sets services aside, as in Beyla, and is told", async () => {
  const file =
    "discovery: {instrument: [{exe_path: '*/a'}], services: [{exe_path: b}], exclude_services: [{exe_path: c}]}";
  const { config, said } = await inspect({ file });
  deepEqual(config?.select.include.map(({ exePath }) => exePath), [{ kind: "glob", glob: "*/a" }]);
  deepEqual(said, [
    "f.yaml:1:56: warning: discovery.services: has no effect beside discovery.instrument",
    "f.yaml:1:91: warning: discovery.exclude_services: has no effect beside discovery.instrument",
  ]);
});

Deno.test("agents, collectors and the cluster's own namespaces are excluded until the user says otherwise", async () => {
  const { select: { exclude } } = await load({});
  const [exe, namespace] = exclude.map(({ exePath, kubernetes }) => exePath ?? kubernetes[0]?.match);
  const excludes = (match: TextMatch | undefined, text: string) =>
    match?.kind === "regex" && match.regex.test(text);
  for (const path of ["/beyla", "/usr/bin/alloy", "/otelcol-contrib", "obi"]) {
    equal(excludes(exe, path), true, path);
  }
  for (const path of ["/app/beyla-client", "/otelcol/app"]) equal(excludes(exe, path), false, path);
  equal(excludes(namespace, "kube-system"), true);
  equal(excludes(namespace, "kube-system-2"), false);
  const file = "discovery: {default_exclude_instrument: [{exe_path: '*/agent'}]}";
  deepEqual((await load({ file })).select.exclude.map(({ origin }) => origin), [
    "discovery.default_exclude_instrument[0]",
  ]);
});

Deno.test("flags displace what the file selects, variables of Beyla add to it", async () => {
  const file = "discovery: {services: [{exe_path: file}]}\nopen_port: 1";
  const origins = async (sources: Parameters<typeof load>[0]) =>
    (await load({ file, ...sources })).select.include.map(({ origin }) => origin);
  deepEqual(await origins({}), ["discovery.services[0]", "open_port"]);
  deepEqual(await origins({ env: { BEYLA_OPEN_PORT: "2", BEYLA_AUTO_TARGET_EXE: "*/x" } }), [
    "discovery.services[0]",
    "open_port and auto_target_exe",
  ]);
  deepEqual(await origins({ flags: { exe: ["*/a", "*/b"], port: ["80,81"], pid: ["7"] } }), [
    "--exe */a",
    "--exe */b",
    "--port 80,81",
    "--pid 7",
  ]);
});

Deno.test("routes, filters and attributes of metrics", async () => {
  const { routes, filters, measure } = await load({
    file: `
routes:
  patterns: ["/user/{id}", /files/*]
  ignored_patterns: [/health]
  ignore_mode: traces
  unmatched: low-cardinality
  wildcard_char: "#"
filter:
  application:
    url_path: {match: "/api/*", not_match: "/api/internal/*"}
    http.response.status_code: {match: 5*}
attributes:
  select:
    http_server_request_duration_seconds:
      include: [http_route, url.*]
      exclude: ["server_*"]
    "*":
      include: ["*"]
`,
  });
  deepEqual(routes, {
    patterns: ["/user/{id}", "/files/*"],
    ignoredPatterns: ["/health"],
    ignoreMode: "traces",
    unmatched: "low-cardinality",
    wildcard: "#",
  });
  deepEqual(filters, [
    { attribute: "url.path", match: "/api/*", notMatch: "/api/internal/*" },
    { attribute: "http.response.status_code", match: "5*", notMatch: null },
  ]);
  deepEqual(measure.attributes, [
    { metric: "*", include: ["*"], exclude: [] },
    {
      metric: "http.server.request.duration",
      include: ["http.route", "url.*"],
      exclude: ["server.address", "server.port"],
    },
  ], "from broad to narrow, whatever their order");
});

Deno.test("names of metrics and attributes that do not exist are told with the nearest", async () => {
  const { said } = await inspect({
    file: [
      "attributes: {select: {http.server.request.duratoin: {include: [a]}, traces: {include: [b]},",
      "  http.client.request.duration: {include: [http.rout]}}}",
      "filter: {application: {http.rute: {match: /a}, k8s_namespace_name: {match: x}, url.path: {match: '{a,b'},",
      "  db_operation: {match: SELECT}, server_addres: {match: a}}}",
    ].join("\n"),
  });
  deepEqual(said, [
    "f.yaml:1:53: warning: attributes.select.http.server.request.duratoin: has no effect: there is no such metric; " +
    'did you mean "http.server.request.duration"?',
    "f.yaml:1:77: warning: attributes.select.traces: is not supported, and has no effect: " +
    "attributes of spans are not selected",
    "f.yaml:2:44: warning: attributes.select.http.client.request.duration.include[0]: no attribute has that name; " +
    'did you mean "http.route"?',
    'f.yaml:3:35: filter.application.http.rute: no attribute has that name; did you mean "http.route"?',
    'f.yaml:3:98: filter.application.url.path.match: value is "{a,b", must be a glob: a { has no }',
    "f.yaml:4:17: warning: filter.application.db_operation: is not supported, and has no effect: " +
    "spans of HTTP do not have it",
    "f.yaml:4:49: warning: filter.application.server_addres: is not supported, and has no effect: " +
    'spans of HTTP do not have it; did you mean "server.address"?',
  ]);
});

Deno.test("globs are the same everywhere, and alternatives are bounded", async () => {
  const many = "{a,b}".repeat(9);
  const { said } = await inspect({
    file: `select: {exe: ["${many}"]}\ndiscovery: {exclude_instrument: [{exe_path: "[a"}]}\n` +
      `filter: {application: {url.path: {not_match: "${many}"}}}\n` +
      `attributes: {select: {"*": {exclude: ["a}"]}, "http.{": {exclude: [http.route]}}}`,
  });
  const tooMany =
    `value is "${many}", must be a glob: its { } stand for more than 256 globs; split it, or use * more`;
  deepEqual(said, [
    `f.yaml:1:16: select.exe[0]: ${tooMany}`,
    'f.yaml:2:45: discovery.exclude_instrument[0].exe_path: value is "[a", must be a glob: a [ has no ]',
    `f.yaml:3:46: filter.application.url.path.not_match: ${tooMany}`,
    'f.yaml:4:39: attributes.select.*.exclude[0]: value is "a}", must be a glob: a } has no {',
    'f.yaml:4:57: attributes.select.http.{: value is "http.{", must be a glob: a { has no }',
  ]);
});

Deno.test("executable_path is set aside by globs, as in Beyla", async () => {
  const { config, said } = await inspect({
    file: "executable_name: a\nopen_port: 80\ndiscovery: {instrument: [{exe_path: b}]}",
  });
  deepEqual(config?.select.include.map(({ origin, exePath }) => [origin, exePath]), [
    ["discovery.instrument[0]", { kind: "glob", glob: "b" }],
    ["open_port", null],
  ]);
  deepEqual(said, ["f.yaml:1:18: warning: executable_name: has no effect beside discovery.instrument"]);
  const env = { BEYLA_EXECUTABLE_NAME: "a", BEYLA_AUTO_TARGET_EXE: "b" };
  const both = await inspect({ env });
  deepEqual(both.config?.select.include.map(({ exePath }) => exePath), [{ kind: "glob", glob: "b" }]);
  deepEqual(both.said, ["Environment variable BEYLA_EXECUTABLE_NAME: has no effect beside auto_target_exe"]);
});

Deno.test("patterns of an entry come after those of all", async () => {
  const file = "routes: {patterns: [/a]}\ndiscovery: {services: [{exe_path: x, routes: {incoming: [/b]}}]}";
  deepEqual((await load({ file })).select.include[0]?.routes?.patterns, ["/a", "/b"]);
});

Deno.test("what histograms cannot have is told, and does not keep the agent from starting", async () => {
  const bounds = Array.from({ length: 18 }, (_, index) => index);
  const { config, said } = await inspect({
    file: "otel_metrics_export:\n  histogram_aggregation: base2_exponential_bucket_histogram\n" +
      `  buckets: {duration_histogram: [${bounds}]}`,
  });
  deepEqual(config?.measure.durationBucketsS, [0, 1, 2, 4, 5, 6, 7, 9, 10, 11, 12, 13, 15, 16, 17]);
  deepEqual(said, [
    "f.yaml:2:26: warning: otel_metrics_export.histogram_aggregation: base2_exponential_bucket_histogram is not " +
    "supported; histograms have explicit buckets",
    "f.yaml:3:33: warning: otel_metrics_export.buckets.duration_histogram: has 18 bounds, of which a histogram keeps " +
    "15; without 3, 8, 14",
  ]);
});

Deno.test("printer and log have Beyla's names too", async () => {
  const read = async (file: string) => {
    const { print, log } = await load({ file });
    return [print, log.level, log.format];
  };
  deepEqual(await read("trace_printer: disabled\nlog_level: DEBUG\nlog_format: JSON"), [
    "off",
    "debug",
    "json",
  ]);
  deepEqual(await read("trace_printer: json"), ["json", "info", "text"]);
  deepEqual(await read("print_traces: false"), ["off", "info", "text"]);
  const { config, said } = await inspect({ file: "trace_printer: json_indent" });
  equal(config?.print, "json");
  deepEqual(said, [
    "f.yaml:1:16: warning: trace_printer: json_indent is not supported; spans are printed as json",
  ]);
});

Deno.test("two names for one thing must agree", async () => {
  const said = async (file: string, ...want: string[]) =>
    deepEqual((await inspect({ file })).said, want, file);
  await said("print: off\ntrace_printer: disabled");
  await said(
    "print: off\ntrace_printer: text",
    "f.yaml:2:16: trace_printer: says otherwise than print, which means the same; keep one",
  );
  await said(
    "otel_metrics_export: {ttl: 1m}\nprometheus_export: {ttl: 2m}",
    "f.yaml:2:26: warning: prometheus_export.ttl: has no effect: otel_metrics_export.ttl says otherwise, and one " +
      "serves all exporters",
  );
  await said(
    "discovery: {services: [{exe_path: a, exe_path_regexp: b}]}",
    "f.yaml:1:55: discovery.services[0].exe_path_regexp: says otherwise than exe_path; keep one",
  );
  await said(
    "otlp: {client_certificate: c.pem}",
    "f.yaml:1:28: otlp.client_certificate: has no key; name its file with client_key",
    "f.yaml:1:28: otlp.client_certificate: cannot use file c.pem: there is no such file",
  );
});

Deno.test("keys that are not supported get one warning each, with their place", async () => {
  const { config, said } = await inspect({
    file: [
      "ebpf: {wakeup_len: 10, context_propagation: all, buffer_sizes: {http: 8192}}",
      "network: {enable: true, cidrs: [10.0.0.0/8], print_flows: true}",
      "name_resolver: {cache_len: 7}",
      "attributes: {kubernetes: {enable: true}}",
      "discovery: {min_process_age: 5s, services: [{exe_path: a, routes: {outgoing: [/x]}}]}",
      "otel_metrics_export: {features: [application, network]}",
      "shutdown_timeout: 10s",
    ].join("\n"),
  });
  deepEqual(config?.measure.features, ["application"]);
  deepEqual(said.map((text) => text.replace(/ no effect: .*/, "")), [
    "f.yaml:1:8: warning: ebpf.wakeup_len: is not supported, and has",
    "f.yaml:1:65: warning: ebpf.buffer_sizes.http: is not supported, and has",
    "f.yaml:2:11: warning: network.enable: is not supported, nor are cidrs, print_flows; they have",
    "f.yaml:3:17: warning: name_resolver.cache_len: is not supported, and has",
    "f.yaml:4:27: warning: attributes.kubernetes.enable: is not supported, and has",
    "f.yaml:5:13: warning: discovery.min_process_age: is not supported, and has",
    "f.yaml:5:68: warning: discovery.services[0].routes.outgoing: is not supported, and has",
    "f.yaml:6:33: warning: otel_metrics_export.features: not supported: network; " +
    "there are application and application_service_graph",
    "f.yaml:7:1: warning: shutdown_timeout: is not supported, and has",
  ]);
});
