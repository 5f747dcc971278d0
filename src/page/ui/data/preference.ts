/** A choice of the reader's that every view shares and that outlives the page. */
import { createStore, type Store } from "./store.ts";

/** The first option is the default. */
export function createPreference<Option extends string>(
  name: string,
  options: readonly Option[],
): Store<Option> {
  const store = createStore(read(name, options));
  store.watch(() => {
    try {
      localStorage.setItem(name, store.get());
    } catch {
      // Storage is off: the choice holds until the page is closed.
    }
  });
  return store;
}

function read<Option extends string>(name: string, options: readonly Option[]): Option {
  try {
    const stored = localStorage.getItem(name);
    return options.find((option) => option === stored) ?? options[0]!;
  } catch {
    return options[0]!;
  }
}
