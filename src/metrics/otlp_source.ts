/**
 * What one export interval sends, cumulative or as the difference from what was delivered before. Asked by the
 * metric exporter; made by Metrics.
 */
import type { Protocol, Temporality } from "../config/config.ts";
import type { Histogram } from "../red/types.ts";
import type { Resource } from "../trace/resource.ts";
import { type Family, ownerKey, type Point } from "./families.ts";
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

export class OtlpMetricSource implements MetricSource {
  readonly #options: OtlpSourceOptions;
  /** Delta temporality: totals that a collector has. */
  #delivered: ReadonlyMap<string, Delivered> = new Map();

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
    const keyOf = keys();
    return totals.map((family) => ({
      ...family,
      points: family.points.flatMap((point): Point[] => {
        const before = this.#delivered.get(keyOf(family, point));
        if (before === undefined || isBegunAnew(point, before)) return [point];
        if (countOf(point.value) === countOf(before.value)) return [];
        return [{ ...point, startUnixNs: before.timeUnixNs, value: subtract(point.value, before) }];
      }),
    })).filter(({ points }) => points.length > 0);
  }
}

function tableOf(families: readonly Family[], timeUnixNs: bigint): ReadonlyMap<string, Delivered> {
  const keyOf = keys();
  return new Map(families.flatMap((family) =>
    family.points.map((point) => [
      keyOf(family, point),
      { value: point.value, startUnixNs: point.startUnixNs, timeUnixNs },
    ])
  ));
}

/**
 * Makes the identity of a series for a collector. A resource is told by its owner: when a loader is started again, or a
 * process under the same instance id, the same series go on under another object.
 */
function keys(): (family: Family, point: Point) => string {
  const owners = new Map<Resource, string>();
  return ({ name }, { resource, attributes, overflow }) => {
    let owner = owners.get(resource);
    if (owner === undefined) owners.set(resource, owner = ownerKey(resource));
    return JSON.stringify([owner, name, Object.entries(attributes).sort(), overflow]);
  };
}

/** The total has another beginning, or went back. */
const isBegunAnew = (point: Point, before: Delivered): boolean =>
  point.startUnixNs > before.startUnixNs || countOf(point.value) < countOf(before.value);

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
