/** What surrounds every view: the bar with its links and the agent's health, the banner when it is silent, the keys. */
import { type ComponentChildren, Fragment, h } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { StatusReport } from "../../status/model.ts";
import { useConnection } from "./data/connection.ts";
import { clock, count } from "./parts/format.ts";
import { focusSearch } from "./focus.ts";
import { retryNow } from "./data/poll.ts";
import { nextTheme, ThemeSwitch } from "./theme_switch.tsx";

/** The views of the bar: name, address, names of what is shown in their place. */
const VIEWS: readonly (readonly [title: string, hash: string, parts: readonly string[]])[] = [
  ["Services", "#/", ["", "service"]],
  ["Map", "#/map", ["map"]],
  ["Traces", "#/traces", ["traces", "trace"]],
  ["Targets", "#/targets", ["targets"]],
  ["Decoders", "#/decoders", ["decoders"]],
  ["Agent", "#/agent", ["agent"]],
];

const KEYS: readonly (readonly [keys: string, what: string])[] = [
  ["1 … 6", "the views, from left to right"],
  ["/", "to the search field"],
  ["↑ ↓ or k j", "from row to row"],
  ["Enter", "opens the row"],
  ["← →", "in a trace: folds and unfolds"],
  ["e", "in a trace: to the next error"],
  ["z", "in a trace: zooms to the span, and back"],
  ["Esc", "out of a field; from a trace back to the list"],
  ["t", "theme: as the system, dark, light"],
  ["?", "these keys"],
];

interface ShellProps {
  readonly view: string;
  readonly status: StatusReport | null;
  readonly children: ComponentChildren;
}

export function Shell({ view, status, children }: ShellProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const showKeys = () => dialog.current?.showModal();
  useKeys(showKeys);
  return (
    <>
      <a class="skip" href="#main" onClick={skip}>Skip to the content</a>
      <header class="bar">
        <a class="brand" href="#/">
          <svg viewBox="0 0 24 24" aria-hidden="true">
            <path d="M13.5 8.5H8a4.5 4.5 0 0 0 0 9h2.6" />
            <path d="M10.5 15.5H16a4.5 4.5 0 0 0 0-9h-2.6" />
          </svg>
          Tsunagi
        </a>
        <nav aria-label="Views">
          {VIEWS.map(([title, hash, parts]) => (
            <a key={hash} href={hash} aria-current={parts.includes(view) ? "page" : undefined}>{title}</a>
          ))}
        </nav>
        <div class="bar-end">
          <Health status={status} />
          <ThemeSwitch />
          <button type="button" class="icon-button" onClick={showKeys} aria-label="Keys" title="Keys (?)">
            ?
          </button>
        </div>
      </header>
      <Banner />
      <main id="main" tabIndex={-1}>{children}</main>
      <dialog ref={dialog} class="keys" aria-labelledby="keys-title" onClick={closeOutside}>
        <form method="dialog">
          <h2 id="keys-title">Keys</h2>
          <dl>
            {KEYS.map(([keys, what]) => (
              <div key={keys}>
                <dt>
                  <kbd>{keys}</kbd>
                </dt>
                <dd>{what}</dd>
              </div>
            ))}
          </dl>
          <button type="submit" class="small-button">Close</button>
        </form>
      </dialog>
    </>
  );
}

/** The hash is an address of this page, so the link's own way would leave the view. */
function skip(event: MouseEvent): void {
  event.preventDefault();
  document.getElementById("main")?.focus();
}

function closeOutside(event: MouseEvent): void {
  if (event.target === event.currentTarget) (event.currentTarget as HTMLDialogElement).close();
}

/** Host and, in a word, whether all is well; links to the rest. */
function Health({ status }: { status: StatusReport | null }) {
  const connection = useConnection();
  if (!connection.up) {
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
export function judge(status: StatusReport): readonly ["good" | "warn" | "bad", string] {
  if (status.loader.state === "stopped") return ["bad", "loader stopped"];
  if (status.config?.error) return ["bad", "configuration refused"];
  const lost = Object.values(status.accounting.lost).reduce((sum, spans) => sum + spans, 0);
  if (lost > 0) return ["warn", `${count(lost)} lost`];
  if (status.loader.state === "starting") return ["warn", "starting"];
  return ["good", "healthy"];
}

/** Says since when the agent is silent, and when it is asked again. */
function Banner() {
  const connection = useConnection();
  const [, tick] = useState(0);
  useEffect(() => {
    if (connection.up) return;
    const timer = setInterval(() => tick((count) => count + 1), 1_000);
    return () => clearInterval(timer);
  }, [connection.up]);
  // The region is there before its text, so that screen readers tell of it.
  return (
    <div role="status">
      {!connection.up && (
        <p class="banner">
          <b>{connection.why ?? "The agent does not answer."}</b>
          {connection.lastAnswerMs !== null && (
            <span>What you see is of {clock(connection.lastAnswerMs)}.</span>
          )}
          <span aria-hidden="true">{retryText(connection.retryAtMs)}</span>
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

function useKeys(showKeys: () => void): void {
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
      if (document.querySelector("dialog[open]") !== null) return;
      const target = event.target as HTMLElement;
      const typing = target.matches("input[type=text], select, textarea");
      if (event.key === "Escape") {
        if (typing) target.blur();
        else if (location.hash.startsWith("#/trace/")) leaveTrace();
        return;
      }
      if (typing) return;
      const view = VIEWS[Number(event.key) - 1];
      if (view !== undefined) location.hash = view[1];
      else if (event.key === "/") focusSearch();
      else if (event.key === "?") showKeys();
      else if (event.key === "t") nextTheme();
      else return;
      event.preventDefault();
    };
    document.addEventListener("keydown", onKeyDown);
    return () => document.removeEventListener("keydown", onKeyDown);
  }, []);
}

/** Whether the history has an earlier place in this page. */
let moved = false;
addEventListener("hashchange", () => moved = true);

function leaveTrace(): void {
  if (moved) history.back();
  else location.hash = "#/traces";
}
