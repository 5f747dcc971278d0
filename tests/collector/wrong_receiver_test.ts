/** What the doctor says of the real Collector where protocol, port, scheme or signal are not what it was set up for. */
import assert from "node:assert/strict";
import type { OtlpConfig } from "../../src/config/config.ts";
import { checkCollector, type Signal } from "../../src/doctor/collector.ts";
import { Collector, type CollectorPlaces } from "../support/otlp_collector.ts";

const CONFIG: OtlpConfig = {
  url: null,
  protocol: "grpc",
  headers: {},
  timeoutMs: 5_000,
  compression: "gzip",
  tls: { caFile: null, certFile: null, keyFile: null },
};

/** Takes traces alone. */
const tracesOnly = ({ otlp, otlpGrpc, health, directory }: CollectorPlaces) => `
receivers: {otlp: {protocols: {http: {endpoint: "${otlp}"}, grpc: {endpoint: "${otlpGrpc}"}}}}
exporters: {file: {path: "${directory}/traces.jsonl"}}
extensions: {health_check: {endpoint: "${health}"}}
service:
  extensions: [health_check]
  telemetry: {metrics: {level: none}, logs: {level: error}}
  pipelines: {traces: {receivers: [otlp], exporters: [file]}}
`;

Deno.test("the doctor names a wrong protocol, port, scheme or signal at a real Collector", async () => {
  await using collector = await Collector.start({ config: tracesOnly });
  const f = async (signal: Signal, protocol: OtlpConfig["protocol"], url: string, code: string) => {
    const finding = await checkCollector(signal, { ...CONFIG, protocol, url });
    assert.equal(finding.code, code, finding.cause);
  };
  const call = collector.urlFor("traces", "grpc");
  await f("traces", "grpc", call, "ok");
  await f("traces", "http/protobuf", collector.urlFor("traces", "http/protobuf"), "ok");
  await f("metrics", "grpc", collector.urlFor("metrics", "grpc"), "collector-signal-unknown");
  await f("traces", "grpc", new URL(new URL(call).pathname, collector.url).href, "collector-not-grpc");
  await f("traces", "grpc", call.replace("http:", "https:"), "collector-tls");
  for (const protocol of ["http/protobuf", "http/json"] as const) {
    await f("traces", protocol, `${collector.grpcUrl}/v1/traces`, "collector-not-http");
  }
});
