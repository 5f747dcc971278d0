/**
 * What the RED stage has to answer, told plainly: maps and bigints over the spans themselves, no table and no bound.
 * Knows nothing of the stage's code. For rules whose series stay within their budgets.
 */
import {
  type Exemplar,
  type Histogram,
  latencyBoundS,
  type RedEdge,
  type RedRoute,
  type RedRules,
  type RedSeries,
} from "../../src/red/types.ts";
import { KIND_CLIENT, KIND_SERVER } from "../decoder/spans.ts";
import type { TestSpan } from "./rows.ts";

type Attributes = Readonly<Record<string, string | number>>;
/** A span of which everything is given. */
export type WholeSpan = Required<TestSpan>;

interface Gathered {
  readonly values: bigint[];
  readonly exemplars: (Exemplar | null)[];
  readonly bounds: readonly number[];
  /** Of a value in the unit of the bounds. */
  readonly scale: number;
}

const SERVER = ["http.request.method", "http.response.status_code", "http.route", "url.scheme", "error.type"];
const CLIENT = [
  "http.request.method",
  "http.response.status_code",
  "url.scheme",
  "error.type",
  "server.address",
  "server.port",
];

/** Sorted keys, so that equal objects have equal texts. */
const keyOf = (...parts: readonly unknown[]): string =>
  JSON.stringify(
    parts,
    (_, value) =>
      value !== null && typeof value === "object" && !Array.isArray(value)
        ? Object.fromEntries(Object.entries(value).sort())
        : value,
  );

export class Oracle {
  readonly #rules: RedRules;
  /** Resource by process. */
  readonly #resources: ReadonlyMap<number, number>;
  readonly series = new Map<
    string,
    Pick<RedSeries, "metric" | "resource" | "attributes"> & { gathered: Gathered }
  >();
  readonly edges = new Map<
    string,
    & { requests: number; failed: number; client: Gathered; server: Gathered; latencies: Uint32Array }
    & Pick<RedEdge, "peer">
    & {
      from: number;
      to: number;
    }
  >();
  readonly routes = new Map<string, Omit<RedRoute, "buckets" | "overflow"> & { buckets: Uint32Array }>();
  readonly #spans: { span: WholeSpan; kept: boolean }[] = [];

  constructor(rules: RedRules, resources: ReadonlyMap<number, number>) {
    this.#rules = rules;
    this.#resources = resources;
  }

