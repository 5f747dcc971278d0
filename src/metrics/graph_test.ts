import assert from "node:assert/strict";
import { GraphHistory } from "./graph.ts";
import { snapshotOf } from "./testing.ts";

Deno.test("GraphHistory keeps what edges got over five minutes, and no more", () => {
  const history = new GraphHistory(() => undefined);
  history.sample(snapshotOf(5, 0), 0);
  history.sample(snapshotOf(7, 1), 200_000);
  const requestsSince = (fromMs: number) =>
    history.since(fromMs).map(({ now, fresh }) => [now.requests, fresh.requests]);
  assert.deepEqual(requestsSince(-1)[0], [8, 8]);
  assert.deepEqual(requestsSince(0)[0], [8, 3]);
  history.sample(snapshotOf(7, 1), 300_000);
  assert.deepEqual(requestsSince(-1)[0], [8, 3]);
  history.sample(snapshotOf(7, 1), 500_000);
  assert.deepEqual(requestsSince(-1)[0], [8, 0]);
});
