/** Configurations of Beyla, from its documentation (docs/sources/configure in its repository), as a whole: what is accepted, printer and log, and what is not supported. */
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
