/** Both exporters by gRPC: what OTLP lets be tried again is delivered, everything else is counted by its reason. */
import { deepEqual, equal, ok } from "node:assert/strict";
import { eventually } from "../../tests/support/eventually.ts";
import {
  type GrpcHandler,
  GrpcServer,
  METRICS_CALL,
  statusAnswer,
  TRACES_CALL,
} from "../../tests/support/otlp_grpc_server.ts";
import { Measured } from "../../tests/support/otlp_measured.ts";
import { batchBytes, decodeMessage, encodeMessage, encodeSpan } from "../../tests/support/otlp_proto.ts";
import type { TracesConfig } from "../config/config.ts";
import { createLogger } from "../support/log.ts";
import { createResource } from "../trace/resource.ts";
import { MetricExporter } from "./metric_exporter.ts";
import { TraceExport } from "./trace_export.ts";

const log = createLogger({ write: () => {} });
const RESOURCE = createResource({ pid: 7, exe: "/bin/x", goVersion: null, environment: {}, hostName: "h" });
const OTLP = {
  protocol: "grpc",
  headers: {},
  timeoutMs: 60_000,
  compression: "none",
  tls: { caFile: null, certFile: null, keyFile: null },
} as const;

const tracesConfig = (url: string): TracesConfig => ({
  ...OTLP,
  url: url + TRACES_CALL,
  maxQueue: 10_007,
  maxBatch: 101,
  delayMs: 1,
});

function push(out: TraceExport, count: number): void {
  const bytes = batchBytes(Array.from({ length: count }, (_, at) => encodeSpan({ name: `span ${at}` })));
  out.push(RESOURCE, { pid: 7, count, bytes });
}

/** What becomes of some spans where the server does this. */
async function exported(handler: GrpcHandler, count = 11) {
  await using server = await GrpcServer.start({ handler });
  await using out = new TraceExport({ log, retry: { initialMs: 1, maxMs: 5, maxElapsedMs: 60_000 } });
  out.configure(tracesConfig(server.url));
  push(out, count);
  await eventually(() => equal(out.stats().queued, 0));
  return { stats: out.stats(), requests: server.requests, connections: server.connections };
}

function spanCount(message: Uint8Array): number {
  const { resourceSpans } = decodeMessage("ExportTraceServiceRequest", message) as {
    resourceSpans: { scopeSpans: { spans: unknown[] }[] }[];
  };
  return resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans)).length;
}

Deno.test("spans go out as protobuf, in batches, over one connection", async () => {
  const { stats, requests, connections } = await exported(() => ({}), 1_009);
  deepEqual([stats.exported, stats.lost, stats.lastError], [1_009, {}, null]);
  equal(requests.reduce((sum, { message }) => sum + spanCount(message), 0), 1_009);
  ok(requests.every(({ message }) => spanCount(message) <= 101));
  equal(connections, 1);
});

Deno.test("what may pass is tried again, with the same bytes, and delivered", async () => {
  const handler: GrpcHandler = ({ attempt, stream }) => {
    if (attempt === 1) return statusAnswer(14, { "grpc-message": "busy" });
    if (attempt === 2) stream.session?.destroy();
    return attempt === 2 ? null : {};
  };
  const { stats, requests, connections } = await exported(handler);
  deepEqual([stats.exported, stats.lost, stats.retries, stats.reason, connections], [11, {}, 2, null, 2]);
  deepEqual(requests[1]!.message, requests[0]!.message);
  deepEqual(requests[2]!.message, requests[0]!.message);
});

Deno.test("what is refused is lost by the name of its status, what is rejected by that", async () => {
  const refused = await exported(() => statusAnswer(3, { "grpc-message": "bad id" }));
  deepEqual(refused.stats.lost, { grpc_invalid_argument: 11 });
  equal(refused.requests.length, 1);
  ok(refused.stats.lastError!.endsWith(": gRPC status invalid_argument: bad id"), refused.stats.lastError!);
  const exhausted = await exported(() => statusAnswer(8));
  deepEqual(exhausted.stats.lost, { grpc_resource_exhausted: 11 });
  const partial = await exported(() => ({
    message: encodeMessage("ExportTraceServiceResponse", {
      partialSuccess: { rejectedSpans: 4, errorMessage: "too old" },
    }),
  }));
  deepEqual([partial.stats.exported, partial.stats.lost], [7, { rejected: 4 }]);
});

Deno.test("metrics go to their own service, and a refusal is counted", async () => {
  await using server = await GrpcServer.start({
    handler: ({ attempt }) => attempt === 1 ? statusAnswer(12) : {},
  });
  const measured = new Measured();
  measured.add(1);
  await using exporter = new MetricExporter({ source: measured.metrics.source, log });
  exporter.configure({ ...OTLP, url: server.url + METRICS_CALL, intervalMs: 100, temporality: "cumulative" });
  await eventually(() => ok(exporter.stats().exports > 0));
  deepEqual(exporter.stats().failed, { grpc_unimplemented: 1 });
  ok(server.requests.every(({ path, message }) => path === METRICS_CALL && message.length > 0));
});

Deno.test("a shutdown delivers what waits, and a reload what waits for the collector before", async () => {
  await using first = await GrpcServer.start();
  await using second = await GrpcServer.start();
  await using out = new TraceExport({ log });
  out.configure({ ...tracesConfig(first.url), delayMs: 60_000 });
  push(out, 7);
  out.configure({ ...tracesConfig(second.url), delayMs: 60_000 });
  push(out, 5);
  await out.shutdown(60_000);
  deepEqual([out.stats().exported, out.stats().lost], [12, {}]);
  deepEqual([first, second].map(({ requests }) => spanCount(requests[0]!.message)), [7, 5]);
});
