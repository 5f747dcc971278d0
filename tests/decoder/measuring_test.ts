/** The RED stage behind the Worker: what comes out, what is counted, and what happens when it fails. */
import assert from "node:assert/strict";
import type { SlotFault } from "../../src/decoder/messages.ts";
import { type RedSetup, SpanPipeline } from "../../src/decoder/pipeline.ts";
import { INPUT_OFFSET } from "../../decoder-as/red/memory_map.ts";
import { signedLeb128 } from "../../src/decoder/wasm_reader.ts";
import type { RedSnapshot } from "../../src/red/types.ts";
import { rulesWith } from "../red/rows.ts";
import { BAD_PID, brokenDecoder, withPrefix } from "./broken_decoder.ts";
import { Fixture, packFor } from "./fixture.ts";
import { Pipe, writeAll } from "./pipe.ts";
import { type DecodedSpan, readBatches } from "./spans.ts";

const NEWEST = "go1.27.4";
const SLOT = 2;
const RED = new URL("../../build/red.wasm", import.meta.url);

let spans = 0;

/** Start and end record of a request. */
function request(
  target: string,
  { pid = 1, sampled = true, pattern = "" } = {},
): readonly Uint8Array<ArrayBuffer>[] {
  const head = {
    slot: SLOT,
    pid,
    spanId: (++spans).toString(16).padStart(16, "0"),
    traceFlags: sampled ? 1 : 0,
  };
  return new Fixture(NEWEST).server({ target, pattern }, { status: 200, written: 5 }, {
    start: head,
    end: head,
  });
}

/** Runs `feed` with a pipeline over a pipe; yields what came out, and the pipeline after its end. */
async function run(
  red: RedSetup | undefined,
  feed: (session: {
    readonly pipeline: SpanPipeline;
    readonly write: (...records: readonly Uint8Array<ArrayBuffer>[]) => Promise<void>;
    /** Once so many spans came out. */
    readonly until: (count: number) => Promise<void>;
  }) => Promise<void>,
) {
  await using pipe = new Pipe();
  const out: DecodedSpan[] = [];
  const unmeasured: string[] = [];
  const faults: SlotFault[] = [];
  let empty = 0;
  let wake = () => {};
  const pipeline = new SpanPipeline({
    path: pipe.path,
    onSpans: (batches) => {
      out.push(...readBatches(batches));
      empty += batches.filter(({ count }) => count === 0).length;
      wake();
    },
    onRecord: () => {},
    onFault: (fault) => faults.push(fault),
    onUnmeasured: (message) => unmeasured.push(message),
    ...(red ? { red } : {}),
  });
  {
    using writer = await Deno.open(pipe.path, { write: true });
    await pipeline.useDecoder(SLOT, packFor(NEWEST));
    await feed({
      pipeline,
      write: (...records) => writeAll(writer, records),
      until: async (count) => {
        while (out.length < count) await new Promise<void>((resolve) => wake = resolve);
      },
    });
  }
  await pipeline.closed;
  await pipeline[Symbol.asyncDispose]();
  const counters = await pipeline.counters();
  const { red: measured } = counters;
  assert.equal(empty, 0);
  if (measured) {
    const { ignored, filtered, not_exported, sampled_out } = measured;
    assert.equal(measured.spans, counters.spans);
    assert.equal(measured.spans, out.length + ignored + filtered + not_exported + sampled_out);
  }
  return { out, unmeasured, faults, counters, snapshot: await pipeline.snapshot() };
}

Deno.test("SpanPipeline with a RED stage: every span comes out or is counted, and the last snapshot stays", async () => {
  const rules = rulesWith({
    routes: { ignoredPatterns: ["/health"] },
    filters: [{ attribute: "url.path", match: null, notMatch: "/secret/*" }],
  });
  const { out, counters, snapshot, unmeasured } = await run(
    { module: RED.href, rules },
    async ({ pipeline, write }) => {
      pipeline.setProcess({ pid: 1, resource: 11, routes: 0, traces: true, metrics: true });
      pipeline.setProcess({ pid: 2, resource: 12, routes: 0, traces: false, metrics: true });
      // An answer says that the Worker has these, too: the pipe could be faster.
      await pipeline.counters();
      await write(
        ...request("/orders/17"),
        ...request("/orders/18", { sampled: false }),
        ...request("/health"),
        ...request("/secret/17"),
        ...request("/orders/19", { pid: 2 }),
        ...request("/orders/20", { pattern: "GET /orders/{id}" }),
      );
    },
  );
  assert.deepEqual(unmeasured, []);
  assert.deepEqual(out.map(({ name }) => name), ["GET /orders/*", "GET /orders/{id}"]);
  assert.deepEqual(counters.red, {
    spans: 6,
    sampled_out: 1,
    ignored: 1,
    filtered: 1,
    not_exported: 1,
    unreadable: 0,
    unmeasured: 0,
  });
  assert.deepEqual(snapshot.counters, counters.red);
  const durations = snapshot.series.filter(({ metric }) => metric === "http.server.request.duration");
  assert.deepEqual(
    durations.map((
      { resource, attributes, histogram },
    ) => [resource, attributes["http.route"], histogram.count]),
    [[11, "/orders/*", 2], [12, "/orders/*", 1], [11, "/orders/{id}", 1]],
  );
  assert.equal(snapshot.edges.reduce((sum, { requests }) => sum + requests, 0), 4);
});

