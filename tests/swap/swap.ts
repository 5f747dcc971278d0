/**
 * The proof that decoders are swapped under load without a span lost, twice or wrong: front and back run while packs are pushed that read records of two different shapes. Used by swap_test.ts
 * (short) and prove_swap.ts (long).
 */
import assert from "node:assert/strict";
import { Agent, ROOT } from "../support/agent.ts";
import { bundledPack, familyFor, pushGoodPack, TOKEN, unseen } from "../support/decoder_api.ts";
import { makePack } from "../../src/maker/family_pack.ts";
import { VERSION } from "../../src/support/version.ts";
import { sleep } from "../support/eventually.ts";
import { goBuild } from "../support/go_build.ts";
import { LoadGenerator } from "../support/load.ts";
import { Program } from "../support/program.ts";
import { DEFAULT_TOOLCHAIN } from "../support/toolchains.ts";
import { checkSpans, SLOW_FROM, slowPath } from "./check.ts";
import { FULL_SPEED, runLoad, untilRead } from "./load.ts";
import { shifted } from "./shifted.ts";
import { SpanLog } from "./span_log.ts";

/** How long it goes on: until both are reached. */
export interface SwapOptions {
  readonly swaps: number;
  readonly spans: number;
  /** Requests at a time, after which the agent may catch up; null: as fast as the machine lets. */
  readonly batch: number | null;
}

/** What came out; a failure is thrown. */
export interface SwapProof {
  readonly swaps: number;
  readonly spans: number;
  readonly slowRequests: number;
  readonly loadMs: number;
  /** Of each swap, to fill a free slot while the old one works on. */
  readonly stageMs: readonly number[];
  /** Of each swap, from the filled slot to the last flipped probe. */
  readonly swapMs: readonly number[];
  /** Of each push, as the one who pushes sees it. */
  readonly pushMs: readonly number[];
}

const CONNECTIONS = 32;
/** Requests in flight keep their slot for 10 s, and there are 256 slots. */
const LEAST_PUSH_MS = 60;
const SLOW_EVERY_MS = 500;

export async function proveSwaps(options: SwapOptions): Promise<SwapProof> {
  await using stack = new AsyncDisposableStack();
  const directory = Deno.makeTempDirSync({ dir: `${ROOT}/build/run`, prefix: "swap-" });
  stack.defer(() => Deno.remove(directory, { recursive: true }));
  Deno.writeTextFileSync(`${directory}/agent.yaml`, `decoders: {directory: "${directory}/decoders"}\n`);
  const exe = await goBuild({
    module: `${ROOT}/tests/programs`,
    package: "./matrix",
    toolchain: DEFAULT_TOOLCHAIN,
  });
  const family = familyFor(DEFAULT_TOOLCHAIN);
  const packs = [await makePack(shifted(family), { version: VERSION }), bundledPack(family.name)];

  const log = stack.use(new SpanLog());
  const back = stack.use(await Program.start(exe, { args: ["back"] }));
  const front = stack.use(await Program.start(exe, { args: ["front", back.url] }));
  const agent = stack.use(
    await Agent.start({
      args: [
        ...["--config", `${directory}/agent.yaml`, "--otlp", log.url, "--print", "off"],
        ...["--pid", String(front.pid), "--pid", String(back.pid)],
      ],
      env: { TSUNAGI_API_TOKEN: TOKEN },
    }),
  );
  await agent.traced(front.pid, back.pid);

  const began = performance.now();
  const pace = options.batch === null ? FULL_SPEED : { batch: options.batch, rest: () => untilRead(agent) };
  const load = runLoad({ exe, host: front.host, connections: CONNECTIONS, pace });
  const slow = slowRequests(front.url);
  const stageMs: number[] = [];
  const swapMs: number[] = [];
  const pushMs: number[] = [];
  try {
    while (swapMs.length < options.swaps || (await agent.accounting()).begun < options.spans) {
      const start = performance.now();
      const pack = packs[swapMs.length % packs.length]!;
      const { swap, unchanged } = await pushGoodPack(agent, family.name, unseen(pack));
      assert.deepEqual({ unchanged, executables: swap.executables }, { unchanged: false, executables: 1 });
      stageMs.push(swap.stageMs);
      swapMs.push(swap.swapMs);
      pushMs.push(performance.now() - start);
      await sleep(Math.max(0, LEAST_PUSH_MS - (performance.now() - start)));
    }
  } finally {
    slow.stop();
    await load.stop();
  }
  const { sent, failed, reason } = await load.result;
  const loadMs = performance.now() - began;
  assert.equal(failed, 0, `${failed} of ${sent} requests failed: ${reason}`);
  const slowSent = await slow.done;
  const total = 3 * (sent + slowSent);
  const { begun, exported, lost, sampledOut } = await agent.atRest(total);
  assert.deepEqual({ begun, exported, lost, sampledOut }, {
    begun: total,
    exported: total,
    lost: {},
    sampledOut: 0,
  });
  await agent.stop();
  checkSpans(log.take(), { sent, slowSent, services: { front, back, goVersion: DEFAULT_TOOLCHAIN } });
  return { swaps: swapMs.length, spans: total, slowRequests: slowSent, loadMs, stageMs, swapMs, pushMs };
}

/** Requests that take 10 s, one after the other begun until `stop`. */
function slowRequests(frontUrl: string): { stop: () => void; done: Promise<number> } {
  let stopped = false;
  const run = async () => {
    using load = new LoadGenerator(frontUrl, 64);
    const answers: Promise<void>[] = [];
    for (; !stopped; await sleep(SLOW_EVERY_MS)) {
      const path = slowPath(SLOW_FROM + answers.length);
      answers.push(
        load.send(path).then(({ status, error }) => assert.equal(status, 200, `${path.path}: ${error}`)),
      );
    }
    await Promise.all(answers);
    return answers.length;
  };
  const done = run();
  // Awaited only when nothing else has failed before.
  done.catch(() => {});
  return { stop: () => stopped = true, done };
}
