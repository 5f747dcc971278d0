/** Recent traces: searched by service, route, outcome and duration, and followed live as they end. */
import { Fragment, h } from "preact";
import { useState } from "preact/hooks";
import type { TracesAnswer, TraceSummary } from "../../../status/model.ts";
import { useEvents } from "../data/events.ts";
import { link } from "../data/location.ts";
import { usePoll } from "../data/poll.ts";
import { createPreference } from "../data/preference.ts";
import { useStore } from "../data/store.ts";
import { clockMs, count, counted, duration } from "../parts/format.ts";
import { Empty, Section, ServiceDot, Waiting } from "../parts/parts.tsx";
import { Scatter } from "../parts/scatter.tsx";
import { type Column, Table } from "../parts/table.tsx";
import { Filters, readFilters } from "./trace_filters.tsx";

const LIVE_MS = 2_000;
const FIRST_LIMIT = 100;
const LAST_LIMIT = 1_000;

const following = createPreference("live", ["on", "off"]);

export function Traces({ query }: { query: URLSearchParams }) {
  const [limit, setLimit] = useState(FIRST_LIMIT);
  const live = useStore(following) === "on";
  const given = readFilters(query);
  const asked = new URLSearchParams(Object.entries(given).filter(([, value]) => value !== ""));
  const filtered = asked.size > 0;
  asked.set("limit", String(limit));
  const { data, refused, refresh } = usePoll<TracesAnswer>(`traces?${asked}`, null);
  const tail = useEvents({ types: "span", enabled: live, leastMs: LIVE_MS, onEvents: refresh });
  return (
    <>
      <h1 class="hidden">Traces</h1>
      <form class="filters" role="search" aria-label="Traces" onSubmit={(event) => event.preventDefault()}>
        <Filters given={given} />
        <label class="toggle">
          <input
            type="checkbox"
            role="switch"
            checked={live}
            onChange={() => following.set(live ? "off" : "on")}
          />
          <span>Live</span>
          <i class={`pulse ${tail}`} aria-hidden="true" />
        </label>
      </form>
      {refused !== null || data === null ? <Waiting refused={refused} /> : (
        <Found
          answer={data}
          filtered={filtered}
          more={limit < LAST_LIMIT ? () => setLimit(LAST_LIMIT) : null}
        />
      )}
    </>
  );
}

interface FoundProps {
  readonly answer: TracesAnswer;
  readonly filtered: boolean;
  /** Asks for more; null when there are enough. */
  readonly more: (() => void) | null;
}

function Found({ answer: { traces, more: areMore }, filtered, more }: FoundProps) {
  const counter = areMore ? `newest ${count(traces.length)} ` : counted(traces.length, "trace");
  const button = areMore && more !== null && (
    <button type="button" class="small-button" onClick={more}>Show more</button>
  );
  return (
    <Section title="Recent traces" aside={[counter, button]}>
      {traces.length === 0 ? <NoTraces filtered={filtered} /> : (
        <>
          <Scatter traces={traces} />
          <TraceTable traces={traces} />
        </>
      )}
    </Section>
  );
}

function NoTraces({ filtered }: { filtered: boolean }) {
  return filtered
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
