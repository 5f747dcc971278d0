/** One trace: a tree of its spans beside their bars on a common axis, and all that is known of the selected one. */
import { Fragment, h } from "preact";
import { useRef, useState } from "preact/hooks";
import type { TraceAnswer } from "../../../status/model.ts";
import { usePoll } from "../data/poll.ts";
import { clockMs, counted, dateTime, duration } from "../parts/format.ts";
import { Copyable, ServiceDot, Waiting } from "../parts/parts.tsx";
import { SpanPanel } from "./span_panel.tsx";
import { Axis, SpanRow } from "./span_row.tsx";
import { type Row, type Stretch, type TraceSpan, type Waterfall, waterfall } from "./waterfall.ts";

type Answer = Omit<TraceAnswer, "spans"> & { readonly spans: readonly TraceSpan[] };

export function TraceView({ traceId, selectedId }: { traceId: string; selectedId: string | null }) {
  const { data, refused, refresh } = usePoll<Answer>(`traces/${encodeURIComponent(traceId)}`, null);
  if (refused !== null || data === null) return <Waiting refused={refused} />;
  const fall = waterfall(data.spans);
  const errors = fall.rows.filter(({ error }) => error).length;
  const startMs = Number(fall.startUnixNano / 1_000_000n);
  return (
    <>
      <div class="headline trace-head">
        <div class="title">
          <h1>{data.rootName}</h1>
          {errors > 0 && <b class="badge-bad">{counted(errors, "error")}</b>}
        </div>
        <p class="trace-facts">
          <b>{duration(fall.durationNs)}</b>
          <span>{counted(fall.rows.length, "span")}</span>
          <span>{counted(data.services.length, "service")}</span>
          <span title={dateTime(startMs)}>
            {dateTime(startMs).slice(0, 10)} {clockMs(fall.startUnixNano.toString())}
          </span>
          <Copyable text={traceId} label="the trace id" />
          <button type="button" class="small-button" onClick={refresh} title="Spans that ended since">
            Reload
          </button>
        </p>
      </div>
      <Spans fall={fall} first={selectedId} services={data.services} />
    </>
  );
}

function Spans(
  { fall, first, services }: { fall: Waterfall; first: string | null; services: readonly string[] },
) {
  const [selected, setSelected] = useState(first ?? fall.rows[0]?.span.spanId ?? "");
  const [folded, setFolded] = useState<ReadonlySet<string>>(new Set());
  const [zoom, setZoom] = useState<Stretch | null>(null);
  const tree = useRef<HTMLDivElement>(null);
  const rows = visible(fall.rows, folded);
  const now = rows.find(({ span }) => span.spanId === selected) ?? rows[0];
  const [fromNs, toNs] = zoom ?? [0, Math.max(1, fall.durationNs)];

  const select = (row: Row | undefined) => {
    if (row === undefined) return;
    setSelected(row.span.spanId);
    const element = tree.current?.querySelector<HTMLElement>(`[data-span="${CSS.escape(row.span.spanId)}"]`);
    element?.focus();
    element?.scrollIntoView({ block: "nearest" });
  };
  const fold = (row: Row, close: boolean) => {
    const next = new Set(folded);
    if (close) next.add(row.span.spanId);
    else next.delete(row.span.spanId);
    setFolded(next);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (now === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    const at = rows.indexOf(now);
    const closed = folded.has(now.span.spanId);
    const keys: Readonly<Record<string, () => void>> = {
      ArrowDown: () => select(rows[at + 1]),
      j: () => select(rows[at + 1]),
      ArrowUp: () => select(rows[at - 1]),
      k: () => select(rows[at - 1]),
      Home: () => select(rows[0]),
      End: () => select(rows.at(-1)),
      ArrowRight: () => closed ? fold(now, false) : now.below > 0 && select(rows[at + 1]),
      ArrowLeft: () => now.below > 0 && !closed ? fold(now, true) : select(parentOf(rows, at)),
      e: () => select(rows.slice(at + 1).find(({ error }) => error) ?? rows.find(({ error }) => error)),
      z: () => setZoom(zoom === null && now.toNs > now.fromNs ? [now.fromNs, now.toNs] : null),
    };
    const act = keys[event.key];
    if (act === undefined) return;
    event.preventDefault();
    act();
  };

  return (
    <div class="trace">
      <div class="waterfall">
        <div class="waterfall-legend">
          {services.map((name) => (
            <span key={name}>
              <ServiceDot name={name} />
              {name}
            </span>
          ))}
          <span class="legend-critical">critical path</span>
          <span class="legend-gap">gap: no child ran</span>
          {zoom !== null && (
            <button type="button" class="small-button" onClick={() => setZoom(null)}>Whole trace</button>
          )}
        </div>
        <div ref={tree} role="treegrid" aria-label="Spans" aria-readonly="true" onKeyDown={onKeyDown}>
          <div class="span-row span-head" role="row">
            <span role="columnheader">Span</span>
            <span role="columnheader" class="number">Duration</span>
            <span role="columnheader" class="axis" aria-label="Time">
              <Axis fromNs={fromNs} toNs={toNs} />
            </span>
          </div>
          {rows.map((row) => (
            <SpanRow
              key={row.span.spanId}
              row={row}
              selected={row === now}
              folded={folded.has(row.span.spanId)}
              fromNs={fromNs}
              toNs={toNs}
              select={() => select(row)}
              toggle={() => fold(row, !folded.has(row.span.spanId))}
            />
          ))}
        </div>
      </div>
      {now !== undefined && <SpanPanel row={now} />}
    </div>
  );
}

/** Without those below a folded one. */
function visible(rows: readonly Row[], folded: ReadonlySet<string>): readonly Row[] {
  const shown: Row[] = [];
  for (let index = 0; index < rows.length; index++) {
    const row = rows[index]!;
    shown.push(row);
    if (folded.has(row.span.spanId)) index += row.below;
  }
  return shown;
}

function parentOf(rows: readonly Row[], at: number): Row | undefined {
  return rows.slice(0, at).findLast(({ depth }) => depth < rows[at]!.depth);
}
