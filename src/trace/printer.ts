/**
 * Finished spans on stdout: a line of text or of OTLP's JSON each. Lines wait in bounded memory while stdout is
 * slow; what does not fit is not printed, and counted.
 */
import type { Logger } from "../support/log.ts";
import { escapeControls, fitWidth } from "../support/text.ts";
import {
  createPainter,
  durationNs,
  durationText,
  isError,
  kindText,
  nameText,
  statusText,
} from "./format.ts";
import { attributesToJson, spanToJson } from "./otlp_json.ts";
import { decodeSpan, type Span } from "./otlp_span.ts";
import type { Resource } from "./resource.ts";
import type { SpanSlice } from "./split.ts";

export interface SpanPrinterOptions {
  readonly mode: "text" | "json";
  readonly colour?: boolean;
  readonly log: Logger;
  /** Writes all of `bytes`. Default: stdout. */
  readonly write?: (bytes: Uint8Array) => Promise<void>;
  /** Default 8 MiB. */
  readonly maxPendingBytes?: number;
}

export interface SpanPrinterStats {
  readonly printed: number;
  /** Not printed: stdout was too slow, or closed, or the span was no span. */
  readonly dropped: number;
}

const encoder = new TextEncoder();

export class SpanPrinter {
  readonly #options: SpanPrinterOptions;
  readonly #format: (span: Span, resource: Resource) => string;
  readonly #maxPendingBytes: number;
  #pending: string[] = [];
  #pendingBytes = 0;
  #writing: Promise<void> | null = null;
  #closed = false;
  #printed = 0;
  #dropped = 0;
  #droppedInARow = 0;

  constructor(options: SpanPrinterOptions) {
    this.#options = options;
    this.#maxPendingBytes = options.maxPendingBytes ?? 8 * 1024 * 1024;
    this.#format = options.mode === "json" ? jsonLine : textLine(options.colour ?? false);
  }

  /** Prints the spans that `slices` names in `bytes`, which may be reused afterwards. */
  print(resource: Resource, bytes: Uint8Array, slices: readonly SpanSlice[]): void {
    for (const { start, end } of slices) {
      if (this.#closed || this.#pendingBytes > this.#maxPendingBytes) {
        this.#dropped++;
        this.#droppedInARow++;
        continue;
      }
      let line: string;
      try {
        line = this.#format(decodeSpan(bytes.subarray(start, end)), resource);
      } catch (error) {
        this.#dropped++;
        this.#options.log.error("span cannot be decoded, it is not printed", { error });
        continue;
      }
      this.#pending.push(line);
      this.#pendingBytes += line.length;
      this.#printed++;
    }
    this.#writing ??= this.#writePending();
  }

  /** Resolves when everything printed so far is written. */
  async flush(): Promise<void> {
    while (this.#writing !== null) await this.#writing;
  }

  stats(): SpanPrinterStats {
    return { printed: this.#printed, dropped: this.#dropped };
  }

  async #writePending(): Promise<void> {
    const { write = writeStdout, log } = this.#options;
    // The lines of one turn of the event loop go out as one write.
    await Promise.resolve();
    while (this.#pending.length > 0) {
      const lines = this.#pending;
      const bytes = this.#pendingBytes;
      this.#pending = [];
      try {
        await write(encoder.encode(lines.join("")));
      } catch (error) {
        this.#closed = true;
        this.#printed -= lines.length + this.#pending.length;
        this.#dropped += lines.length + this.#pending.length;
        this.#pending = [];
        log.warn("stdout is closed, spans are no longer printed", { error });
      }
      // Lines being written count against the bound until they are gone.
      this.#pendingBytes -= bytes;
      if (this.#droppedInARow > 0 && !this.#closed) {
        log.warn("stdout is too slow, spans were not printed", { spans: this.#droppedInARow });
        this.#droppedInARow = 0;
      }
    }
    this.#writing = null;
  }
}

/** time, service, kind, name, status, duration, first 8 digits of the trace id. */
function textLine(colour: boolean): (span: Span, resource: Resource) => string {
  const paint = createPainter(colour);
  // Columns grow with the longest seen, within reason, so that lines stand below one another.
  let serviceWidth = 8;
  let nameWidth = 20;
  return (span, resource) => {
    const service = escapeControls(resource.serviceName);
    const name = nameText(span);
    serviceWidth = Math.min(24, Math.max(serviceWidth, service.length));
    nameWidth = Math.min(48, Math.max(nameWidth, name.length));
    const status = fitWidth(statusText(span), 7);
    return [
      paint.dim(timeText(span.endTimeUnixNano)),
      paint.service(resource.serviceName, fitWidth(service, serviceWidth)),
      fitWidth(kindText(span.kind), 8),
      fitWidth(name, nameWidth),
      isError(span) ? paint.error(status) : status,
      durationText(durationNs(span)).padStart(8),
      paint.dim(span.traceId.slice(0, 8)),
    ].join(" ") + "\n";
  };
}

function jsonLine(span: Span, resource: Resource): string {
  return JSON.stringify({
    ...spanToJson(span),
    resource: { attributes: attributesToJson(resource.attributes) },
  }) + "\n";
}

/** Local time of day, to the millisecond. */
function timeText(unixNano: bigint): string {
  const date = new Date(Number(unixNano / 1_000_000n));
  const two = (value: number) => String(value).padStart(2, "0");
  const millis = String(date.getMilliseconds()).padStart(3, "0");
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${millis}`;
}

async function writeStdout(bytes: Uint8Array): Promise<void> {
  let rest = bytes;
  while (rest.length > 0) rest = rest.subarray(await Deno.stdout.write(rest));
}
