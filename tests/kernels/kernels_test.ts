/** The BPF programs load under the stock kernels of Debian, old and new, in a VM. Needs no root. */
import assert from "node:assert/strict";
import { runLoader, type StockKernel } from "./vm.ts";

const KERNELS: readonly StockKernel[] = [
  { series: "6.1", suite: "bookworm", package: "linux-image-6\\.1\\.0-[0-9]+-amd64" },
  {
    series: "6.12",
    suite: "bookworm-backports",
    package: "linux-image-6\\.12\\.[0-9+.]*(deb|bpo)[0-9]*-amd64",
  },
];

for (const kernel of KERNELS) {
  Deno.test(`the loader loads and ends cleanly under Debian's kernel ${kernel.series}`, async () => {
    const console = await runLoader(kernel);
    assert.match(console, new RegExp(`^vm: kernel ${kernel.series.replace(".", "\\.")}\\.`, "m"), console);
    assert.match(console, /^vm: loader status 0$/m, console);
    assert.match(console, new RegExp(`^vm: hello .*${kernel.series.replace(".", "\\.")}\\.`, "m"), console);
  });
}
