/** One process as Discovery works on it, and the ways in which its state changes. */
import type { Reason } from "../support/reason.ts";
import type { ChosenDecoder } from "./decoder_chooser.ts";
import type { Knowledge } from "./inspections.ts";
import type { Target } from "./target.ts";

/** A Go process, the knowledge of its executable and what it uses. */
export interface Tracked {
  readonly target: Target;
  readonly identity: string;
  readonly knowledge: Knowledge;
  /** The decoder in use; null while it is not traced. */
  choice: ChosenDecoder | null;
  /** Refused for want of a decoder, so a change of decoders may help. */
  wantsDecoder: boolean;
  holdsAttachment: boolean;
  gone: boolean;
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
  target.state = "refused";
  target.reason = reason;
  target.decoder = null;
  target.decoderCheck = null;
  target.sites = [];
}

/** It is not to be traced. */
export function excluded({ target }: Tracked, reason: Reason): void {
  target.state = "excluded";
  target.reason = reason;
}
