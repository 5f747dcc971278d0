/** A value that several parts of the page show: each is drawn anew when it changes. */
import { useEffect, useState } from "preact/hooks";

export interface Store<T> {
  readonly get: () => T;
  readonly set: (value: T) => void;
  /** @returns what ends it. */
  readonly watch: (listener: () => void) => () => void;
}

export function createStore<T>(value: T): Store<T> {
  const listeners = new Set<() => void>();
  return {
    get: () => value,
    set: (next) => {
      value = next;
      for (const listener of listeners) listener();
    },
    watch: (listener) => {
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
      };
    },
  };
}

export function useStore<T>({ get, watch }: Store<T>): T {
  const [value, setValue] = useState(get);
  useEffect(() => {
    // What happened between the first drawing and now.
    setValue(get);
    return watch(() => setValue(get));
  }, [watch]);
  return value;
}
