/** Keys that work in every view, and the dialog that tells them. */
import { h, type RefObject } from "preact";
import { useEffect } from "preact/hooks";
import { focusSearch } from "./focus.ts";
import { nextTheme } from "./theme_switch.tsx";
import { VIEWS } from "./views.ts";

const KEYS: readonly (readonly [keys: string, what: string])[] = [
  ["1 … 6", "the views, from left to right"],
  ["/", "to the search field"],
  ["↑ ↓ or k j", "from row to row"],
  ["Enter", "opens the row"],
  ["← →", "in a trace: folds and unfolds"],
  ["e", "in a trace: to the next error"],
  ["z", "in a trace: zooms to the span, and back"],
  ["Esc", "out of a field; from a trace back to the list"],
  ["t", "theme: as the system, dark, light"],
  ["?", "these keys"],
];

/** Whether the history has an earlier place in this page. */
let moved = false;

function leaveTrace(): void {
  if (moved) history.back();
  else location.hash = "#/traces";
}

export function useKeys(showKeys: () => void): void {
  useEffect(() => {
    const onMove = () => moved = true;
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
      if (document.querySelector("dialog[open]") !== null) return;
      const target = event.target as HTMLElement;
      const typing = target.matches("input[type=text], select, textarea");
      if (event.key === "Escape") {
        if (typing) target.blur();
        else if (location.hash.startsWith("#/trace/")) leaveTrace();
        return;
      }
      if (typing) return;
      const view = VIEWS[Number(event.key) - 1];
      if (view !== undefined) location.hash = view.hash;
      else if (event.key === "/") focusSearch();
      else if (event.key === "?") showKeys();
      else if (event.key === "t") nextTheme();
      else return;
      event.preventDefault();
    };
    addEventListener("hashchange", onMove);
    document.addEventListener("keydown", onKeyDown);
    return () => {
      removeEventListener("hashchange", onMove);
      document.removeEventListener("keydown", onKeyDown);
    };
  }, []);
}

export function KeysDialog({ dialog }: { dialog: RefObject<HTMLDialogElement | null> }) {
  return (
    <dialog ref={dialog} class="keys" aria-labelledby="keys-title" onClick={closeOutside}>
      <form method="dialog">
        <h2 id="keys-title">Keys</h2>
        <dl>
          {KEYS.map(([keys, what]) => (
            <div key={keys}>
              <dt>
                <kbd>{keys}</kbd>
              </dt>
              <dd>{what}</dd>
            </div>
          ))}
        </dl>
        <button type="submit" class="small-button">Close</button>
      </form>
    </dialog>
  );
}

function closeOutside(event: MouseEvent): void {
  if (event.target === event.currentTarget) (event.currentTarget as HTMLDialogElement).close();
}
