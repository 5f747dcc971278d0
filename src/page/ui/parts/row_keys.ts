/** Arrow keys, Home and End in a list of rows: they move the focus from one row's link or button to the next's. */

const STEPS: Readonly<Record<string, number>> = {
  ArrowDown: 1,
  ArrowUp: -1,
  j: 1,
  k: -1,
  Home: -Infinity,
  End: Infinity,
};

/** For onKeyDown of a tbody. A row is reached by the first link or button in it. */
export function moveFocus(event: KeyboardEvent): void {
  const step = STEPS[event.key];
  const target = event.target as HTMLElement;
  if (step === undefined || event.ctrlKey || event.metaKey || event.altKey || target.tagName === "INPUT") {
    return;
  }
  const row = target.closest("tr");
  const stops = [...row?.parentElement?.children ?? []]
    .map((other) => ({ other, stop: other.querySelector<HTMLElement>("a, button, summary") }))
    .filter(({ other, stop }) => stop !== null && !other.classList.contains("below"));
  const now = stops.findIndex(({ other }) => other === row);
  if (now < 0) return;
  event.preventDefault();
  const next = Math.max(0, Math.min(stops.length - 1, now + step));
  stops[next]!.stop!.focus();
}
