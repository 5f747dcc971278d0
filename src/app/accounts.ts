/**
 * Where every span is: adds up what the kernel, the decoders and the exporter counted, over all lives of the
 * loader. Used by Agent for the status report.
 */
import type { PipelineCounters } from "../decoder/messages.ts";
import type { ExportStats } from "../export/span_exporter.ts";
import type { Accounting } from "../status/model.ts";
import type { LeftOutReason, LossReason } from "../support/span_outcomes.ts";
import type { LoaderStats } from "../wire/stats.ts";

/** What one life of the loader contributes. */
interface Share {
  readonly begun: number;
  readonly sampledOut: number;
  readonly leftOut: Readonly<Record<string, number>>;
  readonly lost: Readonly<Record<string, number>>;
  readonly inFlight: number;
}

type LossCounts = Readonly<Partial<Record<LossReason, number>>>;

const NOTHING: Share = { begun: 0, sampledOut: 0, leftOut: {}, lost: {}, inFlight: 0 };

/** Sums over the loaders that have ended, so that a restart loses no count. */
export class Accounts {
  #past: Share = NOTHING;

  /**
   * A loader has ended, and with it the spans in flight. Its last statistics may be older than its last span, so what began is taken from the
   * start records that arrived.
   */
  close(stats: LoaderStats | null, decoders: PipelineCounters | null): void {
    const share = shareOf(stats, decoders);
    const begun = (decoders?.starts ?? 0) + (stats?.counters.sampled_out ?? 0) + kernelLosses(stats);
    const lost = addCounts(share.lost, { loader_ended: share.inFlight } satisfies LossCounts);
    this.#past = add(this.#past, { ...share, begun, lost, inFlight: 0 });
  }

  /** The account now; each argument is null where there is no loader. */
  report(stats: LoaderStats | null, decoders: PipelineCounters | null, exported: ExportStats): Accounting {
    const { begun, sampledOut, leftOut, lost, inFlight } = add(this.#past, shareOf(stats, decoders));
    return {
      begun,
      exported: exported.exported,
      sampledOut,
      leftOut,
      lost: addCounts(lost, exported.lost),
      inFlight,
      queued: exported.queued,
    };
  }
}

function shareOf(stats: LoaderStats | null, decoders: PipelineCounters | null): Share {
  const counters = stats?.counters;
  const red = decoders?.red;
  return {
    begun: (counters?.begun_server ?? 0) + (counters?.begun_client ?? 0),
    sampledOut: (counters?.sampled_out ?? 0) + (red?.sampled_out ?? 0),
    leftOut: addCounts(
      {},
      {
        ignored: red?.ignored ?? 0,
        filtered: red?.filtered ?? 0,
        not_exported: red?.not_exported ?? 0,
      } satisfies Readonly<Record<LeftOutReason, number>>,
    ),
    lost: addCounts(
      {
        ring_full: counters?.lost_ring_full ?? 0,
        span_map_full: counters?.lost_span_map_full ?? 0,
      } satisfies LossCounts,
      decoders?.lost ?? {},
    ),
    inFlight: decoders?.inFlight ?? 0,
  };
}

/** Spans that were lost before their start record was sent. */
function kernelLosses(stats: LoaderStats | null): number {
  return (stats?.counters.lost_ring_full ?? 0) + (stats?.counters.lost_span_map_full ?? 0);
}

function add(left: Share, right: Share): Share {
  return {
    begun: left.begun + right.begun,
    sampledOut: left.sampledOut + right.sampledOut,
    leftOut: addCounts(left.leftOut, right.leftOut),
    lost: addCounts(left.lost, right.lost),
    inFlight: left.inFlight + right.inFlight,
  };
}

function addCounts(
  left: Readonly<Record<string, number>>,
  right: Readonly<Record<string, number>>,
): Record<string, number> {
  const sum: Record<string, number> = {};
  for (const counts of [left, right]) {
    for (const [reason, count] of Object.entries(counts)) {
      if (count > 0) sum[reason] = (sum[reason] ?? 0) + count;
    }
  }
  return sum;
}
