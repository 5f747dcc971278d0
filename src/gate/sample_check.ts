/**
 * Compares what a decoder makes of a sample with what the sample said. This is the one check that does not take the
 * decoder's own word: plans, offsets in the code and golden vectors of one wrong layout agree with each other.
 */
import type { Sample, SampleSpan } from "../../decoder-as/samples/samples.ts";
import { GOLDEN_REALTIME_OFFSET_NS } from "../decoder/golden.ts";
import { GateRefusal } from "./refusal.ts";
import type { RowSpan } from "./span_reader.ts";
import type { Trial } from "./trial.ts";

const STATUS_ERROR = 2;

export interface SampleCheckOptions {
  /** Every attribute must be there and no other, as the decoders of this project have it. */
  readonly exact: boolean;
}

/**
 * Feeds a sample. Unless exact, a decoder may leave attributes out or add some, but not contradict the sample.
 *
 * @throws {GateRefusal} naming the first difference.
 */
export function checkSample(trial: Trial, sample: Sample, options: SampleCheckOptions): void {
  const { spans } = trial.feed(sample.records);
  trial.drop(0);
  const difference = spans.length === sample.spans.length
    ? sample.spans.map((wanted, index) => differenceOf(spans[index]!, wanted, { ...options, ...sample }))
      .find((found) => found !== null)
    : `there are ${spans.length} spans, must be ${sample.spans.length}`;
  if (difference) throw new GateRefusal("decoder-golden-mismatch", `sample "${sample.name}": ${difference}`);
}

interface Strictness {
  readonly exact: boolean;
  readonly isCut?: boolean;
}

function differenceOf(have: RowSpan, wanted: SampleSpan, { exact, isCut }: Strictness): string | null {
  const pairs: [what: string, have: unknown, wanted: unknown][] = [
    ["pid", have.pid, wanted.pid],
    ["trace id", have.traceId, wanted.traceId],
    ["span id", have.spanId, wanted.spanId],
    ["parent span id", have.parentSpanId, wanted.parentSpanId],
    ["kind", have.kind, wanted.kind],
    ["start", have.startNs, wanted.startNs + GOLDEN_REALTIME_OFFSET_NS],
    ["end", have.endNs, wanted.endNs + GOLDEN_REALTIME_OFFSET_NS],
  ];
  if (exact) {
    pairs.push(
      ["name", have.name, wanted.name],
      ["tracestate", have.traceState, wanted.traceState],
      ["status", have.status, wanted.isError ? STATUS_ERROR : 0],
      ["flags", have.flags, wanted.flags],
    );
  }
  const names = exact || !isCut ? Object.keys(wanted.attributes) : [];
  for (const name of names) {
    if (exact || name in have.attributes) {
      pairs.push([`attribute ${name}`, have.attributes[name], wanted.attributes[name]]);
    }
  }
  if (exact) {
    for (const name of Object.keys(have.attributes)) {
      if (!(name in wanted.attributes)) pairs.push([`attribute ${name}`, have.attributes[name], undefined]);
    }
  }
  const pair = pairs.find(([, left, right]) => left !== right);
  return pair ? `${pair[0]} is ${show(pair[1])}, must be ${show(pair[2])}` : null;
}

function show(value: unknown): string {
  if (value === undefined) return "missing";
  return typeof value === "string" ? `"${value}"` : String(value);
}
