/** Decoders: which Go releases each knows, where it came from, what it does now; what was refused; how fast swaps are. */
import { type ComponentChildren, Fragment, h } from "preact";
import type { DecoderEntry, DecoderList } from "../../../registry/model.ts";
import { usePoll } from "../data/poll.ts";
import { count, counted, dateTime, latency, NONE } from "../parts/format.ts";
import { Because, Empty, Fact, Facts, Section, Waiting } from "../parts/parts.tsx";
import { type Column, Table } from "../parts/table.tsx";

const EVERY_MS = 5_000;
/** Room for the longest head. */
const WIDE = "102px";

const SOURCES: Readonly<Record<DecoderEntry["source"], string>> = {
  bundled: "with Tsunagi",
  directory: "directory",
  pushed: "pushed",
  learnt: "learnt from a program",
};

export function Decoders() {
  const { data, refused } = usePoll<DecoderList>("decoders", EVERY_MS);
  if (data === null) return <Waiting refused={refused} />;
  const { decoders, refused: rejected, swaps } = data;
  const used = decoders.filter(({ targets }) => targets > 0).length;
  return (
    <>
      <h1 class="hidden">Decoders</h1>
      <Section title="Decoders" aside={`${used} in use, ${decoders.length} ready`}>
        {decoders.length === 0
          ? (
            <Empty title="No decoder is ready">
              <p>Run deno task build, or put one into the directory that the agent watches.</p>
            </Empty>
          )
          : (
            <Table
              name="Decoders"
              columns={COLUMNS}
              rows={decoders}
              rowKey={({ name }) => name}
              sortedBy="targets"
            />
          )}
      </Section>
      <Section title="Swaps" aside="from filled slots to the last flipped probe">
        {swaps.count === 0 ? <p class="faint">None yet.</p> : (
          <Facts>
            <Fact name="Swaps">{count(swaps.count)}</Fact>
            <Fact name="Last">{latency(swaps.lastMs)}</Fact>
            <Fact name="p50">{latency(swaps.p50Ms)}</Fact>
            <Fact name="p99">{latency(swaps.p99Ms)}</Fact>
            <Fact name="Longest">{latency(swaps.maxMs)}</Fact>
          </Facts>
        )}
      </Section>
      {rejected.length > 0 && (
        <Section title="Refused" aside={counted(rejected.length, "file")}>
          <ul class="reasons">
            {rejected.map(({ name, version, origin, digest, at, reason }) => (
              <li key={`${origin} ${at} ${digest}`}>
                <p>
                  <b>{name ?? origin}</b> {version} <span class="faint">{name === null ? "" : origin}</span>
                  {" "}
                  <span class="faint">{dateTime(Date.parse(at))}</span>
                </p>
                <Because reason={reason} />
              </li>
            ))}
          </ul>
        </Section>
      )}
    </>
  );
}

function counter(
  id: "starts" | "spans" | "inFlight" | "badRecords",
  title: string,
  bad = false,
): Column<DecoderEntry> {
  const shown = (value: number): ComponentChildren =>
    value === 0 ? <span class="faint">0</span> : <span class={bad ? "bad" : ""}>{count(value)}</span>;
  return {
    id,
    title,
    numeric: true,
    width: WIDE,
    cell: ({ counters }) => counters === null ? <span class="faint">{NONE}</span> : shown(counters[id]),
    value: ({ counters }) => counters?.[id] ?? null,
  };
}

const COLUMNS: readonly Column<DecoderEntry>[] = [
  {
    id: "name",
    title: "Decoder",
    class: "main-cell",
    cell: ({ name, version, digest }) => (
      <span class="name-cell" title={`SHA-256 ${digest}`}>
        <b class="clip">{name}</b>
        <small>{version}</small>
        <small>
          <code>{digest.slice(0, 8)}</code>
        </small>
      </span>
    ),
    value: ({ name }) => name,
  },
  {
    id: "range",
    title: "Knows",
    width: "24%",
    cell: ({ goRange, libraries }) => (
      <span class="lines">
        <span>Go {goRange}</span>
        {libraries.length > 0 && (
          <small class="clip" title={libraries.join(", ")}>{libraries.join(", ")}</small>
        )}
      </span>
    ),
    value: ({ goRange }) => goRange,
  },
  {
    id: "source",
    title: "From",
    width: "17%",
    cell: ({ source, since, previous }) => (
      <span class="lines">
        <span title={`since ${dateTime(Date.parse(since))}`}>{SOURCES[source]}</span>
        {previous && <small>replaced {previous.version}, {previous.digest.slice(0, 8)}</small>}
      </span>
    ),
    value: ({ source }) => source,
  },
  {
    id: "targets",
    title: "Processes",
    numeric: true,
    width: WIDE,
    cell: ({ targets }) => targets === 0 ? <span class="faint">0</span> : targets,
    value: ({ targets }) => targets,
  },
  counter("starts", "Starts"),
  counter("spans", "Spans"),
  counter("inFlight", "In flight"),
  counter("badRecords", "Bad records", true),
];
