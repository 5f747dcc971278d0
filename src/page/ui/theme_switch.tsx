/** The theme that is in force and the button that changes it. The choice outlives the page. */
import { h } from "preact";
import { useEffect, useState } from "preact/hooks";

export type Theme = "system" | "light" | "dark";

const NEXT: Readonly<Record<Theme, Theme>> = { system: "dark", dark: "light", light: "system" };
const GLYPH: Readonly<Record<Theme, string>> = { system: "◐", dark: "●", light: "○" };
const listeners = new Set<() => void>();

function chosen(): Theme {
  const theme = document.documentElement.dataset.theme;
  return theme === "light" || theme === "dark" ? theme : "system";
}

/** Goes on to the next theme: as the system has it, dark, light. */
export function nextTheme(): void {
  const theme = NEXT[chosen()];
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  try {
    localStorage.setItem("theme", theme);
  } catch {
    // Storage is off: the choice holds until the page is closed.
  }
  for (const listener of listeners) listener();
}

/** Draws the component anew when colours change; the value tells one look from another. */
export function useTheme(): string {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const [, redraw] = useState(0);
  useEffect(() => {
    const listener = () => redraw((count) => count + 1);
    listeners.add(listener);
    dark.addEventListener("change", listener);
    return () => {
      listeners.delete(listener);
      dark.removeEventListener("change", listener);
    };
  }, []);
  return `${chosen()} ${dark.matches}`;
}

export function ThemeSwitch() {
  useTheme();
  const theme = chosen();
  return (
    <button
      type="button"
      class="icon-button"
      onClick={nextTheme}
      aria-label={`Theme: ${theme}. Change it.`}
      title={`Theme: ${theme} (t)`}
    >
      {GLYPH[theme]}
    </button>
  );
}
