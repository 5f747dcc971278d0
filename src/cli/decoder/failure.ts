/**
 * How a command of `deno task decoder` says that it did not work: what and where, a code for programs, what can be
 * done. Thrown by the commands, printed by main.ts.
 */
import { escapeControls } from "../../support/text.ts";

export interface FailureOptions extends ErrorOptions {
  /** Code of a Reason, when the gate or the agent gave one. */
  readonly code?: string | null;
  readonly remedy?: string | null;
}

/** Ends the command with status 1. */
export class Failure extends Error {
  override name = "Failure";
  readonly code: string | null;
  readonly remedy: string | null;

  constructor(message: string, options: FailureOptions = {}) {
    super(message, options);
    this.code = options.code ?? null;
    this.remedy = options.remedy ?? null;
  }
}

/** The lines that a terminal shows: message with its code, then the remedy. */
export function describeFailure(failure: Pick<Failure, "message" | "code" | "remedy">): string[] {
  const { message, code, remedy } = failure;
  const first = code === null ? message : `${message} (${code})`;
  return (remedy === null ? [first] : [first, `what helps: ${remedy}`]).map(escapeControls);
}
