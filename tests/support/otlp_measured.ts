/**
 * Metrics with known contents, made by src/metrics from a snapshot that a test writes, and what a reader has to find
 * in the end. Values are multiples of 1/1024, so that sums are exact however they are added up.
 */
import type { MeasureConfig } from "../../src/config/config.ts";
import { Metrics } from "../../src/metrics/metrics.ts";
import { NO_SNAPSHOT } from "../../src/metrics/totals.ts";
import {
  type Histogram,
  LATENCY_BUCKETS,
  type RedEdge,
  type RedSeries,
  type RedSnapshot,
} from "../../src/red/types.ts";
import { SYSTEM_CLOCK } from "../../src/support/clock.ts";
import { createResource, type Resource } from "../../src/trace/resource.ts";

export const DURATION_BOUNDS_S = [0.005, 0.1, 1, 10] as const;
export const SIZE_BOUNDS_BYTES = [32, 1024] as const;
const MEASURE: MeasureConfig = {
  features: ["application", "application_service_graph"],
  durationBucketsS: DURATION_BOUNDS_S,
  sizeBucketsBytes: SIZE_BOUNDS_BYTES,
  maxSeries: 1_000,
  attributes: [],
  ttlMs: 300_000,
};

/** A histogram as any reader may show it. */
export interface ExpectedSeries {
  /** OTLP's name. */
  readonly metric: string;
  readonly instance: string;
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
  readonly count: number;
  readonly sum: number;
  /** Not cumulative. */
  readonly buckets: readonly number[];
  /** The newest of each bucket. */
  readonly exemplars: readonly ExpectedExemplar[];
}

export interface ExpectedExemplar {
  readonly traceId: string;
  readonly spanId: string;
  readonly value: number;
}

/** A counter. */
export interface ExpectedCounter {
  readonly metric: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly value: number;
}

const SERVICES = ["front", "back"] as const;
const resourceOf = (pid: number, name: string): Resource =>
  createResource({
    pid,
    exe: `/bin/${name}`,
    goVersion: "go1.26.8",
    environment: { OTEL_RESOURCE_ATTRIBUTES: "service.namespace=shop" },
    hostName: "h",
  });

/** What was measured; add() measures more, metrics hands it out. */
export class Measured {
  readonly #resources = new Map(SERVICES.map((name, at) => [at + 1, resourceOf(at + 11, name)]));
  readonly #startUnixNs = BigInt(Date.now()) * 1_000_000n;
  readonly #series = new Map<string, RedSeries>();
  #edge: RedEdge;
  /** All that ever were, by trace id; later ones take the place of earlier ones in a histogram. */
  readonly exemplars = new Map<string, ExpectedExemplar>();
  readonly metrics: Metrics;

  constructor() {
    this.#edge = {
      client: 1,
      server: 2,
      peer: "",
      overflow: false,
      startUnixNs: this.#startUnixNs,
      requests: 0,
      failed: 0,
      clientDuration: emptyHistogram(DURATION_BOUNDS_S.length),
      serverDuration: emptyHistogram(DURATION_BOUNDS_S.length),
      latencies: new Uint32Array(LATENCY_BUCKETS),
    };
    const own = resourceOf(1, "tsunagi");
    this.metrics = new Metrics({
      clock: SYSTEM_CLOCK,
      measure: () => MEASURE,
      snapshot: () => Promise.resolve(this.#snapshot()),
      lookup: (resource) => this.#resources.get(resource),
      own: () => own,
      self: () => [],
      onForget: () => {},
    });
  }

