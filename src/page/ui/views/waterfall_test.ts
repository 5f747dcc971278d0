import { deepEqual, equal } from "node:assert/strict";
import { attribute, type TraceSpan, valueText, waterfall } from "./waterfall.ts";

/** Spans by id: parent, from and to in ns. Services are the first letters of the ids. */
type Plan = Readonly<Record<string, readonly [parent: string, fromNs: number, toNs: number]>>;

function spans(plan: Plan): TraceSpan[] {
  return Object.entries(plan).map(([spanId, [parentSpanId, from, to]]) => ({
    traceId: "t",
    spanId,
    parentSpanId,
    traceState: "",
    flags: 1,
    name: spanId,
    kind: 2,
    startTimeUnixNano: String(1_700_000_000_000_000_000n + BigInt(from)),
    endTimeUnixNano: String(1_700_000_000_000_000_000n + BigInt(to)),
    attributes: [],
    droppedAttributesCount: 0,
    events: [],
    links: [],
    status: { code: 0 },
    serviceName: spanId[0]!,
    resource: { attributes: [] },
  }));
}

function rows(plan: Plan) {
  return new Map(waterfall(spans(plan)).rows.map((row) => [row.span.spanId, row]));
}

Deno.test("waterfall() puts children below their parents, in order of their start", () => {
  const { rows, durationNs, startUnixNano } = waterfall(spans({
    b2: ["a1", 60, 90],
    a1: ["", 0, 100],
    c1: ["b1", 20, 30],
    b1: ["a1", 10, 50],
  }));
  deepEqual(rows.map(({ span, depth, below }) => [span.spanId, depth, below]), [
    ["a1", 0, 3],
    ["b1", 1, 1],
    ["c1", 2, 0],
    ["b2", 1, 0],
  ]);
  equal(durationNs, 100);
  equal(startUnixNano, 1_700_000_000_000_000_000n);
});

Deno.test("waterfall() tells where a request enters another service", () => {
  const all = rows({ a1: ["", 0, 100], a2: ["a1", 10, 90], b1: ["a2", 20, 80], b2: ["b1", 30, 40] });
  deepEqual([...all].map(([id, { entry }]) => [id, entry]), [["a1", true], ["a2", false], ["b1", true], [
    "b2",
    false,
  ]]);
});

Deno.test("waterfall() shows every span once, whatever their parents", () => {
  const plans: readonly Plan[] = [
    { a: ["elsewhere", 0, 10], b: ["elsewhere", 5, 20] },
    { a: ["a", 0, 10], b: ["a", 1, 2] },
    { a: ["c", 0, 10], b: ["a", 1, 9], c: ["b", 2, 8], d: ["c", 3, 4] },
  ];
  for (const plan of plans) {
    deepEqual([...rows(plan).keys()].sort(), Object.keys(plan).sort());
  }
  deepEqual(waterfall([]).rows, []);
});

Deno.test("waterfall() finds the time in which no child ran", () => {
  const { a1, b1 } = Object.fromEntries(rows({
    a1: ["", 0, 100],
    b1: ["a1", 10, 40],
    b2: ["a1", 30, 50],
    // Outlives its parent.
    b3: ["a1", 70, 120],
  }));
  deepEqual(a1!.own, [[0, 10], [50, 70]]);
  deepEqual(b1!.own, [[10, 40]]);
});

Deno.test("waterfall() calls gaps what is more than a tenth of the trace, only where there are children", () => {
  const all = rows({ a1: ["", 0, 100], b1: ["a1", 5, 40], b2: ["a1", 60, 100] });
  deepEqual(all.get("a1")!.gaps, [[40, 60]]);
  deepEqual(all.get("b1")!.gaps, []);
});

Deno.test("waterfall() finds the critical path: what was waited for at each moment", () => {
  const all = rows({
    a1: ["", 0, 100],
    // Beside b2, and done before it: nobody waited for it.
    b1: ["a1", 10, 30],
    b2: ["a1", 10, 60],
    c1: ["b2", 20, 55],
    b3: ["a1", 65, 95],
  });
  deepEqual([...all].map(([id, { critical }]) => [id, critical]), [
    ["a1", [[0, 10], [60, 65], [95, 100]]],
    ["b2", [[10, 20], [55, 60]]],
    ["c1", [[20, 55]]],
    ["b1", []],
    ["b3", [[65, 95]]],
  ]);
  const total = [...all.values()].flatMap(({ critical }) => critical).reduce(
    (sum, [from, to]) => sum + to - from,
    0,
  );
  equal(total, 100);
});

Deno.test("waterfall() waits for nobody who began before and ended within what was waited for", () => {
  const all = rows({ a1: ["", 0, 100], b1: ["a1", 5, 30], b2: ["a1", 10, 100] });
  deepEqual(all.get("a1")!.critical, [[0, 10]]);
  deepEqual(all.get("b1")!.critical, []);
});

Deno.test("waterfall() cuts the critical path of a child at the end of its parent", () => {
  const all = rows({ a1: ["", 0, 100], b1: ["a1", 50, 150] });
  deepEqual(all.get("a1")!.critical, [[0, 50]]);
  deepEqual(all.get("b1")!.critical, [[50, 100]]);
});

Deno.test("waterfall() marks errors", () => {
  const [span] = spans({ a1: ["", 0, 1] });
  equal(waterfall([{ ...span!, status: { code: 2 } }]).rows[0]!.error, true);
  equal(waterfall([{ ...span!, status: { code: 1 } }]).rows[0]!.error, false);
});

Deno.test("valueText() shows every kind of value", () => {
  equal(valueText({ stringValue: "" }), "");
  equal(valueText({ intValue: "9007199254740993" }), "9007199254740993");
  equal(valueText({ doubleValue: "NaN" }), "NaN");
  equal(valueText({ boolValue: false }), "false");
  equal(valueText({ bytesValue: "AQI=" }), "AQI=");
  equal(valueText({ arrayValue: { values: [{ intValue: "1" }, { stringValue: "b" }] } }), "[1, b]");
  equal(valueText({ kvlistValue: { values: [{ key: "k", value: { boolValue: true } }] } }), "{k: true}");
  equal(valueText({}), "");
  equal(attribute([{ key: "k", value: { intValue: "7" } }], "k"), "7");
  equal(attribute([], "k"), null);
});
