/** How soon the loader answers what a swap of decoders asks of it, while records come. */
import assert from "node:assert/strict";
import { familyOf } from "../../decoder-as/plans/family.ts";
import { parseLayout } from "../../decoder-as/plans/layout.ts";
import { inspectGoExe } from "../../src/goexe/inspect.ts";
import { ExeSource } from "../../src/loader/exe_source.ts";
import { sleep } from "../support/eventually.ts";
import { goBuild } from "../support/go_build.ts";
import { Program } from "../support/program.ts";
import { rootTest } from "../support/root.ts";
import { LoaderSession } from "./session.ts";

const MODULE = new URL("../programs", import.meta.url).pathname;
const LAYOUT = new URL("../../decoder-as/layouts/go1.26.11.json", import.meta.url);
const ROUNDS = 40;
/** Between two looks at the ring the loader naps 40 ms; an answer that waited for it would take 20 at the median. */
const LIMIT_MS = 10;
const FLIPS = 64;

/** Asks, again and again, at odds with the loader's rhythm; the median of how long all answers took. */
async function medianMs(ask: () => Promise<void>[]): Promise<number> {
  const took: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const beganMs = performance.now();
    await Promise.all(ask());
    took.push(performance.now() - beganMs);
    await sleep(7 + round % 13);
  }
  return took.sort((a, b) => a - b)[ROUNDS >> 1]!;
}

rootTest("plan(), layout() and flip() are answered at once, whatever the pump is at", async () => {
  const family = familyOf(parseLayout(await Deno.readTextFile(LAYOUT), "go1.26.11.json"));
  const exe = await goBuild({ module: MODULE, package: "./matrix", toolchain: "1.26.11" });
  await using server = await Program.start(exe, { args: ["back"] });
  await using session = await LoaderSession.start();
  const { client } = session;
  const stage = (slot: number) => [
    client.layout(slot, family.kernel),
    ...family.plans.map(({ probe, ops }) => client.plan(slot, probe, ops)),
  ];
  const { exeBytes: size } = await client.describe(server.pid);
  const inspection = await inspectGoExe(new ExeSource({ loader: client, pid: server.pid, size }));
  assert.ok(inspection.kind === "go");
  await Promise.all(stage(0));
  await client.flip(0, 0);
  await client.target(server.pid, { enabled: true, name: "always_on", ratio: 1 });
  await client.attach(server.pid, 0, inspection.exe.sites);

  let loading = true;
  const load = (async () => {
    while (loading) await (await fetch(`${server.url}/back`)).body?.cancel();
  })();
  try {
    const stageMs = await medianMs(() => stage(1));
    const flipMs = await medianMs(() =>
      Array.from({ length: FLIPS }, (_, binding) => client.flip(1 + binding, 1))
    );
    assert.ok(stageMs < LIMIT_MS, `staging a slot took ${stageMs} ms`);
    assert.ok(flipMs < LIMIT_MS, `${FLIPS} flips took ${flipMs} ms`);
  } finally {
    loading = false;
    await load;
  }
  const { counters } = await client.stats();
  assert.ok(counters.begunServer > ROUNDS, `${counters.begunServer} requests were traced meanwhile`);
});
