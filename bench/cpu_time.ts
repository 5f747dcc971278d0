/** CPU time of processes, from the scheduler's own clock. Used by the benchmarks; Linux only. */

/** Nanoseconds that all threads of a process have run so far, those that ended left out. */
export function cpuTimeNs(pid: number): number {
  return threadTimes(pid).values().reduce((sum, ranNs) => sum + ranNs, 0);
}

function threadTimes(pid: number): Map<string, number> {
  const times = new Map<string, number>();
  for (const { name } of Deno.readDirSync(`/proc/${pid}/task`)) {
    try {
      const [ranNs] = Deno.readTextFileSync(`/proc/${pid}/task/${name}/schedstat`).split(" ");
      times.set(name, Number(ranNs));
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  return times;
}

/** Processes whose parent is `pid`. */
export function childrenOf(pid: number): number[] {
  return Deno.readTextFileSync(`/proc/${pid}/task/${pid}/children`).split(" ").filter(Boolean).map(Number);
}

/** CPU time from one reading to the next, to the nanosecond; what threads ran that have ended since is left out. */
export class CpuMeter {
  readonly #pid: number;
  #before: ReadonlyMap<string, number>;

  constructor(pid: number) {
    this.#pid = pid;
    this.#before = threadTimes(pid);
  }

  /** Nanoseconds since the last call. */
  elapsedNs(): number {
    const now = threadTimes(this.#pid);
    let sum = 0;
    for (const [thread, ranNs] of now) sum += ranNs - (this.#before.get(thread) ?? 0);
    this.#before = now;
    return sum;
  }
}
