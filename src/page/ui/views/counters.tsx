/** Counters of the agent as rows: what each is called, what it means where it is not zero, and its value. */
import { type ComponentChildren, h } from "preact";
import { count, percent, words } from "../parts/format.ts";
import { Section } from "../parts/parts.tsx";
import type { CounterGroup } from "./glossary.ts";

interface GroupProps {
  readonly group: CounterGroup;
  readonly counters: Readonly<Record<string, number>>;
  readonly aside?: string;
  /** What the counters are shares of. */
  readonly total?: number;
}

/** Counters in the order of their group. What an older agent does not count is left out. */
export function Group({ group, counters, aside, total = 0 }: GroupProps) {
  const names = Object.keys(group.counters).filter((name) => name in counters);
  return (
    <Section title={group.title} aside={aside}>
      {names.length === 0 && <p class="faint">No counters yet.</p>}
      <table class="counters">
        <tbody>
          {names.map((name) => {
            const value = counters[name] ?? 0;
            return (
              <Counter
                key={name}
                name={name}
                value={value}
                meaning={group.counters[name] ?? ""}
                note={total > 0 ? `${percent(value / total)} %` : undefined}
              />
            );
          })}
        </tbody>
      </table>
    </Section>
  );
}

interface CounterProps {
  readonly name: string;
  readonly value: number;
  readonly meaning: string;
  readonly note?: ComponentChildren;
  readonly bad?: boolean;
}

export function Counter({ name, value, meaning, note, bad = false }: CounterProps) {
  return (
    <tr>
      <th scope="row" class={value === 0 ? "faint" : ""} title={meaning}>
        {words(name)}
        {value !== 0 && <small>{meaning}</small>}
      </th>
      <td class={value === 0 ? "number faint" : bad ? "number bad" : "number"}>{count(value)}</td>
      {note !== undefined && <td class="number faint">{note}</td>}
    </tr>
  );
}
