/** What one client may take of the server. */
export interface HttpLimits {
  /** Connections at a time; beyond, the one that has asked for nothing the longest has to go. */
  readonly connections: number;
  readonly headBytes: number;
  /** Between two requests. */
  readonly idleMs: number;
  /** For the whole head of a request, and for the first to begin. */
  readonly headMs: number;
  /** For each part of a body to come, or of an answer to be taken. */
  readonly stallMs: number;
  /** For a whole body. */
  readonly bodyMs: number;
  /** For a whole answer to be taken; streams of events are exempt. */
  readonly answerMs: number;
}

export const HTTP_LIMITS: HttpLimits = {
  connections: 128,
  headBytes: 16_384,
  idleMs: 60_000,
  headMs: 10_000,
  stallMs: 30_000,
  bodyMs: 60_000,
  answerMs: 120_000,
};
