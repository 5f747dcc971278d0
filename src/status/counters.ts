/** The kernel half's counters sorted into the parts of a status report. Used by the composition root. */
import { type CounterName, COUNTERS, type Counters } from "../wire/stats.ts";

/** Spans before their start record; they make up the accounting. */
const ACCOUNTING: ReadonlySet<CounterName> = new Set<CounterName>([
  "begun_server",
  "begun_client",
  "sampled_out",
  "lost_ring_full",
  "lost_span_map_full",
]);

/** Between these two stands where a call's context came from and what became of its header. */
const FIRST_OF_PROPAGATION: CounterName = "traceparent_accepted";
const LAST_OF_PROPAGATION: CounterName = "sockets_adopted";

export interface CounterReport {
  readonly propagation: Record<string, number>;
  readonly probes: Record<string, number>;
}

/** Every counter but those of the accounting, by name, in the order of the wire. */
export function counterReport(counters: Counters): CounterReport {
  const report: CounterReport = { propagation: {}, probes: {} };
  let part = report.probes;
  for (const [name] of COUNTERS) {
    if (ACCOUNTING.has(name)) continue;
    if (name === FIRST_OF_PROPAGATION) part = report.propagation;
    part[name] = counters[name];
    if (name === LAST_OF_PROPAGATION) part = report.probes;
  }
  return report;
}
