/** Tells a view that spans have arrived, by the agent's server-sent events: at most every two seconds, not while hidden. */
import { useEffect, useRef, useState } from "preact/hooks";

const LEAST_MS = 2_000;
const FIRST_RETRY_MS = 2_000;
const LAST_RETRY_MS = 30_000;

/** Whether the tail runs: for people, the state of the light beside the switch. */
export type Tail = "off" | "waiting" | "open";

export function useSpanEvents(enabled: boolean, onSpans: () => void): Tail {
  const [tail, setTail] = useState<Tail>("off");
  const told = useRef(onSpans);
  told.current = onSpans;
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
    const onSpan = () => pending ??= setTimeout(tell, Math.max(0, lastMs + LEAST_MS - Date.now()));
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
      source = new EventSource("api/v1/events?types=span");
      source.addEventListener("span", onSpan);
      source.onopen = () => {
        retryMs = FIRST_RETRY_MS;
        setTail("open");
        // What arrived before.
        onSpan();
      };
      source.onerror = () => {
        close();
        setTail("waiting");
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
  }, [enabled]);
  return tail;
}
