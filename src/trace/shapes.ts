/**
 * What searches compare, as small numbers: spans of one service, method, route, status code and outcome have one
 * shape. A search looks at the shapes, which are few, and then only at numbers. Used by TraceIndex.
 */
import type { ScannedSpan } from "./span_scan.ts";

/** One combination; "" and 0 where a span has none. */
export interface Shape {
  readonly service: string;
  readonly method: string;
  readonly route: string;
  readonly status: number;
  readonly failed: boolean;
}

interface Known extends Shape {
  readonly methodBytes: Uint8Array;
  readonly routeBytes: Uint8Array;
}

const decoder = new TextDecoder();

export class Shapes {
  readonly #known: Known[] = [];
  /** By hash, the next free number upwards where two have the same. */
  readonly #byHash = new Map<number, number>();

  get all(): readonly Shape[] {
    return this.#known;
  }

  /** The number of the span's shape. `bytes` are those that it was scanned from. */
  of(service: string, bytes: Uint8Array, span: ScannedSpan): number {
    let key = hash(service, bytes, span);
    for (;; key++) {
      const index = this.#byHash.get(key);
      if (index === undefined) break;
      if (isSame(this.#known[index]!, service, bytes, span)) return index;
    }
    const methodBytes = bytes.slice(span.methodFrom, span.methodTo);
    const routeBytes = bytes.slice(span.routeFrom, span.routeTo);
    this.#byHash.set(key, this.#known.length);
    return this.#known.push({
      service,
      method: decoder.decode(methodBytes),
      route: decoder.decode(routeBytes),
      status: span.status,
      failed: span.failed,
      methodBytes,
      routeBytes,
    }) - 1;
  }
}

function isSame(known: Known, service: string, bytes: Uint8Array, span: ScannedSpan): boolean {
  return known.status === span.status && known.failed === span.failed && known.service === service &&
    isAt(known.methodBytes, bytes, span.methodFrom, span.methodTo) &&
    isAt(known.routeBytes, bytes, span.routeFrom, span.routeTo);
}

function isAt(wanted: Uint8Array, bytes: Uint8Array, from: number, to: number): boolean {
  if (to - from !== wanted.length) return false;
  for (let index = 0; index < wanted.length; index++) if (bytes[from + index] !== wanted[index]) return false;
  return true;
}

/** FNV-1a over all that makes a shape; 31 bits, so that it stays a small integer. */
function hash(service: string, bytes: Uint8Array, span: ScannedSpan): number {
  let value = 0x811c9dc5 ^ (span.status << 1 | Number(span.failed));
  for (let index = 0; index < service.length; index++) {
    value = Math.imul(value ^ service.charCodeAt(index), 0x01000193);
  }
  for (let at = span.methodFrom; at < span.methodTo; at++) value = Math.imul(value ^ bytes[at]!, 0x01000193);
  value = Math.imul(value ^ 0xff, 0x01000193);
  for (let at = span.routeFrom; at < span.routeTo; at++) value = Math.imul(value ^ bytes[at]!, 0x01000193);
  return value >>> 2;
}
