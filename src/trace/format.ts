/** How a span's parts read in a terminal; shared by the printer and the waterfall. */
import { SpanKind, SpanStatusCode } from "@opentelemetry/api";
import { escapeControls } from "../support/text.ts";
import { findAttribute } from "./attributes.ts";
import * as names from "./names.ts";
import type { Span } from "./otlp_span.ts";

const RESET = "\x1b[0m";
const RED = "\x1b[31m";
const DIM = "\x1b[2m";
/** Colours of services: everything but red, which means an error. */
const PALETTE = [
  "\x1b[36m",
  "\x1b[33m",
  "\x1b[35m",
  "\x1b[32m",
  "\x1b[34m",
  "\x1b[96m",
  "\x1b[93m",
  "\x1b[95m",
];

const KINDS: Readonly<{ [kind: number]: string }> = {
  [SpanKind.SERVER]: "server",
  [SpanKind.CLIENT]: "client",
  [SpanKind.PRODUCER]: "producer",
  [SpanKind.CONSUMER]: "consumer",
};

/** Puts text into colour, or leaves it as it is. */
export interface Painter {
  service(name: string, text: string): string;
  error(text: string): string;
  dim(text: string): string;
}

export function createPainter(colour: boolean): Painter {
  if (!colour) return { service: (_name, text) => text, error: (text) => text, dim: (text) => text };
  return {
    service: (name, text) => PALETTE[hash(name) % PALETTE.length] + text + RESET,
    error: (text) => RED + text + RESET,
    dim: (text) => DIM + text + RESET,
  };
}

export function kindText(kind: SpanKind): string {
  return KINDS[kind] ?? "internal";
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
