/**
 * Tells that something has happened, by the agent's server-sent events, and also when it may have been missed; not while
 * the tab is hidden. The live tail of traces follows spans; the whole page follows what makes it ask again.
 */
import { useEffect, useRef, useState } from "preact/hooks";

const FIRST_RETRY_MS = 2_000;
const LAST_RETRY_MS = 30_000;

/** Whether the tail runs: for people, the state of the light beside the switch. */
export type Tail = "off" | "waiting" | "open";

export interface EventsOptions {
  /** Separated by commas. */
  readonly types: string;
  readonly enabled: boolean;
  /** From one call of onEvents to the next, at least. */
  readonly leastMs: number;
  readonly onEvents: () => void;
}

export function useEvents({ types, enabled, leastMs, onEvents }: EventsOptions): Tail {
  const [tail, setTail] = useState<Tail>("off");
  const told = useRef(onEvents);
  told.current = onEvents;
  useEffect(() => {
    if (!enabled) return;
    let source: EventSource | null = null;
    let lastMs = 0;
    let pending: ReturnType<typeof setTimeout> | undefined;
    let retry: ReturnType<typeof setTimeout> | undefined;
    let retryMs = FIRST_RETRY_MS;

    const tell = () => {
      pending = undefined;
      lastMs = Date.now();
      told.current();
    };
    const soon = () => pending ??= setTimeout(tell, Math.max(0, lastMs + leastMs - Date.now()));
    const close = () => {
      source?.close();
      source = null;
      clearTimeout(retry);
      clearTimeout(pending);
      pending = undefined;
    };
    const open = () => {
      close();
      setTail("waiting");
      source = new EventSource(`api/v1/events?types=${types}`);
      for (const type of types.split(",")) source.addEventListener(type, soon);
      source.onopen = () => {
        retryMs = FIRST_RETRY_MS;
        setTail("open");
        // What arrived before.
        soon();
      };
      source.onerror = () => {
        close();
        setTail("waiting");
        // What the agent does not tell any more has to be asked for.
        told.current();
        retry = setTimeout(open, retryMs);
        retryMs = Math.min(LAST_RETRY_MS, retryMs * 2);
      };
    };
    const onVisibility = () => {
      if (!document.hidden) return open();
      close();
      setTail("waiting");
    };
    document.addEventListener("visibilitychange", onVisibility);
    if (!document.hidden) open();
    return () => {
      document.removeEventListener("visibilitychange", onVisibility);
      close();
      setTail("off");
    };
  }, [enabled, types, leastMs]);
  return tail;
}
