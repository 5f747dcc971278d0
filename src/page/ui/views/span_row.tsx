/** One line of the waterfall: the span's name in the tree, its duration, its bar; and the axis above the bars. */
import { Fragment, h } from "preact";
import { serviceClass } from "../parts/colours.ts";
import { counted, duration } from "../parts/format.ts";
import { attribute, kindName, type Row, type Stretch, type TraceSpan } from "./waterfall.ts";

/** Kind of a client's span in OTLP. */
const CLIENT = 3;

/** Host and path that a client's span asked. */
function calledBy({ attributes }: TraceSpan): string {
  const url = attribute(attributes, "url.full");
  return url?.replace(/^\w+:\/\//, "").replace(/\?.*$/, "") ?? attribute(attributes, "server.address") ?? "";
}

interface SpanRowProps {
  readonly row: Row;
  readonly selected: boolean;
  readonly folded: boolean;
  readonly fromNs: number;
  readonly toNs: number;
  readonly select: () => void;
  readonly toggle: () => void;
}

/** Deeper spans are not indented further. */
const MAX_INDENT = 14;

export function SpanRow({ row, selected, folded, fromNs, toNs, select, toggle }: SpanRowProps) {
  const { span, depth, below, entry, error } = row;
  const status = attribute(span.attributes, "http.response.status_code");
  return (
    <div
      class={`span-row ${serviceClass(span.serviceName)}${error ? " failed" : ""}`}
      role="row"
      aria-level={depth + 1}
      aria-selected={selected}
      aria-expanded={below > 0 ? !folded : undefined}
      tabIndex={selected ? 0 : -1}
      data-span={span.spanId}
      onClick={select}
    >
      <span
        role="gridcell"
        class="span-name"
        style={{ paddingLeft: `calc(${Math.min(depth, MAX_INDENT)} * var(--indent))` }}
      >
        {below > 0
          ? (
            <button
              type="button"
              class="fold"
              tabIndex={-1}
              aria-label={folded ? `Show ${counted(below, "span")}` : "Fold"}
              onClick={(event) => {
                event.stopPropagation();
                toggle();
              }}
            >
              {folded ? "▸" : "▾"}
            </button>
          )
          : <i class="fold" />}
        <i class="span-stripe" />
        {entry && <b class="clip">{span.serviceName}</b>}
        <span class="clip" title={`${span.serviceName}, ${kindName(span.kind)}: ${span.name}`}>
          {span.name}
          {span.kind === CLIENT && <span class="faint">{` → ${calledBy(span)}`}</span>}
        </span>
        {status !== null && <span class={error ? "badge-bad" : "code"}>{status}</span>}
        {error && status === null && <span class="badge-bad">error</span>}
        {folded && <small>+{below}</small>}
      </span>
      <span role="gridcell" class="number">{duration(row.toNs - row.fromNs)}</span>
      <span role="gridcell" class="lane">
        <Bar row={row} fromNs={fromNs} toNs={toNs} />
      </span>
    </div>
  );
}

/** A label fits beside a bar when this share of the lane is free there. */
const LABEL_SHARE = 12;
/** Shorter stretches of the critical path would be dots. */
const LEAST_SHARE = 0.4;

function Bar({ row, fromNs, toNs }: { row: Row; fromNs: number; toNs: number }) {
  const share = ([from, to]: Stretch) => (to - from) / (toNs - fromNs) * 100;
  const percent = (ns: number) => Math.max(0, Math.min(100, (ns - fromNs) / (toNs - fromNs) * 100));
  const box = ([from, to]: Stretch) => ({
    left: `${percent(from)}%`,
    width: `${percent(to) - percent(from)}%`,
  });
  const right = percent(row.toNs);
  return (
    <>
      <i class="span-bar" style={box([row.fromNs, row.toNs])} />
      {row.gaps.map((gap) => (
        <i key={gap[0]} class="gap" style={box(gap)}>
          {share(gap) > LABEL_SHARE && <span>{duration(gap[1] - gap[0])}</span>}
        </i>
      ))}
      {row.critical.filter((part) => share(part) > LEAST_SHARE).map((part) => (
        <i key={part[0]} class="critical" style={box(part)} />
      ))}
      {row.error && (
        <i
          class={right > 97 ? "mark mark-inside" : "mark"}
          style={{ left: `${right}%` }}
          title="Error"
        >
          !
        </i>
      )}
    </>
  );
}

/** Four marks at equal distances. */
export function Axis({ fromNs, toNs }: { fromNs: number; toNs: number }) {
  return (
    <>
      {[0, 0.25, 0.5, 0.75].map((share) => (
        <span key={share} style={{ left: `${share * 100}%` }}>
          {share === 0 && fromNs === 0 ? "0" : duration(fromNs + (toNs - fromNs) * share)}
        </span>
      ))}
    </>
  );
}