Deno.test("SpanPipeline.snapshot() that the end overtakes has the last answer there was", async () => {
  let late: Promise<RedSnapshot> | undefined;
  const { snapshot } = await run({ module: RED.href, rules: rulesWith() }, async ({ pipeline, write }) => {
    const ask = pipeline.snapshot.bind(pipeline);
    // What the pipeline asks for itself is the last thing that is answered.
    pipeline.snapshot = async () => {
      const last = await ask();
      late ??= ask();
      return last;
    };
    await write(...request("/orders/17"));
  });
  assert.equal(snapshot.counters.spans, 1);
  assert.deepEqual(await late, snapshot);
});

Deno.test("SpanPipeline without a RED stage: spans come out as they are", async () => {
  const { out, counters, snapshot } = await run(undefined, async ({ write }) => {
    await write(...request("/orders/17"), ...request("/orders/18", { sampled: false }));
  });
  assert.deepEqual(out.map(({ name }) => name), ["GET", "GET"]);
  assert.equal("red" in counters, false);
  assert.deepEqual(snapshot.series, []);
});

Deno.test("setRules: holds from then on, loses nothing, and series whose shape is the same go on", async () => {
  const { out, snapshot } = await run(
    { module: RED.href, rules: rulesWith() },
    async ({ pipeline, write, until }) => {
      await write(...request("/orders/17"));
      await until(1);
      const before = await pipeline.snapshot();
      await pipeline.setRules(rulesWith({ routes: { patterns: ["/orders/{id}"] } }));
      await write(...request("/orders/17"), ...request("/users/1"));
      await until(3);
      const after = await pipeline.snapshot();
      assert.equal(after.series[0]!.startUnixNs, before.series[0]!.startUnixNs);
      const unusable = rulesWith({ measure: { durationBucketsS: [2, 1] } });
      await assert.rejects(pipeline.setRules(unusable), /bound 2 of a histogram is not above/);
      await pipeline.setRules(rulesWith({ measure: { durationBucketsS: [1] } }));
      await write(...request("/orders/17"));
    },
  );
  assert.deepEqual(out.map(({ name }) => name), [
    "GET /orders/*",
    "GET /orders/{id}",
    "GET /users/*",
    "GET /orders/*",
  ]);
  const shape = snapshot.series.map(({ metric, attributes, histogram }) =>
    [metric, attributes["http.route"], histogram.count, histogram.buckets.length].join(" ")
  );
  assert.deepEqual(shape.sort(), [
    "http.server.request.duration /orders/* 1 2",
    "http.server.response.body.size /orders/* 2 11",
    "http.server.response.body.size /orders/{id} 1 11",
    "http.server.response.body.size /users/* 1 11",
  ]);
});

Deno.test("a RED stage that traps: spans go on, unmeasured and counted, and what was measured stays", async () => {
  const prefix = [
    ...[0x41, ...signedLeb128(INPUT_OFFSET), 0x28, 0x00, 0x00],
    ...[0x41, ...signedLeb128(BAD_PID), 0x46, 0x04, 0x40, 0x00, 0x0b],
  ];
  const module = await WebAssembly.compile(withPrefix(await Deno.readFile(RED), "run", prefix));
  const { out, unmeasured, snapshot, counters, faults } = await run(
    { module, rules: rulesWith() },
    async ({ pipeline, write, until }) => {
      await write(...request("/a/1"), ...request("/a/2", { sampled: false }));
      await until(1);
      await write(...request("/b/1", { pid: BAD_PID }), ...request("/b/2"));
      await until(3);
      await write(...request("/c/1", { sampled: false }));
      await until(4);
      pipeline.setProcess({ pid: 1, resource: 11, routes: 0, traces: true, metrics: true });
      pipeline.forget(11);
      await pipeline.setRules(rulesWith());
    },
  );
  assert.deepEqual(out.map(({ name }) => name), ["GET /a/*", "GET", "GET", "GET"]);
  assert.equal(unmeasured.length, 1);
  assert.match(unmeasured[0]!, /The RED stage failed: spans are not measured any more.*unreachable/);
  assert.deepEqual(faults, []);
  assert.deepEqual([counters.red!.spans, counters.red!.unreadable, counters.red!.sampled_out], [5, 3, 1]);
  assert.deepEqual(snapshot.counters, counters.red);
  assert.equal(snapshot.series[0]!.histogram.count, 2);
});

Deno.test("a RED stage that cannot start: spans go on, unmeasured and counted", async () => {
  const { out, unmeasured, counters } = await run(
    { module: new URL("missing.wasm", RED).href, rules: rulesWith() },
    async ({ write }) => await write(...request("/a/1")),
  );
  assert.deepEqual(out.map(({ name }) => name), ["GET"]);
  assert.match(unmeasured.join(), /^Cannot start the RED stage: spans are not measured: .*missing\.wasm/);
  assert.deepEqual([counters.red!.spans, counters.red!.unreadable], [1, 1]);
});

Deno.test("a decoder that fails behind a RED stage is stopped as without one", async () => {
  const pack = packFor(NEWEST);
  const { faults, counters } = await run(
    { module: RED.href, rules: rulesWith() },
    async ({ pipeline, write }) => {
      const { code } = brokenDecoder(pack, "lie");
      assert.ok(code instanceof Uint8Array);
      await pipeline.useDecoder(SLOT, { ...pack, code });
      await write(...request("/a/1", { pid: BAD_PID }));
    },
  );
  assert.deepEqual(faults.map(({ code }) => code), ["decoder-framing"]);
  assert.deepEqual([counters.spans, counters.red!.spans], [0, 0]);
});
