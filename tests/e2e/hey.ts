/** Debian's load generator `hey`, and its own report: a line for each request. */

export interface HeyOptions {
  readonly url: string;
  /** Sent exactly, if it is a multiple of `concurrency`. */
  readonly requests: number;
  readonly concurrency: number;
}

export interface HeyReport {
  /** Answered requests by status. */
  readonly byStatus: Readonly<Record<string, number>>;
  /** Of all answered requests, rising. */
  readonly durationsS: readonly number[];
}

/** Sends the requests, and returns when all are answered. */
export async function hey({ url, requests, concurrency }: HeyOptions): Promise<HeyReport> {
  const { success, stdout, stderr } = await new Deno.Command("hey", {
    args: ["-n", `${requests}`, "-c", `${concurrency}`, "-o", "csv", url],
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  if (!success) throw new Error(`hey failed: ${decoder.decode(stderr)}`);
  const [head = "", ...lines] = decoder.decode(stdout).trimEnd().split("\n");
  const columns = head.split(",");
  const [duration, status] = [columns.indexOf("response-time"), columns.indexOf("status-code")];
  const rows = lines.map((line) => line.split(","));
  return {
    byStatus: Object.fromEntries(
      Map.groupBy(rows, (row) => row[status]!).entries().map(([code, { length }]) => [code, length]),
    ),
    durationsS: rows.map((row) => Number(row[duration])).sort((a, b) => a - b),
  };
}

/** The value below which the share of `sorted` lies, itself included: the nearest rank. */
export function quantileOf(sorted: readonly number[], quantile: number): number {
  const value = sorted[Math.ceil(sorted.length * quantile) - 1];
  if (value === undefined) throw new Error("Nothing has no quantile");
  return value;
}
