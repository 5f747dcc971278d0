/**
 * How many traces a terminal gets: all of them while they are few, else once a second a summary and some samples,
 * failed and slow ones first. Used by the printer.
 */

/** What the pace must know of a trace. */
export interface Paced {
  readonly durationNs: number;
  readonly failed: boolean;
  /** Spans of a trace that was shown before; it takes room, but is no trace of its own. */
  readonly late: boolean;
}

export interface PaceOptions {
  /** Traces printed in a second. */
  readonly tracesPerSecond: number;
  /** Traces printed beside a summary. */
  readonly samples: number;
}

/** What a window with too many traces amounts to. */
export interface PaceSummary {
  readonly traces: number;
  readonly failed: number;
  /** Null when all that came were late spans. */
  readonly p99Ns: number | null;
  readonly elapsedMs: number;
  /** Traces that are neither printed before nor among the samples. */
  readonly notPrinted: number;
}

export interface PaceReport<T> {
  readonly summary: PaceSummary;
  readonly samples: readonly T[];
}

const WINDOW_MS = 1_000;
/** Buckets of durations grow by 2^(1/32), about 2 %. */
const BUCKETS_OF_A_DOUBLING = 32;
const BUCKETS = 63 * BUCKETS_OF_A_DOUBLING;

export class PrintPace<T extends Paced> {
  readonly #options: PaceOptions;
  readonly #onLeftOut: (trace: T) => void;
  readonly #durations = new Uint32Array(BUCKETS);
  /** Best first. */
  #candidates: T[] = [];
  #open = false;
  #endsMs = 0;
  /** The window before had too many: this one prints nothing until its end. */
  #crowded = false;
  #offered = 0;
  #printed = 0;
  #traces = 0;
  #failed = 0;

  /** `onLeftOut` is told of each trace that is not going to be printed. */
  constructor(options: PaceOptions, onLeftOut: (trace: T) => void) {
    this.#options = options;
    this.#onLeftOut = onLeftOut;
  }

  /** Whether a window is open, which `settle` ends. */
  get open(): boolean {
    return this.#open;
  }

  /** Whether the trace is to be printed now. If not, it comes back as a sample or goes to `onLeftOut`. */
  offer(trace: T, nowMs: number): boolean {
    if (!this.#open) this.#begin(nowMs, false);
    this.#offered++;
    if (!trace.late) {
      this.#traces++;
      if (trace.failed) this.#failed++;
      this.#durations[bucketOf(trace.durationNs)]!++;
    }
    if (!this.#crowded && this.#offered <= this.#options.tracesPerSecond) {
      this.#printed++;
      return true;
    }
    this.#keep(trace);
    return false;
  }

  /** Ends the window when its time is over or `force` is given; null when all of it has been printed. */
  settle(nowMs: number, force = false): PaceReport<T> | null {
    if (!this.#open || (nowMs < this.#endsMs && !force)) return null;
    const samples = this.#candidates;
    const report = this.#offered === this.#printed ? null : {
      samples,
      summary: {
        traces: this.#traces,
        failed: this.#failed,
        p99Ns: this.#quantileNs(0.99),
        elapsedMs: nowMs - (this.#endsMs - WINDOW_MS),
        notPrinted: this.#offered - this.#printed - samples.length,
      },
    };
    const crowded = this.#offered > this.#options.tracesPerSecond;
    this.#open = false;
    if (crowded && !force) this.#begin(nowMs, true);
    else this.#candidates = [];
    return report;
  }

  #begin(nowMs: number, crowded: boolean) {
    this.#open = true;
    this.#crowded = crowded;
    this.#endsMs = nowMs + WINDOW_MS;
    this.#candidates = [];
    this.#offered =
      this.#printed =
      this.#traces =
      this.#failed =
        0;
    this.#durations.fill(0);
  }

  #keep(trace: T) {
    const index = this.#candidates.findIndex((other) => isBetter(trace, other));
    this.#candidates.splice(index < 0 ? this.#candidates.length : index, 0, trace);
    if (this.#candidates.length > this.#options.samples) this.#onLeftOut(this.#candidates.pop()!);
  }

  /** The middle of the bucket that holds the quantile. */
  #quantileNs(quantile: number): number | null {
    if (this.#traces === 0) return null;
    let rest = Math.ceil(this.#traces * quantile);
    const index = this.#durations.findIndex((count) => (rest -= count) <= 0);
    return 2 ** ((index + 0.5) / BUCKETS_OF_A_DOUBLING);
  }
}

function bucketOf(durationNs: number): number {
  const index = Math.floor(Math.log2(Math.max(1, durationNs)) * BUCKETS_OF_A_DOUBLING);
  return Math.min(BUCKETS - 1, index);
}

function isBetter(left: Paced, right: Paced): boolean {
  return left.failed === right.failed ? left.durationNs > right.durationNs : left.failed;
}
