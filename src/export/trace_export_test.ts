import { deepEqual, equal, ok, throws } from "node:assert/strict";
import { eventually } from "../../tests/support/eventually.ts";
import { FakeClock } from "../../tests/support/fake_clock.ts";
import { batchBytes, encodeSpan } from "../../tests/support/otlp_proto.ts";
import { okAnswer, OtlpServer, spanNames } from "../../tests/support/otlp_server.ts";
import type { TracesConfig } from "../config/config.ts";
import { createLogger } from "../support/log.ts";
import { createResource } from "../trace/resource.ts";
import type { ExportStats } from "./span_exporter.ts";
import { TraceExport, type TraceExportOptions } from "./trace_export.ts";

const RESOURCE = createResource({
  pid: 7,
  exe: "/bin/front",
  goVersion: null,
  environment: {},
  hostName: "h",
});

function configOf(url: string | null, more: Partial<TracesConfig> = {}): TracesConfig {
  return {
    url,
    protocol: "http/protobuf",
    headers: {},
    timeoutMs: 60_000,
    compression: "none",
    tls: { caFile: null, certFile: null, keyFile: null },
    maxQueue: 1_009,
    maxBatch: 101,
    delayMs: 1,
    ...more,
  };
}

function setUp(options: Partial<TraceExportOptions> = {}) {
  const out = new TraceExport({
    log: createLogger({ write: () => {} }),
    retry: { initialMs: 1, maxMs: 5, maxElapsedMs: 60_000 },
    ...options,
  });
  let pushed = 0;
  const push = (count: number) => {
    const spans = Array.from({ length: count }, () => encodeSpan({ name: `span ${pushed++}` }));
    out.push(RESOURCE, { pid: 7, count, bytes: batchBytes(spans) });
    equal(totals(out.stats()), pushed);
  };
  return { out, push, pushed: () => pushed };
}

const totals = ({ exported, queued, lost }: ExportStats) =>
  exported + queued + Object.values(lost).reduce((sum, spans) => sum + spans, 0);
const namesAt = (server: OtlpServer) => server.requests.flatMap(spanNames);
const idle = (out: TraceExport) => eventually(() => equal(out.stats().queued, 0), { everyMs: 2 });

Deno.test("TraceExport without a collector counts spans as exported, before and after it had one", async () => {
  const { out, push } = setUp();
  await using _closed = out;
  push(3);
  await using server = new OtlpServer();
  out.configure(configOf(server.tracesUrl));
  push(5);
  equal(out.configure(configOf(null)), true);
  push(7);
  await idle(out);
  deepEqual(out.stats(), {
    exported: 15,
    queued: 0,
    lost: {},
    batches: 1,
    retries: 0,
    lastError: null,
    reason: null,
  });
  equal(namesAt(server).length, 5);
});

Deno.test("TraceExport says of the collector of now what is in the way, not of one before", async () => {
  const { out, push } = setUp();
  await using _closed = out;
  await using server = new OtlpServer({ answer: () => new Response("no", { status: 503 }) });
  out.configure(configOf(server.tracesUrl));
  push(3);
  await eventually(() => equal(out.stats().reason?.code, "collector-busy"), { everyMs: 2 });
  await using other = new OtlpServer();
  out.configure(configOf(other.tracesUrl));
  equal(out.stats().reason, null);
  const asked = server.requests.length;
  await eventually(() => ok(server.requests.length > asked + 1), { everyMs: 2 });
  equal(out.stats().reason, null);
});

Deno.test("TraceExport.configure() replaces nothing when nothing has changed", async () => {
  const { out } = setUp();
  await using _closed = out;
  deepEqual([null, "http://127.0.0.1:1/", "http://127.0.0.1:1/"].map((url) => out.configure(configOf(url))), [
    false,
    true,
    false,
  ]);
  equal(out.configure(configOf("http://127.0.0.1:1/", { headers: { a: "b" } })), true);
});

Deno.test("TraceExport delivers by the old configuration what waited for it, by the new one what comes", async () => {
  const { out, push } = setUp();
  await using _closed = out;
  const gate = Promise.withResolvers<void>();
  await using old = new OtlpServer({
    answer: ({ attempt }) => attempt < 3 ? new Response(null, { status: 503 }) : okAnswer(),
  });
  await using slow = new OtlpServer({ answer: () => gate.promise.then(okAnswer) });
  await using fresh = new OtlpServer();
  out.configure(configOf(old.tracesUrl, { delayMs: 60_000 }));
  push(3);
  out.configure(configOf(slow.tracesUrl));
  push(5);
  out.configure(configOf(fresh.tracesUrl));
  push(7);
  await eventually(() => equal(out.stats().exported, 10));
  equal(out.stats().queued, 5);
  gate.resolve();
  await idle(out);
  deepEqual([out.stats().exported, out.stats().retries, out.stats().lost], [15, 2, {}]);
  equal(new Set(namesAt(old)).size, 3);
  deepEqual(namesAt(slow), [3, 4, 5, 6, 7].map((at) => `span ${at}`));
  deepEqual(namesAt(fresh), [8, 9, 10, 11, 12, 13, 14].map((at) => `span ${at}`));
});

