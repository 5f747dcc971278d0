/** The head of a waterfall: when, how it ended, how long it took, what it was, who took part, the trace id. */
import { displayWidth, escapeControls, fitWidth } from "../support/text.ts";
import { countText, durationText, isError, nameText, type Painter, statusText, timeText } from "./format.ts";
import type { Span } from "./otlp_span.ts";
import { summarize, type Trace } from "./trace.ts";
import { flow, type Piece } from "./waterfall_line.ts";

/** More are counted. */
const MAX_SERVICES = 5;
const MAX_STATUS_WIDTH = 16;
const MIN_STATUS_WIDTH = 5;
const DURATION_WIDTH = 7;
/** Columns before the name where the status is a number, and room for services behind it. */
const WIDTH_BEFORE_NAME = 30;
const WIDTH_OF_SERVICES = 16;

/** Lines, without newlines; the first columns of one head stand below those of another. */
export function renderHead(
  trace: Trace,
  { root, width, paint, late }: { root: Span; width: number; paint: Painter; late: boolean },
): string[] {
  const { durationNs, services, errors, startTimeUnixNano } = summarize(trace);
  const plain = (text: string) => text;
  const status = (isError(root) ? "✗ " : "  ") + fitWidth(statusText(root), MAX_STATUS_WIDTH).trimEnd();
  const room = Math.max(8, width - WIDTH_BEFORE_NAME - (width >= 80 ? WIDTH_OF_SERVICES : 0));
  const pieces: Piece[] = [
    [timeText(BigInt(startTimeUnixNano)), paint.dim],
    [fitWidth(status, Math.max(MIN_STATUS_WIDTH, displayWidth(status))), isError(root) ? paint.error : plain],
    [durationText(durationNs).padStart(DURATION_WIDTH), plain],
    [fitWidth(nameText(root), room).trimEnd(), paint.strong],
    servicesPiece(services, paint),
  ];
  if (errors > 0 && trace.spans.length > 1) pieces.push([countText(errors, "error"), paint.error]);
  if (late) pieces.push(["late", paint.strong]);
  return flow(pieces, { width, last: [trace.traceId, paint.dim] });
}

/** "front, back", each in its colour. */
function servicesPiece(services: readonly string[], paint: Painter): Piece {
  const shown = services.slice(0, MAX_SERVICES);
  const rest = services.length - shown.length;
  const list = (of: (service: string) => string) =>
    shown.map(of).join(", ") + (rest > 0 ? `, ${rest} more` : "");
  const plain = list(escapeControls);
  const coloured = list((service) => paint.service(service, escapeControls(service)));
  return [plain, (text) => text === plain ? coloured : text];
}
