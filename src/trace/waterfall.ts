/** One trace as a waterfall for the terminal: a line per span, indented below its parent, with a bar on a time axis. */
import { displayWidth, escapeControls, fitWidth } from "../support/text.ts";
import {
  createPainter,
  durationNs,
  durationText,
  isError,
  kindText,
  nameText,
  statusText,
} from "./format.ts";
import { type StoredSpan, summarize, type Trace } from "./trace.ts";

export interface WaterfallOptions {
  /** Columns of the terminal; no line is longer. Default 100. */
  readonly width?: number;
  readonly colour?: boolean;
}

/** Deeper spans are not indented further. */
const MAX_INDENT = 12;
const MIN_BAR_WIDTH = 10;
const GAP = "  ";

interface Row extends StoredSpan {
  readonly depth: number;
}

/** Lines of text with a newline after each. */
export function renderWaterfall(trace: Trace, options: WaterfallOptions = {}): string {
  const { width = 100, colour = false } = options;
  const paint = createPainter(colour);
  const summary = summarize(trace);
  const rows = arrange(trace.spans);
  const cells = rows.map(({ span, resource, depth }) => ({
    service: escapeControls(resource.serviceName),
    kind: kindText(span.kind),
    name: "  ".repeat(Math.min(depth, MAX_INDENT)) + nameText(span),
    status: statusText(span),
    duration: durationText(durationNs(span)),
  }));
  const widest = (of: (cell: typeof cells[number]) => string, limit: number) =>
    cells.reduce((most, cell) => Math.max(most, Math.min(limit, displayWidth(of(cell)))), 1);
  const serviceWidth = widest((cell) => cell.service, 20);
  const kindWidth = widest((cell) => cell.kind, 8);
  const statusWidth = widest((cell) => cell.status, 16);
  const durationWidth = widest((cell) => cell.duration, 10);
  const fixed = serviceWidth + kindWidth + statusWidth + durationWidth + 5 * GAP.length;
  const nameWidth = Math.min(
    widest((cell) => cell.name, 60),
    Math.max(8, width - fixed - MIN_BAR_WIDTH),
  );
  const barWidth = width - fixed - nameWidth;
  const start = BigInt(summary.startTimeUnixNano);

  const head = `trace ${trace.traceId}  ${count(trace.spans.length, "span")}  ` +
    `${count(summary.services.length, "service")}  ${durationText(summary.durationNs)}`;
  const lines = [fitWidth(head, width).trimEnd()];
  rows.forEach(({ span, resource }, index) => {
    const cell = cells[index]!;
    const error = isError(span);
    const columns: Array<[text: string, style: (text: string) => string]> = [
      [fitWidth(cell.service, serviceWidth), (text) => paint.service(resource.serviceName, text)],
      [fitWidth(cell.kind, kindWidth), paint.dim],
      [fitWidth(cell.name, nameWidth), error ? paint.error : (text) => text],
      [fitWidth(cell.status, statusWidth), error ? paint.error : (text) => text],
      [" ".repeat(Math.max(0, durationWidth - displayWidth(cell.duration))) + cell.duration, (text) => text],
    ];
    if (barWidth >= MIN_BAR_WIDTH) {
      const offsetNs = Number(span.startTimeUnixNano - start);
      const bar = barText({
        offsetNs,
        lengthNs: durationNs(span),
        totalNs: summary.durationNs,
        width: barWidth,
      });
      columns.push([bar, (text) => error ? paint.error(text) : paint.service(resource.serviceName, text)]);
    }
    lines.push(layOut(columns, width));
  });
  return lines.join("\n") + "\n";
}

/** Joins the columns that fit; the last one that does not fit whole is cut. Styles add no width. */
function layOut(columns: ReadonlyArray<readonly [string, (text: string) => string]>, width: number): string {
  let line = "";
  let used = 0;
  for (const [text, style] of columns) {
    const gap = used === 0 ? "" : GAP;
    const room = width - used - gap.length;
    if (room <= 0) break;
    const shown = displayWidth(text) > room ? fitWidth(text, room) : text;
    line += gap + style(shown);
    used += gap.length + displayWidth(shown);
  }
  return line;
}

function barText(bar: { offsetNs: number; lengthNs: number; totalNs: number; width: number }): string {
  const { offsetNs, lengthNs, totalNs, width } = bar;
  if (totalNs <= 0) return "━";
  const from = Math.min(width - 1, Math.max(0, Math.floor(offsetNs / totalNs * width)));
  const to = Math.min(width, Math.max(from + 1, Math.round((offsetNs + lengthNs) / totalNs * width)));
  return " ".repeat(from) + "━".repeat(to - from);
}

/** Depth-first: children below their parent, in order of their start. Spans whose parent is elsewhere are roots. */
function arrange(spans: readonly StoredSpan[]): Row[] {
  const ids = new Set(spans.map(({ span }) => span.spanId));
  const children = new Map<string, StoredSpan[]>();
  const roots: StoredSpan[] = [];
  for (const stored of spans) {
    const parent = stored.span.parentSpanId;
    if (parent === "" || !ids.has(parent) || parent === stored.span.spanId) roots.push(stored);
    else children.set(parent, [...children.get(parent) ?? [], stored]);
  }
  const rows: Row[] = [];
  const placed = new Set<StoredSpan>();
  const place = (root: StoredSpan) => {
    const stack: Row[] = [{ ...root, depth: 0 }];
    const origin = [root];
    while (stack.length > 0) {
      const row = stack.pop()!;
      const stored = origin.pop()!;
      if (placed.has(stored)) continue;
      placed.add(stored);
      rows.push(row);
      const below = children.get(row.span.spanId) ?? [];
      for (let index = below.length - 1; index >= 0; index--) {
        stack.push({ ...below[index]!, depth: row.depth + 1 });
        origin.push(below[index]!);
      }
    }
  };
  roots.forEach(place);
  // Spans that are each other's parents hang from no root; show them all the same.
  spans.forEach((stored) => placed.has(stored) || place(stored));
  return rows;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
