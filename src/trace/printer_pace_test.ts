import { deepEqual, equal } from "node:assert/strict";
import { type Paced, PrintPace } from "./printer_pace.ts";

interface Item extends Paced {
  readonly id: number;
}

let lastId = 0;
function item(fields: Partial<Paced> = {}): Item {
  return { id: ++lastId, durationNs: 1e6, failed: false, late: false, ...fields };
}

function make(tracesPerSecond = 5, samples = 3) {
  const leftOut: Item[] = [];
  const pace = new PrintPace<Item>({ tracesPerSecond, samples }, (trace) => leftOut.push(trace));
  return { pace, leftOut };
}

Deno.test("PrintPace lets everything through while it is little", () => {
  const { pace, leftOut } = make();
  for (let nowMs = 0; nowMs < 10_000; nowMs += 200) {
    equal(pace.settle(nowMs), null);
    equal(pace.offer(item(), nowMs), true);
  }
  deepEqual(leftOut, []);
});

Deno.test("PrintPace keeps failed and slow ones of too many, and sums all of them up", () => {
  const { pace, leftOut } = make();
  const printed = Array.from({ length: 5 }, () => item());
  for (const trace of printed) equal(pace.offer(trace, 0), true);
  const slow = item({ durationNs: 9e9 });
  const failed = item({ failed: true });
  const slower = item({ durationNs: 10e9 });
  for (const trace of [item(), slow, item(), failed, item(), slower]) equal(pace.offer(trace, 500), false);
  equal(pace.settle(999), null);
  const report = pace.settle(1_000);
  deepEqual(report?.samples, [failed, slower, slow]);
  deepEqual({ ...report?.summary, p99Ns: 0 }, {
    traces: 11,
    failed: 1,
    p99Ns: 0,
    elapsedMs: 1_000,
    notPrinted: 3,
  });
  equal(leftOut.length, 3);
});

Deno.test("PrintPace shows samples only after a second with too many, until there is one with few", () => {
  const { pace } = make();
  for (let i = 0; i < 6; i++) pace.offer(item(), 0);
  equal(pace.settle(1_000)?.summary.traces, 6);
  equal(pace.offer(item(), 1_100), false);
  equal(pace.settle(2_000)?.summary.notPrinted, 0);
  equal(pace.offer(item(), 2_100), true);
  equal(pace.settle(3_100), null);
  equal(pace.open, false);
});

Deno.test("PrintPace goes back to showing everything after a second of silence", () => {
  const { pace } = make();
  for (let i = 0; i < 6; i++) pace.offer(item(), 0);
  pace.settle(1_000);
  equal(pace.open, true);
  equal(pace.settle(2_000), null);
  deepEqual([pace.open, pace.offer(item(), 2_500)], [false, true]);
});

Deno.test("PrintPace ends the window at once when it is told to", () => {
  const { pace } = make();
  for (let i = 0; i < 7; i++) pace.offer(item(), 0);
  equal(pace.settle(10, true)?.samples.length, 2);
  deepEqual([pace.open, pace.settle(10, true)], [false, null]);
});

Deno.test("PrintPace counts late spans as output, not as traces", () => {
  const { pace } = make(1);
  pace.offer(item(), 0);
  pace.offer(item({ late: true, failed: true }), 0);
  const { traces, failed } = pace.settle(1_000)!.summary;
  deepEqual({ traces, failed }, { traces: 1, failed: 0 });
  pace.offer(item({ late: true }), 1_000);
  equal(pace.settle(2_000)?.summary.p99Ns, null);
});

Deno.test("PrintPace finds the 99th percentile to 2 %, whatever the durations", () => {
  const { pace } = make();
  const f = (durations: number[], wantNs: number) => {
    for (const durationNs of durations) pace.offer(item({ durationNs }), 0);
    const have = pace.settle(0, true)!.summary.p99Ns!;
    equal(Math.abs(have / wantNs - 1) < 0.02, true, `${have} instead of ${wantNs}`);
  };
  f(Array.from({ length: 1_000 }, (_, i) => (i + 1) * 1e5), 990 * 1e5);
  f(Array.from({ length: 200 }, (_, i) => i < 198 ? 1e3 : 1e12), 1e3);
  f(Array.from({ length: 7 }, () => -3), 1);
});
