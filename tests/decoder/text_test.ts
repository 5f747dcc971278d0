/** Any bytes become valid UTF-8, the way the WHATWG decoder does it. */
import assert from "node:assert/strict";
import { Fixture } from "./fixture.ts";

const NEWEST = "go1.27.4";

/** Bytes that meet every branch of a UTF-8 decoder more often than random ones. */
const TELLING = [
  0x00,
  0x41,
  0x7f,
  0x80,
  0x8f,
  0x90,
  0x9f,
  0xa0,
  0xbf,
  0xc0,
  0xc1,
  0xc2,
  0xdf,
  0xe0,
  0xe1,
  0xed,
  0xef,
  0xf0,
]
  .concat([0xf1, 0xf4, 0xf5, 0xff]);

Deno.test("clean: gives what TextDecoder gives, for thousands of texts", () => {
  const fixture = new Fixture(NEWEST);
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  let state = 1;
  const random = (below: number) => {
    state = Math.imul(state, 1664525) + 1013904223 >>> 0;
    return Math.floor(state / 2 ** 32 * below);
  };
  for (let run = 0; run < 3000; run++) {
    const bytes = Uint8Array.from({ length: 1 + random(40) }, () => TELLING[random(TELLING.length)]!);
    const target = Uint8Array.from([0x2f, ...bytes.map((byte) => byte === 0x3f ? 0x41 : byte)]);
    const [span] = fixture.decode(...new Fixture(NEWEST).server({ target }, {}));
    assert.equal(span!.attributes["url.path"], decoder.decode(target));
  }
});

Deno.test("clean: a text that is cut within a character loses the character, not more", () => {
  const fixture = new Fixture(NEWEST);
  for (const character of ["ä", "€", "😀"]) {
    for (let room = 1; room < 5; room++) {
      const head = "h".repeat(128 - room);
      const [span] = fixture.decode(...new Fixture(NEWEST).server({ host: head + character + "tail" }, {}));
      const whole = new TextEncoder().encode(character).length <= room;
      const expected = whole
        ? head +
          (character + "tail").slice(0, character.length + room - new TextEncoder().encode(character).length)
        : head;
      assert.equal(span!.attributes["server.address"], expected);
    }
  }
});

Deno.test("clean: a method, a route and a tracestate of any bytes are repaired too", () => {
  const fixture = new Fixture(NEWEST);
  const [span] = fixture.decode(...new Fixture(NEWEST).server(
    { method: Uint8Array.of(0xff, 0x41), major: 2, pattern: Uint8Array.of(0x2f, 0xe4, 0xbd) },
    {},
    { start: { tracestate: Uint8Array.of(0x61, 0x3d, 0x80) } },
  ));
  assert.equal(span!.name, "HTTP /\ufffd");
  assert.equal(span!.attributes["http.request.method_original"], "\ufffdA");
  assert.equal(span!.attributes["http.route"], "/\ufffd");
  assert.equal(span!.traceState, "a=\ufffd");
});
