/**
 * A span as the tests see it, whichever way it came (own sink, Collector, status API), and how to ask a
 * heap of spans questions.
 */

/** Value of an attribute; whole numbers are numbers. */
export type AttributeValue = string | number | boolean | readonly AttributeValue[];

/** One received span. Ids are lower-case hex, `parentId` is "" for a root. */
export interface ReceivedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentId: string;
  readonly traceState: string;
  readonly name: string;
  readonly kind: "SERVER" | "CLIENT" | "OTHER";
  readonly flags: number;
  readonly startNs: bigint;
  readonly endNs: bigint;
  readonly statusCode: number;
  readonly statusMessage: string;
  readonly attributes: Readonly<Record<string, AttributeValue>>;
  readonly resource: Readonly<Record<string, AttributeValue>>;
}

/** A value as OTLP writes it in JSON; protobufjs shows the same shape. */
export interface OtlpValue {
  readonly stringValue?: string;
  readonly boolValue?: boolean;
  readonly intValue?: string;
  readonly doubleValue?: number;
  readonly arrayValue?: { readonly values?: readonly OtlpValue[] };
}

/** An attribute as OTLP writes it in JSON. */
export interface OtlpAttribute {
  readonly key: string;
  readonly value?: OtlpValue;
}

/** A span as OTLP writes it in JSON; what has its default may be left out. */
export interface OtlpSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly traceState?: string;
  readonly name: string;
  readonly kind: number;
  readonly flags?: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly status?: { readonly code?: number; readonly message?: string };
  readonly attributes?: readonly OtlpAttribute[];
}

function attributeValue(value: OtlpValue | undefined): AttributeValue {
  if (value?.intValue !== undefined) return Number(value.intValue);
  if (value?.arrayValue !== undefined) return (value.arrayValue.values ?? []).map(attributeValue);
  return value?.stringValue ?? value?.boolValue ?? value?.doubleValue ?? "";
}

/**
 * Attributes by key.
 *
 * @throws {Error} when a key comes twice, which OTLP forbids.
 */
export function attributeMap(attributes: readonly OtlpAttribute[] = []): Record<string, AttributeValue> {
  const map: Record<string, AttributeValue> = {};
  for (const { key, value } of attributes) {
    if (key in map) throw new Error(`Attribute "${key}" came twice`);
    map[key] = attributeValue(value);
  }
  return map;
}

/** Makes a span of OTLP's; `hex` turns ids into hex. */
export function fromOtlp(
  span: OtlpSpan,
  resource: Readonly<Record<string, AttributeValue>>,
  hex: (id: string | undefined) => string,
): ReceivedSpan {
  return {
    traceId: hex(span.traceId),
    spanId: hex(span.spanId),
    parentId: hex(span.parentSpanId),
    traceState: span.traceState ?? "",
    name: span.name,
    kind: span.kind === 2 ? "SERVER" : span.kind === 3 ? "CLIENT" : "OTHER",
    flags: span.flags ?? 0,
    startNs: BigInt(span.startTimeUnixNano),
    endNs: BigInt(span.endTimeUnixNano),
    statusCode: span.status?.code ?? 0,
    statusMessage: span.status?.message ?? "",
    attributes: attributeMap(span.attributes),
    resource,
  };
}

/** Spans by trace id, each trace's spans by start. */
export function byTrace(spans: Iterable<ReceivedSpan>): Map<string, ReceivedSpan[]> {
  const traces = Map.groupBy(spans, (span) => span.traceId);
  for (const trace of traces.values()) trace.sort((a, b) => Number(a.startNs - b.startNs));
  return traces;
}
