/**
 * Families as an ExportMetricsServiceRequest (opentelemetry/proto/collector/metrics/v1 and metrics/v1), in
 * protobuf and in OTLP's JSON form. Used by OtlpMetricSource.
 */
import type { Exemplar, Histogram } from "../red/types.ts";
import { WIRE_FIXED64 } from "../support/proto_reader.ts";
import { ProtoWriter } from "../support/proto_writer.ts";
import { VERSION } from "../support/version.ts";
import { writeAttribute } from "../trace/attributes.ts";
import { SCHEMA_URL, SCOPE_NAME } from "../trace/names.ts";
import { attributesToJson, type Json } from "../trace/otlp_json.ts";
import type { Resource } from "../trace/resource.ts";
import type { Family, Point } from "./families.ts";

export interface OtlpMetrics {
  readonly families: readonly Family[];
  readonly timeUnixNs: bigint;
  readonly delta: boolean;
}

/** opentelemetry.proto.metrics.v1.AggregationTemporality */
const DELTA = 1;
const CUMULATIVE = 2;

const schemaUrl = (writer: ProtoWriter) => writer.stringField(3, SCHEMA_URL);

export function encodeProtobuf(metrics: OtlpMetrics): Uint8Array<ArrayBuffer> {
  const request = new ProtoWriter();
  const scope = new ProtoWriter().stringField(1, SCOPE_NAME).stringField(2, VERSION).finish();
  for (const [resource, families] of byResource(metrics.families)) {
    const scopeMetrics = new ProtoWriter().bytesField(1, scope);
    for (const family of families) scopeMetrics.bytesField(2, metricBytes(family, metrics));
    const resourceMetrics = new ProtoWriter()
      .bytesField(1, resource.encoded)
      .bytesField(2, schemaUrl(scopeMetrics).finish());
    request.bytesField(1, schemaUrl(resourceMetrics).finish());
  }
  return request.finish();
}

export function encodeJson(metrics: OtlpMetrics): Uint8Array<ArrayBuffer> {
  const resourceMetrics = [...byResource(metrics.families)].map(([resource, families]) => ({
    resource: { attributes: attributesToJson(resource.attributes) },
    scopeMetrics: [{
      scope: { name: SCOPE_NAME, version: VERSION },
      metrics: families.map((family) => metricJson(family, metrics)),
      schemaUrl: SCHEMA_URL,
    }],
    schemaUrl: SCHEMA_URL,
  }));
  return new TextEncoder().encode(JSON.stringify({ resourceMetrics }));
}

function byResource(families: readonly Family[]): Map<Resource, Family[]> {
  const groups = new Map<Resource, Family[]>();
  for (const family of families) {
    for (const [resource, points] of Map.groupBy(family.points, ({ resource }) => resource)) {
      const group = groups.get(resource) ?? [];
      groups.set(resource, [...group, { ...family, points }]);
    }
  }
  return groups;
}

function metricBytes(family: Family, metrics: OtlpMetrics): Uint8Array {
  const data = new ProtoWriter();
  for (const point of family.points) data.bytesField(1, pointBytes(point, family, metrics.timeUnixNs));
  data.uint64Field(2, metrics.delta ? DELTA : CUMULATIVE);
  const histogram = family.bounds !== null;
  if (!histogram) data.uint64Field(3, 1);
  return new ProtoWriter()
    .stringField(1, family.name)
    .stringField(2, family.help)
    .stringField(3, family.unit)
    .bytesField(histogram ? 9 : 7, data.finish())
    .finish();
}

/** HistogramDataPoint or NumberDataPoint. */
function pointBytes(point: Point, family: Family, timeUnixNs: bigint): Uint8Array {
  const writer = new ProtoWriter();
  fixed64(writer, 2, point.startUnixNs);
  fixed64(writer, 3, timeUnixNs);
  const { value } = point;
  const attributesField = typeof value === "number" ? 7 : 9;
  for (const [key, text] of pointAttributes(point)) {
    writer.bytesField(attributesField, writeAttribute(key, text));
  }
  if (typeof value === "number") {
    fixed64(writer, 6, BigInt(value));
    return writer.finish();
  }
  fixed64(writer, 4, BigInt(value.count));
  double(writer, 5, value.sum);
  writer.bytesField(
    6,
    packed(value.buckets, (view, at, count) => view.setBigUint64(at, BigInt(count), true)),
  );
  writer.bytesField(7, packed(family.bounds ?? [], (view, at, bound) => view.setFloat64(at, bound, true)));
  for (const exemplar of exemplarsOf(value)) writer.bytesField(8, exemplarBytes(exemplar));
  return writer.finish();
}

function exemplarBytes({ traceId, spanId, value, timeUnixNs }: Exemplar): Uint8Array {
  const writer = new ProtoWriter();
  fixed64(writer, 2, timeUnixNs);
  double(writer, 3, value);
  return writer.bytesField(4, Uint8Array.fromHex(spanId)).bytesField(5, Uint8Array.fromHex(traceId)).finish();
}

function metricJson(family: Family, metrics: OtlpMetrics): Json {
  const dataPoints = family.points.map((point) => pointJson(point, family, metrics.timeUnixNs));
  const aggregationTemporality = metrics.delta ? DELTA : CUMULATIVE;
  return {
    name: family.name,
    description: family.help,
    unit: family.unit,
    ...(family.bounds !== null
      ? { histogram: { dataPoints, aggregationTemporality } }
      : { sum: { dataPoints, aggregationTemporality, isMonotonic: true } }),
  };
}

function pointJson(point: Point, family: Family, timeUnixNs: bigint): Json {
  const { value } = point;
  const head = {
    startTimeUnixNano: String(point.startUnixNs),
    timeUnixNano: String(timeUnixNs),
    attributes: attributesToJson(pointAttributes(point).map(([key, value]) => ({ key, value }))),
  };
  if (typeof value === "number") return { ...head, asInt: String(value) };
  return {
    ...head,
    count: String(value.count),
    sum: value.sum,
    bucketCounts: value.buckets.map(String),
    explicitBounds: [...family.bounds ?? []],
    exemplars: exemplarsOf(value).map((exemplar) => ({
      timeUnixNano: String(exemplar.timeUnixNs),
      asDouble: exemplar.value,
      spanId: exemplar.spanId,
      traceId: exemplar.traceId,
    })),
  };
}

function pointAttributes({ attributes, overflow }: Point): [string, string | bigint | boolean][] {
  const all: [string, string | bigint | boolean][] = Object.entries(attributes)
    .map(([key, value]) => [key, typeof value === "number" ? BigInt(Math.trunc(value)) : value]);
  if (overflow) all.push(["otel.metric.overflow", true]);
  return all;
}

const exemplarsOf = ({ exemplars }: Histogram): Exemplar[] => exemplars.filter((one) => one !== null);

const fixed64 = (writer: ProtoWriter, field: number, value: bigint) =>
  writer.varint(field << 3 | WIRE_FIXED64).raw(
    packed([value], (view, at, number) => view.setBigUint64(at, number, true)),
  );

const double = (writer: ProtoWriter, field: number, value: number) =>
  writer.varint(field << 3 | WIRE_FIXED64).raw(
    packed([value], (view, at, number) => view.setFloat64(at, number, true)),
  );

function packed<T>(values: readonly T[], set: (view: DataView, at: number, value: T) => void): Uint8Array {
  const bytes = new Uint8Array(values.length * 8);
  const view = new DataView(bytes.buffer);
  values.forEach((value, i) => set(view, i * 8, value));
  return bytes;
}
