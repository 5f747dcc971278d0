/**
 * Target "rows": rows that no decoder may write, through the RED stage. It takes all of them, every row comes out
 * as it went in or whole with a route, or is counted, and what it has measured keeps its bounds and can be read.
 */
import assert from "node:assert/strict";
import { RedMirror } from "../../src/red/snapshot.ts";
import { RedStage } from "../../src/red/stage.ts";
import type { RedCounters, RedRules, RedSnapshot } from "../../src/red/types.ts";
import { ProtoReader } from "../../src/support/proto_reader.ts";
import { client, joined, redModule, rowOf, rowWith, rulesWith, server } from "../red/rows.ts";
import { FuzzFailure, type FuzzLimits, type FuzzReport } from "./failure.ts";
import { EDGES_32, Random } from "./random.ts";

const MAX_ROWS = 60;
const MAX_SERIES = 50;
const HEAD_BYTES = 8;

const RULES: readonly RedRules[] = (["unset", "path", "wildcard", "heuristic", "low-cardinality"] as const)
  .map((
    unmatched,
    index,
  ) =>
    rulesWith({
      measure: {
        maxSeries: MAX_SERIES,
        attributes: index < 2
          ? []
          : [{ metric: "http.*", include: ["*"], exclude: index === 2 ? ["http.*"] : [] }],
      },
      routes: { unmatched, patterns: ["/a/{b}", "/*x/y", "/c/*"], ignoredPatterns: ["/ignored/*"] },
      filters: [{ attribute: "http.route", match: null, notMatch: "*z*" }, {
        attribute: "http.response.status_code",
        match: "*",
        notMatch: "4*4",
      }],
    })
  );

/** Spans of every shape; mutations make the others. */
function spanOf(random: Random): Uint8Array<ArrayBuffer> {
  const word = () =>
    random.pick(["a", "orders", "ignored", "x7f", "4711", "ä", "", "zz", "c".repeat(random.below(400))]);
  const path = `/${Array.from({ length: random.below(5) }, word).join("/")}`;
  const attributes = {
    "http.response.status_code": random.pick([200, 404, 500]),
    "http.response.body.size": random.pick(EDGES_32),
    ...(random.once(4) ? { [word() || "k"]: word() } : {}),
  };
  const common = {
    pid: random.below(4),
    attributes,
    failed: random.once(3),
    flags: random.once(3) ? 0 : 1,
    durationNs: BigInt(random.bits()),
  };
  const id = (1 + random.below(20)).toString(16).padStart(16, "0");
  const traceId = "0af7651916cd43dd8448eb211c80319c";
  return random.once(2)
    ? rowOf(server(path, { ...common, traceId, ...(random.once(2) ? { parentSpanId: id } : {}) }))
    : rowOf(
      client(`http://${word().slice(0, 60) || "h"}.example.com${path}`, { ...common, traceId, spanId: id }),
    );
}

function mutate(row: Uint8Array<ArrayBuffer>, random: Random): Uint8Array<ArrayBuffer> {
  const place = () => HEAD_BYTES + random.below(row.length - HEAD_BYTES);
  switch (random.below(9)) {
    case 0:
      row[place()]! ^= 1 << random.below(8);
      return row;
    case 1: // a length, often
      row[place()] = random.pick(EDGES_32);
      return row;
    case 2:
      return rowWith(random.bits(), row.subarray(HEAD_BYTES, place()));
    case 3:
      return rowWith(random.bits(), random.bytes(random.below(80)));
    case 4: // a field that comes from somewhere else
      row.copyWithin(place(), place(), row.length);
      return row;
    case 5:
      row.set(random.bytes(4).subarray(0, Math.min(4, row.length - HEAD_BYTES)), row.length - 4);
      return row;
    default:
      return row;
  }
}

/** Rows as decoders write them, heads included. */
function split(rows: Uint8Array): Uint8Array[] {
  const view = new DataView(rows.buffer, rows.byteOffset, rows.length);
  const found: Uint8Array[] = [];
  let at = 0;
  while (at < rows.length) {
    const end = at + HEAD_BYTES + view.getUint32(at + 4, true);
    assert.ok(end <= rows.length, "the rows end within one");
    found.push(rows.slice(at, end));
    at = end;
  }
  return found;
}

