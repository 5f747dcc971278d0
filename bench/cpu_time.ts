/** CPU time of processes, from the scheduler's own clock. Used by the benchmarks; Linux only. */

/** Nanoseconds that all threads of a process have run so far, those that ended left out. */
export function cpuTimeNs(pid: number): number {
  let total = 0;
  for (const { name } of Deno.readDirSync(`/proc/${pid}/task`)) {
    try {
      const [ranNs] = Deno.readTextFileSync(`/proc/${pid}/task/${name}/schedstat`).split(" ");
      total += Number(ranNs);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  return total;
}

/** Processes whose parent is `pid`. */
export function childrenOf(pid: number): number[] {
  return Deno.readTextFileSync(`/proc/${pid}/task/${pid}/children`).split(" ").filter(Boolean).map(Number);
}
