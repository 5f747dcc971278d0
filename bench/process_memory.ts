/** What a process occupies, from smaps_rollup and the names of its mappings. Used by bench/idle.ts; Linux only. */

/** KiB, as the kernel counts. `file`: pages of the program and its libraries, shared with others that run it. */
export interface ProcessMemory {
  readonly rss: number;
  readonly pss: number;
  readonly anonymous: number;
  readonly file: number;
}

export function processMemory(pid: number): ProcessMemory {
  const text = Deno.readTextFileSync(`/proc/${pid}/smaps_rollup`);
  const kib = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(text)?.[1]);
  const [rss, anonymous] = [kib("Rss"), kib("Anonymous")];
  return { rss, pss: kib("Pss"), anonymous, file: rss - anonymous };
}
