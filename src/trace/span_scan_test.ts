import { deepEqual, equal } from "node:assert/strict";
import { encodeMessage, encodeSpan } from "../../tests/support/otlp_proto.ts";
import { needleOf, newScannedSpan, scanSpan, textIn } from "./span_scan.ts";

const BASE_MS = 1_700_000_000_000;
const BASE_NS = BigInt(BASE_MS) * 1_000_000n;

function scan(bytes: Uint8Array) {
  const around = new Uint8Array([0x4a, ...bytes, 0x4a]);
  const into = newScannedSpan();
  scanSpan(around, { start: 1, end: 1 + bytes.length, baseNs: BASE_NS, into });
  const text = (from: number, to: number) => new TextDecoder().decode(around.subarray(from, to));
  const { status, failed, startNs, endNs } = into;
  return {
    method: text(into.methodFrom, into.methodTo),
    route: text(into.routeFrom, into.routeTo),
    status,
    failed,
    startNs,
    endNs,
  };
}

const NOTHING = { method: "", route: "", status: 0, failed: false, startNs: 0, endNs: 0 };

Deno.test("scanSpan() reads what searches ask for, among everything else", () => {
  const bytes = encodeSpan({
    startMs: BASE_MS,
    durationMs: 2.5,
    statusCode: 2,
    attributes: {
      "http.request.methox": "no",
      "http.request.method": "PUT",
      "url.path": "/x",
      "http.response.status_code": 503,
      "http.route": "/ü/{id}",
    },
    more: { traceState: "a=b", flags: 0x101, events: [{ name: "e" }] },
  });
  deepEqual(scan(bytes), {
    method: "PUT",
    route: "/ü/{id}",
    status: 503,
    failed: true,
    startNs: 0,
    endNs: 2_500_000,
  });
});

Deno.test("scanSpan() finds exact times on both sides of its base", () => {
  for (const distance of [-86_400_000_000_001n, -1n, 0n, 1n, 4_294_967_296n, 86_400_000_000_001n]) {
    const start = BASE_NS + distance;
    const { startNs, endNs } = scan(
      encodeSpan({ more: { startTimeUnixNano: `${start}`, endTimeUnixNano: `${start + 7n}` } }),
    );
    deepEqual([startNs, endNs], [Number(distance), Number(distance + 7n)]);
  }
});

Deno.test("scanSpan() leaves out attributes of another type", () => {
  const value = (fields: Record<string, unknown>) =>
    encodeMessage("Span", { attributes: Object.entries(fields).map(([key, value]) => ({ key, value })) });
  deepEqual(
    scan(value({ "http.route": { intValue: 7 }, "http.response.status_code": { stringValue: "7" } })),
    NOTHING,
  );
});

Deno.test("scanSpan() and textIn() come to an end with any bytes, and stay within their bounds", () => {
  const bytes = encodeSpan({
    attributes: { "http.route": "/a", "http.request.method": "GET" },
    statusCode: 2,
  });
  const needle = needleOf("zzz");
  for (let length = 0; length < bytes.length; length++) {
    scan(bytes.subarray(0, length));
    equal(textIn(bytes, { start: 0, end: length, needle }), false);
  }
  let seed = 5;
  for (let round = 0; round < 5_003; round++) {
    const broken = bytes.slice();
    for (let change = 0; change < 3; change++) {
      seed = seed * 48_271 % 2_147_483_647;
      broken[seed % broken.length] = seed >> 8 & 0xff;
    }
    const { method, route } = scan(broken);
    equal(method.length <= bytes.length && route.length <= bytes.length, true);
    textIn(broken, { start: 0, end: broken.length, needle });
  }
});
