/** Configurations of Beyla, from its documentation (docs/sources/configure in its repository), about exporters. */
import { deepEqual } from "node:assert/strict";
import { inspect, load } from "./testing.ts";

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

Deno.test("what a variable says of both signals is stronger than what the file says of one", async () => {
  const file = "otel_traces_export: {protocol: http/json, timeout_ms: 7, compression: gzip, headers: {a: b}}";
  const traces = async (env: Record<string, string>) => {
    const { traces: { protocol, timeoutMs, compression, headers } } = await load({ file, env });
    return [protocol, timeoutMs, compression, headers];
  };
  deepEqual(await traces({}), ["http/json", 7, "gzip", { a: "b" }]);
  deepEqual(
    await traces({
      OTEL_EXPORTER_OTLP_PROTOCOL: "grpc",
      OTEL_EXPORTER_OTLP_TIMEOUT: "9",
      OTEL_EXPORTER_OTLP_COMPRESSION: "none",
      OTEL_EXPORTER_OTLP_HEADERS: "c=d",
    }),
    ["grpc", 9, "none", { c: "d" }],
  );
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
