import { deepEqual, equal, ok } from "node:assert/strict";
import { decodeMetrics } from "../../tests/support/otlp_metrics_proto.ts";
import type { Protocol } from "../config/config.ts";
import { ProtoWriter } from "../support/proto_writer.ts";
import { splitMetrics } from "./split_metrics.ts";

/** A request of resources that differ in the length of their schema's address. */
function requestOf(protocol: Protocol, lengths: readonly number[]): Uint8Array<ArrayBuffer> {
  const schemaUrls = lengths.map((length) => "x".repeat(length));
  if (protocol === "http/json") {
    const resourceMetrics = schemaUrls.map((schemaUrl) => ({ schemaUrl }));
    return new TextEncoder().encode(JSON.stringify({ resourceMetrics }));
  }
  const request = new ProtoWriter();
  for (const schemaUrl of schemaUrls) {
    request.bytesField(1, new ProtoWriter().stringField(3, schemaUrl).finish());
  }
  return request.finish();
}

function lengthsIn(protocol: Protocol, message: Uint8Array): number[] {
  const { resourceMetrics } =
    (protocol === "http/json" ? JSON.parse(new TextDecoder().decode(message)) : decodeMetrics(message)) as {
      resourceMetrics: readonly { readonly schemaUrl: string }[];
    };
  return resourceMetrics.map(({ schemaUrl }) => schemaUrl.length);
}

for (const protocol of ["http/protobuf", "http/json"] as const) {
  Deno.test(`splitMetrics() cuts between processes, in ${protocol}`, () => {
    const lengths = [101, 503, 7, 211, 211, 211, 503, 1, 1, 1];
    const message = requestOf(protocol, lengths);
    deepEqual(splitMetrics(message, { protocol, maxBytes: message.length }), [message]);
    const parts = splitMetrics(message, { protocol, maxBytes: 600 })!;
    ok(parts.length > 1);
    ok(parts.every(({ length }) => length <= 600));
    deepEqual(parts.flatMap((part) => lengthsIn(protocol, part)), lengths);
  });

  Deno.test(`splitMetrics() gives up where one process has too much, in ${protocol}`, () => {
    for (const lengths of [[1_009], [7, 1_009], [1_009, 7]]) {
      equal(splitMetrics(requestOf(protocol, lengths), { protocol, maxBytes: 600 }), null);
    }
  });
}
