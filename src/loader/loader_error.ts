/** Errors of LoaderClient. */
import type { Reason } from "../support/reason.ts";

/** The loader refused or failed a request. */
export class LoaderError extends Error {
  override readonly name = "LoaderError";
  /** As in errno(3); 0 when the loader ended before it answered. */
  readonly errno: number;

  constructor(message: string, errno: number, options?: ErrorOptions) {
    super(message, options);
    this.errno = errno;
  }
}

/** The loader did not start, or ended. */
export class LoaderExitError extends Error {
  override readonly name = "LoaderExitError";
  readonly reason: Reason;

  constructor(reason: Reason) {
    super(reason.message);
    this.reason = reason;
  }
}
