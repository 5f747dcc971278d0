/**
 * Finished spans on stdout: whole traces for people, or a line of OTLP's JSON for each span. However many there
 * are, memory and what people get in a second are bounded, and every span that is not printed is counted. Made by
 * the composition root, which hands it every batch.
 */
import type { PrintMode } from "../config/config.ts";
import { type Clock, SYSTEM_CLOCK } from "../support/clock.ts";
import type { Logger } from "../support/log.ts";
import { attributesToJson, spanToJson } from "./otlp_json.ts";
import { decodeSpan } from "./otlp_span.ts";
import { PrinterOutput } from "./printer_output.ts";
import { TracePrinter } from "./printer_traces.ts";
import type { Resource } from "./resource.ts";
import type { SpanSlice } from "./split.ts";

export interface SpanPrinterOptions {
  readonly mode: PrintMode;
  /** Default: whether stdout is a terminal, unless NO_COLOR is set. */
  readonly colour?: boolean;
  readonly log: Logger;
  /** Writes all of `bytes`. Default: stdout. */
  readonly write?: (bytes: Uint8Array) => Promise<void>;
  /** Columns of a line, asked for each trace. Default: those of the terminal, 120 where there is none. */
  readonly width?: () => number;
  /** Text that waits for a slow stdout. Default 8 MiB. */
  readonly maxPendingBytes?: number;
  readonly clock?: Clock;
}

/** Spans, by what became of them. */
export interface SpanPrinterStats {
  readonly printed: number;
  /** Not printed: stdout was too slow, or closed, or the span was no span. */
  readonly dropped: number;
  /** Not printed: there was too much for people to read; their traces are in the summary of their second. */
  readonly summarized: number;
  /** Waiting for the rest of their trace, for the end of the second, or for stdout. */
  readonly waiting: number;
}

const DEFAULT_MAX_PENDING_BYTES = 8 * 1024 * 1024;
const WIDTH_WITHOUT_TERMINAL = 120;

export class SpanPrinter {
  readonly #log: Logger;
  readonly #output: PrinterOutput;
  readonly #traces: TracePrinter;
  #mode: PrintMode;
  #malformed = 0;

  constructor(options: SpanPrinterOptions) {
    const { mode, log, write = writeStdout, maxPendingBytes = DEFAULT_MAX_PENDING_BYTES } = options;
    const terminal = options.write === undefined && Deno.stdout.isTerminal();
    this.#mode = mode;
    this.#log = log;
    this.#output = new PrinterOutput({ write, maxPendingBytes, log });
    this.#traces = new TracePrinter({
      output: this.#output,
      colour: options.colour ?? (terminal && !Deno.noColor),
      width: options.width ?? (terminal ? terminalWidth : () => WIDTH_WITHOUT_TERMINAL),
      clock: options.clock ?? SYSTEM_CLOCK,
      onMalformed: (error) => this.#countMalformed(error),
    });
  }

  /** Prints the spans that `slices` names in `bytes`, which may be reused afterwards. */
  print(resource: Resource, bytes: Uint8Array, slices: readonly SpanSlice[]): void {
    if (this.#mode === "off") return;
    for (const { start, end } of slices) {
      const span = bytes.subarray(start, end);
      try {
        if (this.#mode === "text") this.#traces.add(resource, span);
        else if (this.#output.blocked) this.#output.drop(1);
        else this.#output.push(jsonLine(resource, span), 1);
      } catch (error) {
        this.#countMalformed(error);
      }
    }
    if (this.#mode === "text") this.#traces.settle();
  }

  /** Changes what is printed from the next span on; those before are printed as they would have been. */
  setMode(mode: PrintMode): void {
    if (mode !== this.#mode) this.#traces.finish();
    this.#mode = mode;
  }

  /** Prints what waits for more, and resolves when everything is written. */
  async flush(): Promise<void> {
    this.#traces.finish();
    await this.#output.flush();
  }

  stats(): SpanPrinterStats {
    const { written, dropped, pending } = this.#output.spans;
    return {
      printed: written,
      dropped: dropped + this.#malformed,
      summarized: this.#traces.summarized,
      waiting: pending + this.#traces.waiting,
    };
  }

  #countMalformed(error: unknown) {
    this.#malformed++;
    this.#log.error("span cannot be decoded, it is not printed", { error });
  }
}

function jsonLine(resource: Resource, bytes: Uint8Array): string {
  return JSON.stringify({
    ...spanToJson(decodeSpan(bytes)),
    resource: { attributes: attributesToJson(resource.attributes) },
  }) + "\n";
}

function terminalWidth(): number {
  try {
    return Deno.consoleSize().columns || WIDTH_WITHOUT_TERMINAL;
  } catch {
    // The terminal has gone; the next write will say so.
    return WIDTH_WITHOUT_TERMINAL;
  }
}

async function writeStdout(bytes: Uint8Array): Promise<void> {
  let rest = bytes;
  while (rest.length > 0) rest = rest.subarray(await Deno.stdout.write(rest));
}
