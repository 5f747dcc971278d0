/** What a caller outside may bring along to the matrix's front, and what each way means for spans and headers. */
import { freshContext, type SentContext } from "../support/load.ts";

/** One way of calling. */
export interface ContextMode {
  readonly name: string;
  readonly context: () => SentContext | undefined;
  /** Whether spans come out; what is not sampled is counted and forwarded only. */
  readonly sampled: boolean;
}

const TRACESTATE = "vendor=opaque-value-1,other@system=0af7651916cd43dd8448eb211c80319c";

/** Every way, in the order in which they are tried. */
export const CONTEXT_MODES: readonly ContextMode[] = [
  { name: "own traceparent", context: () => freshContext("01"), sampled: true },
  { name: "no header", context: () => undefined, sampled: true },
  { name: "flags 00", context: () => freshContext("00"), sampled: false },
  { name: "tracestate", context: () => freshContext("01", TRACESTATE), sampled: true },
];
