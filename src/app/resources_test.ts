import assert from "node:assert/strict";
import type { Target } from "../discovery/target.ts";
import { ruleOf } from "../../tests/support/select.ts";
import { createLogger } from "../support/log.ts";
import { ProtoWriter } from "../support/proto_writer.ts";
import { decodeSpan } from "../trace/otlp_span.ts";
import { splitSpans } from "../trace/split.ts";
import { Resources } from "./resources.ts";

function target(pid: number, name: string): Target {
  return {
    pid,
    exe: "/bin/app",
    environment: { OTEL_SERVICE_NAME: name },
    state: "attaching",
    reason: null,
    goVersion: "go1.26.8",
    decoder: null,
    decoderCheck: null,
    sites: [],
  };
}

Deno.test("Resources.of() knows a process until another of its pid comes", () => {
  const resources = new Resources({ log: createLogger({ write: () => {} }) });
  resources.add(target(7, "front"), "node-a");
  assert.equal(resources.of(7).serviceName, "front");
  assert.equal(resources.of(7), resources.of(7));
  resources.add(target(7, "back"), "node-a");
  assert.equal(resources.of(7).serviceName, "back");
});

Deno.test("Resources.add() keeps the resource of a process, as one object, until its name is another", () => {
  const resources = new Resources({ log: createLogger({ write: () => {} }) });
  const process = target(7, "front");
  resources.add(process, "node-a");
  const first = resources.of(7);
  process.rule = ruleOf({ pids: [7] });
  resources.add(process, "node-a");
  assert.equal(resources.of(7), first);
  process.rule = ruleOf({ name: "cart", namespace: "shop" });
  resources.add(process, "node-a");
  const attributes = new Map(resources.of(7).attributes.map(({ key, value }) => [key, value]));
  assert.deepEqual([attributes.get("service.name"), attributes.get("service.namespace")], ["cart", "shop"]);
});

Deno.test("Resources.of() has a resource also for a process that was never announced", () => {
  const resources = new Resources({ log: createLogger({ write: () => {} }) });
  assert.equal(resources.of(9).serviceName, "unknown_service:go");
});

Deno.test("Resources.mark() marks spans of a decoder made for another Go version, and no other", () => {
  const resources = new Resources({ log: createLogger({ write: () => {} }) });
  const process = target(7, "front");
  resources.add(process, "node-a");
  const ids = new ProtoWriter().bytesField(1, new Uint8Array(16)).bytesField(2, new Uint8Array(8)).finish();
  const bytes = new ProtoWriter().bytesField(2, ids).finish();
  const batch = { pid: 7, count: 1, bytes };
  assert.equal(resources.mark(batch), batch);
  process.decoder = "go1.27";
  process.decoderCheck = "range";
  assert.equal(resources.mark(batch), batch);
  process.decoderCheck = "nearest";
  const marked = resources.mark(batch).bytes;
  const [{ start, end } = { start: 0, end: 0 }] = splitSpans(marked);
  assert.deepEqual(decodeSpan(marked.subarray(start, end)).attributes, [
    { key: "tsunagi.decoder.nearest", value: "go1.27" },
  ]);
  assert.equal(resources.mark({ ...batch, pid: 8 }).bytes, bytes);
});
