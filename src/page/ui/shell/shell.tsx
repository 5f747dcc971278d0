/** What surrounds every view: the bar with its links and the agent's health, the banner when it is silent, the keys. */
import { type ComponentChildren, Fragment, h } from "preact";
import { useRef } from "preact/hooks";
import type { StatusReport } from "../../../status/model.ts";
import { Banner, Health } from "./health.tsx";
import { KeysDialog, useKeys } from "./keys.tsx";
import { ThemeSwitch } from "./theme_switch.tsx";
import { VIEWS } from "./views.ts";

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
          {VIEWS.map(({ title, hash, parts }) => (
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
      <KeysDialog dialog={dialog} />
    </>
  );
}

/** The hash is an address of this page, so the link's own way would leave the view. */
function skip(event: MouseEvent): void {
  event.preventDefault();
  document.getElementById("main")?.focus();
}
