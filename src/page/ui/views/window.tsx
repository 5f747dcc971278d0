/** How far rates and quantiles look back: chosen once for all views, with the reports over it. */
import { h } from "preact";
import type { GraphReport, ServicesReport } from "../../../status/model.ts";
import { usePoll } from "../data/poll.ts";
import { createPreference } from "../data/preference.ts";
import { useStore } from "../data/store.ts";

const WINDOWS = ["60", "300"] as const;
const NAMES = { "60": "1 min", "300": "5 min" };
const EVERY_MS = 5_000;

const seconds = createPreference("window", WINDOWS);

export function useServices() {
  return usePoll<ServicesReport>(`services?window=${useStore(seconds)}`, EVERY_MS);
}

export function useGraph() {
  return usePoll<GraphReport>(`graph?window=${useStore(seconds)}`, EVERY_MS);
}

export function WindowSwitch() {
  const chosen = useStore(seconds);
  return (
    <fieldset class="switch">
      <legend class="hidden">Figures of the last</legend>
      {WINDOWS.map((option) => (
        <label key={option}>
          <input
            type="radio"
            name="window"
            checked={option === chosen}
            onChange={() => seconds.set(option)}
          />
          <span>{NAMES[option]}</span>
        </label>
      ))}
    </fieldset>
  );
}
