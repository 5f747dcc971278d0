/**
 * What a stage has measured, read out of its memory slot by slot, and put together again on the other side: only
 * slots that have changed since the last time are read and sent. SlotReader works beside the stage, RedMirror where
 * snapshots are asked for.
 */
import * as map from "../../decoder-as/red/memory_map.ts";
import {
  type Exemplar,
  type Histogram,
  LATENCY_BUCKETS,
  RED_METRICS,
  type RedCounters,
  type RedEdge,
  type RedRoute,
  type RedRules,
  type RedSeries,
  type RedSnapshot,
} from "./types.ts";

/** Differences to the snapshot before. */
export interface RedChanges {
  readonly counters: RedCounters;
  readonly overflowed: Readonly<Record<string, number>>;
  /** Whether everything else is gone. */
  readonly all: boolean;
  readonly series: readonly (readonly [slot: number, series: RedSeries])[];
  readonly edges: readonly (readonly [slot: number, edge: RedEdge])[];
  readonly routes: readonly (readonly [slot: number, route: RedRoute])[];
}

export const NO_RED_COUNTERS: RedCounters = {
  spans: 0,
  sampled_out: 0,
  ignored: 0,
  filtered: 0,
  not_exported: 0,
  unreadable: 0,
  unmeasured: 0,
};

/** Keeps a snapshot up to date. */
export class RedMirror {
  readonly #series = new Map<number, RedSeries>();
  readonly #edges = new Map<number, RedEdge>();
  readonly #routes = new Map<number, RedRoute>();
  #snapshot: RedSnapshot = { counters: NO_RED_COUNTERS, series: [], edges: [], routes: [], overflowed: {} };

  /** The same object as long as nothing is applied. */
  get snapshot(): RedSnapshot {
    return this.#snapshot;
  }

