/** One process as Discovery works on it, and the ways in which its state changes. */
import type { SamplerConfig, SelectRule } from "../config/config.ts";
import type { Inspection } from "../goexe/types.ts";
import type { Reason } from "../support/reason.ts";
import type { ProcessInfo } from "../wire/process.ts";
import { type Candidate, candidateOf } from "./candidate.ts";
import { containerOf } from "./container.ts";
import type { ChosenDecoder } from "./decoder_chooser.ts";
import { identityOf, type Knowledge } from "./inspections.ts";
import type { Target, TargetState } from "./target.ts";

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
  /** From the process seen to what is known of its executable. */
  inspectionMs: number;
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
  readonly onChange: OnChange;
  /** What onChange was called with last, in short; null: it was not called yet. */
  told: string | null;
}

/**
 * Called when the state, reason, decoder or name of a process is another, or, with `gone`, when it is listed no more.
 * Must not throw, and must copy what it keeps of the target.
 */
export type OnChange = (target: Target, gone: boolean) => void;

export function trackedOf(
  process: ProcessInfo,
  knowledge: Knowledge,
  onChange: OnChange = () => {},
): Tracked {
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
      attachTime: null,
    },
    identity: identityOf(process),
    knowledge,
    candidate: candidateOf(process, knowledge.inspection),
    inspectionMs: 0,
    ports: null,
    announced: null,
    choice: null,
    sampling: null,
    wantsDecoder: false,
    holdsAttachment: false,
    gone: false,
    stale: false,
    settling: null,
    onChange,
    told: null,
  };
}

/** Calls onChange, unless all that it would tell was told. */
export function tell(tracked: Tracked): void {
  const { target, gone, onChange } = tracked;
  if (gone) return;
  const { state, reason, decoder, decoderCheck, rule } = target;
  const { origin, name, namespace } = rule ?? {};
  const telling = JSON.stringify([state, reason, decoder, decoderCheck, origin, name, namespace]);
  if (tracked.told === telling) return;
  tracked.told = telling;
  onChange(target, false);
}

/** It has ended, or is listed no more. */
export function left(tracked: Tracked): void {
  tracked.gone = true;
  if (tracked.told === null) return;
  tracked.told = null;
  tracked.onChange(tracked.target, true);
}

/** It is being worked on. */
export function attaching(tracked: Tracked): void {
  untraced(tracked, "attaching", null);
}

/** It is traced with the decoder that was chosen. */
export function attached(tracked: Tracked): void {
  const { target, choice, knowledge: { inspection } } = tracked;
  if (choice === null || inspection.kind !== "go") return;
  target.state = "traced";
  target.reason = null;
  target.decoder = choice.choice.pack.manifest.name;
  target.decoderCheck = choice.choice.nearest ? "nearest" : choice.choice.checked ? "dwarf" : "range";
  target.sites = inspection.exe.sites;
  tell(tracked);
}

/** It cannot be traced. */
export function refused(tracked: Tracked, reason: Reason): void {
  untraced(tracked, "refused", reason);
}

/** It is not to be traced. */
export function excluded(tracked: Tracked, reason: Reason): void {
  untraced(tracked, "excluded", reason);
}

function untraced(tracked: Tracked, state: Exclude<TargetState, "traced">, reason: Reason | null): void {
  const { target } = tracked;
  target.state = state;
  target.reason = reason;
  target.decoder = null;
  target.decoderCheck = null;
  target.sites = [];
  target.attachTime = null;
  tell(tracked);
}

function goVersionOf(inspection: Inspection): string | null {
  if (inspection.kind === "not-go") return null;
  return inspection.kind === "go" ? inspection.exe.goVersion : inspection.goVersion;
}
