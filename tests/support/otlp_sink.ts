/**
 * An OTLP http/protobuf receiver on the loopback that decodes what it gets with protobufjs and keeps it.
 * Stands in for a collector where a test needs many spans fast, or a back end that misbehaves.
 */
import protobuf from "protobufjs";
import { type AttributeValue, kindName, type ReceivedSpan } from "./span.ts";

interface WireValue {
  readonly stringValue?: string;
  readonly boolValue?: boolean;
  readonly intValue?: string;
  readonly doubleValue?: number;
  readonly arrayValue?: { readonly values?: readonly WireValue[] };
}
interface WireAttribute {
  readonly key: string;
  readonly value?: WireValue;
}
interface WireSpan {
  readonly traceId: Uint8Array;
  readonly spanId: Uint8Array;
  readonly parentSpanId: Uint8Array;
  readonly traceState: string;
  readonly name: string;
  readonly kind: number;
  readonly flags: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly status?: { readonly code: number; readonly message: string } | null;
  readonly attributes: readonly WireAttribute[];
}
interface WireRequest {
  readonly resourceSpans: readonly {
    readonly resource?: { readonly attributes: readonly WireAttribute[] } | null;
    readonly scopeSpans: readonly { readonly spans: readonly WireSpan[] }[];
  }[];
}

const schema = protobuf.parse(Deno.readTextFileSync(new URL("otlp.proto", import.meta.url))).root;
const requestType = schema.lookupType("otlp.ExportTraceServiceRequest");

function attributeValue(value: WireValue | undefined): AttributeValue {
  if (value?.intValue !== undefined) return Number(value.intValue);
  if (value?.arrayValue !== undefined) return (value.arrayValue.values ?? []).map(attributeValue);
  return value?.stringValue ?? value?.boolValue ?? value?.doubleValue ?? "";
}

function attributeMap(attributes: readonly WireAttribute[]): Record<string, AttributeValue> {
  const map: Record<string, AttributeValue> = {};
  for (const { key, value } of attributes) {
    if (key in map) throw new Error(`Attribute "${key}" came twice on one span`);
    map[key] = attributeValue(value);
  }
  return map;
}

/** Decodes the body of one export request. */
export function decodeExportRequest(body: Uint8Array): ReceivedSpan[] {
  const request = requestType.toObject(requestType.decode(body), {
    longs: String,
    bytes: Uint8Array,
    defaults: true,
    arrays: true,
    oneofs: false,
  }) as unknown as WireRequest;
  const spans: ReceivedSpan[] = [];
  for (const { resource, scopeSpans } of request.resourceSpans) {
    const resourceAttributes = attributeMap(resource?.attributes ?? []);
    for (const span of scopeSpans.flatMap((scope) => scope.spans)) {
      spans.push({
        traceId: span.traceId.toHex(),
        spanId: span.spanId.toHex(),
        parentId: span.parentSpanId.toHex(),
        traceState: span.traceState,
        name: span.name,
        kind: kindName(span.kind),
        flags: span.flags,
        startNs: BigInt(span.startTimeUnixNano),
        endNs: BigInt(span.endTimeUnixNano),
        statusCode: span.status?.code ?? 0,
        statusMessage: span.status?.message ?? "",
        attributes: attributeMap(span.attributes),
        resource: resourceAttributes,
      });
    }
  }
  return spans;
}

async function bodyOf(request: Request): Promise<Uint8Array> {
  const stream = request.headers.get("content-encoding") === "gzip"
    ? request.body?.pipeThrough(new DecompressionStream("gzip"))
    : request.body;
  return new Uint8Array(await new Response(stream ?? null).arrayBuffer());
}

/** How a sink answers a request: an HTTP status, 200 unless a test says otherwise. */
export type SinkAnswer = () => number;

/** A running sink. */
export class OtlpSink implements AsyncDisposable {
  readonly spans: ReceivedSpan[] = [];
  /** Requests seen, whatever they were answered. */
  requests = 0;
  answer: SinkAnswer = () => 200;
  readonly #server: Deno.HttpServer<Deno.NetAddr>;

  constructor(port = 0) {
    this.#server = Deno.serve(
      { hostname: "127.0.0.1", port, onListen: () => {} },
      (request) => this.#receive(request),
    );
  }

  /** Base URL for `--otlp`. */
  get url(): string {
    return `http://127.0.0.1:${this.#server.addr.port}`;
  }

  /** Takes all spans received so far. */
  take(): ReceivedSpan[] {
    return this.spans.splice(0);
  }

  async #receive(request: Request): Promise<Response> {
    this.requests++;
    const body = await bodyOf(request);
    if (new URL(request.url).pathname !== "/v1/traces") return new Response(null, { status: 404 });
    const status = this.answer();
    if (status === 200) this.spans.push(...decodeExportRequest(body));
    return new Response(new Uint8Array(), { status, headers: { "content-type": "application/x-protobuf" } });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }
}
