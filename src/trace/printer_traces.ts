/**
 * Traces for people: waits for each to be whole, shows it as a waterfall, and when there are too many says so once
 * a second instead. Used by the printer.
 */
import type { Clock } from "../support/clock.ts";
import { fitWidth } from "../support/text.ts";
import { type AssembledTrace, TraceAssembler } from "./assembler.ts";
import { countText, createPainter, durationText, timeText } from "./format.ts";
import { decodeSpan } from "./otlp_span.ts";
import type { PrinterOutput } from "./printer_output.ts";
import { type PaceSummary, PrintPace } from "./printer_pace.ts";
import type { Resource } from "./resource.ts";
import type { StoredSpan } from "./trace.ts";
import { renderWaterfall } from "./waterfall.ts";

export interface TracePrinterOptions {
  readonly output: PrinterOutput;
  readonly colour: boolean;
  readonly width: () => number;
  readonly clock: Clock;
  /** Told of each span that turns out to be none. */
  readonly onMalformed: (error: unknown) => void;
}

interface FinishedTrace extends AssembledTrace {
  readonly late: boolean;
}

/** More is no longer read but scrolls by. */
const TRACES_PER_SECOND = 10;
const SAMPLES = 3;
/** Rows of one trace. */
const MAX_ROWS = 50;
/** Finished traces that are remembered, so that a late span is known as one. */
const MAX_RECENT = 8_192;
const TICK_MS = 100;

export class TracePrinter {
  readonly #options: TracePrinterOptions;
  readonly #assembler = new TraceAssembler();
  readonly #pace = new PrintPace<FinishedTrace>(
    { tracesPerSecond: TRACES_PER_SECOND, samples: SAMPLES },
    (trace) => this.#leaveOut(trace),
  );
  /** Whether the trace was printed. */
  readonly #recent = new Map<string, boolean>();
  /** Stops the timer, which runs while something waits for time to pass. */
  #timer: AbortController | null = null;
  /** Spans that the pace keeps. */
  #kept = 0;
  #summarized = 0;

  constructor(options: TracePrinterOptions) {
    this.#options = options;
  }

  /** Spans that are in summaries only. */
  get summarized(): number {
    return this.#summarized;
  }

  /** Spans that are not printed yet. */
  get waiting(): number {
    return this.#assembler.spans + this.#kept;
  }

  /**
   * Takes a Span message, which is copied.
   *
   * @throws {RangeError} when it is none.
   */
  add(resource: Resource, span: Uint8Array): void {
    if (this.#options.output.closed) this.#options.output.drop(1);
    else this.#assembler.add(resource, span, this.#options.clock.elapsed());
  }

  /** Prints what is finished by now, and goes on by itself as long as something waits. */
  settle(): void {
    const nowMs = this.#options.clock.elapsed();
    for (const trace of this.#assembler.take(nowMs)) this.#offer(trace, nowMs);
    this.#endWindow(nowMs, false);
    if (this.#waitsForTime && this.#timer === null) this.#tick(this.#timer = new AbortController());
  }

  /** Prints everything that waits, finished or not. */
  finish(): void {
    const nowMs = this.#options.clock.elapsed();
    for (const trace of this.#assembler.takeAll()) this.#offer(trace, nowMs);
    this.#endWindow(nowMs, true);
    this.#timer?.abort();
    this.#timer = null;
  }

  get #waitsForTime(): boolean {
    return this.#assembler.spans > 0 || this.#pace.open;
  }

  async #tick(timer: AbortController): Promise<void> {
    while (this.#waitsForTime) {
      await this.#options.clock.sleep(TICK_MS, timer.signal);
      if (timer.signal.aborted) return;
      this.settle();
    }
    this.#timer = null;
  }

  #offer(assembled: AssembledTrace, nowMs: number) {
    const printedBefore = this.#recent.get(assembled.traceId);
    const trace = { ...assembled, late: printedBefore !== undefined };
    if (printedBefore === false) {
      this.#summarized += trace.spans.length;
      return;
    }
    this.#kept += trace.spans.length;
    if (this.#pace.offer(trace, nowMs)) this.#print(trace);
    else if (!trace.late) this.#remember(trace.traceId, false);
  }

  #endWindow(nowMs: number, force: boolean) {
    const report = this.#pace.settle(nowMs, force);
    if (report === null) return;
    if (report.summary.notPrinted > 0) this.#printSummary(report.summary);
    for (const trace of report.samples) this.#print(trace);
  }

  #printSummary(summary: PaceSummary) {
    const { clock, colour, width, output } = this.#options;
    const time = timeText(BigInt(clock.now()) * 1_000_000n);
    const line = fitWidth(`${time}  ${summaryText(summary)}`, width()).trimEnd();
    output.push(createPainter(colour).strong(line) + "\n", 0);
  }

  #print(trace: FinishedTrace) {
    this.#kept -= trace.spans.length;
    this.#remember(trace.traceId, true);
    const { output, colour, width } = this.#options;
    if (output.blocked) return output.drop(trace.spans.length);
    const spans = this.#decode(trace);
    if (spans.length === 0) return;
    const { traceId, late } = trace;
    const text = renderWaterfall({ traceId, spans }, { colour, width: width(), late, maxRows: MAX_ROWS });
    const shown = Math.min(spans.length, MAX_ROWS);
    this.#summarized += spans.length - shown;
    // What has several lines stands apart from what follows.
    output.push(spans.length > 1 ? `${text}\n` : text, shown);
  }

  /** In order of their start. */
  #decode({ spans }: FinishedTrace): StoredSpan[] {
    const decoded: StoredSpan[] = [];
    for (const { resource, bytes } of spans) {
      try {
        decoded.push({ resource, span: decodeSpan(bytes) });
      } catch (error) {
        this.#options.onMalformed(error);
      }
    }
    return decoded.sort((a, b) => Number(a.span.startTimeUnixNano - b.span.startTimeUnixNano));
  }

  #leaveOut(trace: FinishedTrace) {
    this.#kept -= trace.spans.length;
    this.#summarized += trace.spans.length;
  }

  #remember(traceId: string, printed: boolean) {
    this.#recent.set(traceId, printed);
    if (this.#recent.size > MAX_RECENT) this.#recent.delete(this.#recent.keys().next().value!);
  }
}

/** "1,204 traces/s, 12 with errors, p99 41.0 ms; 1,180 not printed" */
function summaryText({ traces, failed, p99Ns, elapsedMs, notPrinted }: PaceSummary): string {
  const number = (value: number) => value.toLocaleString("en-US");
  if (p99Ns === null) return `late spans of ${countText(notPrinted, "trace")} not printed`;
  const rate = Math.round(traces / Math.max(1, elapsedMs) * 1_000);
  const errors = failed > 0 ? `, ${number(failed)} with errors` : "";
  return `${countText(rate, "trace")}/s${errors}, p99 ${durationText(p99Ns)}; ${
    number(notPrinted)
  } not printed`;
}
