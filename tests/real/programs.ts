/** Go programs that nobody here wrote: Debian's packages, unpacked without installing them, and pinned modules. */
import { join } from "node:path";
import { ROOT } from "../support/agent.ts";
import { cacheDirectory } from "../support/cache.ts";
import { eventually } from "../support/eventually.ts";
import { goBuild } from "../support/go_build.ts";

const DEBIAN_PACKAGES = ["caddy", "prometheus", "prometheus-node-exporter", "prometheus-blackbox-exporter"];

/** Directory with the executables of the Debian packages; downloaded once. */
export async function debianPrograms(): Promise<string> {
  const directory = join(cacheDirectory("debian"), "bookworm-1");
  const { success } = await new Deno.Command(`${ROOT}/scripts/fetch_debs`, {
    args: ["bookworm", directory, ...DEBIAN_PACKAGES],
    stdin: "null",
    stdout: "inherit",
    stderr: "inherit",
  }).output();
  if (!success) throw new Error(`Cannot fetch ${DEBIAN_PACKAGES.join(", ")} from Debian`);
  return join(directory, "usr/bin");
}

/** The executable of go-httpbin, as its users build it. */
export function httpbin(): Promise<string> {
  return goBuild({
    module: `${ROOT}/tests/real/modules`,
    package: "github.com/mccutchen/go-httpbin/v2/cmd/go-httpbin",
    toolchain: "1.26.11",
    flavour: "stripped",
  });
}

/** A started program that answers on a URL. */
export class Daemon implements AsyncDisposable {
  private constructor(readonly pid: number, private readonly child: Deno.ChildProcess) {}

  /** Starts it and waits until `readyUrl` answers anything. */
  static async start(exe: string, args: readonly string[], readyUrl: string): Promise<Daemon> {
    const child = new Deno.Command(exe, {
      args: [...args],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    const daemon = new Daemon(child.pid, child);
    try {
      await eventually(async () => await (await fetch(readyUrl)).body?.cancel());
    } catch (cause) {
      await daemon[Symbol.asyncDispose]();
      throw new Error(`${exe} does not answer on ${readyUrl}`, { cause });
    }
    return daemon;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.child.kill("SIGKILL");
    } catch {
      // It has ended already.
    }
    await this.child.status;
  }
}
