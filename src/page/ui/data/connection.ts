/** Whether the agent answers. Told by poll.ts, shown by the banner; both see one state for the whole page. */
import { useEffect, useState } from "preact/hooks";

export type Connection =
  | { readonly up: true; readonly lastAnswerMs: number | null }
  | {
    readonly up: false;
    readonly lastAnswerMs: number | null;
    readonly retryAtMs: number;
    /** What it says instead of answering; null: nothing. */
    readonly why: string | null;
  };

const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 15_000;

let current: Connection = { up: true, lastAnswerMs: null };
let failures = 0;
const listeners = new Set<() => void>();

function set(connection: Connection): void {
  const changed = current.up !== connection.up || !connection.up;
  current = connection;
  if (changed) { for (const listener of listeners) listener(); }
}

export function noteAnswer(): void {
  failures = 0;
  set({ up: true, lastAnswerMs: Date.now() });
}

/**
 * Notes that there is no answer, or one without what was asked for.
 *
 * @returns how long to wait before the next try, in ms; longer each time.
 */
export function noteSilence(why: string | null): number {
  // Several views ask at the same time: those of one outage count once.
  if (current.up || Date.now() >= current.retryAtMs) failures++;
  const waitMs = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** (failures - 1));
  set({ up: false, lastAnswerMs: current.lastAnswerMs, retryAtMs: Date.now() + waitMs, why });
  return waitMs;
}

export function useConnection(): Connection {
  const [connection, setConnection] = useState(current);
  useEffect(() => {
    const listener = () => setConnection(current);
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
    };
  }, []);
  return connection;
}
