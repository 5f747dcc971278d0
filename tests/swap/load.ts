/** Runs the matrix program's load generator, which numbers its requests, until it is told to stop. */
import assert from "node:assert/strict";
import { type Agent, settled } from "../support/agent.ts";
import { eventually } from "../support/eventually.ts";
import { TextLineStream } from "../support/lines.ts";

/** What it says at its end: requests numbered from 0 up to `sent`, and how many were not answered by 200. */
export interface NumberedLoad {
  readonly sent: number;
  readonly failed: number;
  readonly reason: string;
}

/** How fast it goes on. */
export interface Pace {
  /** Requests that are sent as fast as the machine lets. */
  readonly batch: number;
  /** Waits before the next ones. */
  readonly rest: () => Promise<void>;
  /** Batches in all. Default: until it is stopped. */
  readonly batches?: number;
}

export interface LoadOptions {
  readonly exe: string;
  readonly host: string;
  readonly connections: number;
  readonly pace: Pace;
}

/** A running load. */
export interface RunningLoad {
  /** Lets requests in flight end; call it once. */
  readonly stop: () => Promise<void>;
  /** Fulfilled when all batches are answered. */
  readonly answered: Promise<void>;
  readonly result: Promise<NumberedLoad>;
}

/** Without a pause. */
export const FULL_SPEED: Pace = { batch: Number.MAX_SAFE_INTEGER, rest: () => Promise.resolve() };

/**
 * Waits until few spans are between the kernel and the service's queue. With less than a thousand spans on top of
 * these the kernel's buffer has room for all, however late a busy machine lets anybody read it.
 */
export async function untilRead(agent: Agent): Promise<void> {
  await eventually(async () => {
    const accounting = await agent.accounting();
    const unread = accounting.begun - settled(accounting) - accounting.queued;
    assert.ok(unread < 600, `${unread} spans are not read yet`);
  }, { everyMs: 10 });
}

export function runLoad({ exe, host, connections, pace }: LoadOptions): RunningLoad {
  const child = new Deno.Command(exe, {
    args: ["load", host, String(connections)],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const permits = child.stdin.getWriter();
  let stopped = false;
  let ended = false;
  let batchAnswered = Promise.withResolvers<void>();
  const read = async (): Promise<NumberedLoad> => {
    const rest: string[] = [];
    for await (const line of child.stdout.pipeThrough(new TextLineStream())) {
      if (line === "answered") batchAnswered.resolve();
      else rest.push(line);
    }
    ended = true;
    batchAnswered.resolve();
    return JSON.parse(rest.join("\n"));
  };
  const result = read();
  const send = async () => {
    for (let batches = pace.batches ?? Infinity; batches > 0 && !stopped && !ended; batches--) {
      batchAnswered = Promise.withResolvers<void>();
      await permits.write(new TextEncoder().encode(`${pace.batch}\n`));
      await batchAnswered.promise;
      await pace.rest();
    }
  };
  const answered = send();
  // Awaited only when nothing else has failed before.
  result.catch(() => {});
  answered.catch(() => {});
  const stop = async () => {
    stopped = true;
    await permits.close();
    await answered;
  };
  return { stop, answered, result };
}
