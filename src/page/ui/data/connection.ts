/** Whether the agent answers. Told by poll.ts, shown by the banner; both see one state for the whole page. */
import { createStore } from "./store.ts";

export type Connection =
  | { readonly up: true }
  | {
    readonly up: false;
    /** When it answered last; null: never. */
    readonly lastAnswerMs: number | null;
    readonly retryAtMs: number;
    /** What it says instead of answering; null: nothing. */
    readonly why: string | null;
  };

const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 15_000;

export const connection = createStore<Connection>({ up: true });
let failures = 0;
let lastAnswerMs: number | null = null;

export function noteAnswer(): void {
  failures = 0;
  lastAnswerMs = Date.now();
  if (!connection.get().up) connection.set({ up: true });
}

/**
 * Notes that there is no answer, or one without what was asked for.
 *
 * @returns how long to wait before the next try, in ms; longer each time.
 */
export function noteSilence(why: string | null): number {
  const before = connection.get();
  // Several views ask at the same time: those of one outage count once.
  if (before.up || Date.now() >= before.retryAtMs) failures++;
  const waitMs = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** (failures - 1));
  connection.set({ up: false, lastAnswerMs, retryAtMs: Date.now() + waitMs, why });
  return waitMs;
}
