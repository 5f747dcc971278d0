import { deepEqual, equal } from "node:assert/strict";
import * as wire from "../../bpf/wire.gen.ts";
import { ruleOf } from "../../tests/support/select.ts";
import type { Target } from "../discovery/target.ts";
import { targetReport } from "./target_report.ts";

const TARGET: Target = {
  pid: 7,
  exe: "/srv/orders",
  environment: { OTEL_EXPORTER_OTLP_HEADERS: "authorization=s3cret" },
  args: ["orders", "--listen", ":8080", "--db-password", "s3cret"],
  containerId: "0123456789ab",
  podUid: null,
  rule: ruleOf({ origin: "discovery.instrument[1]" }),
  state: "attaching",
  reason: null,
  goVersion: "go1.26.8",
  decoder: null,
  decoderCheck: null,
  sites: [],
};
const ORDERS = { serviceName: "orders", spans: 0, firstSpanMs: null };

Deno.test("targetReport() tells what tells processes apart, without secrets", () => {
  const { args, containerId, rule, ...rest } = targetReport(TARGET, ORDERS);
  deepEqual(args, ["orders", "--listen", ":8080", "--db-password", "***"]);
  deepEqual([containerId, rule], ["0123456789ab", "discovery.instrument[1]"]);
  equal(JSON.stringify(rest).includes("s3cret"), false, "nothing of the environment");
});

Deno.test("targetReport() says null where no rule selects it and it is in no container", () => {
  const { args: _args, containerId: _id, rule: _rule, ...bare } = TARGET;
  const { args, containerId, rule } = targetReport(bare, ORDERS);
  deepEqual([args, containerId, rule], [[], null, null]);
});

Deno.test("targetReport() tells times to a tenth of a millisecond, and nothing of what has not happened", () => {
  const attached: Target = { ...TARGET, attachTime: { analysisMs: 84.1234, attachMs: 12.06 } };
  const figures = { serviceName: "orders", spans: 7, firstSpanMs: 1_000.04 };
  const { attachTime, spans, firstSpanMs } = targetReport(attached, figures);
  deepEqual([attachTime, spans, firstSpanMs], [{ analysisMs: 84.1, attachMs: 12.1 }, 7, 1_000]);
  const none = targetReport(TARGET, ORDERS);
  deepEqual([none.attachTime, none.spans, none.firstSpanMs], [null, 0, null]);
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
  deepEqual(targetReport(target, { serviceName: "front", spans: 0, firstSpanMs: null }), {
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
    attachTime: null,
    spans: 0,
    firstSpanMs: null,
  });
});
