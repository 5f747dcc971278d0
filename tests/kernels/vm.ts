/**
 * Runs the loader under a stock Debian kernel, in a throw-away VM without disk and network: QEMU in software
 * emulation boots the kernel with an initramfs that holds busybox, the loader and its libraries.
 */
import { join } from "node:path";
import { ROOT } from "../support/agent.ts";
import { cacheDirectory } from "../support/cache.ts";
import { ScratchDirectory } from "../support/scratch.ts";
import { cpio, type CpioEntry } from "./initramfs.ts";

/** A kernel as Debian ships it. */
export interface StockKernel {
  /** "6.1" */
  readonly series: string;
  readonly suite: string;
  /** Extended regular expression for the package; the newest match is taken. */
  readonly package: string;
}

/** The emulation needs a minute on an idle machine. */
const TIMEOUT_MS = 900_000;

/** Loads everything, says HELLO, and ends when its stdin does. */
const INIT = `#!/bin/sh
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mount -t bpf bpf /sys/fs/bpf
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mount -t debugfs debugfs /sys/kernel/debug
ulimit -l unlimited
ip link set lo up
echo "vm: kernel $(uname -r)"
mkfifo /records
tr -cd ' -~' </records >/hello &
sleep 8 | tsunagi-go --output /records
echo "vm: loader status $?"
wait
echo "vm: hello $(head -c 300 /hello)"
poweroff -f
`;

async function libraries(exe: string): Promise<string[]> {
  const { stdout } = await new Deno.Command("ldd", { args: [exe] }).output();
  return [...new TextDecoder().decode(stdout).matchAll(/(\/\S+) \(0x/g)].map(([, path]) => path ?? "");
}

async function initramfs(loader: string): Promise<Uint8Array<ArrayBuffer>> {
  const file = (path: string, from: string): CpioEntry => ({
    path,
    kind: "file",
    data: Deno.readFileSync(from),
  });
  const directory = (path: string): CpioEntry => ({ path, kind: "directory" });
  const entries: CpioEntry[] = ["bin", "dev", "proc", "sys", "lib64"].map(directory);
  entries.push(file("bin/busybox", "/bin/busybox"), file("bin/tsunagi-go", loader));
  entries.push({ path: "bin/sh", kind: "link", data: new TextEncoder().encode("busybox") });
  entries.push({ path: "init", kind: "file", data: new TextEncoder().encode(INIT) });
  const made = new Set(["lib64"]);
  for (const path of await libraries(loader)) {
    const parts = path.slice(1).split("/");
    for (let n = 1; n < parts.length; n++) {
      const parent = parts.slice(0, n).join("/");
      if (!made.has(parent)) entries.push(directory(parent));
      made.add(parent);
    }
    entries.push(file(path.slice(1), path));
  }
  return cpio(entries);
}

async function kernelImage(kernel: StockKernel): Promise<string> {
  const directory = join(cacheDirectory("kernels"), `${kernel.suite}-${kernel.series}`);
  const { success } = await new Deno.Command(`${ROOT}/scripts/fetch_debs`, {
    args: [kernel.suite, directory, kernel.package],
    stdin: "null",
    stdout: "inherit",
    stderr: "inherit",
  }).output();
  if (!success) throw new Error(`Cannot fetch a kernel ${kernel.series} from Debian's ${kernel.suite}`);
  const boot = join(directory, "boot");
  const image = [...Deno.readDirSync(boot)].find(({ name }) => name.startsWith("vmlinuz-"));
  if (!image) throw new Error(`Cannot find a kernel in ${boot}`);
  return join(boot, image.name);
}

/** What a VM wrote on its console. */
export async function runLoader(kernel: StockKernel): Promise<string> {
  using scratch = new ScratchDirectory();
  const image = await kernelImage(kernel);
  const initrd = join(scratch.path, "initrd");
  Deno.writeFileSync(initrd, await initramfs(join(ROOT, "build/tsunagi-go")));
  const { stdout } = await new Deno.Command("qemu-system-x86_64", {
    args: [
      ...["-nodefaults", "-no-user-config", "-display", "none", "-no-reboot", "-serial", "stdio"],
      // With one thread for each CPU, kernels that patch their own code were seen to crash now and then.
      ...["-machine", "pc", "-accel", "tcg,thread=single", "-cpu", "max,la57=off", "-smp", "2", "-m", "1G"],
      ...["-kernel", image, "-initrd", initrd],
      // The check of the timer counts its ticks, which a busy machine delivers late.
      ...[
        "-append",
        "console=ttyS0 quiet panic=-1 oops=panic nokaslr mitigations=off net.ifnames=0 no_timer_check",
      ],
    ],
    stdin: "null",
    stderr: "inherit",
    signal: AbortSignal.timeout(TIMEOUT_MS),
  }).output();
  return new TextDecoder().decode(stdout).replaceAll("\r", "");
}
