/**
 * One process as the agent sees it. Owned by Discovery, read by the status API and by the exporter, which needs the
 * identity of a process for a while after its end.
 */
import type { SelectRule } from "../config/config.ts";
import type { ProbeSite } from "../goexe/types.ts";
import type { Reason } from "../support/reason.ts";

/** Where a process stands; `refused` and `excluded` carry a reason. */
export type TargetState = "attaching" | "traced" | "refused" | "excluded";

/**
 * `dwarf`: the executable's debug information has the decoder's offsets. `range`: it has none, the decoder is made
 * for its Go version. `nearest`: made for another version (decoders.allow_nearest), so spans may be wrong.
 */
export type DecoderCheck = "dwarf" | "range" | "nearest";

/** How long it took until a process was traced. */
export interface AttachTime {
  /** From the process seen to its executable read and a decoder chosen; next to nothing where it was read before. */
  readonly analysisMs: number;
  /** From then to its probes in place. */
  readonly attachMs: number;
}

/** A Go process, or one that is none though a rule names it. Mutable: its state moves on while discovery works on it. */
export interface Target {
  /** As the initial pid namespace sees it. */
  readonly pid: number;
  readonly exe: string;
  /** OTEL_* variables of the process. */
  readonly environment: Readonly<Record<string, string>>;
  /** As the process shows them, its own name first; at most 2 KiB. */
  readonly args?: readonly string[];
  /** Null: in none. */
  readonly containerId?: string | null;
  /** metadata.uid of its Kubernetes pod; null: in none. */
  readonly podUid?: string | null;
  /** The rule that selects it and names it; null where it is selected without one, or not at all. */
  rule?: SelectRule | null;
  state: TargetState;
  reason: Reason | null;
  goVersion: string | null;
  /** Name of the decoder in use. */
  decoder: string | null;
  /** How it is known that the decoder suits. */
  decoderCheck: DecoderCheck | null;
  sites: readonly ProbeSite[];
  /** Another object whenever it is attached again; null while it is not traced. */
  attachTime?: AttachTime | null;
}
