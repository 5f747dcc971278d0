/** A choice of the reader's that every view shares and that outlives the page. */
import { useEffect, useState } from "preact/hooks";

const CHANGED = "tsunagi-preference";

function read<Option extends string>(name: string, options: readonly Option[]): Option {
  try {
    const stored = localStorage.getItem(name);
    return options.find((option) => option === stored) ?? options[0]!;
  } catch {
    return options[0]!;
  }
}

/** The first option is the default. */
export function usePreference<Option extends string>(
  name: string,
  options: readonly Option[],
): [Option, (option: Option) => void] {
  const [value, setValue] = useState(() => read(name, options));
  useEffect(() => {
    const listener = (event: Event) => {
      const { detail } = event as CustomEvent<{ name: string; value: Option }>;
      if (detail.name === name) setValue(detail.value);
    };
    addEventListener(CHANGED, listener);
    return () => removeEventListener(CHANGED, listener);
  }, [name]);
  const choose = (option: Option) => {
    try {
      localStorage.setItem(name, option);
    } catch {
      // Storage is off: the choice holds until the page is closed.
    }
    dispatchEvent(new CustomEvent(CHANGED, { detail: { name, value: option } }));
  };
  return [value, choose];
}
