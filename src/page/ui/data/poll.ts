/**
 * Answers of the API kept fresh while they are looked at: asked again some seconds after each answer, not at all
 * while the tab is hidden, ever more seldom while the agent is silent. Views call usePoll().
 */
import { useEffect, useRef, useState } from "preact/hooks";
import { getJson, Refused } from "./api.ts";
import { noteAnswer, noteSilence } from "./connection.ts";

export interface Polled<T> {
  /** The newest answer; it stays when a later one fails. */
  readonly data: T | null;
  /** Why the agent refused the last request; silence and failures of its own are told by connection.ts. */
  readonly refused: Refused | null;
  /** Asks at once. */
  readonly refresh: () => void;
}

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
    const { signal } = stop;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let asking = false;
    let again = false;

    const schedule = (delayMs: number | null) => {
      clearTimeout(timer);
      if (delayMs !== null && !signal.aborted && !document.hidden) timer = setTimeout(load, delayMs);
    };
    const load = async () => {
      clearTimeout(timer);
      if (document.hidden) return;
      if (asking) {
        again = true;
        return;
      }
      asking = true;
      let delayMs = everyMs;
      try {
        const data = await getJson(path, signal) as T;
        remember(path, data);
        noteAnswer();
        setState({ path, data, refused: null });
      } catch (error) {
        if (signal.aborted) return;
        if (error instanceof Refused && error.status < 500) {
          noteAnswer();
          setState((before) => ({ path, data: before.path === path ? before.data : null, refused: error }));
        } else {
          delayMs = noteSilence(error instanceof Refused ? error.message : null);
        }
      } finally {
        asking = false;
      }
      if (again) delayMs = 0;
      again = false;
      schedule(delayMs);
    };
    const onVisibility = () => document.hidden ? clearTimeout(timer) : load();
    ask.current = load;
    document.addEventListener("visibilitychange", onVisibility, { signal });
    addEventListener(RETRY, load, { signal });
    load();
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [path, everyMs]);
  // While another path's answer is on its way, what is known of it or the former answer stands.
  const data = state.path === path ? state.data : (seen.get(path) as T | undefined) ?? state.data;
  return { data, refused: state.path === path ? state.refused : null, refresh: () => ask.current() };
}
