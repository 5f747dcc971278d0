/** Where the keyboard goes when another view is shown. Used by main.tsx and shell.tsx. */
import { useEffect, useRef } from "preact/hooks";

/** The next view shall begin in its search field. */
let searchWanted = false;

/** To the search field of this view, or to that of the traces. */
export function focusSearch(): void {
  if (enterSearch()) return;
  searchWanted = true;
  location.hash = "#/traces";
}

function enterSearch(): boolean {
  const field = document.querySelector<HTMLInputElement>("input[data-search]");
  field?.focus();
  field?.select();
  return field !== null;
}

/** Another view begins at its top; a list at the trace that was opened from it. */
export function useFocusOnChange(path: string): void {
  const before = useRef(path);
  useEffect(() => {
    const from = before.current;
    before.current = path;
    if (from === path) return;
    const wanted = searchWanted;
    searchWanted = false;
    if (wanted && enterSearch()) return;
    const opened = from.startsWith("trace/") ? from.slice("trace/".length) : null;
    const row = opened && document.querySelector<HTMLElement>(`[data-trace="${CSS.escape(opened)}"]`);
    if (row) {
      row.focus();
      row.scrollIntoView({ block: "center" });
    } else {
      document.getElementById("main")?.focus({ preventScroll: true });
      scrollTo(0, 0);
    }
  }, [path]);
}
