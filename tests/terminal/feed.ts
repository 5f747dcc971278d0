/**
 * Feeds the real printer and the real log with spans as the agent does, on the stdout and stderr that it was given;
 * run in a terminal by terminal_test.ts. Arguments: FORM TRACES TRACES_PER_SECOND. Ends with its counts on stderr,
 * or with a line of input in between each of the first traces when TRACES_PER_SECOND is 0.
 */
import { createLogger } from "../../src/support/log.ts";
import { SpanPrinter } from "../../src/trace/printer.ts";
import { createResource, type Resource } from "../../src/trace/resource.ts";
import { splitSpans } from "../../src/trace/split.ts";
import type { PrintMode } from "../../src/config/config.ts";
import { batchBytes, encodeSpan, type SpanFields } from "../support/otlp_proto.ts";
import { sleep } from "../support/eventually.ts";
import { randomId } from "../support/load.ts";

/** The service sends its batches this often. */
const BATCH_MS = 40;

function resourceOf(serviceName: string): Resource {
  const environment = { OTEL_SERVICE_NAME: serviceName };
  return createResource({ pid: 7, exe: "/bin/a", goVersion: "go1.26.1", environment, hostName: "h" });
}

const FRONT = resourceOf("front");
const ORDERS = resourceOf("注文サービス");

/** A request of front that calls another service; one in a hundred fails there. */
function trace(number: number): { front: SpanFields[]; orders: SpanFields[] } {
  const [traceId, root, call] = [randomId(16), randomId(8), randomId(8)];
  const failed = number % 100 === 1;
  const startMs = Date.now() - 2_000;
  const attributes = {
    "http.request.method": "GET",
    "url.scheme": "http",
    "url.path": `/api/orders/${number}`,
    "network.protocol.version": "1.1",
    "server.address": "orders",
    "server.port": 8081,
    "http.response.status_code": failed ? 503 : 200,
  };
  const status = failed ? { statusCode: 2 } : {};
  return {
    front: [
      {
        traceId,
        spanId: root,
        name: "GET /api/orders/{id}",
        startMs,
        durationMs: 2_000,
        attributes,
        ...status,
      },
      {
        traceId,
        spanId: call,
        parentSpanId: root,
        kind: 3,
        name: "GET",
        startMs: startMs + 1_000,
        durationMs: 900,
        attributes,
        ...status,
        more: { flags: 0x101 },
      },
    ],
    orders: [{
      traceId,
      parentSpanId: call,
      name: "GET /orders/{id}",
      startMs: startMs + 1_200,
      durationMs: 600,
      attributes,
      ...status,
      more: { flags: 0x301 },
    }],
  };
}

const [form = "text", traces = "1", tracesPerSecond = "0"] = Deno.args;
const log = createLogger();
const printer = new SpanPrinter({ mode: form as PrintMode, log });

function print(resource: Resource, spans: SpanFields[]): void {
  const bytes = batchBytes(spans.map(encodeSpan));
  printer.print(resource, bytes, splitSpans(bytes));
}

/** User and system time of this process. */
function cpuSeconds(): number {
  const fields = Deno.readTextFileSync("/proc/self/stat").replace(/^.*\) /, "").split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

log.info("feeding", { form, traces });
if (tracesPerSecond === "0") {
  for (let number = 0; number < Number(traces); number++) {
    if (number > 0) await Deno.stdin.read(new Uint8Array(100));
    const { front, orders } = trace(number);
    print(ORDERS, orders);
    print(FRONT, front);
    await sleep(600);
  }
} else {
  const perBatch = Math.max(1, Math.round(Number(tracesPerSecond) * BATCH_MS / 1_000));
  for (let number = 0; number < Number(traces);) {
    const batch = Array.from({ length: perBatch }, () => trace(number++));
    print(ORDERS, batch.flatMap(({ orders }) => orders));
    print(FRONT, batch.flatMap(({ front }) => front));
    await sleep(BATCH_MS);
  }
}
const { waiting } = printer.stats();
await printer.flush();
log.warn("fed", { ...printer.stats(), before: waiting, cpuSeconds: cpuSeconds() });
