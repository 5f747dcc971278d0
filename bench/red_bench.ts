/**
 * What a span costs the RED stage, beside what it costs to decode, in the same run. Run: deno bench -A bench/red_bench.ts
 * (SPANS an iteration); the figures of decoding alone are the baseline of each group.
 */
import * as wire from "../bpf/wire.gen.ts";
import { Measuring } from "../src/decoder/measuring.ts";
import { RecordRouter } from "../src/decoder/router.ts";
import { codeOf, Fixture, packFor } from "../tests/decoder/fixture.ts";
import { redModule, rulesWith } from "../tests/red/rows.ts";
import { RecordReader } from "../src/wire/records.ts";

const NEWEST = "go1.27.4";
/** As many as wait for their other side: no parent comes twice among them. */
const SPANS = 8192;

const KINDS = ["server span with a route", "server span without", "client span"] as const;

function records(kind: typeof KINDS[number]): Uint8Array {
  const parts = Array.from({ length: SPANS }, (_, number) => {
    const fixture = new Fixture(NEWEST);
    const parent = { parentId: (number + 1).toString(16).padStart(16, "f"), parent: wire.PARENT_REMOTE };
    const head = { spanId: (BigInt(number + 1) * 0x1e3779b97f4a7n).toString(16).padStart(16, "0") };
    if (kind === "client span") {
      const url = { host: `inventory-${number % 4}.internal:8081`, path: `/stock/${number}`, query: "x=1" };
      return fixture.client({ url }, { contentLength: 9 }, { start: { ...head, ...parent }, end: head });
    }
    const request = {
      target: `/api/v1/items/${number}?a=b&page=3`,
      host: "shop.example.com:8080",
      remote: "10.0.0.1:55551",
      ...(kind === "server span without" ? {} : { pattern: `GET /api/v${number % 10}/items/{id}` }),
    };
    return fixture.server(request, { status: 200, written: 77 }, {
      start: { ...head, ...parent },
      end: head,
    });
  }).flat();
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  parts.reduce((at, part) => (bytes.set(part, at), at + part.length), 0);
  return bytes;
}

function fail(message: string): never {
  throw new Error(message);
}

for (const kind of KINDS) {
  const chunk = records(kind);
  for (const measured of [false, true]) {
    const measuring = measured
      ? new Measuring({ module: redModule, rules: rulesWith(), onFault: fail })
      : null;
    const reader = new RecordReader();
    const router = new RecordRouter({ onSpans: () => {}, onRecord: () => {}, measuring });
    router.use(0, codeOf(packFor(NEWEST)));
    Deno.bench(
      `${kind}: ${measured ? "decode and measure" : "decode"}`,
      { group: kind, baseline: !measured },
      () => {
        reader.push(chunk, (record, of) => router.take(record, of));
        router.flush();
      },
    );
  }
}
