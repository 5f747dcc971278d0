/**
 * What one export interval sends, cumulative or as the difference from what was delivered before. Asked by the
 * metric exporter; made by Metrics.
 */
import type { Protocol, Temporality } from "../config/config.ts";
import type { Histogram } from "../red/types.ts";
import type { Resource } from "../trace/resource.ts";
import type { Family, Point } from "./families.ts";
import { encodeJson, encodeProtobuf } from "./otlp.ts";
import type { MetricCollection, MetricSource } from "./types.ts";

export interface OtlpSourceOptions {
  /** All families, fresh. */
  readonly families: () => Promise<readonly Family[]>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

interface Delivered {
  readonly value: Histogram | number;
  readonly startUnixNs: bigint;
  readonly timeUnixNs: bigint;
}
type ByPoint = Map<string, Delivered>;

export class OtlpMetricSource implements MetricSource {
  readonly #options: OtlpSourceOptions;
  /** Delta temporality: totals that a collector has. A resource is its object, so each keeps a table. */
  #delivered = new Map<Resource, ByPoint>();

  constructor(options: OtlpSourceOptions) {
    this.#options = options;
  }

  /** "lowmemory" is delta for counters and histograms, which is all there is. */
  async collect(temporality: Temporality): Promise<MetricCollection | null> {
    const totals = await this.#options.families();
    const timeUnixNs = BigInt(Math.round(this.#options.now())) * 1_000_000n;
    const delta = temporality !== "cumulative";
    const families = delta ? this.#difference(totals) : totals;
    const points = families.reduce((sum, family) => sum + family.points.length, 0);
    if (points === 0) return null;
    const metrics = { families, timeUnixNs, delta };
    return {
      points,
      encode: (protocol: Protocol) =>
        protocol === "http/json" ? encodeJson(metrics) : encodeProtobuf(metrics),
      settle: (outcome) => {
        if (delta && outcome === "delivered") this.#delivered = tableOf(totals, timeUnixNs);
      },
    };
  }

  #difference(totals: readonly Family[]): Family[] {
    return totals.map((family) => ({
      ...family,
      points: family.points.flatMap((point): Point[] => {
        const before = this.#delivered.get(point.resource)?.get(keyOf(family, point));
        // A total that went back was begun anew.
        if (before === undefined || countOf(point.value) < countOf(before.value)) return [point];
        if (countOf(point.value) === countOf(before.value)) return [];
        return [{ ...point, startUnixNs: before.timeUnixNs, value: subtract(point.value, before) }];
      }),
    })).filter(({ points }) => points.length > 0);
  }
}

function tableOf(families: readonly Family[], timeUnixNs: bigint): Map<Resource, ByPoint> {
  const table = new Map<Resource, ByPoint>();
  for (const family of families) {
    for (const point of family.points) {
      let points = table.get(point.resource);
      if (points === undefined) table.set(point.resource, points = new Map());
      points.set(keyOf(family, point), { value: point.value, startUnixNs: point.startUnixNs, timeUnixNs });
    }
  }
  return table;
}

const keyOf = (family: Family, { attributes, overflow }: Point): string =>
  JSON.stringify([family.name, Object.entries(attributes).sort(), overflow]);

const countOf = (value: Histogram | number): number => typeof value === "number" ? value : value.count;

function subtract(value: Histogram | number, { value: before, timeUnixNs }: Delivered): Histogram | number {
  if (typeof value === "number" || typeof before === "number") return countOf(value) - countOf(before);
  return {
    count: value.count - before.count,
    sum: value.sum - before.sum,
    buckets: value.buckets.map((count, i) => count - (before.buckets[i] ?? 0)),
    exemplars: value.exemplars.map((one) => one !== null && one.timeUnixNs > timeUnixNs ? one : null),
  };
}