Deno.test("TraceExport loses and doubles no span when it is configured again and again under load", async () => {
  const { out, push, pushed } = setUp();
  await using _closed = out;
  await using one = new OtlpServer({
    answer: async ({ attempt }) => {
      await new Promise((resolve) => setTimeout(resolve, attempt % 5));
      return attempt % 3 === 0 ? new Response(null, { status: 503 }) : okAnswer();
    },
  });
  await using two = new OtlpServer();
  const configurations = [
    configOf(one.tracesUrl),
    configOf(two.tracesUrl, { protocol: "http/json" }),
    configOf(one.tracesUrl, { compression: "gzip", maxBatch: 11 }),
    configOf(two.tracesUrl, { delayMs: 50 }),
  ];
  for (let round = 0; round < 200; round++) {
    out.configure(configurations[round % configurations.length]!);
    for (let i = 0; i < 5; i++) push(1 + (round + i) % 7);
    await new Promise((resolve) => setTimeout(resolve, round % 3));
  }
  await idle(out);
  const { exported, lost } = out.stats();
  deepEqual([exported, lost], [pushed(), {}]);
  const taken = new Set([...namesAt(one), ...namesAt(two)]);
  equal(taken.size, pushed());
});

Deno.test("TraceExport gives a replaced collector up after its time, and counts what that costs", async () => {
  const { out, push } = setUp({ drainMs: 50 });
  await using _closed = out;
  await using dead = new OtlpServer({ answer: ({ ending }) => ending.then(okAnswer) });
  out.configure(configOf(dead.tracesUrl));
  push(11);
  out.configure(configOf(null));
  await idle(out);
  deepEqual([out.stats().exported, out.stats().lost], [0, { replaced: 11 }]);
});

Deno.test("TraceExport waits as long as a replaced collector asks, but not at the end", async () => {
  const clock = new FakeClock();
  await using busy = new OtlpServer({
    answer: ({ attempt }) =>
      attempt === 1 ? new Response(null, { status: 429, headers: { "retry-after": "20" } }) : okAnswer(),
  });
  for (const end of ["later", "at once"]) {
    const { out, push } = setUp({ clock });
    await using _closed = out;
    busy.requests.length = 0;
    out.configure(configOf(busy.tracesUrl, { delayMs: 0 }));
    push(7);
    await eventually(() => equal(clock.sleepers, 1));
    out.configure(configOf(null));
    await clock.advance(19_999);
    equal(busy.requests.length, 1);
    if (end === "later") await clock.advance(1);
    else await out.shutdown(60_000);
    await idle(out);
    deepEqual([busy.requests.length, out.stats().exported], [2, 7]);
  }
});

Deno.test("TraceExport bounds what waits for replaced collectors, the oldest goes first", async () => {
  const bytes = batchBytes([encodeSpan({ name: "span 0" })]).length;
  const { out, push } = setUp({ maxDrainBytes: bytes * 25 });
  await using _closed = out;
  await using dead = new OtlpServer({ answer: ({ ending }) => ending.then(okAnswer) });
  for (let i = 0; i < 5; i++) {
    out.configure(configOf(dead.tracesUrl, { maxBatch: 100 + i }));
    push(10);
  }
  await eventually(() => deepEqual(out.stats().lost, { replaced: 20 }));
  equal(out.stats().queued, 30);
});

Deno.test("TraceExport.shutdown() flushes replaced collectors too, and ends all of them at its deadline", async () => {
  const { out, push } = setUp();
  await using dead = new OtlpServer({ answer: ({ ending }) => ending.then(okAnswer) });
  await using good = new OtlpServer();
  out.configure(configOf(dead.tracesUrl));
  push(3);
  out.configure(configOf(good.tracesUrl, { delayMs: 60_000 }));
  push(5);
  // The good one gets its spans in this time, the dead one is given up after it.
  await out.shutdown(3_000);
  equal(out.configure(configOf(dead.tracesUrl)), false);
  push(7);
  deepEqual(out.stats().lost, { shutdown: 10 });
  deepEqual([out.stats().exported, out.stats().queued], [5, 0]);
});

Deno.test("TraceExport.configure() with what cannot be used changes nothing", async () => {
  const { out, push } = setUp();
  await using _closed = out;
  await using server = new OtlpServer();
  out.configure(configOf(server.tracesUrl));
  const tls = { caFile: "/does/not/exist.pem", certFile: null, keyFile: null };
  throws(
    () => out.configure(configOf("https://127.0.0.1:1/", { tls })),
    /^Error: Cannot use CA file \/does\/not\/exist.pem: there is no such file. Give the path of a PEM file/,
  );
  throws(() => out.configure(configOf("http://127.0.0.1:1/", { headers: { "x y": "secret" } })), (error) => {
    ok(error instanceof Error);
    ok(error.message.startsWith('Cannot send header "x y"'));
    return !error.message.includes("secret");
  });
  push(3);
  await idle(out);
  equal(namesAt(server).length, 3);
});
