/** A closed-loop load by `wrk`, kept on one CPU. Used by the benchmarks. */

/** What a run of wrk says. */
export interface LoadResult {
  readonly requests: number;
  readonly failures: number;
}

/** How hard and how long. */
export interface LoadOptions {
  readonly url: string;
  readonly seconds: number;
  readonly connections: number;
  /** CPU that the load generator stays on. */
  readonly cpu: number;
}

/** Runs wrk with a sampled trace context in each request. */
export async function runLoad({ url, seconds, connections, cpu }: LoadOptions): Promise<LoadResult> {
  const { code, stdout, stderr } = await new Deno.Command("taskset", {
    args: [
      ...["-c", String(cpu), "wrk", "-t1", `-c${connections}`, `-d${seconds}s`],
      ...["-H", "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", url],
    ],
  }).output();
  const text = new TextDecoder().decode(stdout);
  if (code !== 0) throw new Error(`Cannot run wrk: ${text}${new TextDecoder().decode(stderr)}`);
  const requests = Number(/(\d+) requests in/.exec(text)?.[1]);
  const errors = /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(text);
  const failures = (errors?.slice(1).map(Number) ?? []).reduce((sum, count) => sum + count, 0) +
    Number(/Non-2xx or 3xx responses: (\d+)/.exec(text)?.[1] ?? 0);
  return { requests, failures };
}
