/** What a span costs the decoder, and the Worker with it. Run: deno bench -A tests/decoder/decode_bench.ts (n spans an iteration). */
import * as wire from "../../bpf/wire.gen.ts";
import { RecordRouter } from "../../src/decoder/router.ts";
import type { SpanBatch } from "../../src/decoder/span_batch.ts";
import { RecordReader } from "../../src/wire/records.ts";
import { codeOf, Fixture, packFor } from "./fixture.ts";

const NEWEST = "go1.27.4";
const SPANS = 256;
const AF_INET = 2;

function records(kind: "server" | "client"): Uint8Array[] {
  return Array.from({ length: SPANS }, (_, number) => {
    const fixture = new Fixture(NEWEST);
    const head = { spanId: (BigInt(number + 1) * 0x9e3779b97f4a7n).toString(16).padStart(16, "0") };
    const parent = { parentId: "00f067aa0ba902b7", parent: wire.PARENT_REMOTE };
    if (kind === "client") {
      const url = { host: "inventory.internal:8081", path: "/stock/12345", query: "x=1" };
      const peer = { family: AF_INET, address: [10, 1, 2, 3], port: 8081 };
      return fixture.client({ url }, { contentLength: 9 }, {
        start: { ...head, ...parent },
        end: { ...head, peer, attempts: 1 },
      });
    }
    const request = {
      target: "/api/v1/items/12345?a=b&page=3",
      host: "shop.example.com:8080",
      remote: "10.0.0.1:55551",
      pattern: "GET /api/v1/items/{id}",
    };
    return fixture.server(request, { status: 200, written: 77 }, {
      start: { ...head, ...parent },
      end: head,
    });
  }).flat();
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  parts.reduce((at, part) => (bytes.set(part, at), at + part.length), 0);
  return bytes;
}

for (const kind of ["server", "client"] as const) {
  const input = records(kind);
  const { decoder } = new Fixture(NEWEST);
  Deno.bench(`decode ${SPANS} ${kind} spans`, { group: kind }, () => {
    const batches: SpanBatch[] = [];
    for (const record of input) decoder.add(record);
    decoder.decode(batches);
  });

  const chunk = joined(input);
  const reader = new RecordReader();
  const router = new RecordRouter({ onSpans: () => {}, onRecord: () => {} });
  router.use(0, codeOf(packFor(NEWEST)));
  Deno.bench(`read, route and decode ${SPANS} ${kind} spans`, { group: kind }, () => {
    reader.push(chunk, (record, of) => router.take(record, of));
    router.flush();
  });
}
