/**
 * One Go process as the agent sees it. Owned by Discovery, read by the status API and by the exporter, which
 * needs the identity of a process for a while after its end.
 */
import type { ProbeSite } from "../goexe/types.ts";
import type { Reason } from "../support/reason.ts";

/** Where a process stands; `refused` and `excluded` carry a reason. */
export type TargetState = "attaching" | "traced" | "refused" | "excluded";

/**
 * `dwarf`: the executable's debug information has the decoder's offsets. `range`: it has none, the decoder is made
 * for its Go version. `nearest`: made for another version (decoders.allow_nearest), so spans may be wrong.
 */
export type DecoderCheck = "dwarf" | "range" | "nearest";

/** A Go process. Mutable: its state moves on while discovery works on it. */
export interface Target {
  /** As the initial pid namespace sees it. */
  readonly pid: number;
  readonly exe: string;
  /** OTEL_* variables of the process. */
  readonly environment: Readonly<Record<string, string>>;
  state: TargetState;
  reason: Reason | null;
  goVersion: string | null;
  /** Name of the decoder in use. */
  decoder: string | null;
  /** How it is known that the decoder suits. */
  decoderCheck: DecoderCheck | null;
  sites: readonly ProbeSite[];
}
