import { deepEqual, equal } from "node:assert/strict";
import { inspect, load } from "./testing.ts";

Deno.test("OTEL_EXPORTER_OTLP_*: the form of a signal wins over the general one", async () => {
  const { traces, metrics } = await load({
    env: {
      OTEL_EXPORTER_OTLP_ENDPOINT: "https://a:4318",
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "https://b:4318/custom",
      OTEL_EXPORTER_OTLP_HEADERS: "x=1,y=2",
      OTEL_EXPORTER_OTLP_TRACES_HEADERS: "x=3",
      OTEL_EXPORTER_OTLP_TIMEOUT: "1000",
      OTEL_EXPORTER_OTLP_METRICS_TIMEOUT: "2000",
      OTEL_EXPORTER_OTLP_COMPRESSION: "none",
      OTEL_EXPORTER_OTLP_TRACES_COMPRESSION: "gzip",
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
      OTEL_EXPORTER_OTLP_METRICS_PROTOCOL: "http/protobuf",
      OTEL_EXPORTER_OTLP_CERTIFICATE: "ca.pem",
      OTEL_EXPORTER_OTLP_TRACES_CLIENT_CERTIFICATE: "c.pem",
      OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY: "k.pem",
    },
    files: {
      "ca.pem": "-----BEGIN CERTIFICATE-----",
      "c.pem": "-----BEGIN CERTIFICATE-----",
      "k.pem": "-----BEGIN EC PRIVATE KEY-----",
    },
  });
  const { maxQueue: _, maxBatch: __, delayMs: ___, ...tracesTransport } = traces;
  deepEqual(tracesTransport, {
    url: "https://b:4318/custom",
    protocol: "http/json",
    headers: { x: "3" },
    timeoutMs: 1000,
    compression: "gzip",
    tls: { caFile: "ca.pem", certFile: "c.pem", keyFile: "k.pem" },
  });
  const { intervalMs: ____, temporality: _____, ...metricsTransport } = metrics;
  deepEqual(metricsTransport, {
    url: "https://a:4318/v1/metrics",
    protocol: "http/protobuf",
    headers: { x: "1", y: "2" },
    timeoutMs: 2000,
    compression: "none",
    tls: { caFile: "ca.pem", certFile: null, keyFile: null },
  });
});

Deno.test("a base URL gets the signal's path, a signal's own URL is used as it stands", async () => {
  const urls = async (env: Record<string, string>) => {
    const { traces, metrics } = await load({ env });
    return [traces.url, metrics.url];
  };
  deepEqual(await urls({ OTEL_EXPORTER_OTLP_ENDPOINT: "http://h/base/" }), [
    "http://h/base/v1/traces",
    "http://h/base/v1/metrics",
  ]);
  deepEqual(await urls({ OTEL_EXPORTER_OTLP_ENDPOINT: "http://h/base?k=v" }), [
    "http://h/base/v1/traces?k=v",
    "http://h/base/v1/metrics?k=v",
  ]);
  deepEqual(await urls({ OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: "http://h" }), [null, "http://h/"]);
});

Deno.test("exporters: only otlp leaves a signal on", async () => {
  const OTEL_EXPORTER_OTLP_ENDPOINT = "http://h";
  const on = async (env: Record<string, string>) => {
    const { traces, metrics } = await load({ env: { OTEL_EXPORTER_OTLP_ENDPOINT, ...env } });
    return [traces.url !== null, metrics.url !== null];
  };
  deepEqual(await on({ OTEL_TRACES_EXPORTER: "none" }), [false, true]);
  deepEqual(await on({ OTEL_TRACES_EXPORTER: "console, otlp", OTEL_METRICS_EXPORTER: "prometheus" }), [
    true,
    false,
  ]);
  const { config, said } = await inspect({
    env: { OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_TRACES_EXPORTER: "zipkin" },
  });
  equal(config?.traces.url, "http://h/v1/traces");
  deepEqual(said, [
    'Environment variable OTEL_TRACES_EXPORTER: value is "zipkin", ' +
    "must be otlp, console, prometheus or none; it is ignored",
  ]);
});

Deno.test("other variables of OpenTelemetry", async () => {
  const config = await load({
    env: {
      OTEL_METRIC_EXPORT_INTERVAL: "5000",
      OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: "Delta",
      OTEL_BSP_SCHEDULE_DELAY: "250",
      OTEL_BSP_MAX_QUEUE_SIZE: "99",
      OTEL_BSP_MAX_EXPORT_BATCH_SIZE: "33",
      OTEL_LOG_LEVEL: "DEBUG",
      OTEL_SERVICE_NAME: "tsunagi",
    },
  });
  deepEqual([config.metrics.intervalMs, config.metrics.temporality], [5_000, "delta"]);
  deepEqual([config.traces.delayMs, config.traces.maxQueue, config.traces.maxBatch], [250, 99, 33]);
  deepEqual([config.log.level, config.select.include], ["debug", []]);
});

