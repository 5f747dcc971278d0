import { deepEqual, equal, match } from "node:assert/strict";
import { batchBytes, encodeSpan } from "../../tests/support/otlp_proto.ts";
import { createLogger } from "../support/log.ts";
import { SpanPrinter } from "../trace/printer.ts";
import { createResource } from "../trace/resource.ts";
import { TraceStore } from "../trace/store.ts";
import { SpanOutput } from "./span_output.ts";
import { TraceExport } from "./trace_export.ts";

const RESOURCE = createResource({
  pid: 7,
  exe: "/bin/front",
  goVersion: null,
  environment: {},
  hostName: "h",
});
const TRACE_ID = "0af7651916cd43dd8448eb211c80319c";

function make({ write }: { write?: (bytes: Uint8Array) => Promise<void> } = {}) {
  const logged: string[] = [];
  const printed: string[] = [];
  const log = createLogger({ write: (line) => logged.push(line) });
  const store = new TraceStore({ maxSpans: 101, maxBytes: 100_003 });
  const printer = new SpanPrinter({
    mode: "json",
    log,
    write: write ?? ((bytes) => {
      printed.push(new TextDecoder().decode(bytes));
      return Promise.resolve();
    }),
  });
  return {
    logged,
    printed,
    store,
    output: new SpanOutput({ store, printer, exporter: new TraceExport({ log }), log }),
  };
}

Deno.test("SpanOutput with no collector counts as exported what the store and the printer got", async () => {
  const { output, store, printed } = make();
  const bytes = batchBytes([encodeSpan({ traceId: TRACE_ID }), encodeSpan({ traceId: TRACE_ID })]);
  output.push(RESOURCE, { pid: 7, count: 2, bytes });
  await output.shutdown(60_000);
  equal(store.get(TRACE_ID)?.spans.length, 2);
  equal(printed.join("").split("\n").length, 3);
  deepEqual(output.stats(), {
    exported: 2,
    queued: 0,
    lost: {},
    batches: 0,
    retries: 0,
    lastError: null,
    reason: null,
  });
});

Deno.test("SpanOutput keeps a malformed batch from everything else, and counts it", () => {
  const { output, store, logged } = make();
  const bytes = batchBytes([encodeSpan(), encodeSpan()]);
  output.push(RESOURCE, { pid: 7, count: 2, bytes: bytes.subarray(0, bytes.length - 1) });
  output.push(RESOURCE, { pid: 7, count: 3, bytes });
  deepEqual([output.stats().exported, output.stats().lost], [0, { malformed: 5 }]);
  equal(store.stats().spans, 0);
  match(logged[0]!, /ends at/);
  match(logged[1]!, /holds 2 spans, must be 3/);
});

Deno.test("SpanOutput.shutdown() waits for a stuck stdout no longer than its deadline", async () => {
  const gate = Promise.withResolvers<void>();
  const { output } = make({ write: () => gate.promise });
  output.push(RESOURCE, { pid: 7, count: 1, bytes: batchBytes([encodeSpan()]) });
  await output.shutdown(50);
  gate.resolve();
});
