/** All that is known of one span: where its time went, attributes, events, links, and the process it comes from. */
import { Fragment, h } from "preact";
import { link } from "../data/location.ts";
import { duration } from "../parts/format.ts";
import { Copyable, Fact, Facts, ServiceLink } from "../parts/parts.tsx";
import { attribute, kindName, lengthNs, type OtlpAttribute, type Row, valueText } from "./waterfall.ts";

/** Bits of the span's flags (opentelemetry-proto, SpanFlags). */
const FLAG_HAS_IS_REMOTE = 0x100;
const FLAG_IS_REMOTE = 0x200;

export function SpanPanel({ row }: { row: Row }) {
  const { span, error } = row;
  const namespace = attribute(span.resource.attributes, "service.namespace");
  const own = lengthNs(row.own);
  const total = row.toNs - row.fromNs;
  const critical = lengthNs(row.critical);
  return (
    <aside class="panel" aria-label="Selected span">
      <h2>{span.name}</h2>
      <p class="panel-line">
        <ServiceLink name={span.serviceName} namespace={namespace} />
        <span class="faint">{kindName(span.kind)}</span>
        {error && <b class="badge-bad">error</b>}
      </p>
      {span.status.message && <p class="bad">{span.status.message}</p>}
      <Facts>
        <Fact name="Duration">{duration(total)}</Fact>
        <Fact name="Starts at">{row.fromNs === 0 ? "0" : `+ ${duration(row.fromNs)}`}</Fact>
        <Fact name="Own time">{duration(own)}{total > 0 && ` (${Math.round(own / total * 100)} %)`}</Fact>
        <Fact name="Critical path">{critical === 0 ? "not on it" : `${duration(critical)} of it`}</Fact>
        {row.gaps.map(([from, to]) => (
          <Fact key={from} name="Gap">
            {duration(to - from)}{" "}
            {from === row.fromNs ? "at its begin" : `after ${duration(from - row.fromNs)}`}
          </Fact>
        ))}
      </Facts>
      <Attributes
        title="Attributes"
        attributes={span.attributes}
        dropped={span.droppedAttributesCount}
        open
      />
      {span.events.length > 0 &&
        span.events.map((event) => (
          <Attributes
            key={event.timeUnixNano}
            title={`Event ${event.name}`}
            attributes={event.attributes}
            open
          />
        ))}
      {span.links.map((other) => (
        <p key={other.spanId}>
          Linked to <a href={link(["trace", other.traceId], { span: other.spanId })}>{other.traceId}</a>
        </p>
      ))}
      <Attributes title="Process" attributes={span.resource.attributes} />
      <details class="attributes">
        <summary>Ids</summary>
        <Facts>
          <Fact name="Span">
            <Copyable text={span.spanId} label="the span id" />
          </Fact>
          <Fact name="Parent">
            {span.parentSpanId === "" ? "none" : <code>{span.parentSpanId}</code>}
            {parentPlace(span.flags)}
          </Fact>
          {span.traceState !== "" && (
            <Fact name="tracestate">
              <code>{span.traceState}</code>
            </Fact>
          )}
        </Facts>
      </details>
    </aside>
  );
}

function parentPlace(flags: number): string {
  if ((flags & FLAG_HAS_IS_REMOTE) === 0) return "";
  return (flags & FLAG_IS_REMOTE) === 0 ? " (this process)" : " (another process)";
}

/** A name that may go on in the next line after each dot. */
function breakable(name: string) {
  return name.split(/(?<=\.)/).map((part) => (
    <Fragment key={part}>
      {part}
      <wbr />
    </Fragment>
  ));
}

interface AttributesProps {
  readonly title: string;
  readonly attributes: readonly OtlpAttribute[];
  readonly dropped?: number;
  readonly open?: boolean;
}

function Attributes({ title, attributes, dropped = 0, open = false }: AttributesProps) {
  return (
    <details class="attributes" open={open}>
      <summary>
        {title} <span class="faint">{attributes.length}</span>
      </summary>
      <table>
        <caption class="hidden">{title}</caption>
        <tbody>
          {attributes.map(({ key, value }) => (
            <tr key={key}>
              <th scope="row">{breakable(key)}</th>
              <td>{valueText(value)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {dropped > 0 && <p class="faint">{dropped} more were dropped.</p>}
    </details>
  );
}
