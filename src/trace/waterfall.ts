/**
 * One trace as a waterfall for the terminal: a head that tells what it was and how it ended, then a line per span,
 * indented below its parent, with a bar on a time axis. Used by the printer and the demo.
 */
import { displayWidth, escapeControls, fitWidth } from "../support/text.ts";
import {
  countText,
  createPainter,
  durationNs,
  durationText,
  isError,
  nameText,
  type Painter,
  statusText,
} from "./format.ts";
import { KIND_NAMES, type StoredSpan, summarize, type Trace } from "./trace.ts";
import { renderHead } from "./waterfall_head.ts";
import { GAP, INDENT, layOut, type Piece } from "./waterfall_line.ts";

export interface WaterfallOptions {
  /** Columns of the terminal; no line is longer. Default 100. */
  readonly width?: number;
  readonly colour?: boolean;
  /** Further spans are only counted. Default: all are shown. */
  readonly maxRows?: number;
  /** The trace was shown before, and these are spans that came afterwards. */
  readonly late?: boolean;
}

/** Deeper spans are not indented further. */
const MAX_DEPTH = 12;
const MIN_BAR_WIDTH = 10;
/** Narrower terminals have no column for the kind, or for the bar. */
const MIN_WIDTH_FOR_KIND = 72;
const MIN_WIDTH_FOR_BAR = 56;

interface Row extends StoredSpan {
  readonly depth: number;
}

interface Columns {
  readonly service: number;
  /** 0: the column is left out. */
  readonly kind: number;
  readonly name: number;
  readonly status: number;
  readonly duration: number;
  /** 0: the column is left out. */
  readonly bar: number;
}

/** Lines of text with a newline after each. A trace of one span is a head only, which says it all. */
export function renderWaterfall(trace: Trace, options: WaterfallOptions = {}): string {
  const { width = 100, colour = false, maxRows = Infinity, late = false } = options;
  const paint = createPainter(colour);
  const rows = arrange(trace.spans);
  const root = rows[0]?.span;
  if (root === undefined) return "";
  const lines = renderHead(trace, { root, width, paint, late });
  if (rows.length > 1) {
    const shown = rows.slice(0, maxRows);
    lines.push(...renderRows(shown, { trace, width, paint }));
    const hidden = rows.length - shown.length;
    if (hidden > 0) lines.push(fitWidth(`${INDENT}… ${countText(hidden, "more span")}`, width).trimEnd());
  }
  return lines.join("\n") + "\n";
}

function renderRows(
  rows: readonly Row[],
  { trace, width, paint }: { trace: Trace; width: number; paint: Painter },
): string[] {
  const { startTimeUnixNano, durationNs: totalNs } = summarize(trace);
  const startNs = BigInt(startTimeUnixNano);
  const columns = measure(rows, width);
  return rows.map((row) => {
    const { span, resource } = row;
    const service = (text: string) => paint.service(resource.serviceName, text);
    const plain = isError(span) ? paint.error : (text: string) => text;
    const pieces: Piece[] = [[fitWidth(escapeControls(resource.serviceName), columns.service), service]];
    if (columns.kind > 0) pieces.push([fitWidth(KIND_NAMES[span.kind], columns.kind), paint.dim]);
    pieces.push(
      [fitWidth(indentedName(row), columns.name), plain],
      [fitWidth(markedStatus(row), columns.status), plain],
      [durationText(durationNs(span)).padStart(columns.duration), (text) => text],
    );
    if (columns.bar > 0) {
      const offsetNs = Number(span.startTimeUnixNano - startNs);
      const bar = barText({ offsetNs, lengthNs: durationNs(span), totalNs, width: columns.bar });
      pieces.push([bar, isError(span) ? paint.error : service]);
    }
    return layOut(pieces, { width, indent: INDENT });
  });
}

function measure(rows: readonly Row[], width: number): Columns {
  const widest = (of: (row: Row) => string, limit: number) =>
    rows.reduce((most, row) => Math.max(most, Math.min(limit, displayWidth(of(row)))), 1);
  const hasBar = width >= MIN_WIDTH_FOR_BAR;
  const service = widest(({ resource }) => escapeControls(resource.serviceName), width < 100 ? 16 : 24);
  const kind = width >= MIN_WIDTH_FOR_KIND ? widest(({ span }) => KIND_NAMES[span.kind], 8) : 0;
  const status = widest(markedStatus, 16);
  const duration = widest(({ span }) => durationText(durationNs(span)), 10);
  const shown = [service, kind, status, duration].filter((column) => column > 0);
  const fixed = INDENT.length + shown.reduce((sum, column) => sum + column + GAP.length, 0);
  const room = width - fixed - (hasBar ? MIN_BAR_WIDTH + GAP.length : 0);
  const name = Math.min(widest(indentedName, 60), Math.max(8, room));
  const bar = hasBar ? Math.max(1, width - fixed - name - GAP.length) : 0;
  return { service, kind, name, status, duration, bar };
}

function indentedName({ span, depth }: Row): string {
  return "  ".repeat(Math.min(depth, MAX_DEPTH)) + nameText(span);
}

/** Errors are seen without colours too. */
function markedStatus({ span }: Row): string {
  return (isError(span) ? "✗ " : "  ") + statusText(span);
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
