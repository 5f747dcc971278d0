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
    ringFullByCpu: {},
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
      end_ring_full: 0,
      abandoned: 0,
      table_full: 0,
      process_exited: processExited,
      bad_record: 0,
      no_decoder: 0,
      decoder_fault: 0,
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
    stats({ begun_server: 10, begun_client: 6, sampled_out: 3, lost_ring_full: 2 }),
    decoders(11, 1, 1),
    exported(8, { queue_full: 1 }),
  );
  assert.deepEqual(report, {
    begun: 16,
    exported: 8,
    sampledOut: 3,
    leftOut: {},
    lost: { ring_full: 2, process_exited: 1, queue_full: 1 },
    inFlight: 1,
    queued: 0,
  });
});

Deno.test("Accounts knows spans that were measured and then left out, in this life of the loader and earlier ones", () => {
  const accounts = new Accounts();
  const red = {
    spans: 10,
    sampled_out: 2,
    ignored: 1,
    filtered: 3,
    not_exported: 0,
    unreadable: 0,
    unmeasured: 0,
  };
  const decoded = { ...decoders(10, 0, 0), red };
  accounts.close(stats({ begun_server: 11, sampled_out: 1 }), decoded);
  const report = accounts.report(stats({ begun_server: 10 }), decoded, exported(8));
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
  accounts.close(stats({ begun_server: 5, sampled_out: 1, lost_span_map_full: 1 }), decoders(9, 3, 2));
  const report = accounts.report(stats({ begun_server: 4 }), decoders(4, 0, 0), exported(8));
  assert.deepEqual(report, {
    begun: 9 + 1 + 1 + 4,
    exported: 8,
    sampledOut: 1,
    leftOut: {},
    lost: { span_map_full: 1, process_exited: 2, loader_ended: 3 },
    inFlight: 0,
    queued: 0,
  });
  assert.equal(report.begun, report.exported + report.sampledOut + 1 + 2 + 3);
});
