import { deepEqual, equal } from "node:assert/strict";
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

Deno.test("targetReport() tells what tells processes apart, without secrets", () => {
  const { args, containerId, rule, ...rest } = targetReport(TARGET, "orders");
  deepEqual(args, ["orders", "--listen", ":8080", "--db-password", "***"]);
  deepEqual([containerId, rule], ["0123456789ab", "discovery.instrument[1]"]);
  equal(JSON.stringify(rest).includes("s3cret"), false, "nothing of the environment");
});

Deno.test("targetReport() says null where no rule selects it and it is in no container", () => {
  const { args: _args, containerId: _id, rule: _rule, ...bare } = TARGET;
  const { args, containerId, rule } = targetReport(bare, "orders");
  deepEqual([args, containerId, rule], [[], null, null]);
});