  /** Requests of every kind: `round` varies how many and how long. */
  add(round: number): void {
    for (const resource of this.#resources.keys()) {
      for (const route of ["/orders/{id}", '/a"b\\c\n', ""]) {
        for (let i = 0; i < 3 + round; i++) {
          const attributes = {
            "http.request.method": "GET",
            ...(route === "" ? {} : { "http.route": route }),
            "http.response.status_code": i % 3 === 0 ? 500 : 200,
          };
          const ms = (1 + i * 37 + round * 11 + resource * 5) ** 2 % 12_000;
          this.#measure("http.server.request.duration", { resource, attributes, value: ms / 1024 });
        }
      }
      const attributes = { "http.request.method": "POST" };
      this.#measure("http.server.request.body.size", { resource, attributes, value: 512 * round });
      this.#measure("http.client.request.duration", { resource, attributes, value: round / 1024 });
    }
    this.#measure("http.server.request.duration", {
      resource: 1,
      attributes: {},
      value: 0.5,
      overflow: true,
    });
    this.#edge = {
      ...this.#edge,
      requests: this.#edge.requests + 2 + round,
      failed: this.#edge.failed + round,
      clientDuration: this.#added(this.#edge.clientDuration, 0.25, DURATION_BOUNDS_S),
      serverDuration: this.#added(this.#edge.serverDuration, 0.125, DURATION_BOUNDS_S),
    };
  }

  /** Histograms over requests that a reader must have in the end, and no others of their metrics. */
  expected(): ExpectedSeries[] {
    return [...this.#series.values()].map((series) => ({
      metric: series.metric,
      instance: `h:${series.resource + 10}`,
      attributes: { ...series.attributes, ...(series.overflow ? { "otel.metric.overflow": true } : {}) },
      ...flat(series.histogram),
    }));
  }

  /** The service graph, which belongs to the agent. */
  expectedGraph(): { histograms: ExpectedSeries[]; counters: ExpectedCounter[] } {
    const attributes = {
      client: "front",
      client_service_namespace: "shop",
      server: "back",
      server_service_namespace: "shop",
      source: "tsunagi",
    };
    const name = "traces_service_graph_request";
    const histogram = (side: string, histogram: Histogram) => ({
      metric: `${name}_${side}_seconds`,
      instance: "h:1",
      attributes,
      ...flat(histogram),
    });
    return {
      histograms: [
        histogram("client", this.#edge.clientDuration),
        histogram("server", this.#edge.serverDuration),
      ],
      counters: [
        { metric: `${name}_total`, attributes, value: this.#edge.requests },
        { metric: `${name}_failed_total`, attributes, value: this.#edge.failed },
      ],
    };
  }

  #measure(
    metric: RedSeries["metric"],
    { resource, attributes, value, overflow = false }: {
      resource: number;
      attributes: Readonly<Record<string, string | number>>;
      value: number;
      overflow?: boolean;
    },
  ): void {
    const bounds: readonly number[] = metric.endsWith("duration") ? DURATION_BOUNDS_S : SIZE_BOUNDS_BYTES;
    const key = JSON.stringify([metric, resource, attributes, overflow]);
    const series = this.#series.get(key) ??
      {
        metric,
        resource,
        attributes,
        overflow,
        startUnixNs: this.#startUnixNs,
        histogram: emptyHistogram(bounds.length),
      };
    this.#series.set(key, { ...series, histogram: this.#added(series.histogram, value, bounds) });
  }

  #added(histogram: Histogram, value: number, bounds: readonly number[]): Histogram {
    const at = bounds.findIndex((bound) => value <= bound);
    const bucket = at < 0 ? bounds.length : at;
    const fresh = (this.exemplars.size + 1).toString(16);
    const exemplar = {
      traceId: fresh.padStart(32, "a"),
      spanId: fresh.padStart(16, "b"),
      value,
      timeUnixNs: BigInt(Date.now()) * 1_000_000n,
    };
    this.exemplars.set(exemplar.traceId, exemplar);
    return {
      count: histogram.count + 1,
      sum: histogram.sum + value,
      buckets: histogram.buckets.with(bucket, histogram.buckets[bucket]! + 1),
      exemplars: histogram.exemplars.with(bucket, exemplar),
    };
  }

  #snapshot(): RedSnapshot {
    return { ...NO_SNAPSHOT, series: [...this.#series.values()], edges: [this.#edge] };
  }
}

const emptyHistogram = (bounds: number): Histogram => ({
  count: 0,
  sum: 0,
  buckets: new Array<number>(bounds + 1).fill(0),
  exemplars: new Array<null>(bounds + 1).fill(null),
});

const flat = ({ count, sum, buckets, exemplars }: Histogram) => ({
  count,
  sum,
  buckets,
  exemplars: exemplars.flatMap((one) =>
    one === null ? [] : [
      { traceId: one.traceId, spanId: one.spanId, value: one.value },
    ]
  ),
});
