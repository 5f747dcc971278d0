/**
 * Why spans do not come out at the end: every reason that the agent counts, with what it means. The one table that
 * the accounting, /metrics and the page go by; an answer of the collector that is none of these is `http_STATUS` or
 * `grpc_STATUS`.
 */

/** Where a span was lost, in the order in which it passes through. */
export const LOSSES = {
  ring_full: "The ring buffer was full at its start",
  span_map_full: "Too many were in flight in the kernel",
  end_ring_full: "The ring buffer was full at its end",
  abandoned: "Its goroutine began another call before it ended",
  table_full: "Too many were in flight in the decoder",
  process_exited: "Its process ended first",
  bad_record: "What was read made no sense",
  no_decoder: "Its decoder was gone",
  decoder_fault: "Its decoder failed and was replaced",
  loader_ended: "The loader ended first",
  malformed: "It could not be encoded",
  queue_full: "The collector was too slow or away",
  too_large: "It was larger than a request may be",
  rejected: "The collector refused it",
  answer_too_large: "The collector answered more than is read",
  retries_exhausted: "The collector did not take it in time",
  replaced: "A reload named another collector first",
  shutdown: "The agent ended before the collector took it",
} as const;

/** Why spans are measured but wanted in no trace. */
export const LEFT_OUT = {
  ignored: "By routes.ignored_patterns",
  filtered: "By filter",
  not_exported: "By exports of their process",
} as const;

export type LossReason = keyof typeof LOSSES;
export type LeftOutReason = keyof typeof LEFT_OUT;