  /** A span with its final route, which is measured; `kept` says whether it comes out. */
  take(span: WholeSpan, kept: boolean): void {
    this.#spans.push({ span, kept });
    const side = span.kind === KIND_SERVER ? "server" : "client";
    const attributes = this.#attributesOf(span);
    const { durationBucketsS, sizeBucketsBytes } = this.#rules.measure;
    this.#observe(`http.${side}.request.duration`, span, kept, attributes, {
      value: span.durationNs,
      bounds: durationBucketsS,
      scale: 1e9,
    });
    for (const what of ["request", "response"]) {
      const size = span.attributes[`http.${what}.body.size`];
      if (size === undefined) continue;
      this.#observe(`http.${side}.${what}.body.size`, span, kept, attributes, {
        value: BigInt(size),
        bounds: sizeBucketsBytes,
        scale: 1,
      });
    }
    if (side === "server") this.#latency(span);
  }

  /** Joins calls and requests; what has no other side is to, or from, the outside. */
  join(): void {
    const calls = this.#spans.filter(({ span }) => span.kind === KIND_CLIENT);
    const requests = this.#spans.filter(({ span }) => span.kind === KIND_SERVER);
    const answered = new Set<string>();
    for (const request of requests) {
      const { span } = request;
      const call = calls.find((one) =>
        one.span.spanId === span.parentSpanId && one.span.traceId === span.traceId
      );
      const first = call !== undefined && !answered.has(call.span.spanId);
      if (call) answered.add(call.span.spanId);
      this.#edge(first ? call : undefined, request, call ? this.#resourceOf(call.span) : 0, "");
    }
    for (const call of calls) {
      if (answered.has(call.span.spanId)) continue;
      const peer = String(call.span.attributes["server.address"] ?? "");
      this.#edge(call, undefined, this.#resourceOf(call.span), peer);
    }
  }

  #edge(
    call: { span: WholeSpan; kept: boolean } | undefined,
    request: { span: WholeSpan; kept: boolean } | undefined,
    from: number,
    peer: string,
  ): void {
    const to = request ? this.#resourceOf(request.span) : 0;
    const key = keyOf(from, to, peer);
    const bounds = this.#rules.measure.durationBucketsS;
    const edge = this.edges.get(key) ??
      {
        from,
        to,
        peer,
        requests: 0,
        failed: 0,
        client: gathering(bounds, 1e9),
        server: gathering(bounds, 1e9),
        latencies: new Uint32Array(256),
      };
    this.edges.set(key, edge);
    edge.requests++;
    if (call?.span.failed || request?.span.failed) edge.failed++;
    const shown = request ?? call;
    if (shown) edge.latencies[fineBucketOf(shown.span.durationNs)]!++;
    if (call) gather(edge.client, call.span, call.kept, call.span.durationNs);
    if (request) gather(edge.server, request.span, request.kept, request.span.durationNs);
  }

  #latency(span: WholeSpan): void {
    const resource = this.#resourceOf(span);
    const method = String(span.attributes["http.request.method"] ?? "");
    const route = String(span.attributes["http.route"] ?? "");
    const key = keyOf(resource, method, route, span.failed);
    const found = this.routes.get(key) ??
      { resource, method, route, failed: span.failed, count: 0, sumS: 0, buckets: new Uint32Array(256) };
    found.buckets[fineBucketOf(span.durationNs)]!++;
    this.routes.set(key, {
      ...found,
      count: found.count + 1,
      sumS: found.sumS + Number(span.durationNs) / 1e9,
    });
  }

  #observe(
    metric: string,
    span: WholeSpan,
    kept: boolean,
    attributes: Attributes,
    { value, bounds, scale }: { value: bigint; bounds: readonly number[]; scale: number },
  ): void {
    const resource = this.#resourceOf(span);
    const key = keyOf(metric, resource, attributes);
    const one = this.series.get(key) ??
      { metric: metric as RedSeries["metric"], resource, attributes, gathered: gathering(bounds, scale) };
    this.series.set(key, one);
    gather(one.gathered, span, kept, value);
  }

  #attributesOf(span: WholeSpan): Attributes {
    const all: Record<string, string | number> = { ...span.attributes };
    const full = all["url.full"];
    if (span.kind === KIND_CLIENT && typeof full === "string") {
      all["url.scheme"] ??= new URL(full).protocol.slice(0, -1);
    }
    const names = span.kind === KIND_SERVER ? SERVER : CLIENT;
    return Object.fromEntries(Object.entries(all).filter(([name]) => names.includes(name)));
  }

  #resourceOf(span: WholeSpan): number {
    return this.#resources.get(span.pid) ?? 0;
  }
}

export const seriesKey = (
  { metric, resource, attributes }: Pick<RedSeries, "metric" | "resource" | "attributes">,
) => keyOf(metric, resource, attributes);
export const edgeKey = ({ client, server, peer }: RedEdge): string => keyOf(client, server, peer);
export const routeKey = ({ resource, method, route, failed }: RedRoute): string =>
  keyOf(resource, method, route, failed);

function gathering(bounds: readonly number[], scale: number): Gathered {
  return { values: [], exemplars: new Array(bounds.length + 1).fill(null), bounds, scale };
}

function gather(
  { values, exemplars, bounds, scale }: Gathered,
  span: WholeSpan,
  kept: boolean,
  value: bigint,
): void {
  values.push(value);
  const bucket = bucketOf(bounds, Number(value) / scale);
  const timeUnixNs = span.startNs + span.durationNs;
  const older = exemplars[bucket];
  if (!kept || (older && older.timeUnixNs > timeUnixNs)) return;
  exemplars[bucket] = {
    traceId: span.traceId,
    spanId: span.spanId,
    value: Number(value) / scale,
    timeUnixNs,
  };
}

function bucketOf(bounds: readonly number[], value: number): number {
  const bucket = bounds.findIndex((bound) => value <= bound);
  return bucket === -1 ? bounds.length : bucket;
}

/** Of the page. */
function fineBucketOf(durationNs: bigint): number {
  const microseconds = Number(durationNs) / 1000;
  let bucket = 0;
  while (bucket < 255 && microseconds > 2 ** (bucket / 8)) bucket++;
  if (Math.abs(latencyBoundS(bucket) * 1e6 - 2 ** (bucket / 8)) > 1e-6 * 2 ** (bucket / 8)) {
    throw new Error("latencyBoundS is not what this oracle takes it for");
  }
  return bucket;
}

export function histogramOf({ values, exemplars, bounds, scale }: Gathered): Histogram {
  const buckets = new Array<number>(bounds.length + 1).fill(0);
  for (const value of values) buckets[bucketOf(bounds, Number(value) / scale)]!++;
  const sum = Number(values.reduce((total, value) => total + value, 0n)) / scale;
  return { count: values.length, sum, buckets, exemplars };
}
