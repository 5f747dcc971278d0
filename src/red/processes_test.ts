import assert from "node:assert/strict";
import { rulesWith, server, StageFixture } from "../../tests/red/rows.ts";

const ALL_ON = { routes: 0, traces: true, metrics: true } as const;

/** Which process a span of a process id is counted for. */
function resourceOf(fixture: StageFixture, pid: number): number {
  const before = new Map(fixture.snapshot().routes.map(({ resource, count }) => [resource, count]));
  fixture.run(server("/a", { pid }));
  return fixture.snapshot().routes.find(({ resource, count }) => count !== before.get(resource))!.resource;
}

Deno.test("processes: more than the table takes; those set longest ago are unknown", () => {
  const fixture = new StageFixture(rulesWith({ measure: { features: [] } }));
  // Ids that begin their search in few places of the table.
  const pids = Array.from({ length: 16_400 }, (_, index) => index % 3 === 0 ? index * 65_536 : index);
  const unlike = [...new Set(pids)].slice(0, 16_390);
  unlike.forEach((pid, index) => fixture.stage.setProcess({ ...ALL_ON, pid, resource: index + 1 }));
  assert.equal(resourceOf(fixture, unlike[0]!), 0);
  assert.equal(resourceOf(fixture, unlike[5]!), 0);
  assert.equal(resourceOf(fixture, unlike[6]!), 7);
  assert.equal(resourceOf(fixture, unlike.at(-1)!), unlike.length);
});

Deno.test("processes: an id that is used again is the new process; what was forgotten is unknown", () => {
  const fixture = new StageFixture();
  for (const pid of [1, 32_769, 65_537]) fixture.stage.setProcess({ ...ALL_ON, pid, resource: pid });
  fixture.stage.setProcess({ ...ALL_ON, pid: 1, resource: 4_294_967_295 });
  assert.equal(resourceOf(fixture, 1), 4_294_967_295);
  fixture.stage.forget(1);
  assert.equal(resourceOf(fixture, 1), 4_294_967_295);
  fixture.stage.forget(4_294_967_295);
  assert.deepEqual([1, 32_769, 65_537].map((pid) => resourceOf(fixture, pid)), [0, 32_769, 65_537]);
});
