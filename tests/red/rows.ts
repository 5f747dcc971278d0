/** Rows as decoders write them, from spans as tests say them, and a stage that takes them. */
import type { MeasureConfig, RouteRules } from "../../src/config/config.ts";
import { copyRows } from "../../src/decoder/output_rows.ts";
import type { SpanBatch } from "../../src/decoder/span_batch.ts";
import { RedMirror } from "../../src/red/snapshot.ts";
import { RedStage, type RedStageOptions } from "../../src/red/stage.ts";
import type { RedRules, RedSnapshot } from "../../src/red/types.ts";
import { ProtoWriter } from "../../src/support/proto_writer.ts";
import { type DecodedSpan, KIND_CLIENT, KIND_SERVER, readBatches } from "../decoder/spans.ts";

export const redModule: WebAssembly.Module = await WebAssembly.compile(
  await Deno.readFile(new URL("../../build/red.wasm", import.meta.url)),
);

export const MEASURE: Omit<MeasureConfig, "ttlMs"> = {
  features: ["application", "application_service_graph"],
  durationBucketsS: [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10],
  sizeBucketsBytes: [0, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192],
  maxSeries: 1000,
  attributes: [],
};

export const ROUTES: RouteRules = {
  patterns: [],
  ignoredPatterns: [],
  ignoreMode: "all",
  unmatched: "heuristic",
  wildcard: "*",
};

/** Rules that differ from the defaults in what is given. */
export function rulesWith(
  { measure = {}, routes = {}, filters = [] }: {
    readonly measure?: Partial<RedRules["measure"]>;
    readonly routes?: Partial<RouteRules>;
    readonly filters?: RedRules["filters"];
  } = {},
): RedRules {
  return { measure: { ...MEASURE, ...measure }, filters, routes: [{ ...ROUTES, ...routes }] };
}

export interface TestSpan {
  readonly pid?: number;
  readonly traceId?: string;
  readonly spanId?: string;
  readonly parentSpanId?: string;
  readonly name?: string;
  readonly kind?: number;
  readonly startNs?: bigint;
  readonly durationNs?: bigint;
  readonly attributes?: Readonly<Record<string, string | number>>;
  readonly failed?: boolean;
  /** Left out of the row when null. */
  readonly flags?: number | null;
}

const START_NS = 1_700_000_000_000_000_000n;
let spans = 0;

function fixed64(value: bigint): Uint8Array {
  return new Uint8Array(BigUint64Array.of(BigInt.asUintN(64, value)).buffer);
}

function attributeOf(key: string, value: string | number): Uint8Array {
  const any = new ProtoWriter();
  if (typeof value === "string") any.stringField(1, value);
  else any.uint64Field(3, BigInt(value));
  return new ProtoWriter().stringField(1, key).bytesField(2, any.finish()).finish();
}

/** One row. Ids are new where none are given. */
export function rowOf(span: TestSpan): Uint8Array<ArrayBuffer> {
  spans++;
  const kind = span.kind ?? KIND_SERVER;
  const startNs = span.startNs ?? START_NS;
  const writer = new ProtoWriter()
    .bytesField(1, Uint8Array.fromHex(span.traceId ?? spans.toString(16).padStart(32, "a")))
    .bytesField(2, Uint8Array.fromHex(span.spanId ?? spans.toString(16).padStart(16, "b")));
  if (span.parentSpanId) writer.bytesField(4, Uint8Array.fromHex(span.parentSpanId));
  writer.stringField(5, span.name ?? String(span.attributes?.["http.request.method"] ?? "GET"));
  writer.uint64Field(6, kind)
    .varint(7 << 3 | 1).raw(fixed64(startNs))
    .varint(8 << 3 | 1).raw(fixed64(startNs + (span.durationNs ?? 1_000_000n)));
  for (const [key, value] of Object.entries(span.attributes ?? {})) {
    writer.bytesField(9, attributeOf(key, value));
  }
  if (span.failed) writer.bytesField(15, new ProtoWriter().uint64Field(3, 2).finish());
  const flags = span.flags === undefined ? 0x101 : span.flags;
  if (flags !== null) writer.varint(16 << 3 | 5).raw(new Uint8Array(Uint32Array.of(flags).buffer));
  return rowWith(span.pid ?? 1, new ProtoWriter().bytesField(2, writer.finish()).finish());
}

/** A row of any bytes. */
export function rowWith(pid: number, field: Uint8Array): Uint8Array<ArrayBuffer> {
  const row = new Uint8Array(8 + field.length);
  const view = new DataView(row.buffer);
  view.setUint32(0, pid, true);
  view.setUint32(4, field.length, true);
  row.set(field, 8);
  return row;
}

/** A server span with what a decoder says of a request. */
export function server(path: string, span: TestSpan = {}): TestSpan {
  const { attributes, ...others } = span;
  return {
    ...others,
    kind: KIND_SERVER,
    attributes: {
      "http.request.method": "GET",
      "url.path": path,
      "url.scheme": "http",
      "http.response.status_code": 200,
      ...attributes,
    },
  };
}

/** A client span with what a decoder says of a call. */
export function client(url: string, span: TestSpan = {}): TestSpan {
  const { attributes, ...others } = span;
  return {
    ...others,
    kind: KIND_CLIENT,
    attributes: {
      "http.request.method": "GET",
      "server.address": new URL(url).hostname,
      "url.full": url,
      "http.response.status_code": 200,
      ...attributes,
    },
  };
}

export function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  parts.reduce((at, part) => (bytes.set(part, at), at + part.length), 0);
  return bytes;
}

/** A stage, and what it says. */
export class StageFixture {
  readonly stage: RedStage;
  readonly #mirror = new RedMirror();
  /** What the stage's clocks show. */
  nowMs = 1_700_000_000_000;

  constructor(rules: RedRules = rulesWith(), options: Partial<RedStageOptions> = {}) {
    this.stage = new RedStage({
      module: redModule,
      rules,
      now: () => this.nowMs,
      elapsed: () => this.nowMs - 1_600_000_000_000,
      ...options,
    });
  }

  /** Takes whole rows; yields batches of those that stay. */
  runRows(...rows: readonly Uint8Array[]): SpanBatch[] {
    const batches: SpanBatch[] = [];
    const bytes = joined(rows);
    this.stage.run(bytes, 0, bytes.length, (memory, rows) => batches.push(...copyRows(memory, rows)));
    return batches;
  }

  /** Takes spans; yields those that stay, read strictly. */
  run(...spans: readonly TestSpan[]): DecodedSpan[] {
    return readBatches(this.runRows(...spans.map(rowOf)));
  }

  /** Fresh. */
  snapshot(): RedSnapshot {
    return this.#mirror.apply(this.stage.changes());
  }
}
