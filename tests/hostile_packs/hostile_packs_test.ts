/**
 * Packs that are broken or evil, pushed by PUT and put into the directory while programs of two Go versions run: each
 * is refused, or rolled back, with a reason of its own, and the other program's spans stay complete.
 */
import assert from "node:assert/strict";
import { Agent, ROOT } from "../support/agent.ts";
import { listDecoders, type Problem, pushGoodPack, pushPack, TOKEN } from "../support/decoder_api.ts";
import { eventually, sleep } from "../support/eventually.ts";
import { goBuild } from "../support/go_build.ts";
import { Program } from "../support/program.ts";
import { rootTest } from "../support/root.ts";
import { DEFAULT_TOOLCHAIN } from "../support/toolchains.ts";
import { checkSpans } from "../swap/check.ts";
import { runLoad, untilRead } from "../swap/load.ts";
import { SpanLog } from "../swap/span_log.ts";
import { HostilePacks } from "./packs.ts";

/** The program beside the one whose decoder is attacked. */
const OTHER_TOOLCHAIN = "1.22.12";
/** Records that a decoder behaves well for: more than the gate feeds to one instance. */
const GOOD_RECORDS = 30_000;
const HUGE_BYTES = 100 * 1024 * 1024;

interface Pair {
  readonly exe: string;
  readonly front: Program;
  readonly back: Program;
}

async function startPair(stack: AsyncDisposableStack, toolchain: string): Promise<Pair> {
  const exe = await goBuild({ module: `${ROOT}/tests/programs`, package: "./matrix", toolchain });
  const back = stack.use(await Program.start(exe, { args: ["back"] }));
  const front = stack.use(await Program.start(exe, { args: ["front", back.url] }));
  return { exe, front, back };
}

interface Bench {
  readonly agent: Agent;
  readonly log: SpanLog;
  readonly victim: Pair;
  readonly directory: string;
  readonly packs: HostilePacks;
}

/**
 * Runs `attack` with both programs traced and the other one under load, whose every span must come and be right. What
 * takes long to make has to be there before: this process is also the one that receives the spans.
 */
async function underAttack(packs: HostilePacks, attack: (bench: Bench) => Promise<void>): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const scratch = Deno.makeTempDirSync({ dir: `${ROOT}/build/run`, prefix: "hostile-" });
  stack.defer(() => Deno.remove(scratch, { recursive: true }));
  const directory = `${scratch}/decoders`;
  Deno.mkdirSync(directory);
  Deno.writeTextFileSync(`${scratch}/agent.yaml`, `decoders: {directory: "${directory}"}\n`);
  const log = stack.use(new SpanLog());
  const victim = await startPair(stack, DEFAULT_TOOLCHAIN);
  const other = await startPair(stack, OTHER_TOOLCHAIN);
  const processes = [victim.front, victim.back, other.front, other.back].map(({ pid }) => pid);
  const agent = stack.use(
    await Agent.start({
      args: [
        ...["--config", `${scratch}/agent.yaml`, "--otlp", log.url, "--print", "off"],
        ...processes.flatMap((pid) => ["--pid", String(pid)]),
      ],
      env: { TSUNAGI_API_TOKEN: TOKEN },
    }),
  );
  await agent.traced(...processes);
  const load = runLoad({
    exe: other.exe,
    host: other.front.host,
    connections: 4,
    pace: { batch: 100, rest: () => untilRead(agent) },
  });
  try {
    await attack({ agent, log, victim, directory, packs });
  } finally {
    await load.stop();
  }
  const { sent, failed, reason } = await load.result;
  assert.equal(failed, 0, `${failed} of ${sent} requests failed: ${reason}`);
  const { lost } = await agent.atRest(3 * sent);
  await agent.stop();
  const others = [...log.take()].filter(({ resource }) =>
    resource["process.pid"] === other.front.pid || resource["process.pid"] === other.back.pid
  );
  const services = { front: other.front, back: other.back, goVersion: OTHER_TOOLCHAIN };
  try {
    checkSpans(others, { sent, slowSent: 0, services });
  } catch (cause) {
    throw new Error(`Spans of the other program are missing or wrong; lost: ${JSON.stringify(lost)}`, {
      cause,
    });
  }
}

/** SHA-256 of the decoder that is active for the attacked program. */
async function activeDigest({ agent, packs }: Bench): Promise<string> {
  const { decoders } = await listDecoders(agent);
  return decoders.find(({ name }) => name === packs.name)?.digest ?? "none";
}

function assertProblem(answer: unknown, status: number, code: string, what: string): void {
  const problem = answer as Problem;
  assert.deepEqual(
    { status: problem.status, code: problem.code },
    { status, code },
    `${what}: ${problem.detail}`,
  );
  assert.ok(problem.remedy, `${what}: the answer says no remedy`);
}

