import assert from "node:assert/strict";
import type { PipelineCounters } from "../decoder/messages.ts";
import type { ExportStats } from "../export/span_exporter.ts";
import { COUNTERS, type Counters, type LoaderStats } from "../wire/stats.ts";
import { Accounts } from "./accounts.ts";

function stats(counters: Partial<Counters>): LoaderStats {
  const zeroes = Object.fromEntries(COUNTERS.map(([name]) => [name, 0])) as unknown as Counters;
  return {
    realtimeOffsetNs: 0n,
    recordsSent: 0,
    bytesSent: 0,
    cpuTimeNs: 0,
    residentBytes: 0,
    counters: { ...zeroes, ...counters },
  };
}

function decoders(starts: number, inFlight: number, processExited: number): PipelineCounters {
  return {
    starts,
    ends: 0,
    spans: starts - inFlight - processExited,
    inFlight,
    orphans: 0,
    malformed: 0,
    lost: {
      endRingFull: 0,
      abandoned: 0,
      tableFull: 0,
      processExited,
      badRecord: 0,
      noDecoder: 0,
      decoderFault: 0,
    },
    records: 0,
    bytes: 0,
    decoders: [],
  };
}

function exported(count: number, lost: Record<string, number> = {}): ExportStats {
  return { exported: count, queued: 0, lost, batches: 0, retries: 0, lastError: null, reason: null };
}

Deno.test("Accounts.report() adds up kernel, decoders and exporter, reasons of 0 left out", () => {
  const report = new Accounts().report(
    stats({ begunServer: 10, begunClient: 6, sampledOut: 3, lostRingFull: 2 }),
    decoders(11, 1, 1),
    exported(8, { queue_full: 1 }),
  );
  assert.deepEqual(report, {
    begun: 16,
    exported: 8,
    sampledOut: 3,
    leftOut: {},
    lost: { ringFull: 2, processExited: 1, queue_full: 1 },
    inFlight: 1,
    queued: 0,
  });
});

Deno.test("Accounts knows spans that were measured and then left out, in this life of the loader and earlier ones", () => {
  const accounts = new Accounts();
  const red = {
    spans: 10,
    sampledOut: 2,
    ignored: 1,
    filtered: 3,
    notExported: 0,
    unreadable: 0,
    unmeasured: 0,
  };
  const decoded = { ...decoders(10, 0, 0), red };
  accounts.close(stats({ begunServer: 11, sampledOut: 1 }), decoded);
  const report = accounts.report(stats({ begunServer: 10 }), decoded, exported(8));
  assert.deepEqual(report, {
    begun: 21,
    exported: 8,
    sampledOut: 1 + 2 + 2,
    leftOut: { ignored: 2, filtered: 6 },
    lost: {},
    inFlight: 0,
    queued: 0,
  });
});

Deno.test("Accounts.close() keeps the counts of a loader that ended, however old its statistics are", () => {
  const accounts = new Accounts();
  // The last statistics told of 5 spans, 9 start records arrived.
  accounts.close(stats({ begunServer: 5, sampledOut: 1, lostSpanMapFull: 1 }), decoders(9, 3, 2));
  const report = accounts.report(stats({ begunServer: 4 }), decoders(4, 0, 0), exported(8));
  assert.deepEqual(report, {
    begun: 9 + 1 + 1 + 4,
    exported: 8,
    sampledOut: 1,
    leftOut: {},
    lost: { spanMapFull: 1, processExited: 2, loaderEnded: 3 },
    inFlight: 0,
    queued: 0,
  });
  assert.equal(report.begun, report.exported + report.sampledOut + 1 + 2 + 3);
});