/** A span as protobuf has it, to the end. */
function assertWhole(row: Uint8Array): void {
  const reader = new ProtoReader(row, HEAD_BYTES);
  assert.equal(reader.tag(), 0x12);
  const span = reader.message();
  assert.ok(reader.done);
  let routes = 0;
  while (!span.done) {
    const tag = span.tag();
    if (tag !== 0x4a) span.skip(tag);
    else if (span.message().tag() === 0x0a) routes++;
  }
  assert.ok(routes > 0);
}

function assertBounded({ series, edges, routes, counters }: RedSnapshot): void {
  const byMetric = Map.groupBy(series.filter(({ overflow }) => !overflow), ({ metric }) => metric);
  for (const [metric, all] of byMetric) {
    assert.ok(all.length <= MAX_SERIES, `${metric} has ${all.length} series`);
  }
  assert.ok(edges.length <= 2049 && routes.length <= 2560);
  for (const { histogram } of series) {
    assert.equal(histogram.count, histogram.buckets.reduce((sum, count) => sum + count, 0));
  }
  const requests = series.filter(({ metric }) => metric.endsWith(".duration"))
    .reduce((sum, { histogram }) => sum + histogram.count, 0);
  assert.ok(requests <= counters.spans - counters.unreadable);
}

const leftOut = ({ sampled_out, ignored, filtered, not_exported }: RedCounters): number =>
  sampled_out + ignored + filtered + not_exported;

/** Feeds rows to one stage. */
export class RowTarget {
  readonly #stage = new RedStage({ module: redModule, rules: RULES[3]! });
  readonly #mirror = new RedMirror();

  feed(rows: Uint8Array): RedCounters {
    const before = this.#stage.counters();
    const output: Uint8Array[] = [];
    const taken = this.#stage.run(rows, 0, rows.length, (memory, out) => {
      for (let index = 0; index < out.length; index += 3) {
        const [pid, at, bytes] = [out[index]!, out[index + 1]!, out[index + 2]!];
        output.push(rowWith(pid, memory.subarray(at, at + bytes)));
      }
    });
    assert.equal(taken, rows.length);
    const input = split(rows);
    const counters = this.#stage.counters();
    assert.equal(counters.spans - before.spans, input.length);
    assert.equal(output.length + leftOut(counters) - leftOut(before), input.length);
    const known = new Set(input.map((row) => row.toHex()));
    for (const row of output) if (!known.has(row.toHex())) assertWhole(row);
    return counters;
  }

  /** What else is asked of a stage. */
  disturb(random: Random): void {
    if (random.once(8)) this.#stage.setRules(random.pick(RULES));
    if (random.once(8)) this.#stage.forget(random.below(4));
    if (random.once(20)) this.#stage.settle();
    if (random.once(3)) {
      const pid = random.below(4);
      const [traces, metrics] = [!random.once(4), !random.once(4)];
      this.#stage.setProcess({ pid, resource: random.below(4), routes: random.below(2), traces, metrics });
    }
    if (random.once(4)) assertBounded(this.#mirror.apply(this.#stage.changes()));
  }
}

/** @throws {FuzzFailure} */
export function fuzzRows({ seed, inputs, seconds, onInput }: FuzzLimits): FuzzReport {
  const started = performance.now();
  const elapsed = () => (performance.now() - started) / 1000;
  const target = new RowTarget();
  let counters: RedCounters | undefined;
  let input = 0;
  for (let batch = 0; input < inputs && elapsed() < seconds; batch++) {
    const label = `rows-seed${seed}-n${batch}`;
    onInput?.(label);
    const random = new Random(seed, "rows", batch);
    const parts = Array.from({ length: 1 + random.below(MAX_ROWS) }, () => mutate(spanOf(random), random));
    const rows = joined(parts);
    try {
      counters = target.feed(rows);
      target.disturb(random);
    } catch (error) {
      throw new FuzzFailure(label, rows, error);
    }
    input += parts.length;
  }
  return { name: "rows", inputs: input, seconds: elapsed(), outcomes: { ...counters } };
}
