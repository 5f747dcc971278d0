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
 * Feeds samples and compares the spans. Unless exact, a decoder may leave out attributes of all samples and add its
 * own; those that it gives of any sample it must give of every one, with the right values.
 *
 * @throws {GateRefusal} naming the first difference.
 */
export function checkSamples(trial: Trial, samples: readonly Sample[], { exact }: SampleCheckOptions): void {
  const results = samples.map((sample) => {
    const { spans } = trial.feed(sample.records);
    trial.drop(0);
    return { sample, spans };
  });
  const given = new Set(
    results.flatMap(({ spans }) => spans.flatMap(({ attributes }) => Object.keys(attributes))),
  );
  for (const { sample, spans } of results) {
    const isWanted = (name: string) => exact || (given.has(name) && !sample.isCut);
    const difference = spans.length === sample.spans.length
      ? sample.spans.map((wanted, index) =>
        headDiffers(spans[index]!, wanted, exact) ?? attributesDiffer(spans[index]!, wanted, isWanted, exact)
      ).find((found) => found !== null)
      : `there are ${spans.length} spans, must be ${sample.spans.length}`;
    if (difference) {
      throw new GateRefusal("decoder-golden-mismatch", `sample "${sample.name}": ${difference}`);
    }
  }
}

function headDiffers(have: RowSpan, wanted: SampleSpan, exact: boolean): string | null {
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
  const pair = pairs.find(([, left, right]) => left !== right);
  return pair ? `${pair[0]} is ${show(pair[1])}, must be ${show(pair[2])}` : null;
}

function attributesDiffer(
  { attributes: have }: RowSpan,
  { attributes: wanted }: SampleSpan,
  isWanted: (name: string) => boolean,
  exact: boolean,
): string | null {
  const names = Object.keys(wanted).filter(isWanted);
  if (exact) names.push(...Object.keys(have));
  const name = names.find((candidate) => have[candidate] !== wanted[candidate]);
  return name === undefined
    ? null
    : `attribute ${name} is ${show(have[name])}, must be ${show(wanted[name])}`;
}

function show(value: unknown): string {
  if (value === undefined) return "missing";
  return typeof value === "string" ? `"${value}"` : String(value);
}
