/** A process that is no target any more though it runs on: what is in flight is told as lost, and nothing new comes. */
import assert from "node:assert/strict";
import * as wire from "../../bpf/wire.gen.ts";
import { eventually, sleep } from "../support/eventually.ts";
import { LoadGenerator } from "../support/load.ts";
import { HeldRequest } from "../support/raw_http.ts";
import { rootTest } from "../support/root.ts";
import { TracedChain } from "./traced_chain.ts";

const ON = { enabled: true, measure: false, name: "always_on", ratio: 1 } as const;

/** Ids in SPAN_LOST records, with their reasons, each of which must come behind the start of its span. */
function lostIn(chain: TracedChain): Map<string, number> {
  const started = new Set<string>();
  const lost = new Map<string, number>();
  for (const { kind, bytes } of chain.session.others) {
    const idAt = kind === wire.KIND_SPAN_LOST ? wire.OFFSET_SPAN_LOST_SPAN_ID : wire.OFFSET_SPAN_SPAN_ID;
    const id = bytes.slice(idAt, idAt + 8).toHex();
    if (kind === wire.KIND_SPAN_START) started.add(id);
    if (kind !== wire.KIND_SPAN_LOST) continue;
    assert.ok(started.has(id), "told as lost before it began");
    assert.ok(!lost.has(id), "told as lost twice");
    lost.set(id, new DataView(bytes.buffer).getUint32(wire.OFFSET_SPAN_LOST_REASON, true));
  }
  return lost;
}

rootTest("a released process: spans in flight are abandoned, its neighbour's go on", async () => {
  await using chain = await TracedChain.start();
  const { session: { client }, front, back } = chain;
  await chain.target(ON);
  using load = new LoadGenerator(front.url, 4);
  using other = new LoadGenerator(back.url, 1);
  const held = await Promise.all([1, 2, 3].map(() => HeldRequest.send(front.host)));
  await eventually(() => assert.equal(chain.spans().length, 3));
  await client.target(front.pid, { enabled: false });
  await other.send({ path: "/slow" });
  await load.send({ path: "/ping" });
  await eventually(() => assert.equal(lostIn(chain).size, 3));
  for (const request of held) await request.letGo();
  await other.send({ path: "/echo" });
  await eventually(() => {
    const ended = chain.spans().filter(({ endFlags }) => endFlags !== null);
    assert.deepEqual(ended.map(({ pid }) => pid), [back.pid, back.pid]);
  });
  const flying = chain.spans().filter(({ endFlags }) => endFlags === null);
  const lost = lostIn(chain);
  assert.deepEqual(flying.map(({ spanId }) => lost.get(spanId)), Array(3).fill(wire.LOST_ABANDONED));
  const { counters } = await client.stats();
  assert.deepEqual([counters.begun_server, counters.end_without_start], [5, 0]);
});

rootTest("a process that is released and traced again at once accounts for what was in flight", async () => {
  await using chain = await TracedChain.start();
  const { session: { client }, front } = chain;
  await chain.target(ON);
  using load = new LoadGenerator(front.url, 4);
  const held = await HeldRequest.send(front.host);
  await eventually(() => assert.equal(chain.spans().length, 1));
  await client.target(front.pid, { enabled: false });
  await sleep(20);
  await client.target(front.pid, ON);
  await eventually(() => assert.equal(lostIn(chain).size, 1));
  await held.letGo();
  await load.send({ path: "/ping" });
  await eventually(() => assert.equal(chain.spans().filter(({ endFlags }) => endFlags !== null).length, 1));
  assert.equal((await client.stats()).counters.end_without_start, 1);
});