  /** Takes over what has changed, null for nothing; every answer of one stage has to be applied, in order. */
  apply(changes: RedChanges | null): RedSnapshot {
    if (changes === null) return this.#snapshot;
    if (changes.all) [this.#series, this.#edges, this.#routes].forEach((slots) => slots.clear());
    for (const [slot, series] of changes.series) this.#series.set(slot, series);
    for (const [slot, edge] of changes.edges) this.#edges.set(slot, edge);
    for (const [slot, route] of changes.routes) this.#routes.set(slot, route);
    return this.#snapshot = {
      counters: changes.counters,
      overflowed: changes.overflowed,
      series: [...this.#series.values()],
      edges: [...this.#edges.values()],
      routes: [...this.#routes.values()],
    };
  }
}

const decoder = new TextDecoder();

/** Names of what overflows: metrics, then the two other tables. */
const OVERFLOWING = [...RED_METRICS, "traces_service_graph_request", "routes"];

/** Reads slots. Made anew when rules change or memory grows. */
export class SlotReader {
  readonly #view: DataView;
  readonly #bytes: Uint8Array;
  readonly #durationBounds: number;
  readonly #sizeBounds: number;
  readonly #attributes: readonly (readonly string[])[];

  constructor(memory: WebAssembly.Memory, { measure }: RedRules, attributes: readonly (readonly string[])[]) {
    this.#view = new DataView(memory.buffer);
    this.#bytes = new Uint8Array(memory.buffer);
    this.#durationBounds = measure.durationBucketsS.length;
    this.#sizeBounds = measure.sizeBucketsBytes.length;
    this.#attributes = attributes;
  }

  word(index: number): number {
    return this.#number(map.STATUS_OFFSET + 8 * index);
  }

  counters(): RedCounters {
    return {
      spans: this.word(map.WORD_SPANS),
      sampled_out: this.word(map.WORD_SAMPLED_OUT),
      ignored: this.word(map.WORD_IGNORED),
      filtered: this.word(map.WORD_FILTERED),
      not_exported: this.word(map.WORD_NOT_EXPORTED),
      unreadable: this.word(map.WORD_UNREADABLE),
      unmeasured: this.word(map.WORD_UNMEASURED),
    };
  }

  overflowed(): Record<string, number> {
    return Object.fromEntries(
      OVERFLOWING.map((name, index) => [name, this.word(map.WORD_OVERFLOWED + index)] as const)
        .filter(([, count]) => count > 0),
    );
  }

  /** Slots that changed in `epoch`, or all that hold something. */
  series(epoch: number | null): [number, RedSeries][] {
    return this.#slots(map.TABLE_SERIES, epoch, map.SERIES_HISTOGRAM)
      .map(([slot, at]) => [slot, this.#seriesAt(at)]);
  }

  edges(epoch: number | null): [number, RedEdge][] {
    return this.#slots(map.TABLE_EDGES, epoch, map.EDGE_REQUESTS).map((
      [slot, at],
    ) => [slot, this.#edgeAt(at)]);
  }

  routes(epoch: number | null): [number, RedRoute][] {
    return this.#slots(map.TABLE_LATENCIES, epoch, map.LATENCY_COUNT)
      .map(([slot, at]) => [slot, this.#routeAt(at)]);
  }

  /** Numbers and addresses of slots whose count, at `count`, is not 0. */
  #slots(table: number, epoch: number | null, count: number): [slot: number, at: number][] {
    const view = this.#view;
    const descriptor = map.TABLES_OFFSET + map.TABLE_BYTES * table;
    const used = view.getUint32(descriptor + map.TABLE_USED, true);
    const bytes = view.getUint32(descriptor + map.TABLE_SLOT_BYTES, true);
    let at = view.getUint32(descriptor + map.TABLE_SLOTS, true);
    const found: [number, number][] = [];
    for (let slot = 0; slot < used; slot++, at += bytes) {
      if (view.getUint32(at + map.SLOT_STATE, true) === 0) continue;
      if (epoch !== null && view.getUint32(at + map.SLOT_EPOCH, true) !== epoch) continue;
      if (this.#number(at + count) > 0) found.push([slot, at]);
    }
    return found;
  }

  #seriesAt(at: number): RedSeries {
    const key = at + map.SERIES_KEY;
    const metric = this.#bytes[key]!;
    const overflow = this.#bytes[key + 1] !== 0;
    return {
      metric: RED_METRICS[metric]!,
      resource: this.#view.getUint32(key + 2, true),
      attributes: overflow ? {} : this.#attributesAt(key + 6, this.#attributes[metric]!),
      overflow,
      startUnixNs: this.#view.getBigUint64(at + map.SLOT_START_NS, true),
      histogram: this.#histogramAt(at + map.SERIES_HISTOGRAM, metric < 2),
    };
  }

  #attributesAt(at: number, names: readonly string[]): Record<string, string | number> {
    const attributes: Record<string, string | number> = {};
    for (const name of names) {
      const type = this.#bytes[at++];
      if (type === 1) {
        const length = this.#bytes[at++]!;
        attributes[name] = this.#text(at, length);
        at += length;
      } else if (type === 2) {
        attributes[name] = Number(this.#view.getBigInt64(at, true));
        at += 8;
      }
    }
    return attributes;
  }

  #edgeAt(at: number): RedEdge {
    const key = at + map.EDGE_KEY;
    const keyBytes = this.#view.getUint32(at + map.SLOT_KEY_BYTES, true);
    return {
      client: this.#view.getUint32(key, true),
      server: this.#view.getUint32(key + 4, true),
      peer: this.#text(key + 9, keyBytes - 9),
      overflow: this.#bytes[key + 8] !== 0,
      startUnixNs: this.#view.getBigUint64(at + map.SLOT_START_NS, true),
      requests: this.#number(at + map.EDGE_REQUESTS),
      failed: this.#number(at + map.EDGE_FAILED),
      clientDuration: this.#histogramAt(at + map.EDGE_CLIENT, true),
      serverDuration: this.#histogramAt(at + map.EDGE_SERVER, true),
      latencies: this.#latenciesAt(at + map.EDGE_LATENCIES),
    };
  }

  #routeAt(at: number): RedRoute {
    const key = at + map.LATENCY_KEY;
    const keyBytes = this.#view.getUint32(at + map.SLOT_KEY_BYTES, true);
    const methodBytes = this.#bytes[key + 6]!;
    return {
      resource: this.#view.getUint32(key, true),
      method: this.#text(key + 7, methodBytes),
      route: this.#text(key + 7 + methodBytes, keyBytes - 7 - methodBytes),
      failed: this.#bytes[key + 4] !== 0,
      overflow: this.#bytes[key + 5] !== 0,
      count: this.#number(at + map.LATENCY_COUNT),
      sumS: this.#number(at + map.LATENCY_SUM) / 1e9,
      buckets: this.#latenciesAt(at + map.LATENCY_COUNTS),
    };
  }

  #latenciesAt(at: number): Uint32Array {
    return new Uint32Array(this.#bytes.slice(at, at + 4 * LATENCY_BUCKETS).buffer);
  }

  #histogramAt(at: number, isDuration: boolean): Histogram {
    const buckets: number[] = [];
    const exemplars: (Exemplar | null)[] = [];
    const scale = isDuration ? 1e9 : 1;
    for (let bucket = 0; bucket <= (isDuration ? this.#durationBounds : this.#sizeBounds); bucket++) {
      buckets.push(this.#number(at + map.HISTOGRAM_BUCKETS + 8 * bucket));
      const exemplar = at + map.HISTOGRAM_EXEMPLARS + map.EXEMPLAR_BYTES * bucket;
      exemplars.push(this.#exemplarAt(exemplar, scale));
    }
    return {
      count: this.#number(at),
      sum: this.#number(at + map.HISTOGRAM_SUM) / scale,
      buckets,
      exemplars,
    };
  }

  #exemplarAt(at: number, scale: number): Exemplar | null {
    if (this.#view.getBigUint64(at + 16, true) === 0n) return null;
    return {
      traceId: this.#bytes.subarray(at, at + 16).toHex(),
      spanId: this.#bytes.subarray(at + 16, at + 24).toHex(),
      value: this.#number(at + 24) / scale,
      timeUnixNs: this.#view.getBigUint64(at + 32, true),
    };
  }

  #text(at: number, bytes: number): string {
    return decoder.decode(this.#bytes.subarray(at, at + bytes));
  }

  /** A u64 as a number; exact to 2^53. */
  #number(at: number): number {
    return this.#view.getUint32(at, true) + this.#view.getUint32(at + 4, true) * 2 ** 32;
  }
}
