/** Every Go process: whether it is traced, by what, at what price, and if not, why not and what helps. */
import { Fragment, h } from "preact";
import { useState } from "preact/hooks";
import type { TargetReport, TargetsAnswer } from "../../../status/model.ts";
import { link, replaceHash } from "../data/location.ts";
import { usePoll } from "../data/poll.ts";
import { counted, NONE } from "../parts/format.ts";
import { Because, Empty, Section, ServiceLink, Waiting } from "../parts/parts.tsx";
import { type Column, Table } from "../parts/table.tsx";
import { belowTarget } from "./target_details.tsx";

const EVERY_MS = 5_000;

type State = TargetReport["state"];
/** What needs attention first. */
const STATES: readonly State[] = ["refused", "attaching", "traced", "excluded"];
const MARKS: Readonly<Record<State, string>> = { traced: "●", attaching: "◌", refused: "▲", excluded: "○" };

const CHECKS: Readonly<Record<NonNullable<TargetReport["decoderCheck"]>, string>> = {
  dwarf: "structs compared",
  range: "by Go version",
  nearest: "nearest, may be wrong",
};

export function Targets({ query }: { query: URLSearchParams }) {
  const { data, refused } = usePoll<TargetsAnswer>("targets", EVERY_MS);
  const [open, setOpen] = useState<ReadonlySet<number>>(new Set());
  if (data === null) return <Waiting refused={refused} />;
  const text = query.get("q") ?? "";
  const state = query.get("state") ?? "";
  const { targets, unmatchedRules, loader } = data;
  const shown = targets.filter((target) => (state === "" || target.state === state) && matches(target, text));
  const set = (name: string, value: string) =>
    replaceHash(link(["targets"], { q: text, state, [name]: value }));
  const toggle = (pid: number) => {
    const next = new Set(open);
    if (!next.delete(pid)) next.add(pid);
    setOpen(next);
  };
  return (
    <>
      <h1 class="hidden">Targets</h1>
      <form class="filters" role="search" aria-label="Targets" onSubmit={(event) => event.preventDefault()}>
        <label class="field">
          <span>Search</span>
          <input
            class="long"
            type="text"
            autocomplete="off"
            spellcheck={false}
            placeholder="service, executable, pid, reason"
            data-search
            value={text}
            onInput={(event) => set("q", event.currentTarget.value)}
          />
        </label>
        <fieldset class="switch">
          <legend class="hidden">State</legend>
          {["", ...STATES].map((option) => (
            <label key={option}>
              <input
                type="radio"
                name="state"
                checked={option === state}
                onChange={() => set("state", option)}
              />
              <span>
                {option === "" ? "all" : option}{" "}
                <small>
                  {option === "" ? targets.length : targets.filter(({ state }) => state === option).length}
                </small>
              </span>
            </label>
          ))}
        </fieldset>
      </form>
      {loader !== null && (
        <div class="notice" role="alert">
          <Because reason={loader} />
        </div>
      )}
      {unmatchedRules.map(({ origin, ...reason }) => (
        <div key={origin} class="notice notice-warn">
          <code>{origin}</code>
          <Because reason={reason} />
        </div>
      ))}
      <Section title="Go processes" aside={counted(shown.length, "process", "processes")}>
        {shown.length > 0
          ? (
            <Table
              name="Go processes"
              columns={columns(open, toggle)}
              rows={shown}
              rowKey={({ pid }) => String(pid)}
              sortedBy="state"
              below={(target) => belowTarget(target, open.has(target.pid))}
            />
          )
          : targets.length > 0
          ? (
            <Empty title="No process matches">
              <p>
                <a href="#/targets">Show all</a>
              </p>
            </Empty>
          )
          : (
            <Empty title="No Go process is running">
              <p>Programs are found when they start; nothing needs to be restarted.</p>
            </Empty>
          )}
      </Section>
    </>
  );
}

function matches(target: TargetReport, text: string): boolean {
  const { serviceName, exe, args, pid, rule, reason } = target;
  const all = [serviceName, exe, args.join(" "), String(pid), rule, reason?.code, reason?.message].join("\n");
  return all.toLowerCase().includes(text.trim().toLowerCase());
}

function columns(open: ReadonlySet<number>, toggle: (pid: number) => void): readonly Column<TargetReport>[] {
  return [
    {
      id: "service",
      title: "Service",
      class: "main-cell",
      cell: ({ serviceName, exe }) => (
        <span class="name-cell">
          <ServiceLink name={serviceName} />
          <small class="clip" title={exe}>{exe}</small>
        </span>
      ),
      value: ({ serviceName }) => serviceName,
    },
    { id: "pid", title: "PID", numeric: true, cell: ({ pid }) => pid, value: ({ pid }) => -pid },
    {
      id: "state",
      title: "State",
      width: "106px",
      cell: ({ state }) => (
        <span class={`state state-${state}`}>
          <i aria-hidden="true">{MARKS[state]}</i> {state}
        </span>
      ),
      value: ({ state, pid }) => `${STATES.indexOf(state)} ${String(pid).padStart(10, "0")}`,
    },
    {
      id: "go",
      title: "Go",
      width: "100px",
      cell: ({ goVersion }) => goVersion ?? NONE,
      value: ({ goVersion }) => goVersion ?? "",
    },
    {
      id: "decoder",
      title: "Decoder",
      width: "27%",
      cell: ({ decoder, decoderCheck }) =>
        decoder === null ? <span class="faint">{NONE}</span> : (
          <span class="name-cell">
            <a href={link(["decoders"])}>{decoder}</a>
            {decoderCheck && (
              <small class={decoderCheck === "nearest" ? "warn" : ""}>{CHECKS[decoderCheck]}</small>
            )}
          </span>
        ),
      value: ({ decoder }) => decoder ?? "",
    },
    {
      id: "sites",
      title: "Probes",
      width: "132px",
      numeric: true,
      cell: ({ pid, sites, serviceName }) => {
        const stepped = sites.filter(({ price }) => price === "stepped").length;
        return (
          <button
            type="button"
            class="small-button"
            aria-expanded={open.has(pid)}
            onClick={() => toggle(pid)}
          >
            <span class="hidden">Probes and more of {serviceName}, process {pid}:</span> {sites.length}
            {stepped > 0 && <span class="warn">{` · ${stepped} stepped`}</span>}{" "}
            <i aria-hidden="true">{open.has(pid) ? "▾" : "▸"}</i>
          </button>
        );
      },
      value: ({ sites }) => sites.length,
    },
  ];
}
