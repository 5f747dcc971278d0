import { deepEqual, equal } from "node:assert/strict";
import * as wire from "../../bpf/wire.gen.ts";
import { COUNTERS, type Counters } from "../wire/stats.ts";
import { counterReport } from "./counters.ts";

Deno.test("counterReport() names every counter once, those of the accounting apart", () => {
  const counters = Object.fromEntries(COUNTERS.map(([name, index]) => [name, index + 1])) as Counters;
  const { propagation, probes } = counterReport(counters);
  equal(propagation["injected"], wire.COUNTER_INJECTED + 1);
  equal(propagation["own_header"], wire.COUNTER_OWN_HEADER + 1);
  equal(propagation["traceparent_accepted"], wire.COUNTER_TRACEPARENT_ACCEPTED + 1);
  equal(propagation["sockets_adopted"], wire.COUNTER_SOCKETS_ADOPTED + 1);
  equal(probes["read_fault"], wire.COUNTER_READ_FAULT + 1);
  equal(probes["wakeups"], wire.COUNTER_WAKEUPS + 1);
  const shown = [...Object.keys(propagation), ...Object.keys(probes)];
  deepEqual(
    COUNTERS.map(([name]) => name).filter((name) => !shown.includes(name)),
    ["begun_server", "begun_client", "sampled_out", "lost_ring_full", "lost_span_map_full"],
  );
  equal(shown.length, COUNTERS.length - 5);
});
