/** What becomes of a request that golang.org/x/net's HTTP/2 server handled: with plans for its release, and without. */
import assert from "node:assert/strict";
import * as wire from "../../bpf/wire.gen.ts";
import type { GoLayout } from "../../decoder-as/plans/layout.ts";
import { librariesOf } from "../../decoder-as/plans/libraries.ts";
import { capture, type Head } from "../../decoder-as/samples/plan_runner.ts";
import { SampleHeap, type SampleResponse } from "../../decoder-as/samples/sample_heap.ts";
import { DecoderInstance } from "../../src/decoder/host.ts";
import type { LibraryPlans, Plan } from "../../src/decoder/manifest.ts";
import type { SpanBatch } from "../../src/decoder/span_batch.ts";
import { codeOf, layouts, packFor } from "./fixture.ts";
import { readBatches, STATUS_ERROR } from "./spans.ts";

const REQUEST = { method: "GET", target: "/items/7", major: 2, tls: true, pattern: "GET /items/{id}" };
const WITHOUT_ROUTE = new Set(["go1.17", "go1.18", "go1.19", "go1.20", "go1.21"]);
/** What the kernel is left with where no plan is known for the module's release. */
const NO_PLANS: readonly Plan[] = [
  { probe: wire.PROBE_SERVER_END_X_NET, ops: [] },
  { probe: wire.PROBE_SERVER_ABORT_X_NET, ops: [] },
];

/** A heap with x/net's structs where net/http's own HTTP/2 server has its copies of them. */
function heapOf(layout: GoLayout, library: LibraryPlans): SampleHeap {
  const own = Object.entries(library.fields).map(([field, offset]) => [`h2${field}`, offset]);
  return new SampleHeap({ ...layout.fields, ...Object.fromEntries(own) });
}

function handled(
  name: string,
  library: LibraryPlans,
  plans: readonly Plan[],
  response: SampleResponse,
  head: Head = {},
) {
  const layout = layouts.get(name)!;
  const pack = packFor(`${name}${name.split(".").length === 2 ? ".0" : ""}`);
  const heap = heapOf(layout, library);
  const request = heap.serverRequest(REQUEST);
  const probe = head.outcome === wire.OUTCOME_PANIC
    ? wire.PROBE_SERVER_ABORT_X_NET
    : wire.PROBE_SERVER_END_X_NET;
  const end = capture(plans, probe, heap, heap.h2Writer(request, response), {
    timeNs: 1_500_000_000n,
    ...head,
  });
  const decoder = new DecoderInstance(codeOf(pack));
  decoder.add(capture(pack.manifest.plans, wire.PROBE_SERVER_START, heap, request));
  decoder.add(end);
  const batches: SpanBatch[] = [];
  decoder.decode(batches);
  const [span, ...others] = readBatches(batches);
  assert.ok(span && others.length === 0, "one span");
  return span;
}

for (const [name, layout] of layouts) {
  for (const library of librariesOf(layout)) {
    Deno.test(`${name}, ${library.module} ${library.range}: an answer has status, size and route`, () => {
      const { attributes, status } = handled(name, library, library.plans, { status: 418, written: 70_000 });
      assert.equal(attributes["http.response.status_code"], 418);
      assert.equal(attributes["http.response.body.size"], 70_000);
      assert.equal(attributes["http.route"], WITHOUT_ROUTE.has(name) ? undefined : "/items/{id}");
      assert.equal(attributes["network.protocol.version"], "2");
      assert.equal(status, 0);
    });
  }
}

const NEWEST = "go1.26";
const LIBRARY = librariesOf(layouts.get(NEWEST)!)[0]!;

Deno.test("x/net: a handler that set nothing answered 200, one that panicked nothing", () => {
  const set = handled(NEWEST, LIBRARY, LIBRARY.plans, {});
  assert.equal(set.attributes["http.response.status_code"], 200);
  const panicked = handled(NEWEST, LIBRARY, LIBRARY.plans, {}, { outcome: wire.OUTCOME_PANIC });
  assert.equal(panicked.attributes["http.response.status_code"], undefined);
  assert.equal(panicked.attributes["error.type"], "panic");
  assert.equal(panicked.status, STATUS_ERROR);
});

Deno.test("x/net: without a plan the span ends and claims nothing of the answer", () => {
  const head = { outcome: wire.OUTCOME_UNSEEN };
  const { attributes, status } = handled(NEWEST, LIBRARY, NO_PLANS, { status: 500, written: 9 }, head);
  for (const key of ["http.response.status_code", "http.response.body.size", "http.route", "error.type"]) {
    assert.equal(attributes[key], undefined, key);
  }
  assert.equal(attributes["url.path"], "/items/7");
  assert.equal(status, 0);
  const panicked = handled(NEWEST, LIBRARY, NO_PLANS, { status: 500 }, { outcome: wire.OUTCOME_PANIC });
  assert.equal(panicked.attributes["http.response.status_code"], undefined);
  assert.equal(panicked.status, STATUS_ERROR);
});

Deno.test("x/net: an end that is cut within its fixed bytes is a bad record, not a span", () => {
  const decoder = new DecoderInstance(codeOf(packFor("go1.26.0")));
  const heap = heapOf(layouts.get(NEWEST)!, LIBRARY);
  const request = heap.serverRequest(REQUEST);
  const end = capture(LIBRARY.plans, wire.PROBE_SERVER_END_X_NET, heap, heap.h2Writer(request, {}));
  const cut = end.slice(0, wire.SIZEOF_SPAN + 8);
  new DataView(cut.buffer).setUint32(wire.OFFSET_HEADER_SIZE, cut.length, true);
  decoder.add(capture(packFor("go1.26.0").manifest.plans, wire.PROBE_SERVER_START, heap, request));
  decoder.add(cut);
  const batches: SpanBatch[] = [];
  decoder.decode(batches);
  assert.deepEqual(readBatches(batches), []);
  assert.equal(decoder.counters().lost.bad_record, 1);
});
