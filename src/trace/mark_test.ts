import assert from "node:assert/strict";
import { ProtoWriter } from "../support/proto_writer.ts";
import { writeAttribute } from "./attributes.ts";
import { markSpans } from "./mark.ts";
import { decodeSpan } from "./otlp_span.ts";
import { splitSpans } from "./split.ts";

function spanOf(name: string): Uint8Array {
  return new ProtoWriter()
    .bytesField(1, new Uint8Array(16).fill(1))
    .bytesField(2, new Uint8Array(8).fill(2))
    .stringField(5, name)
    .bytesField(9, writeAttribute("url.path", `/${name}`))
    .finish();
}

Deno.test("markSpans() adds the attribute to every span and keeps all else", () => {
  const run = new ProtoWriter().bytesField(2, spanOf("a")).bytesField(2, spanOf("b".repeat(300))).finish();
  const marked = markSpans(run, "tsunagi.decoder.nearest", "go1.27");
  const spans = splitSpans(marked).map(({ start, end }) => decodeSpan(marked.subarray(start, end)));
  assert.deepEqual(spans.map(({ name }) => name), ["a", "b".repeat(300)]);
  for (const { name, attributes } of spans) {
    assert.deepEqual(attributes.map(({ key, value }) => [key, value]), [
      ["url.path", `/${name}`],
      ["tsunagi.decoder.nearest", "go1.27"],
    ]);
  }
});

Deno.test("markSpans() refuses bytes that are no run of spans", () => {
  assert.throws(() => markSpans(Uint8Array.of(0x0a, 0), "k", "v"), /Cannot mark spans: field is 1/);
});
