/** Small pieces that several views share. */
import { type ComponentChildren, h } from "preact";
import { useState } from "preact/hooks";
import type { GraphEdge } from "../../../status/model.ts";
import type { Reason } from "../../../support/reason.ts";
import type { Refused } from "../data/api.ts";
import { link } from "../data/location.ts";
import { serviceClass } from "./colours.ts";
import { NONE, percent, rate } from "./format.ts";

/** What stands in a view before its first answer, or instead of one. */
export function Waiting({ refused }: { refused: Refused | null }) {
  if (refused === null) return <p class="empty" role="status">Asking the agent …</p>;
  return (
    <div class="empty" role="alert">
      <h1 class="empty-title">{refused.message}</h1>
      {refused.remedy && <p>{refused.remedy}</p>}
    </div>
  );
}

/** What stands where there is nothing: what that means, and what to do. `top`: instead of the whole view. */
export function Empty(props: { title: string; top?: boolean; children?: ComponentChildren }) {
  const { title, top = false, children } = props;
  return (
    <div class="empty">
      {top ? <h1 class="empty-title">{title}</h1> : <p class="empty-title">{title}</p>}
      {children}
    </div>
  );
}

/** A named part of a view. */
export function Section(
  { title, aside, children }: { title: string; aside?: ComponentChildren; children: ComponentChildren },
) {
  return (
    <section aria-label={title}>
      <div class="section-head">
        <h2>{title}</h2>
        {aside !== undefined && <div class="section-aside">{aside}</div>}
      </div>
      {children}
    </section>
  );
}

/** Why something is not as wished, and what helps. `brief`: in one line, as far as it fits. */
export function Because({ reason, brief = false }: { reason: Reason; brief?: boolean }) {
  const { code, message, remedy } = reason;
  return (
    <p class={brief ? "reason clip" : "reason"} title={brief ? remedy : undefined}>
      <code>{code}</code> <b>{sentence(message)}</b> {!brief && sentence(remedy)}
    </p>
  );
}

function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

export function ServiceDot({ name }: { name: string }) {
  return <i class={`dot ${serviceClass(name)}`} aria-hidden="true" />;
}

/** Link to what is known of a service. */
export function ServiceLink({ name, namespace = null }: { name: string; namespace?: string | null }) {
  return (
    <a class="service-link" href={link(["service", name], { namespace })} title={name}>
      <ServiceDot name={name} />
      <span class="clip">{name}</span>
    </a>
  );
}

/** From one error in a hundred on, errors are shown in red: below that they are part of most days. */
export function isFailing(share: number): boolean {
  return share >= 0.01;
}

/** An error rate, with a link to the traces that failed. */
export function ErrorRate({ share, service, route = null }: {
  share: number;
  service?: string;
  route?: string | null;
}) {
  if (share === 0) return <span class="faint">0</span>;
  const look = isFailing(share) ? "bad" : "plain";
  if (service === undefined) return <span class={look}>{percent(share)}</span>;
  return (
    <a class={look} href={link(["traces"], { service, route, status: "error" })} title="Traces that failed">
      {percent(share)}
    </a>
  );
}

/** "1,240 req/s · 0.31 % errors" */
export function redText({ rate: perSecond, errorRate }: Pick<GraphEdge, "rate" | "errorRate">): string {
  return `${rate(perSecond)} req/s · ${percent(errorRate)} % errors`;
}

/** Text that a button puts on the clipboard. */
export function Copyable({ text, label }: { text: string; label: string }) {
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    await copyText(text);
    setCopied(true);
    setTimeout(() => setCopied(false), 1_500);
  };
  return (
    <span class="copyable">
      <code>{text}</code>
      <button type="button" class="small-button" onClick={copy} aria-label={`Copy ${label}`}>
        {copied ? "Copied" : "Copy"}
      </button>
    </span>
  );
}

/** Pages on plain http from another host have no navigator.clipboard. */
async function copyText(text: string): Promise<void> {
  if (navigator.clipboard !== undefined) return await navigator.clipboard.writeText(text);
  const field = document.createElement("textarea");
  field.value = text;
  document.body.append(field);
  field.select();
  document.execCommand("copy");
  field.remove();
}

/** Names and values below one another. */
export function Facts({ children }: { children: ComponentChildren }) {
  return <dl class="facts">{children}</dl>;
}

export function Fact({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children ?? NONE}</dd>
    </div>
  );
}
