/**
 * Why something is not traced, in a form that the status API, the log and `doctor` show alike.
 * Produced by goexe, decoder and discovery.
 */

/** A stable code for programs, a sentence for people and what they can do about it. */
export interface Reason {
  /** Lower-case words with hyphens; never renamed once released. */
  readonly code: string;
  readonly message: string;
  readonly remedy: string;
}

/** The reason alone, of something that is one and more. */
export function reasonOf({ code, message, remedy }: Reason): Reason {
  return { code, message, remedy };
}