/** A short load on the attacked program, all of whose spans must begin. */
async function loadVictim({ agent, victim }: Bench, batches: number): Promise<number> {
  const load = runLoad({
    exe: victim.exe,
    host: victim.front.host,
    connections: 8,
    pace: { batch: 200, batches, rest: () => untilRead(agent) },
  });
  await load.answered;
  await load.stop();
  const { sent, failed, reason } = await load.result;
  assert.equal(failed, 0, `${failed} of ${sent} requests failed: ${reason}`);
  return sent;
}

rootTest("PUT of a broken or evil pack is refused with a reason of its own; the decoder stays", async () => {
  const packs = new HostilePacks(DEFAULT_TOOLCHAIN);
  const hostile = await packs.refused("1.20.14");
  await underAttack(packs, async (bench) => {
    const { agent } = bench;
    const before = await activeDigest(bench);
    for (const { what, bytes, code } of hostile) {
      assertProblem(await pushPack(agent, packs.name, bytes), 422, code, what);
      assert.equal(await activeDigest(bench), before, what);
    }
    assertProblem(
      await pushPack(agent, packs.name, new Uint8Array(HUGE_BYTES)),
      413,
      "decoder-too-large",
      "100 MiB",
    );
    assertProblem(await pushPack(agent, packs.name, packs.good, "wrong"), 401, "token-wrong", "wrong token");
    assertProblem(await pushPack(agent, packs.name, packs.good, null), 401, "token-missing", "no token");
    assertProblem(await pushPack(agent, "go1.0", packs.good), 409, "decoder-name-differs", "another name");
    assert.equal(await activeDigest(bench), before);
  });
});

rootTest(
  "a broken or evil pack in the directory is refused with a reason of its own; the decoder stays",
  async () => {
    const packs = new HostilePacks(DEFAULT_TOOLCHAIN);
    const hostile = [
      ...await packs.refused("1.20.14"),
      { what: "100 MiB", bytes: new Uint8Array(HUGE_BYTES), code: "decoder-too-large" },
    ];
    await underAttack(packs, async (bench) => {
      const { agent, directory } = bench;
      const before = await activeDigest(bench);
      for (const [index, { bytes }] of hostile.entries()) {
        Deno.writeFileSync(`${directory}/${index}.wasm`, bytes);
      }
      await eventually(async () => {
        const { refused } = await listDecoders(agent);
        for (const [index, { what, code }] of hostile.entries()) {
          const entry = refused.find(({ origin }) => origin === `${directory}/${index}.wasm`);
          assert.equal(entry?.reason.code, code, `${what}: ${entry?.reason.message}`);
        }
      }, { everyMs: 200 });
      assert.equal(await activeDigest(bench), before);
    });
  },
);

for (const way of ["PUT", "directory"] as const) {
  rootTest(
    `a pack by ${way} that traps under load is rolled back by itself, and its reason is told`,
    async () => {
      const packs = new HostilePacks(DEFAULT_TOOLCHAIN);
      const trapping = await packs.trapping(GOOD_RECORDS);
      await underAttack(packs, async (bench) => {
        const { agent, directory } = bench;
        await pushGoodPack(agent, packs.name, packs.good);
        const before = await activeDigest(bench);
        if (way === "PUT") await pushGoodPack(agent, packs.name, trapping);
        else Deno.writeFileSync(`${directory}/${packs.name}.wasm`, trapping);
        await eventually(async () => assert.notEqual(await activeDigest(bench), before));

        const trapped = await activeDigest(bench);
        // Each request has six records.
        for (let sent = 0; 6 * sent <= 2 * GOOD_RECORDS && await activeDigest(bench) !== before;) {
          sent += await loadVictim(bench, 5);
        }
        await eventually(async () =>
          assert.equal(await activeDigest(bench), before, JSON.stringify(await listDecoders(agent)))
        );
        const { refused } = await listDecoders(agent);
        const entry = refused.find(({ digest }) => digest === trapped);
        assert.equal(entry?.reason.code, "decoder-trapped");
        assert.equal(entry?.name, packs.name);
        await agent.traced(bench.victim.front.pid, bench.victim.back.pid);

        assertProblem(
          await pushPack(agent, packs.name, trapping),
          422,
          "decoder-was-rolled-back",
          "the same bytes again",
        );
        // What comes after is whole again, once the last of what was lost is counted.
        await eventually(async () => {
          const { lost } = await agent.accounting();
          assert.ok(await loadVictim(bench, 3) > 0);
          await sleep(500);
          assert.deepEqual((await agent.accounting()).lost, lost);
        });
      });
    },
  );
}
