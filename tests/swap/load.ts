/** Runs the matrix program's load generator, which numbers its requests, until it is told to stop. */
import { TextLineStream } from "../support/lines.ts";

/** What it says at its end: requests numbered from 0 up to `sent`, and how many were not answered by 200. */
export interface NumberedLoad {
  readonly sent: number;
  readonly failed: number;
  readonly reason: string;
}

/** A running load. */
export interface RunningLoad {
  /** Lets requests in flight end; call it once. */
  readonly stop: () => Promise<void>;
  readonly result: Promise<NumberedLoad>;
}

export function runLoad(exe: string, host: string, connections: number): RunningLoad {
  const child = new Deno.Command(exe, {
    args: ["load", host, String(connections)],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const read = async (): Promise<NumberedLoad> => {
    const lines = await Array.fromAsync(child.stdout.pipeThrough(new TextLineStream()));
    return JSON.parse(lines.join("\n"));
  };
  const result = read();
  // Awaited only when nothing else has failed before.
  result.catch(() => {});
  return { stop: () => child.stdin.close(), result };
}
