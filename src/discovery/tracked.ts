/** One process as Discovery works on it, and the ways in which its state changes. */
import type { SamplerConfig, SelectRule } from "../config/config.ts";
import type { Inspection } from "../goexe/types.ts";
import type { Reason } from "../support/reason.ts";
import type { ProcessInfo } from "../wire/process.ts";
import { type Candidate, candidateOf } from "./candidate.ts";
import { containerOf } from "./container.ts";
import type { ChosenDecoder } from "./decoder_chooser.ts";
import { identityOf, type Knowledge } from "./inspections.ts";
import type { Target } from "./target.ts";

/** How the spans of a process are sampled, and whether those that are left out are measured. */
export interface Sampling {
  readonly sampler: SamplerConfig;
  readonly measure: boolean;
}

/** A process, the knowledge of its executable and what it uses. */
export interface Tracked {
  readonly target: Target;
  readonly identity: string;
  readonly knowledge: Knowledge;
  readonly candidate: Candidate;
  /** On which it listened when it was judged last; null: that was not asked. */
  ports: readonly number[] | null;
  /** What onTarget was called with last. */
  announced: { readonly rule: SelectRule | null } | null;
  /** The decoder in use; null while it is not traced. */
  choice: ChosenDecoder | null;
  /** As the kernel was told last; null while it is not traced. */
  sampling: Sampling | null;
  /** Refused for want of a decoder, so a change of decoders may help. */
  wantsDecoder: boolean;
  holdsAttachment: boolean;
  gone: boolean;
  /** Rules have changed since it was judged. */
  stale: boolean;
  /** Its being judged and brought to its state. */
  settling: Promise<void> | null;
}

export function trackedOf(process: ProcessInfo, knowledge: Knowledge): Tracked {
  const container = containerOf(process.cgroup);
  return {
    target: {
      pid: process.pid,
      exe: process.exe,
      environment: process.environment,
      args: process.args,
      containerId: container?.id ?? null,
      podUid: container?.podUid ?? null,
      rule: null,
      state: "attaching",
      reason: null,
      goVersion: goVersionOf(knowledge.inspection),
      decoder: null,
      decoderCheck: null,
      sites: [],
    },
    identity: identityOf(process),
    knowledge,
    candidate: candidateOf(process, knowledge.inspection),
    ports: null,
    announced: null,
    choice: null,
    sampling: null,
    wantsDecoder: false,
    holdsAttachment: false,
    gone: false,
    stale: false,
    settling: null,
  };
}

/** It is being worked on. */
export function attaching({ target }: Tracked): void {
  target.state = "attaching";
  target.reason = null;
}

/** It is traced with the decoder that was chosen. */
export function attached({ target, choice, knowledge: { inspection } }: Tracked): void {
  if (choice === null || inspection.kind !== "go") return;
  target.state = "traced";
  target.reason = null;
  target.decoder = choice.choice.pack.manifest.name;
  target.decoderCheck = choice.choice.nearest ? "nearest" : choice.choice.checked ? "dwarf" : "range";
  target.sites = inspection.exe.sites;
}

/** It cannot be traced. */
export function refused({ target }: Tracked, reason: Reason): void {
  stopped(target, "refused", reason);
}

/** It is not to be traced. */
export function excluded({ target }: Tracked, reason: Reason): void {
  stopped(target, "excluded", reason);
}

function stopped(target: Target, state: "refused" | "excluded", reason: Reason): void {
  target.state = state;
  target.reason = reason;
  target.decoder = null;
  target.decoderCheck = null;
  target.sites = [];
}

function goVersionOf(inspection: Inspection): string | null {
  if (inspection.kind === "not-go") return null;
  return inspection.kind === "go" ? inspection.exe.goVersion : inspection.goVersion;
}
