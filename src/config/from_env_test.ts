import { deepEqual, equal, throws } from "node:assert/strict";
import { ENV_NAMES, type EnvConfig, fromEnv } from "./from_env.ts";

function read(env: Record<string, string>): EnvConfig {
  return fromEnv((name) => {
    equal((ENV_NAMES as readonly string[]).includes(name), true, `${name} is listed in ENV_NAMES`);
    return env[name];
  });
}

Deno.test("fromEnv() takes the per-signal form over the general one", () => {
  const { config, warnings } = read({
    OTEL_EXPORTER_OTLP_ENDPOINT: "http://a:4318",
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "http://b:4318/custom",
    OTEL_EXPORTER_OTLP_HEADERS: "x=1,y=2",
    OTEL_EXPORTER_OTLP_TRACES_HEADERS: "x=3",
    OTEL_EXPORTER_OTLP_TIMEOUT: "1000",
    OTEL_EXPORTER_OTLP_TRACES_TIMEOUT: "2000",
    OTEL_EXPORTER_OTLP_COMPRESSION: "none",
    OTEL_EXPORTER_OTLP_TRACES_COMPRESSION: "gzip",
    OTEL_EXPORTER_OTLP_PROTOCOL: "http/protobuf",
    OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: "http/protobuf",
  });
  deepEqual(config.otlp, {
    endpoint: "http://a:4318/",
    tracesEndpoint: "http://b:4318/custom",
    headers: { x: "3" },
    timeoutMs: 2000,
    compression: "gzip",
    protocol: "http/protobuf",
  });
  deepEqual(warnings, []);
});

Deno.test("fromEnv() says nothing about what is unset or empty", () => {
  deepEqual(read({}).config, { otlp: {}, sampler: {} });
  deepEqual(read(Object.fromEntries(ENV_NAMES.map((name) => [name, " "]))).config, { otlp: {}, sampler: {} });
});

Deno.test("fromEnv() lets its base endpoint displace a traces endpoint of the file", () => {
  deepEqual(read({ OTEL_EXPORTER_OTLP_ENDPOINT: "http://a:4318" }).config.otlp, {
    endpoint: "http://a:4318/",
    tracesEndpoint: null,
  });
});

Deno.test("fromEnv() switches the export off for OTEL_TRACES_EXPORTER without otlp", () => {
  const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://a:4318" };
  const off = { endpoint: null, tracesEndpoint: null };
  deepEqual(read({ ...endpoint, OTEL_TRACES_EXPORTER: "none" }).config.otlp, off);
  deepEqual(read({ ...endpoint, OTEL_TRACES_EXPORTER: "console" }).config.otlp, off);
  equal(read({ ...endpoint, OTEL_TRACES_EXPORTER: "console, otlp" }).config.otlp?.endpoint, "http://a:4318/");
  const zipkin = read({ ...endpoint, OTEL_TRACES_EXPORTER: "zipkin" });
  equal(zipkin.config.otlp?.endpoint, "http://a:4318/");
  equal(zipkin.warnings.length, 1);
});

Deno.test("fromEnv() reads samplers, with ratio 1 where the argument is missing or wrong", () => {
  const f = (name: string, arg: string | undefined, want: unknown, warned = 0) => {
    const { config, warnings } = read({
      OTEL_TRACES_SAMPLER: name,
      ...(arg ? { OTEL_TRACES_SAMPLER_ARG: arg } : {}),
    });
    deepEqual(config.sampler, want);
    equal(warnings.length, warned, warnings.join());
  };
  f("always_off", undefined, { name: "always_off" });
  f("traceidratio", "0.25", { name: "traceidratio", ratio: 0.25 });
  f("parentbased_traceidratio", "1e-3", { name: "parentbased_traceidratio", ratio: 0.001 });
  f("parentbased_traceidratio", undefined, { name: "parentbased_traceidratio", ratio: 1 });
  f("traceidratio", "1.5", { name: "traceidratio", ratio: 1 }, 1);
  f("traceidratio", "many", { name: "traceidratio", ratio: 1 }, 1);
  f("jaeger_remote", undefined, {}, 1);
});

Deno.test("fromEnv() warns about wrong names and numbers, naming the variable, and falls back", () => {
  const { config, warnings } = read({
    OTEL_EXPORTER_OTLP_PROTOCOL: "grpc",
    OTEL_EXPORTER_OTLP_TRACES_TIMEOUT: "soon",
    OTEL_EXPORTER_OTLP_TIMEOUT: "7",
  });
  deepEqual(config.otlp, { timeoutMs: 7 });
  deepEqual(warnings, [
    'Cannot use environment variable OTEL_EXPORTER_OTLP_TRACES_TIMEOUT: value is "soon", must be a whole number; ' +
    "it is ignored",
    'Cannot use environment variable OTEL_EXPORTER_OTLP_PROTOCOL: value is "grpc", must be one of http/protobuf; ' +
    "it is ignored",
  ]);
});

Deno.test("fromEnv() refuses a wrong URL or header, and quotes no header", () => {
  const f = (name: string, text: string, message: string) =>
    throws(() => read({ [name]: text }), {
      name: "ConfigError",
      message: `Cannot use environment variable ${name}: ${message}`,
    });
  f(
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "localhost:4318",
    'value is "localhost:4318", must be a URL such as http://127.0.0.1:4318',
  );
  f("OTEL_EXPORTER_OTLP_HEADERS", "secret", 'Cannot read entry 1: it has no "="');
  f("OTEL_EXPORTER_OTLP_HEADERS", "a=sec%0Aret", 'header "a" has a name or content that HTTP does not allow');
  f(
    "OTEL_EXPORTER_OTLP_TRACES_HEADERS",
    "b c=1",
    'header "b c" has a name or content that HTTP does not allow',
  );
});
