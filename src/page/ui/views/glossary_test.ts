import { deepEqual } from "node:assert/strict";
import { counterReport } from "../../../status/counters.ts";
import { COUNTERS, type Counters } from "../../../wire/stats.ts";
import { ARMED, PROBES, PROPAGATION } from "./glossary.ts";

Deno.test("the glossary explains every counter of the status report", () => {
  const { propagation, probes } = counterReport(
    Object.fromEntries(COUNTERS.map(([name]) => [name, 0])) as unknown as Counters,
  );
  const explained = [ARMED, ...PROPAGATION].flatMap(({ counters }) => Object.keys(counters));
  deepEqual(["armed", ...explained].sort(), Object.keys(propagation).sort());
  deepEqual(Object.keys(PROBES.counters).sort(), Object.keys(probes).sort());
});
