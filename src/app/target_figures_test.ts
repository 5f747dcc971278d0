import { deepEqual, equal } from "node:assert/strict";
import { FakeClock } from "../../tests/support/fake_clock.ts";
import { TargetFigures } from "./target_figures.ts";

function rig() {
  const clock = new FakeClock();
  const names = new Map<number, string>();
  const figures = new TargetFigures({
    serviceOf: (pid) => names.get(pid) ?? "unknown",
    ttlMs: () => 300_000,
    clock,
  });
  return {
    clock,
    figures,
    names,
    /** Found, and attached after 1 s of analysis and 0.25 s of attaching. */
    trace(pid: number, name: string) {
      names.set(pid, name);
      figures.found(pid);
      figures.changed({ pid, attachTime: { analysisMs: 1_000, attachMs: 250 } });
    },
  };
}

Deno.test("TargetFigures tells the spans of each process, and how soon the first came", async () => {
  const { clock, figures, trace } = rig();
  trace(7, "front");
  deepEqual(figures.of(7), { spans: 0, firstSpanMs: null });
  deepEqual(figures.series(), [{ pid: 7, service: "front", spans: 0 }]);
  await clock.advance(40);
  figures.count(7, 3);
  await clock.advance(40);
  figures.count(7, 4);
  figures.count(8, 1);
  deepEqual(figures.of(7), { spans: 7, firstSpanMs: 40 });
  deepEqual(figures.series(), [{ pid: 7, service: "front", spans: 7 }]);
});

Deno.test("TargetFigures times the first span from the newest attaching on", async () => {
  const { clock, figures, trace } = rig();
  figures.found(7);
  figures.count(7, 1);
  deepEqual(figures.of(7), { spans: 1, firstSpanMs: null });
  trace(7, "front");
  await clock.advance(40);
  figures.count(7, 1);
  deepEqual(figures.of(7), { spans: 2, firstSpanMs: 40 });
  trace(7, "front");
  deepEqual(figures.of(7), { spans: 2, firstSpanMs: null });
  await clock.advance(5);
  figures.count(7, 1);
  deepEqual(figures.of(7), { spans: 3, firstSpanMs: 5 });
});

Deno.test("TargetFigures: a process that is found but not traced has no series", () => {
  const { figures, names } = rig();
  names.set(7, "front");
  figures.found(7);
  deepEqual(figures.series(), []);
});

Deno.test("TargetFigures tells a process that ended for its time, then forgets it", async () => {
  const { clock, figures, trace } = rig();
  trace(7, "front");
  figures.count(7, 5);
  figures.ended(7);
  await clock.advance(299_999);
  deepEqual(figures.series(), [{ pid: 7, service: "front", spans: 5 }]);
  await clock.advance(1);
  deepEqual(figures.series(), []);
});

Deno.test("TargetFigures counts spans that were on their way when their process ended", () => {
  const { figures, trace } = rig();
  trace(7, "front");
  figures.ended(7);
  figures.count(7, 1);
  figures.count(8, 1);
  deepEqual(figures.series(), [{ pid: 7, service: "front", spans: 1 }]);
  trace(7, "front");
  figures.count(7, 2);
  deepEqual(figures.series(), [{ pid: 7, service: "front", spans: 3 }]);
});

Deno.test("TargetFigures: another program of the same pid is another series, the same one found again goes on", () => {
  const { figures, trace } = rig();
  trace(7, "front");
  figures.count(7, 5);
  figures.ended(7);
  trace(7, "front");
  figures.count(7, 1);
  figures.ended(7);
  trace(7, "back");
  figures.count(7, 2);
  deepEqual(figures.series(), [
    { pid: 7, service: "front", spans: 6 },
    { pid: 7, service: "back", spans: 2 },
  ]);
});

Deno.test("TargetFigures never has a series twice, even when a process takes the name of one before it", () => {
  const { figures, names, trace } = rig();
  trace(7, "front");
  figures.count(7, 5);
  figures.ended(7);
  trace(7, "back");
  names.set(7, "front");
  figures.count(7, 2);
  deepEqual(figures.series(), [{ pid: 7, service: "front", spans: 2 }]);
});

Deno.test("TargetFigures keeps a bounded number of processes that ended, the newest", () => {
  const { figures, trace } = rig();
  for (let pid = 1; pid <= 1_025; pid++) {
    trace(pid, "job");
    figures.count(pid, 1);
    figures.ended(pid);
  }
  const pids = figures.series().map(({ pid }) => pid);
  deepEqual([pids.length, pids[0], pids.at(-1)], [1_024, 2, 1_025]);
});

Deno.test("TargetFigures measures each attaching once", () => {
  const { figures, trace } = rig();
  trace(7, "front");
  trace(8, "back");
  const attachTime = { analysisMs: 0, attachMs: 60_000 };
  figures.changed({ pid: 8, attachTime });
  figures.changed({ pid: 8, attachTime });
  figures.changed({ pid: 8, attachTime: null });
  const { analysis, attach } = figures.attachTimes;
  deepEqual([analysis.count, analysis.sum, analysis.buckets], [3, 2, [1, 0, 0, 0, 2, 0, 0, 0]]);
  deepEqual(attach.buckets, [0, 0, 0, 2, 0, 0, 0, 1]);
  equal(attach.sum, 60.5);
});
