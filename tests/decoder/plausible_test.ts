/** Values that net/http cannot hold make a bad record; whatever a peer can make it hold does not. */
import assert from "node:assert/strict";
import * as wire from "../../bpf/wire.gen.ts";
import { capture } from "../../decoder-as/samples/plan_runner.ts";
import {
  type SampleClientResponse,
  SampleHeap,
  type SampleRequest,
  type SampleResponse,
} from "../../decoder-as/samples/sample_heap.ts";
import { captureOf } from "../../decoder-as/plans/capture.ts";
import { DecoderInstance } from "../../src/decoder/host.ts";
import { codeOf, Fixture, layouts, packsFor } from "./fixture.ts";

const NEWEST = "go1.27.4";
const POINTER = 0xc000123456;

function badRecords(records: readonly Uint8Array[]): number {
  const { decoder } = new Fixture(NEWEST);
  for (const one of records) decoder.add(one);
  decoder.decode([]);
  const { spans, lost } = decoder.counters();
  assert.equal(spans + lost.bad_record, 1);
  return lost.bad_record;
}

const server = (request: SampleRequest, response: SampleResponse = {}, h2 = false) =>
  badRecords(new Fixture(NEWEST).server(request, response, { h2 }));
const client = (response: SampleClientResponse | null, method = "GET") =>
  badRecords(new Fixture(NEWEST).client({ method }, response));

Deno.test("request: what validMethod and http1ServerSupportsRequest let through is a span", () => {
  for (const method of ["GET", "PURGE", "!#$%&'*+-.^_`|~09azAZ", "X".repeat(40)]) {
    assert.equal(server({ method }), 0, method);
  }
  for (const [major, minor] of [[1, 0], [1, 1], [1, 9], [1, 1_000_000], [2, 0], [3, 0]] as const) {
    assert.equal(server({ major, minor }), 0, `HTTP/${major}.${minor}`);
  }
  // HTTP/2 checks only that there is a method.
  assert.equal(server({ method: Uint8Array.of(0x20, 0xff), major: 2 }, { status: 200 }, true), 0);
});

Deno.test("request: what no request has is a bad record", () => {
  for (let byte = 0; byte < 256; byte++) {
    const isToken = byte < 128 && /[!#$%&'*+.^_`|~0-9A-Za-z-]/.test(String.fromCharCode(byte));
    assert.equal(server({ method: Uint8Array.of(0x47, byte) }), isToken ? 0 : 1, `byte ${byte}`);
  }
  assert.equal(server({ method: "" }), 1);
  assert.equal(server({ method: "", major: 2 }, { status: 200 }, true), 1);
  for (const [major, minor] of [[0, 0], [10, 0], [POINTER, 1], [-1, 1], [1, POINTER], [1, -1]] as const) {
    assert.equal(server({ major, minor }), 1, `${major}.${minor}`);
  }
});

Deno.test("answer: a status is what WriteHeader takes, or none", () => {
  for (const h2 of [false, true]) {
    const request = { major: h2 ? 2 : 1 };
    for (const status of [0, 100, 200, 599, 999]) {
      assert.equal(server(request, { status }, h2), 0, `${status}`);
    }
    for (const status of [1, 99, 1000, -1, POINTER]) {
      assert.equal(server(request, { status }, h2), 1, `${status}`);
    }
    assert.equal(server(request, { status: 200, wroteHeader: false }, h2), 0);
  }
});

Deno.test("answer: the byte that says whether a header was sent is 0 or 1", () => {
  const { SERVER_END_WROTE_HEADER } = captureOf(layouts.get("go1.27")!).constants;
  const [start, end] = new Fixture(NEWEST).server({}, { status: 200 });
  for (const [byte, bad] of [[0, 0], [1, 0], [2, 1], [0xff, 1]] as const) {
    end[SERVER_END_WROTE_HEADER!] = byte;
    assert.equal(badRecords([start, end]), bad, `byte ${byte}`);
  }
});

Deno.test("response: a status is what ReadResponse takes; over HTTP/2 it is any number", () => {
  for (const status of [0, 12, 200, 999]) assert.equal(client({ status }), 0, `${status}`);
  for (const status of [1000, -1, POINTER]) {
    assert.equal(client({ status }), 1, `${status}`);
    assert.equal(client({ status, major: 2 }), 0, `${status} over HTTP/2`);
  }
  for (const major of [0, 1, 2, 9, 1_000_000]) assert.equal(client({ major }), 0, `${major}`);
  for (const major of [POINTER, -1]) assert.equal(client({ major }), 1, `${major}`);
});

Deno.test("response: a call may have any method, and none when it failed", () => {
  for (const method of ["", "GET", "not a token", "\u00e9"]) {
    assert.equal(client({}, method), 0, method);
    assert.equal(client(null, method), 0, method);
  }
});

for (const [name, layout] of layouts) {
  Deno.test(`${name}: a decoder whose Request is shifted by a word loses every request as a bad record`, () => {
    const [pack] = packsFor(`${name}${name.split(".").length === 2 ? ".0" : ""}`);
    for (const shift of [8, 16]) {
      const fields = Object.fromEntries(
        Object.entries(layout.fields).map(([field, offset]) =>
          [field, offset !== null && field.startsWith("Request.") ? offset + shift : offset] as const
        ),
      );
      const heap = new SampleHeap(fields);
      const decoder = new DecoderInstance(codeOf(pack!));
      const request = heap.serverRequest({ method: "GET", target: "/a", host: "h", remote: "[::1]:1" });
      decoder.add(capture(pack!.manifest.plans, wire.PROBE_SERVER_START, heap, request));
      decoder.decode([]);
      assert.equal(decoder.counters().lost.bad_record, 1, `by ${shift}`);
    }
  });
}
