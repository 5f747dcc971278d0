/** The theme that is in force and the button that changes it. theme.ts sets it when the page is loaded. */
import { h } from "preact";
import { useEffect, useState } from "preact/hooks";
import { createPreference } from "../data/preference.ts";
import { useStore } from "../data/store.ts";

const THEMES = ["system", "dark", "light"] as const;
const GLYPHS = { system: "◐", dark: "●", light: "○" };
const theme = createPreference("theme", THEMES);

/** Goes on to the next theme. */
export function nextTheme(): void {
  const next = THEMES[(THEMES.indexOf(theme.get()) + 1) % THEMES.length]!;
  // First the look, then those who draw in it.
  if (next === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = next;
  theme.set(next);
}

/** Draws the component anew when colours change; the value tells one look from another. */
export function useTheme(): string {
  const system = matchMedia("(prefers-color-scheme: dark)");
  const chosen = useStore(theme);
  const [dark, setDark] = useState(system.matches);
  useEffect(() => {
    const listener = () => setDark(system.matches);
    system.addEventListener("change", listener);
    return () => system.removeEventListener("change", listener);
  }, []);
  return `${chosen} ${dark}`;
}

export function ThemeSwitch() {
  const chosen = useStore(theme);
  return (
    <button
      type="button"
      class="icon-button"
      onClick={nextTheme}
      aria-label={`Theme: ${chosen}. Change it.`}
      title={`Theme: ${chosen} (t)`}
    >
      {GLYPHS[chosen]}
    </button>
  );
}
