import { deepEqual, equal } from "node:assert/strict";
import * as wire from "../../bpf/wire.gen.ts";
import type { Target } from "../discovery/target.ts";
import { COUNTERS, type Counters } from "../wire/stats.ts";
import { counterReport } from "./counters.ts";
import { targetReport } from "./target_report.ts";

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

Deno.test("targetReport() shows a target with its sites in words", () => {
  const target: Target = {
    pid: 7,
    exe: "/bin/front",
    args: ["front", "--password", "hunter2"],
    containerId: "0123456789ab",
    environment: {},
    state: "traced",
    reason: null,
    goVersion: "go1.26.8",
    decoder: "go1.26",
    decoderCheck: "dwarf",
    sites: [{
      probe: wire.PROBE_SERVER_START,
      flags: 0,
      symbol: "net/http.serverHandler.ServeHTTP",
      fileOffset: 4096,
      address: 0x6a1b2c,
      instruction: "push",
      price: "emulated",
    }],
  };
  deepEqual(targetReport(target, "front"), {
    pid: 7,
    exe: "/bin/front",
    args: ["front", "--password", "***"],
    containerId: "0123456789ab",
    serviceName: "front",
    state: "traced",
    rule: null,
    reason: null,
    goVersion: "go1.26.8",
    decoder: "go1.26",
    decoderCheck: "dwarf",
    sites: [{
      probe: "server_start",
      symbol: "net/http.serverHandler.ServeHTTP",
      instruction: "push",
      price: "emulated",
      address: "0x6a1b2c",
    }],
  });
});