Deno.test("variables of Beyla count with either prefix", async () => {
  for (const prefix of ["BEYLA_", "OTEL_EBPF_"]) {
    const env = Object.fromEntries(
      Object.entries({
        OPEN_PORT: "80,8000-8999",
        EXECUTABLE_PATH: "/app$",
        SERVICE_NAME: "shop",
        SERVICE_NAMESPACE: "prod",
        TRACE_PRINTER: "disabled",
        LOG_LEVEL: "WARN",
        LOG_FORMAT: "json",
        PROMETHEUS_PORT: "9100",
        PROMETHEUS_PATH: "/m",
        METRICS_INTERVAL: "7s",
        EXCLUDE_OTEL_INSTRUMENTED_SERVICES: "false",
      }).map(([name, value]) => [prefix + name, value]),
    );
    const config = await load({ env });
    const [rule] = config.select.include;
    deepEqual(rule?.openPorts, [{ first: 80, last: 80 }, { first: 8000, last: 8999 }]);
    deepEqual(rule?.exePath, { kind: "regex", regex: /\/app$/ });
    deepEqual([rule?.name, rule?.namespace, rule?.origin], ["shop", "prod", "open_port and executable_path"]);
    deepEqual([config.print, config.log], ["off", { level: "warn", format: "json" }]);
    deepEqual(config.prometheus, { listen: { host: "0.0.0.0", port: 9100 }, path: "/m" });
    deepEqual([config.metrics.intervalMs, config.select.excludeInstrumented], [7_000, false]);
  }
});

Deno.test("an empty variable counts as unset", async () => {
  deepEqual(await load({ env: { OTEL_EXPORTER_OTLP_ENDPOINT: "", BEYLA_OPEN_PORT: " " } }), await load({}));
});

Deno.test("wrong numbers and names of OpenTelemetry are told and ignored", async () => {
  const { config, said } = await inspect({
    env: {
      OTEL_EXPORTER_OTLP_TIMEOUT: "soon",
      OTEL_EXPORTER_OTLP_COMPRESSION: "zstd",
      OTEL_TRACES_SAMPLER: "jaeger_remote",
      OTEL_TRACES_SAMPLER_ARG: "2",
    },
  });
  deepEqual(config, await load({}));
  deepEqual(said, [
    'Environment variable OTEL_EXPORTER_OTLP_TIMEOUT: value is "soon", must be a whole number; it is ignored',
    'Environment variable OTEL_EXPORTER_OTLP_COMPRESSION: value is "zstd", must be one of none, gzip; ' +
    "it is ignored",
    'Environment variable OTEL_TRACES_SAMPLER: value is "jaeger_remote", must be one of always_on, ' +
    "always_off, traceidratio, parentbased_always_on, parentbased_always_off, parentbased_traceidratio; it is ignored",
    "Environment variable OTEL_TRACES_SAMPLER_ARG: value is 2, must be from 0 to 1; it is ignored",
  ]);
});

Deno.test("wrong URLs, headers and files, and wrong variables of Beyla, are errors", async () => {
  const { config, said } = await inspect({
    env: {
      OTEL_EXPORTER_OTLP_ENDPOINT: "h:4318",
      OTEL_EXPORTER_OTLP_HEADERS: "secret",
      OTEL_EXPORTER_OTLP_METRICS_HEADERS: "a=s%0Aecret",
      OTEL_EXPORTER_OTLP_CERTIFICATE: "no.pem",
      BEYLA_OPEN_PORT: "http",
      OTEL_EBPF_LOG_LEVEL: "LOUD",
    },
  });
  equal(config, null);
  deepEqual(said, [
    "Cannot use environment variable OTEL_EXPORTER_OTLP_CERTIFICATE: cannot use file no.pem: there is no such file",
    'Cannot use environment variable OTEL_EXPORTER_OTLP_HEADERS: Cannot read entry 1: it has no "="',
    'Cannot use environment variable OTEL_EXPORTER_OTLP_ENDPOINT: value is "h:4318", must be a URL such as ' +
    "http://127.0.0.1:4318",
    'Cannot use environment variable OTEL_EXPORTER_OTLP_METRICS_HEADERS: value is a map, must be headers; "a" has a ' +
    "name or content that HTTP does not allow",
    'Cannot use environment variable BEYLA_OPEN_PORT: value is "http", must be ports such as 80,443,8000-8999',
    'Cannot use environment variable OTEL_EBPF_LOG_LEVEL: value is "LOUD", must be one of debug, info, warn, error',
  ]);
});

Deno.test("variables of Beyla that are not supported are told", async () => {
  const { config, said } = await inspect({
    env: { BEYLA_NETWORK_METRICS: "true", OTEL_EBPF_BPF_DEBUG: "true" },
  });
  deepEqual(config, await load({}));
  deepEqual(said, [
    "Environment variable OTEL_EBPF_BPF_DEBUG: is not supported, and has no effect: " +
    "BPF programs have no debug output",
    "Environment variable BEYLA_NETWORK_METRICS: is not supported, and has no effect: " +
    "there are no metrics of the network",
  ]);
});

Deno.test("variables of Beyla say true and false as Go reads them", async () => {
  for (
    const [text, excludes] of [["0", false], ["False", false], ["f", false], ["1", true], [
      "T",
      true,
    ]] as const
  ) {
    const { select } = await load({ env: { BEYLA_EXCLUDE_OTEL_INSTRUMENTED_SERVICES: text } });
    equal(select.excludeInstrumented, excludes, text);
  }
  deepEqual((await inspect({ env: { BEYLA_EXCLUDE_OTEL_INSTRUMENTED_SERVICES: "nay" } })).said, [
    'Cannot use environment variable BEYLA_EXCLUDE_OTEL_INSTRUMENTED_SERVICES: value is "nay", must be true or false',
  ]);
});
