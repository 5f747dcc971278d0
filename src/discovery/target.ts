/**
 * One Go process as the agent sees it. Owned by Discovery, read by the status API and by the exporter, which
 * needs the identity of a process for a while after its end.
 */
import type { ProbeSite } from "../goexe/types.ts";
import type { Reason } from "../support/reason.ts";

/** Where a process stands; `refused` and `excluded` carry a reason. */
export type TargetState = "attaching" | "traced" | "refused" | "excluded";

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
  sites: readonly ProbeSite[];
}
