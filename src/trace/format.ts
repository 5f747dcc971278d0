/** How a span's parts read in a terminal; shared by the printer and the waterfall. */
import { SpanKind, SpanStatusCode } from "@opentelemetry/api";
import {
  BLUE,
  BOLD,
  BRIGHT_CYAN,
  BRIGHT_MAGENTA,
  BRIGHT_YELLOW,
  CYAN,
  DIM,
  GREEN,
  MAGENTA,
  RED,
  styled,
  YELLOW,
} from "../support/ansi.ts";
import { escapeControls } from "../support/text.ts";
import { findAttribute } from "./attributes.ts";
import * as names from "./names.ts";
import type { Span } from "./otlp_span.ts";

/** Colours of services: everything but red, which means an error. */
const PALETTE = [CYAN, YELLOW, MAGENTA, GREEN, BLUE, BRIGHT_CYAN, BRIGHT_YELLOW, BRIGHT_MAGENTA];

/** Puts text into colour, or leaves it as it is. */
export interface Painter {
  service(name: string, text: string): string;
  error(text: string): string;
  strong(text: string): string;
  dim(text: string): string;
}

const PLAIN: Painter = {
  service: (_name, text) => text,
  error: (text) => text,
  strong: (text) => text,
  dim: (text) => text,
};

const COLOURED: Painter = {
  service: (name, text) => styled(PALETTE[hash(name) % PALETTE.length]!, text),
  error: (text) => styled(RED, text),
  strong: (text) => styled(BOLD, text),
  dim: (text) => styled(DIM, text),
};

export function createPainter(colour: boolean): Painter {
  return colour ? COLOURED : PLAIN;
}

export function isError(span: Span): boolean {
  return span.status.code === SpanStatusCode.ERROR;
}

/** HTTP status code, else the type of the error, else how the span was marked. */
export function statusText(span: Span): string {
  const code = findAttribute(span.attributes, names.HTTP_RESPONSE_STATUS_CODE);
  if (typeof code === "bigint") return code.toString();
  const error = findAttribute(span.attributes, names.ERROR_TYPE);
  if (typeof error === "string" && error !== "") return escapeControls(error);
  return isError(span) ? "error" : "-";
}

/** The span's name and, of a client span, whom it called. */
export function nameText(span: Span): string {
  const name = escapeControls(span.name);
  if (span.kind !== SpanKind.CLIENT) return name;
  const address = findAttribute(span.attributes, names.SERVER_ADDRESS);
  if (typeof address !== "string") return name;
  const port = findAttribute(span.attributes, names.SERVER_PORT);
  return `${name} ${escapeControls(address)}${typeof port === "bigint" ? `:${port}` : ""}`;
}

/** Local time of day, to the millisecond. */
export function timeText(unixNano: bigint): string {
  const date = new Date(Number(unixNano / 1_000_000n));
  const two = (value: number) => String(value).padStart(2, "0");
  const millis = String(date.getMilliseconds()).padStart(3, "0");
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${millis}`;
}

/** "1 span", "1,204 spans". */
export function countText(count: number, noun: string): string {
  return `${count.toLocaleString("en-US")} ${noun}${count === 1 ? "" : "s"}`;
}

export function durationNs(span: Span): number {
  return Number(span.endTimeUnixNano - span.startTimeUnixNano);
}

/** Three digits and a unit: "950 ns", "12.3 µs", "1.02 s". */
export function durationText(ns: number): string {
  if (ns < 0) return `-${durationText(-ns)}`;
  if (ns < 999.5) return `${Math.round(ns)} ns`;
  if (ns < 999_500) return `${digits(ns / 1e3)} µs`;
  if (ns < 999_500_000) return `${digits(ns / 1e6)} ms`;
  return `${digits(ns / 1e9)} s`;
}

function digits(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

/** FNV-1a, so that a service keeps its colour. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  }
  return value >>> 0;
}
