/** The fields of the search for traces. What they hold stands in the address. */
import { Fragment, h } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { ServicesReport } from "../../../status/model.ts";
import { link, replaceHash } from "../data/location.ts";
import { usePoll } from "../data/poll.ts";

/** The filters by their names in the address, which are also those of the API. */
const FILTERS = ["q", "service", "route", "status", "min_duration_ms"] as const;
type Filter = typeof FILTERS[number];

/** What each filter is set to; "" where it is not. */
export type Given = Readonly<Record<Filter, string>>;

export function readFilters(query: URLSearchParams): Given {
  return Object.fromEntries(FILTERS.map((name) => [name, query.get(name) ?? ""])) as Given;
}

const STATUSES = ["error", "ok", "2xx", "3xx", "4xx", "5xx"];
const STATUS_NAMES: Readonly<Record<string, string>> = { error: "failed", ok: "not failed" };

/** Services and routes are seldom new. */
const NAMES_EVERY_MS = 30_000;
/** Text is sought this long after the last key. */
const TYPING_MS = 300;

export function Filters({ given }: { given: Given }) {
  const services = usePoll<ServicesReport>("services?window=60", NAMES_EVERY_MS).data?.services ?? [];
  const set = (name: Filter) => (value: string) =>
    replaceHash(link(["traces"], { ...given, [name]: value.trim() }));
  const ofService = services.filter(({ name }) => given.service === "" || name === given.service);
  const routes = ofService.flatMap(({ routes }) => routes.flatMap(({ route }) => route ?? []));
  return (
    <>
      <TypedFilter label="Search" value={given.q} set={set("q")} class="long" search />
      <ChosenFilter
        label="Service"
        value={given.service}
        set={set("service")}
        options={services.map(({ name }) => name)}
      />
      <ChosenFilter label="Route" value={given.route} set={set("route")} options={routes} />
      <ChosenFilter
        label="Status"
        value={given.status}
        set={set("status")}
        options={STATUSES}
        sorted={false}
      />
      <TypedFilter
        label="Longer than"
        unit="ms"
        value={given.min_duration_ms}
        set={set("min_duration_ms")}
        class="short"
      />
    </>
  );
}

interface FilterProps {
  readonly label: string;
  /** Empty: any. */
  readonly value: string;
  readonly set: (value: string) => void;
}

/** A field with the values that are known, and the one that the address has. */
function ChosenFilter(
  { label, value, set, options, sorted = true }: FilterProps & {
    readonly options: readonly string[];
    readonly sorted?: boolean;
  },
) {
  const all = [...new Set([...options, ...value === "" ? [] : [value]])];
  if (sorted) all.sort();
  return (
    <label class="field">
      <span>{label}</span>
      <select value={value} onChange={(event) => set(event.currentTarget.value)}>
        <option value="">any</option>
        {all.map((option) => <option key={option} value={option}>{STATUS_NAMES[option] ?? option}</option>)}
      </select>
    </label>
  );
}

/** A field that takes effect when one stops typing. */
function TypedFilter(
  { label, value, set, unit, class: className, search = false }: FilterProps & {
    readonly unit?: string;
    readonly class: string;
    /** The "/" key goes here. */
    readonly search?: boolean;
  },
) {
  const [text, setText] = useState(value);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => {
    clearTimeout(timer.current);
    setText(value);
  }, [value]);
  useEffect(() => () => clearTimeout(timer.current), []);
  const change = (next: string) => {
    setText(next);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => set(next), TYPING_MS);
  };
  return (
    <label class="field">
      <span>{label}</span>
      <input
        class={className}
        type="text"
        autocomplete="off"
        spellcheck={false}
        placeholder={search ? "name, attribute, trace id" : "0"}
        value={text}
        data-search={search || undefined}
        onInput={(event) => change(event.currentTarget.value)}
      />
      {unit && <span>{unit}</span>}
    </label>
  );
}
