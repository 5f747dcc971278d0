/** One request to the agent's API and the ways in which it can fail. */

/** The agent answered, but not with what was asked for. */
export class Refused extends Error {
  readonly status: number;
  readonly remedy: string | null;

  constructor(status: number, message: string, remedy: string | null) {
    super(message);
    this.status = status;
    this.remedy = remedy;
  }
}

const TIMEOUT_MS = 10_000;

/**
 * The JSON at a path below /api/v1/, as text.
 *
 * @throws {Refused} for an answer with an error status.
 * @throws {Error} when there is no answer.
 */
export async function getText(path: string, signal: AbortSignal): Promise<string> {
  const response = await fetch(`api/v1/${path}`, {
    headers: { accept: "application/json" },
    signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
  });
  if (response.ok) return await response.text();
  const problem: { detail?: string; remedy?: string } = await response.json().catch(() => ({}));
  throw new Refused(
    response.status,
    problem.detail ?? `The agent answered with status ${response.status}`,
    problem.remedy ?? null,
  );
}
