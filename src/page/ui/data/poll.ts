/**
 * Answers of the API kept fresh while they are looked at: asked again some seconds after each answer, more seldom
 * while nothing changes or the agent is silent, not at all while the tab is hidden. Views call usePoll().
 */
import { useEffect, useRef, useState } from "preact/hooks";
import { getText, Refused } from "./api.ts";
import { noteAnswer, noteSilence } from "./connection.ts";

export interface Polled<T> {
  /** The newest answer; it stays when a later one fails. */
  readonly data: T | null;
  /** Why the agent refused the last request; silence and failures of its own are told by connection.ts. */
  readonly refused: Refused | null;
  /** Asks at once. */
  readonly refresh: () => void;
}

/** Where nothing changes it is asked as many times more seldom, at most; events.ts tells when that is over. */
const QUIET_FACTOR = 12;

const MINUTE_MS = 60_000;

/** What is asked once a minute is asked at its turn, so that all that shows wakes the agent once. */
const together = (delayMs: number) => delayMs < MINUTE_MS ? delayMs : delayMs - Date.now() % MINUTE_MS;

/** Answers of views seen before, so that going back shows them at once. The oldest goes first. */
const seen = new Map<string, unknown>();
const MAX_SEEN = 32;

function remember(path: string, answer: unknown): void {
  seen.delete(path);
  seen.set(path, answer);
  const [oldest] = seen.keys();
  if (seen.size > MAX_SEEN && oldest !== undefined) seen.delete(oldest);
}

/** Event that makes every view ask at once. */
const RETRY = "tsunagi-retry";

export function retryNow(): void {
  dispatchEvent(new Event(RETRY));
}

/** Event that makes those ask at once that ask from time to time. */
const CHANGE = "tsunagi-change";

export function noteChange(): void {
  dispatchEvent(new Event(CHANGE));
}

/**
 * @param path below /api/v1/; its answer is a T.
 * @param everyMs from an answer to the next request; null asks once, and again on refresh().
 */
export function usePoll<T>(path: string, everyMs: number | null): Polled<T> {
  const [state, setState] = useState<{ path: string; data: T | null; refused: Refused | null }>({
    path,
    data: (seen.get(path) ?? null) as T | null,
    refused: null,
  });
  const ask = useRef(() => {});
  useEffect(() => {
    const stop = new AbortController();
    ask.current = keepAsking(path, everyMs, stop.signal, {
      answer: (data) => setState({ path, data: data as T, refused: null }),
      refuse: (refused) =>
        setState((before) => ({ path, data: before.path === path ? before.data : null, refused })),
    });
    return () => stop.abort();
  }, [path, everyMs]);
  // While another path's answer is on its way, what is known of it or the former answer stands.
  const data = state.path === path ? state.data : (seen.get(path) as T | undefined) ?? state.data;
  return { data, refused: state.path === path ? state.refused : null, refresh: () => ask.current() };
}

interface Listener {
  readonly answer: (data: unknown) => void;
  readonly refuse: (refused: Refused) => void;
}

/** Asks at once and then until `signal`; answers only tell when they differ. @returns what asks at once. */
function keepAsking(
  path: string,
  everyMs: number | null,
  signal: AbortSignal,
  listener: Listener,
): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let pauseMs = everyMs;
  let last = "";
  let asking = false;
  let again = false;

  /** @returns the time until the next request; null: none. */
  const request = async (): Promise<number | null> => {
    try {
      const text = await getText(path, signal);
      noteAnswer();
      pauseMs = everyMs && text === last ? Math.min(pauseMs! * 2, everyMs * QUIET_FACTOR) : everyMs;
      if (text !== last) {
        const data: unknown = JSON.parse(text);
        remember(path, data);
        listener.answer(data);
        last = text;
      }
      return pauseMs;
    } catch (error) {
      if (signal.aborted) return null;
      const refused = error instanceof Refused ? error : null;
      if (refused === null || refused.status >= 500) return noteSilence(refused && refused.message);
      noteAnswer();
      last = "";
      listener.refuse(refused);
      return everyMs;
    }
  };
  const load = async () => {
    clearTimeout(timer);
    if (document.hidden) return;
    again = asking;
    if (asking) return;
    asking = true;
    const delayMs = await request();
    asking = false;
    if (signal.aborted || document.hidden) return;
    if (again) timer = setTimeout(load);
    else if (delayMs !== null) timer = setTimeout(load, together(delayMs));
  };

  signal.addEventListener("abort", () => clearTimeout(timer));
  document.addEventListener("visibilitychange", () => document.hidden ? clearTimeout(timer) : load(), {
    signal,
  });
  addEventListener(RETRY, load, { signal });
  if (everyMs !== null) addEventListener(CHANGE, load, { signal });
  load();
  return load;
}
