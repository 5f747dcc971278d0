/** Spans that the sampler leaves out: sent to who measures, with true flags, and counted only where nobody does. */
import assert from "node:assert/strict";
import * as wire from "../../bpf/wire.gen.ts";
import { eventually } from "../support/eventually.ts";
import { freshContext, LoadGenerator, randomId } from "../support/load.ts";
import { rootTest } from "../support/root.ts";
import { TracedChain } from "./traced_chain.ts";

const OFF = { enabled: true, name: "always_off", ratio: 1 } as const;
const BY_PARENT = { enabled: true, name: "parentbased_always_on", ratio: 1 } as const;

interface Echo {
  readonly traceparent: readonly string[] | null;
}

rootTest(
  "a target that is measured sends what is not sampled, and counts nothing as sampled out",
  async () => {
    await using chain = await TracedChain.start();
    await chain.target({ ...OFF, measure: true });
    using load = new LoadGenerator(chain.front.url, 1);
    const context = freshContext("01");
    const { body } = await load.send<Echo>({ path: "/call", context });
    const spans = await eventually(() => {
      const spans = chain.spans();
      assert.equal(spans.filter(({ endFlags }) => endFlags !== null).length, 3);
      return spans;
    });
    for (const { startFlags, endFlags, traceId } of spans) {
      assert.deepEqual([startFlags, endFlags, traceId], [0, 0, context.traceId]);
    }
    const call = spans.find(({ probe }) => probe === wire.PROBE_CLIENT_START);
    assert.deepEqual(body?.traceparent, [`00-${context.traceId}-${call?.spanId}-00`]);
    const { counters } = await chain.session.client.stats();
    assert.deepEqual([counters.begun_server, counters.begun_client, counters.sampled_out], [2, 1, 0]);
  },
);

rootTest("a target that is not measured sends nothing of what is not sampled, and counts it", async () => {
  await using chain = await TracedChain.start();
  await chain.target({ ...OFF, measure: false });
  using load = new LoadGenerator(chain.front.url, 1);
  const context = freshContext("01");
  const { body } = await load.send<Echo>({ path: "/call", context });
  assert.match(body?.traceparent?.join() ?? "", new RegExp(`^00-${context.traceId}-\\w{16}-00$`));
  const { counters } = await chain.session.client.stats();
  assert.deepEqual([counters.begun_server, counters.begun_client, counters.sampled_out], [2, 1, 3]);
  assert.equal(chain.spans().length, 0);
});

rootTest("under parentbased_always_on the caller's flag decides, and both kinds arrive", async () => {
  await using chain = await TracedChain.start();
  await chain.target({ ...BY_PARENT, measure: true });
  using load = new LoadGenerator(chain.front.url, 1);
  const contexts = ["00", "01"].map((flags) => ({ traceId: randomId(16), spanId: randomId(8), flags }));
  for (const context of contexts) {
    const { body } = await load.send<Echo>({ path: "/call", context });
    assert.ok(body?.traceparent?.[0]?.endsWith(`-${context.flags}`), String(body?.traceparent));
  }
  await eventually(() => assert.equal(chain.spans().filter(({ endFlags }) => endFlags !== null).length, 6));
  for (const { traceId, startFlags, endFlags } of chain.spans()) {
    const flags = Number(contexts.find((context) => context.traceId === traceId)?.flags);
    assert.deepEqual([startFlags, endFlags], [flags, flags]);
  }
  assert.equal((await chain.session.client.stats()).counters.sampled_out, 0);
});
