import assert from "node:assert/strict";
import type { Clock } from "../support/clock.ts";
import type { Reason } from "../support/reason.ts";
import type { Hello } from "../wire/hello.ts";
import type { LoaderClient } from "./client.ts";
import { LoaderExitError } from "./loader_error.ts";
import { superviseLoader } from "./supervisor.ts";

const DIED: Reason = { code: "loader-died", message: "died", remedy: "none" };
const DENIED: Reason = { code: "loader-permission", message: "denied", remedy: "be root" };

/** A clock that counts how long was slept, and takes no time. */
function fakeClock(): Clock & { readonly slept: number[]; nowMs: number } {
  const clock = {
    slept: [] as number[],
    nowMs: 0,
    now: () => clock.nowMs,
    elapsed: () => clock.nowMs,
    sleep(ms: number) {
      clock.slept.push(ms);
      clock.nowMs += ms;
      return Promise.resolve();
    },
  };
  return clock;
}

/** The parts of a client that the supervisor uses. */
function fakeClient(exited: Promise<Reason | null>): LoaderClient {
  const client = {
    hello: Promise.resolve({ loaderPid: 7 } as Hello),
    exited,
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  return client as unknown as LoaderClient;
}

interface Run {
  readonly lives: (() => Promise<LoaderClient>)[];
  readonly clock?: ReturnType<typeof fakeClock>;
}

async function supervise({ lives, clock = fakeClock() }: Run) {
  const events: string[] = [];
  const ending = new AbortController();
  await superviseLoader({
    path: "unused",
    signal: ending.signal,
    clock,
    start() {
      const life = lives.shift();
      if (life) return life();
      ending.abort();
      return Promise.reject(new LoaderExitError(DIED));
    },
    onOpen: () => void events.push("open"),
    onStart: (_client, hello) => void events.push(`start ${hello.loaderPid}`),
    onExit: (reason) => void events.push(`exit ${reason?.code ?? "null"}`),
  });
  return { events, slept: clock.slept };
}

const dies = () => Promise.resolve(fakeClient(Promise.resolve(DIED)));

Deno.test("superviseLoader() starts a loader again, with longer and longer pauses", async () => {
  const { events, slept } = await supervise({ lives: [dies, dies, dies] });
  assert.deepEqual(events.slice(0, 4), ["open", "start 7", "exit loader-died", "open"]);
  assert.deepEqual(slept, [500, 1_000, 2_000]);
  assert.equal(events.at(-1), "exit null");
});

Deno.test("superviseLoader() begins with short pauses again after a loader that ran for long", async () => {
  const clock = fakeClock();
  const livesLong = () => {
    clock.nowMs += 120_000;
    return dies();
  };
  const { slept } = await supervise({ clock, lives: [dies, dies, livesLong, dies] });
  assert.deepEqual(slept, [500, 1_000, 500, 1_000]);
});

Deno.test("superviseLoader() never pauses for more than half a minute", async () => {
  const { slept } = await supervise({ lives: new Array(12).fill(dies) });
  assert.equal(Math.max(...slept), 30_000);
});

Deno.test("superviseLoader() seldom tries a loader that can only fail the same way", async () => {
  const denied = () => Promise.reject(new LoaderExitError(DENIED));
  const { events, slept } = await supervise({ lives: [denied, denied, dies] });
  assert.deepEqual(events.slice(0, 3), ["exit loader-permission", "exit loader-permission", "open"]);
  assert.deepEqual(slept.slice(0, 2), [30_000, 30_000]);
});

Deno.test("superviseLoader() tells when the program cannot be run at all", async () => {
  const { events } = await supervise({ lives: [() => Promise.reject(new Error("no such file"))] });
  assert.equal(events[0], "exit loader-not-started");
});
