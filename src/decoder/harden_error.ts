/** Why a module is not let run. Thrown by the files behind harden.ts. */

export type HardenCode = "decoder-instruction" | "decoder-memory" | "decoder-imports" | "decoder-truncated";

/** A module that harden refuses; the message says what and where. */
export class HardenError extends Error {
  readonly code: HardenCode;

  constructor(code: HardenCode, message: string) {
    super(`Cannot harden module: ${message}`);
    this.name = "HardenError";
    this.code = code;
  }
}
