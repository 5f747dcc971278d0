/** A process as the loader tells it, for tests: what is not given says nothing. */
import type { ProcessInfo } from "../../src/wire/process.ts";

export function processInfo(parts: Partial<ProcessInfo> = {}): ProcessInfo {
  return {
    pid: 42,
    parentPid: 1,
    exe: "/opt/app",
    exeDevice: 1n,
    exeInode: 1n,
    exeBytes: 1,
    exeModifiedNs: 0n,
    startNs: 0n,
    environment: {},
    args: [],
    cgroup: "",
    ...parts,
  };
}
