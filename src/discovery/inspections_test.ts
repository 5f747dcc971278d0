import assert from "node:assert/strict";
import { createLogger } from "../support/log.ts";
import type { ProcessInfo } from "../wire/process.ts";
import { Inspections } from "./inspections.ts";

function processOf(pid: number): ProcessInfo {
  return {
    pid,
    exe: `/bin/program-${pid}`,
    exeBytes: 1_000,
    exeDevice: 1n,
    exeInode: BigInt(pid),
    exeModifiedNs: 0n,
  } as unknown as ProcessInfo;
}

Deno.test("Inspections.of() reads by the next process what it was reading by one that ended", async () => {
  const asked = new Set<number>();
  const inspections = new Inspections({
    loader: {
      async readExe(pid, _offset, count) {
        asked.add(pid);
        await new Promise((resolve) => setTimeout(resolve));
        if (pid < 3) throw new Error("no such process");
        return new Uint8Array(Math.min(count, 1_000));
      },
    },
    log: createLogger({ write: () => {} }),
  });
  const known = await Promise.all([1, 2, 3, 4].map((pid) => inspections.of("file", processOf(pid))));
  assert.deepEqual(known.map(({ isUnread = false }) => isUnread), [true, true, false, false]);
  assert.deepEqual([...asked], [1, 2, 3]);
});

Deno.test("Inspections.of() reads two executables at a time, each once, and goes on after one that fails", async () => {
  let reading = 0;
  let most = 0;
  const read: number[] = [];
  const inspections = new Inspections({
    loader: {
      async readExe(pid, _offset, count) {
        most = Math.max(most, ++reading);
        read.push(pid);
        await new Promise((resolve) => setTimeout(resolve, 1));
        reading--;
        if (pid === 2) throw new Error("gone");
        return new Uint8Array(Math.min(count, 1_000));
      },
    },
    log: createLogger({ write: () => {} }),
  });
  const pids = [1, 2, 3, 4, 5];
  const known = await Promise.all([...pids, 1].map((pid) => inspections.of(`file ${pid}`, processOf(pid))));
  assert.equal(most, 2);
  assert.deepEqual([...new Set(read)], pids);
  assert.deepEqual(known.map(({ isUnread = false }) => isUnread), [false, true, false, false, false, false]);
  assert.equal(known[0], known[5]);
});
