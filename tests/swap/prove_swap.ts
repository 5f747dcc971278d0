/**
 * The long proof: at least 500 swaps while at least 1,000,000 spans are made (environment: SWAPS, SPANS). Prints how
 * long swaps took and writes it under its heading into bench/RESULTS.md. Run by `deno task prove-swap`.
 */
import { writeSection } from "../../bench/results.ts";
import { proveSwaps, type SwapProof } from "./swap.ts";

function percentile(values: readonly number[], share: number): string {
  const sorted = values.toSorted((a, b) => a - b);
  return (sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0).toFixed(2);
}

function report({ swaps, spans, slowRequests, loadMs, stageMs, swapMs, pushMs }: SwapProof): string {
  const row = (name: string, values: readonly number[]) =>
    `| ${name} | ${percentile(values, 0.5)} | ${percentile(values, 0.99)} | ${percentile(values, 1)} |`;
  return [
    "# Swapping decoders under load",
    "",
    `\`deno task prove-swap\`: ${swaps} swaps between decoders of differently shaped records, every one in bytes never ` +
    `seen before, pushed by PUT while two Go services made ${spans} spans in ${
      Math.round(loadMs / 1000)
    } s ` +
    `(${
      Math.round(spans / loadMs * 1000)
    } a second); ${slowRequests} of the requests took 10 s. Every span was checked by ` +
    "the number in its request: 0 lost, 0 twice, 0 decoded wrongly.",
    "",
    `Kernel ${Deno.osRelease()}, ${navigator.hardwareConcurrency} CPUs, virtual machine, shared with the load.`,
    "",
    "| ms | p50 | p99 | max |",
    "|---|---|---|---|",
    row("swap: from the filled slot until the probes are flipped in the kernel", swapMs),
    row("staging, while the old decoder works on: instance, layout and plans into a free slot", stageMs),
    row("whole push: upload, gate, staging, swap, answer", pushMs),
    "",
  ].join("\n");
}

const proof = await proveSwaps({
  swaps: Number(Deno.env.get("SWAPS") ?? 500),
  spans: Number(Deno.env.get("SPANS") ?? 1_000_000),
  batch: null,
});
const section = report(proof);
await Deno.stdout.write(new TextEncoder().encode(section));
await writeSection(section);
