import { deepEqual, equal, throws } from "node:assert/strict";
import { encodeHeaders, type HeaderField, HpackDecoder } from "./hpack.ts";

const bytes = (hex: string) => Uint8Array.fromHex(hex.replaceAll(" ", ""));

Deno.test("HpackDecoder reads the examples of RFC 7541, appendix C.4: Huffman codes and a table that grows", () => {
  const decoder = new HpackDecoder();
  const f = (hex: string, more: HeaderField[], scheme = "http", path = "/") =>
    deepEqual(decoder.decode(bytes(hex)), [
      [":method", "GET"],
      [":scheme", scheme],
      [":path", path],
      [":authority", "www.example.com"],
      ...more,
    ]);
  f("8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff", []);
  f("8286 84be 5886 a8eb 1064 9cbf", [["cache-control", "no-cache"]]);
  f(
    "8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf",
    [["custom-key", "custom-value"]],
    "https",
    "/index.html",
  );
});

Deno.test("HpackDecoder forgets the oldest entries of a full table, and all when it is made smaller", () => {
  const decoder = new HpackDecoder();
  const entry = (name: string, value: string) =>
    Uint8Array.from([0x40, ...encodeHeaders([[name, value]]).subarray(2)]);
  // 32 + 1 + 991 bytes each, so four fill the 4096 of the table.
  for (const name of ["a", "b", "c", "d"]) decoder.decode(entry(name, "x".repeat(991)));
  equal(decoder.decode(bytes("c1"))[0]![0], "a");
  decoder.decode(entry("e", "x".repeat(991)));
  equal(decoder.decode(bytes("c1"))[0]![0], "b");
  equal(decoder.decode(bytes("be"))[0]![0], "e");
  throws(() => decoder.decode(bytes("c2")), /no entry 66/);
  // One that is larger than the table empties it.
  decoder.decode(entry("f", "x".repeat(5_000)));
  throws(() => decoder.decode(bytes("be")), /no entry 62/);
  decoder.decode(entry("g", ""));
  deepEqual(decoder.decode(bytes("20")), []);
  throws(() => decoder.decode(bytes("be")), /no entry 62/);
});

Deno.test("encodeHeaders() writes what the decoder reads, of any length", () => {
  const fields: HeaderField[] = [[":path", "/x"], ["a", ""], ["b", "\xe9"], ["long", "y".repeat(20_000)], [
    "n".repeat(126),
    "z".repeat(127),
  ]];
  deepEqual(new HpackDecoder().decode(encodeHeaders(fields)), fields);
});

Deno.test("HpackDecoder throws for what is malformed or too large", () => {
  const f = (hex: string, error: RegExp) => throws(() => new HpackDecoder().decode(bytes(hex)), error);
  f("80", /no entry 0/);
  f("ff ff ff ff ff ff", /an integer is longer/);
  f("ff", /in the middle of an integer/);
  f("00 05 61", /in the middle of a text/);
  f("3f e2 1f", /table of 4097 bytes/);
  // Padding of a whole byte, padding of zeros, the code of the end.
  f("00 01 61 82 1f ff ff", /padding/);
  f("00 01 61 81 18", /padding/);
  f("00 01 61 84 ff ff ff ff", /no symbol|padding/);
  const huge = encodeHeaders(Array.from({ length: 8 }, () => ["a", "x".repeat(9_000)] as const));
  throws(() => new HpackDecoder().decode(huge), /longer than 65536 bytes/);
});
