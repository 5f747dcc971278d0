/**
 * Takes what stages before measured into the budgets of a new one, with counts of nothing: a series that is there
 * already must not cost a second place after a restart. Called by stage.ts.
 */
import * as map from "../../decoder-as/red/memory_map.ts";
import type { RedExports } from "./stage.ts";
import { RED_METRICS, type RedEdge, type RedRoute, type RedSeries, type RedSnapshot } from "./types.ts";

/** The part of a stage that seeding works on. */
export interface Seedbed {
  readonly view: DataView;
  readonly exports: Pick<RedExports, "seedSeries" | "seedEdge" | "seedLatency" | "learn">;
  /** Attribute names of each metric's series. */
  readonly attributes: readonly (readonly string[])[];
}

const encoder = new TextEncoder();

export function seedStage(
  { series, edges, routes }: RedSnapshot,
  { view, exports, attributes }: Seedbed,
): void {
  const first = new KeyWriter(view, map.SCRATCH_KEY_OFFSET);
  const second = new KeyWriter(view, map.SCRATCH_KEY_OFFSET + 1024);
  for (const one of series) exports.seedSeries(writeSeries(first, one, attributes));
  for (const edge of edges) exports.seedEdge(writeEdge(second, edge));
  for (const route of routes) {
    exports.seedLatency(writeRoute(second, route));
    if (route.route !== "") exports.learn(route.resource, second.begin().text(route.route).bytes);
  }
  // What found no room then has been counted already.
  for (let word = map.WORD_OVERFLOWED; word <= map.WORD_OVERFLOWED_LATENCIES; word++) {
    view.setBigUint64(map.STATUS_OFFSET + 8 * word, 0n, true);
  }
}

function writeSeries(
  key: KeyWriter,
  { metric, overflow, resource, attributes }: RedSeries,
  names: readonly (readonly string[])[],
): number {
  const number = RED_METRICS.indexOf(metric);
  key.begin().u8(number).u8(overflow ? 1 : 0).u32(resource);
  if (overflow) return key.bytes;
  for (const name of names[number]!) {
    const value = attributes[name];
    if (value === undefined) key.u8(0);
    else if (typeof value === "number") key.u8(2).u64(value);
    else key.u8(1).shortText(value);
  }
  return key.bytes;
}

function writeEdge(key: KeyWriter, { client, server, overflow, peer }: RedEdge): number {
  return key.begin().u32(client).u32(server).u8(overflow ? 1 : 0).text(peer).bytes;
}

function writeRoute(key: KeyWriter, { resource, failed, overflow, method, route }: RedRoute): number {
  return key.begin().u32(resource).u8(failed ? 1 : 0).u8(overflow ? 1 : 0).shortText(method).text(route)
    .bytes;
}

/** Writes a key as the stage would. What is too long for any key is cut: then it was never one of the stage's. */
class KeyWriter {
  readonly #view: DataView;
  readonly #from: number;
  #at: number;

  constructor(view: DataView, from: number) {
    this.#view = view;
    this.#from = this.#at = from;
  }

  get bytes(): number {
    return this.#at - this.#from;
  }

  begin(): this {
    this.#at = this.#from;
    return this;
  }

  u8(value: number): this {
    return this.#put(Uint8Array.of(value));
  }

  u32(value: number): this {
    return this.#put(new Uint8Array(Uint32Array.of(value).buffer));
  }

  u64(value: number): this {
    return this.#put(new Uint8Array(BigInt64Array.of(BigInt(value)).buffer));
  }

  /** With its length in front. */
  shortText(text: string): this {
    const bytes = encoder.encode(text).subarray(0, map.MAX_TEXT_BYTES);
    return this.u8(bytes.length).#put(bytes);
  }

  text(text: string): this {
    return this.#put(encoder.encode(text).subarray(0, map.MAX_TEXT_BYTES));
  }

  #put(bytes: Uint8Array): this {
    const room = this.#from + map.SERIES_KEY_BYTES - this.#at;
    const part = bytes.subarray(0, room);
    new Uint8Array(this.#view.buffer).set(part, this.#at);
    this.#at += part.length;
    return this;
  }
}
