/**
 * Processes whose open ports decide what becomes of them, asked again while they live: a server listens some time
 * after its exec. Used by Discovery.
 */

const TICK_MS = 1_000;
/** A process is asked at every tick when it is new, later every few: most servers listen at once or never. */
const NEW_MS = 60_000;
const OLD_TICKS = 5;

export interface PortWatchOptions {
  readonly ports: (pid: number) => Promise<readonly number[]>;
  /** The process listens on other ports than it did. */
  readonly onChange: (pid: number) => void;
  readonly signal: AbortSignal;
}

interface Watched {
  readonly sinceMs: number;
  /** As they were last; null: being asked for. */
  ports: string | null;
}

/** Asks for ports once a second while there is somebody to watch. */
export class PortWatch {
  readonly #options: PortWatchOptions;
  readonly #watched = new Map<number, Watched>();
  #timer: ReturnType<typeof setInterval> | null = null;
  #ticks = 0;

  constructor(options: PortWatchOptions) {
    this.#options = options;
    options.signal.addEventListener("abort", () => this.#stop());
  }

  /** From now on, against these ports. */
  watch(pid: number, ports: readonly number[]): void {
    if (this.#options.signal.aborted) return;
    const sinceMs = this.#watched.get(pid)?.sinceMs ?? performance.now();
    this.#watched.set(pid, { sinceMs, ports: ports.join() });
    if (this.#timer !== null) return;
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
    Deno.unrefTimer(this.#timer);
  }

  forget(pid: number): void {
    if (this.#watched.delete(pid) && this.#watched.size === 0) this.#stop();
  }

  #stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }

  #tick(): void {
    const isOldTick = ++this.#ticks % OLD_TICKS === 0;
    const newSinceMs = performance.now() - NEW_MS;
    for (const [pid, watched] of this.#watched) {
      if (watched.ports !== null && (isOldTick || watched.sinceMs > newSinceMs)) this.#ask(pid, watched);
    }
  }

  async #ask(pid: number, watched: Watched): Promise<void> {
    const before = watched.ports;
    watched.ports = null;
    const ports = await this.#options.ports(pid).then((ports) => ports.join(), () => before);
    watched.ports = ports;
    if (ports !== before && this.#watched.get(pid) === watched) this.#options.onChange(pid);
  }
}
