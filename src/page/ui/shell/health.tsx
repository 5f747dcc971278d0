/** The agent's health in the bar, and the banner while it does not answer. */
import { h } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { StatusReport } from "../../../status/model.ts";
import { connection } from "../data/connection.ts";
import { retryNow } from "../data/poll.ts";
import { useStore } from "../data/store.ts";
import { clock, count } from "../parts/format.ts";

/** Fewer lost spans than that are no reason to look yellow for the rest of the day. */
const LOST_SHARE = 0.001;

/** Host and, in a word, whether all is well; links to the rest. */
export function Health({ status }: { status: StatusReport | null }) {
  const { up } = useStore(connection);
  if (!up) {
    return (
      <a class="health" href="#/agent">
        <i class="light light-bad" />no answer
      </a>
    );
  }
  if (status === null) {
    return (
      <a class="health" href="#/agent">
        <i class="light" />asking
      </a>
    );
  }
  const [level, text] = judge(status);
  return (
    <a class="health" href="#/agent">
      <i class={`light light-${level}`} aria-hidden="true" />
      <span>{text}</span>
      {status.kernel !== null && <span class="host clip">{status.kernel.hostName}</span>}
    </a>
  );
}

/** The worst that can be said of the agent. */
function judge(status: StatusReport): readonly ["good" | "warn" | "bad", string] {
  if (status.loader.state === "stopped") return ["bad", "loader stopped"];
  if (status.config?.error) return ["bad", "configuration refused"];
  const lost = Object.values(status.accounting.lost).reduce((sum, spans) => sum + spans, 0);
  if (lost > LOST_SHARE * status.accounting.begun) return ["warn", `${count(lost)} lost`];
  if (status.loader.state === "starting") return ["warn", "starting"];
  if (status.export.reason ?? status.metricsExport?.reason) return ["warn", "export fails"];
  if (status.propagationReason !== null) return ["warn", "calls not joined"];
  return ["good", "healthy"];
}

/** Says since when the agent is silent, and when it is asked again. */
export function Banner() {
  const state = useStore(connection);
  const [, tick] = useState(0);
  useEffect(() => {
    if (state.up) return;
    const timer = setInterval(() => tick((count) => count + 1), 1_000);
    return () => clearInterval(timer);
  }, [state.up]);
  // The region is there before its text, so that screen readers tell of it.
  return (
    <div role="status">
      {!state.up && (
        <p class="banner">
          <b>{state.why ?? "The agent does not answer."}</b>
          {state.lastAnswerMs !== null && <span>What you see is of {clock(state.lastAnswerMs)}.</span>}
          <span aria-hidden="true">{retryText(state.retryAtMs)}</span>
          <button type="button" class="small-button" onClick={retryNow}>Try now</button>
        </p>
      )}
    </div>
  );
}

function retryText(atMs: number): string {
  const seconds = Math.ceil((atMs - Date.now()) / 1_000);
  return seconds > 0 ? `Next try in ${seconds} s.` : "Trying …";
}
