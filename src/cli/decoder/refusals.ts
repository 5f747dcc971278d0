/** How refused decoders are shown below a list. Used by list.ts and list_local.ts. */
import { escapeControls } from "../../support/text.ts";
import type { CommandContext } from "./context.ts";

export interface ShownRefusal {
  /** Which decoder, from where, when. */
  readonly what: string;
  readonly code: string;
  readonly message: string;
  readonly remedy: string;
}

/** Prints nothing when there are none. */
export function printRefusals(context: CommandContext, refusals: readonly ShownRefusal[]): void {
  if (refusals.length === 0) return;
  context.print("");
  context.print("Refused:");
  for (const { what, code, message, remedy } of refusals) {
    context.print(escapeControls(`  ${what}: ${code}`));
    context.print(escapeControls(`    ${message}`));
    context.print(escapeControls(`    what helps: ${remedy}`));
  }
}

/** Enough of a digest to tell two files apart. */
export function shortDigest(digest: string): string {
  return digest.slice(0, 12);
}
