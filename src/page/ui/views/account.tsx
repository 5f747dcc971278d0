/** Where every span is that ever began: as an equation, as a bar, and by reason where it did not come out. */
import { Fragment, h } from "preact";
import type { Accounting } from "../../../status/model.ts";
import { LEFT_OUT, LOSSES } from "../../../support/span_outcomes.ts";
import { count } from "../parts/format.ts";
import { Counter } from "./counters.tsx";

interface Share {
  readonly name: string;
  readonly value: number;
  readonly fill: string;
  readonly help: string;
}

/** begun = exported + sampled out + left out + lost + in flight + queued */
export function Account({ accounting }: { accounting: Accounting }) {
  const { begun, exported, sampledOut, leftOut, lost, inFlight, queued } = accounting;
  const shares: readonly Share[] = [
    { name: "exported", value: exported, fill: "fill-good", help: "Taken by the collector, or handed over" },
    { name: "sampled out", value: sampledOut, fill: "fill-quiet", help: "Not sampled" },
    { name: "left out", value: sum(leftOut), fill: "fill-out", help: "Wanted in no trace, by rules" },
    { name: "lost", value: sum(lost), fill: "fill-bad", help: "By reason below" },
    { name: "in flight", value: inFlight, fill: "fill", help: "Begun, not ended" },
    { name: "queued", value: queued, fill: "fill-warn", help: "Waiting for the collector" },
  ];
  const difference = begun - shares.reduce((total, { value }) => total + value, 0);
  return (
    <>
      <dl class="equation">
        <div>
          <dt>begun</dt>
          <dd>{count(begun)}</dd>
        </div>
        {shares.map(({ name, value, fill, help }, index) => (
          <div key={name} title={help}>
            <dt>
              <i class={`key ${fill}`} />
              {name}
            </dt>
            <dd class={name === "lost" && value > 0 ? "bad" : ""}>
              <span class="operator" aria-hidden="true">{index === 0 ? "=" : "+"}</span>
              {count(value)}
            </dd>
          </div>
        ))}
      </dl>
      <Bar shares={shares} begun={begun} />
      <p class="faint">
        {difference === 0
          ? "Every span is accounted for."
          : `${count(Math.abs(difference))} are between two counters at this moment.`}
      </p>
      <Reasons title="Lost" spans={lost} meanings={LOSSES} bad />
      <Reasons title="Left out" spans={leftOut} meanings={LEFT_OUT} />
    </>
  );
}

/** What is there at all is two units wide at least, of a thousand. */
function Bar({ shares, begun }: { shares: readonly Share[]; begun: number }) {
  let at = 0;
  return (
    <svg class="account" viewBox="0 0 1000 10" preserveAspectRatio="none" aria-hidden="true">
      {shares.filter(({ value }) => value > 0).map(({ name, value, fill }) => {
        const width = value / Math.max(begun, 1) * 1000;
        const x = at;
        at += width;
        return <rect key={name} class={fill} x={x} width={Math.max(2, width)} height="10" />;
      })}
    </svg>
  );
}

interface ReasonsProps {
  readonly title: string;
  readonly spans: Readonly<Record<string, number>>;
  readonly meanings: Readonly<Record<string, string>>;
  readonly bad?: boolean;
}

function Reasons({ title, spans, meanings, bad = false }: ReasonsProps) {
  const reasons = Object.entries(spans).filter(([, value]) => value > 0).sort(([, a], [, b]) => b - a);
  if (reasons.length === 0) return null;
  return (
    <table class="counters reasons-table">
      <caption>{title}</caption>
      <tbody>
        {reasons.map(([reason, value]) => (
          <Counter
            key={reason}
            name={reason}
            value={value}
            meaning={meanings[reason] ?? statusText(reason)}
            bad={bad}
          />
        ))}
      </tbody>
    </table>
  );
}

function statusText(reason: string): string {
  const status = /^(?:http|grpc)_(.+)/.exec(reason)?.[1];
  return status === undefined ? "" : `The collector answered with status ${status}, which allows no retry`;
}

function sum(values: Readonly<Record<string, number>>): number {
  return Object.values(values).reduce((total, value) => total + value, 0);
}
