/** Recent traces: searched by service, route, outcome and duration, and followed live as they end. */
import { Fragment, h } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { ServicesReport, TracesAnswer, TraceSummary } from "../../../status/model.ts";
import { clockMs, count, counted, duration } from "../parts/format.ts";
import { link, replaceHash } from "../data/location.ts";
import { Empty, Section, ServiceDot, Waiting } from "../parts/parts.tsx";
import { usePoll } from "../data/poll.ts";
import { usePreference } from "../data/preference.ts";
import { Scatter } from "../parts/scatter.tsx";
import { useSpanEvents } from "../data/span_events.ts";
import { type Column, Table } from "../parts/table.tsx";

const FIRST_LIMIT = 100;
const LAST_LIMIT = 1_000;
/** Text is sought this long after the last key. */
const TYPING_MS = 300;

/** The filters by their names in the address, which are also those of the API. */
const FILTERS = ["q", "service", "route", "status", "min_duration_ms"] as const;
type Filter = typeof FILTERS[number];

const STATUSES = ["error", "ok", "2xx", "3xx", "4xx", "5xx"];
const STATUS_NAMES: Readonly<Record<string, string>> = { error: "failed", ok: "not failed" };

export function Traces({ query }: { query: URLSearchParams }) {
  const [limit, setLimit] = useState(FIRST_LIMIT);
  const [live, setLive] = usePreference("live", ["on", "off"]);
  const given = Object.fromEntries(FILTERS.map((name) => [name, query.get(name) ?? ""])) as Record<
    Filter,
    string
  >;
  const asked = new URLSearchParams(
    FILTERS.flatMap((name) => given[name] === "" ? [] : [[name, given[name]]]),
  );
  asked.set("limit", String(limit));
  const { data, refused, refresh } = usePoll<TracesAnswer>(`traces?${asked}`, null);
  const tail = useSpanEvents(live === "on", refresh);
  const filtered = FILTERS.some((name) => given[name] !== "");
  const traces = data?.traces ?? [];
  return (
    <>
      <h1 class="hidden">Traces</h1>
      <form class="filters" role="search" aria-label="Traces" onSubmit={(event) => event.preventDefault()}>
        <Filters given={given} />
        <label class="toggle">
          <input
            type="checkbox"
            role="switch"
            checked={live === "on"}
            onChange={() => setLive(live === "on" ? "off" : "on")}
          />
          <span>Live</span>
          <i class={`pulse ${tail}`} aria-hidden="true" />
        </label>
      </form>
      {refused !== null || data === null ? <Waiting refused={refused} /> : (
        <Section
          title="Recent traces"
          aside={!data.more ? counted(traces.length, "trace") : (
            <>
              newest {count(traces.length)} {limit < LAST_LIMIT && (
                <button
                  type="button"
                  class="small-button"
                  onClick={() => setLimit(LAST_LIMIT)}
                >
                  Show more
                </button>
              )}
            </>
          )}
        >
          {traces.length === 0
            ? filtered
              ? (
                <Empty title="No trace in memory matches">
                  <p>
                    <a href="#/traces">Clear the search</a>
                  </p>
                </Empty>
              )
              : (
                <Empty title="No traces yet">
                  <p>
                    They appear when a request of a traced process ends. What is traced is under{" "}
                    <a href="#/targets">Targets</a>.
                  </p>
                </Empty>
              )
            : (
              <>
                <Scatter traces={traces} />
                <TraceTable traces={traces} />
              </>
            )}
        </Section>
      )}
    </>
  );
}

function Filters({ given }: { given: Readonly<Record<Filter, string>> }) {
  const services = usePoll<ServicesReport>("services?window=60", null).data?.services ?? [];
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

function TraceTable({ traces }: { traces: readonly TraceSummary[] }) {
  const longest = Math.max(1, ...traces.map(({ durationNs }) => durationNs));
  const columns: readonly Column<TraceSummary>[] = [
    {
      id: "start",
      title: "Start",
      width: "104px",
      class: "time",
      cell: ({ traceId, startTimeUnixNano }) => (
        <a href={link(["trace", traceId])} data-trace={traceId}>{clockMs(startTimeUnixNano)}</a>
      ),
    },
    {
      id: "root",
      title: "Root span",
      cell: ({ rootName, rootService, path, route, status, errors }) => (
        <span class="name-cell" title={`${rootService}: ${rootName}${path === null ? "" : ` ${path}`}`}>
          <ServiceDot name={rootService} />
          <span class="clip">
            {rootName}
            {path !== null && path !== route && <span class="faint">{` ${path}`}</span>}
          </span>
          {status !== null && <span class={status >= 500 ? "badge-bad" : "code"}>{status}</span>}
          {errors > 0 && <span class="badge-bad">{counted(errors, "error")}</span>}
        </span>
      ),
      value: ({ rootName }) => rootName,
    },
    {
      id: "services",
      title: "Services",
      width: "27%",
      cell: ({ services }) => (
        <span class="service-list" title={services.join(", ")}>
          {services.slice(0, 3).map((name) => (
            <span key={name} class="clip">
              <ServiceDot name={name} />
              {name}
            </span>
          ))}
          {services.length > 3 && <small>+ {services.length - 3}</small>}
        </span>
      ),
    },
    {
      id: "spans",
      title: "Spans",
      numeric: true,
      cell: ({ spans }) => count(spans),
      value: ({ spans }) => spans,
    },
    {
      id: "duration",
      title: "Duration",
      numeric: true,
      cell: ({ durationNs }) => duration(durationNs),
      value: ({ durationNs }) => durationNs,
    },
    {
      id: "bar",
      title: "Duration as a bar",
      untitled: true,
      width: "14%",
      cell: ({ durationNs, errors }) => (
        <svg class="meter" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
          <rect
            class={errors > 0 ? "fill-bad" : "fill"}
            width={Math.max(0.5, durationNs / longest * 100)}
            height="8"
          />
        </svg>
      ),
    },
  ];
  return (
    <Table
      name="Recent traces"
      columns={columns}
      rows={traces}
      rowKey={({ traceId }) => traceId}
      href={({ traceId }) => link(["trace", traceId])}
    />
  );
}
