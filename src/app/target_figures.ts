/**
 * What the agent itself measures of each process: its spans as they leave the decoders, how soon the first one came,
 * and how long attaching took. Made by Agent, which tells it what happens; read for the targets and for /metrics.
 */
import type { AttachTime, Target } from "../discovery/target.ts";
import { Distribution } from "../metrics/distribution.ts";
import { type Clock, SYSTEM_CLOCK } from "../support/clock.ts";

/** Processes that ended are told for `ttlMs`, and no more of them than this. */
const MAX_ENDED = 1_024;
const ATTACH_BOUNDS_S: readonly number[] = [0.01, 0.05, 0.1, 0.5, 1, 5, 30];

/** Figures of one process. */
export interface TargetSpans {
  /** Handed to the printer, the store and the exporter. */
  readonly spans: number;
  /** From the attached probes to the first span; null before there is one. */
  readonly firstSpanMs: number | null;
}

/** What /metrics says of one process. */
export interface TargetSeries {
  readonly pid: number;
  readonly service: string;
  readonly spans: number;
}

/** In seconds, of all processes since the agent began. */
export interface AttachTimes {
  readonly analysis: Distribution;
  readonly attach: Distribution;
}

export interface TargetFiguresOptions {
  /** Name of the service of a process. */
  readonly serviceOf: (pid: number) => string;
  /** How long a process that ended is still told. */
  readonly ttlMs: () => number;
  readonly clock?: Clock;
}

interface Entry {
  spans: number;
  attachTime: AttachTime | null;
  attachedMs: number;
  firstSpanMs: number | null;
}

interface Ended {
  readonly pid: number;
  readonly service: string;
  spans: number;
  readonly endedMs: number;
}

const NO_SPANS: TargetSpans = { spans: 0, firstSpanMs: null };

export class TargetFigures {
  readonly #options: TargetFiguresOptions;
  readonly #clock: Clock;
  readonly #running = new Map<number, Entry>();
  /** By process and service, the one that ended first in front. */
  readonly #ended = new Map<string, Ended>();
  readonly attachTimes: AttachTimes = {
    analysis: new Distribution(ATTACH_BOUNDS_S),
    attach: new Distribution(ATTACH_BOUNDS_S),
  };

  constructor(options: TargetFiguresOptions) {
    this.#options = options;
    this.#clock = options.clock ?? SYSTEM_CLOCK;
  }

  /** A process was found; one that was only lost sight of goes on. Called before any of its spans. */
  found(pid: number): void {
    if (this.#running.has(pid)) return;
    const key = this.#keyOf(pid);
    const spans = this.#ended.get(key)?.spans ?? 0;
    this.#ended.delete(key);
    this.#running.set(pid, { spans, attachTime: null, attachedMs: 0, firstSpanMs: null });
  }

  /** The state of a process is another; one that is attached is measured once. */
  changed({ pid, attachTime }: Pick<Target, "pid" | "attachTime">): void {
    const entry = this.#running.get(pid);
    if (!entry || !attachTime || entry.attachTime === attachTime) return;
    entry.attachTime = attachTime;
    entry.attachedMs = this.#clock.elapsed();
    entry.firstSpanMs = null;
    this.attachTimes.analysis.add(attachTime.analysisMs / 1_000);
    this.attachTimes.attach.add(attachTime.attachMs / 1_000);
  }

  /** Spans of a process have come; some were still on their way when it ended. */
  count(pid: number, spans: number): void {
    const entry = this.#running.get(pid);
    if (!entry) {
      const ended = this.#ended.get(this.#keyOf(pid));
      if (ended) ended.spans += spans;
      return;
    }
    if (entry.attachTime !== null) entry.firstSpanMs ??= this.#clock.elapsed() - entry.attachedMs;
    entry.spans += spans;
  }

  /** A process has ended, or is looked at no more. */
  ended(pid: number): void {
    const entry = this.#running.get(pid);
    if (!entry) return;
    this.#running.delete(pid);
    if (!hasSeries(entry)) return;
    const service = this.#options.serviceOf(pid);
    this.#ended.set(this.#keyOf(pid), { pid, service, spans: entry.spans, endedMs: this.#clock.elapsed() });
    const [oldest] = this.#ended.keys();
    if (this.#ended.size > MAX_ENDED && oldest !== undefined) this.#ended.delete(oldest);
  }

  of(pid: number): TargetSpans {
    const { spans, firstSpanMs } = this.#running.get(pid) ?? NO_SPANS;
    return { spans, firstSpanMs };
  }

  /** Processes that are or were traced, each once. */
  series(): TargetSeries[] {
    const last = this.#clock.elapsed() - this.#options.ttlMs();
    const series = new Map<string, TargetSeries>();
    for (const [key, { endedMs, ...ended }] of this.#ended) {
      if (endedMs <= last) this.#ended.delete(key);
      else series.set(key, ended);
    }
    for (const [pid, entry] of this.#running) {
      if (!hasSeries(entry)) continue;
      series.set(this.#keyOf(pid), { pid, service: this.#options.serviceOf(pid), spans: entry.spans });
    }
    return [...series.values()];
  }

  #keyOf(pid: number): string {
    return `${pid} ${this.#options.serviceOf(pid)}`;
  }
}

/** Only of what is or was traced. */
function hasSeries({ attachTime, spans }: Entry): boolean {
  return attachTime !== null || spans > 0;
}
