/** The table of processes in the stage's memory, by process id. Kept by stage.ts; read by decoder-as/red/processes.ts. */
import * as map from "../../decoder-as/red/memory_map.ts";
import type { ProcessRules } from "./types.ts";

const ENTRY_BYTES = 16;
/** Half of the table's entries, so that it stays quick. */
const MAX_PROCESSES: number = map.PROCESS_ENTRIES / 2;

/** Where the stage begins to look for a process. */
const homeOf = (pid: number): number => Math.imul(pid, 0x9e3779b1) >>> 17;

export class ProcessTable {
  /** Set longest ago first. */
  readonly #byPid = new Map<number, ProcessRules>();
  readonly #view: () => DataView;

  constructor(view: () => DataView) {
    this.#view = view;
  }

  /** What holds from now on; where there are too many processes, the one set longest ago becomes unknown. */
  set(rules: ProcessRules): void {
    this.#byPid.delete(rules.pid);
    this.#byPid.set(rules.pid, rules);
    if (this.#byPid.size <= MAX_PROCESSES) return this.#write(rules);
    for (const pid of this.#byPid.keys()) {
      this.#byPid.delete(pid);
      break;
    }
    this.#rebuild();
  }

  forget(resource: number): void {
    const before = this.#byPid.size;
    for (const rules of this.#byPid.values()) {
      if (rules.resource === resource) this.#byPid.delete(rules.pid);
    }
    if (this.#byPid.size !== before) this.#rebuild();
  }

  #rebuild(): void {
    const { buffer } = this.#view();
    new Uint8Array(buffer, map.PROCESSES_OFFSET, map.PROCESS_ENTRIES * ENTRY_BYTES).fill(0);
    for (const rules of this.#byPid.values()) this.#write(rules);
  }

  #write({ pid, resource, routes, traces, metrics, filtered = false }: ProcessRules): void {
    const view = this.#view();
    let index = homeOf(pid);
    for (;;) {
      const at = map.PROCESSES_OFFSET + ENTRY_BYTES * index;
      if (view.getUint32(at + 12, true) === 0 || view.getUint32(at, true) === pid >>> 0) {
        view.setUint32(at, pid, true);
        view.setUint32(at + 4, resource, true);
        view.setUint32(at + 8, routes, true);
        const flags = (traces ? map.PROCESS_TRACES : 0) | (metrics ? map.PROCESS_METRICS : 0) |
          (filtered ? map.PROCESS_FILTERED : 0);
        view.setUint32(at + 12, map.PROCESS_TAKEN | flags, true);
        return;
      }
      index = (index + 1) & (map.PROCESS_ENTRIES - 1);
    }
  }
}
