/** What stands below a process in the list: why it is not traced, and when asked for, all that is known of it. */
import { Fragment, h } from "preact";
import type { TargetReport } from "../../../status/model.ts";
import { count, latency } from "../parts/format.ts";
import { Because, Fact, Facts } from "../parts/parts.tsx";

/** Null when there is nothing to say. */
export function belowTarget(target: TargetReport, open: boolean) {
  if (target.reason === null && !open) return null;
  return (
    <>
      {target.reason !== null && (
        <Because reason={target.reason} brief={target.state === "excluded" && !open} />
      )}
      {open && <Details target={target} />}
    </>
  );
}

function Details({ target }: { target: TargetReport }) {
  const { pid, args, containerId, rule, sites, attachTime, spans, firstSpanMs } = target;
  return (
    <>
      <Facts>
        <Fact name="Command">
          <code>{args.join(" ")}</code>
        </Fact>
        <Fact name="Selected by">{rule === null ? "no rule" : <code>{rule}</code>}</Fact>
        {containerId !== null && (
          <Fact name="Container">
            <code>{containerId}</code>
          </Fact>
        )}
        {attachTime !== null && (
          <>
            <Fact name="Attached in">
              {latency(attachTime.analysisMs)} of analysis, {latency(attachTime.attachMs)} for its probes
            </Fact>
            <Fact name="Spans">
              {count(spans)}
              {firstSpanMs !== null && `, the first ${latency(firstSpanMs)} after that`}
            </Fact>
          </>
        )}
      </Facts>
      {sites.length > 0 && <Sites pid={pid} sites={sites} />}
    </>
  );
}

function Sites({ pid, sites }: Pick<TargetReport, "pid" | "sites">) {
  return (
    <table class="sites">
      <caption class="hidden">Probes of process {pid}</caption>
      <thead>
        <tr>
          {["Probe", "Function", "Instruction", "Address", "Price of a hit"].map((title) => (
            <th key={title} scope="col">{title}</th>
          ))}
        </tr>
      </thead>
      <tbody>
        {sites.map(({ probe, symbol, instruction, address, price }) => (
          <tr key={`${probe} ${address}`}>
            <th scope="row">{probe}</th>
            {[symbol, instruction, address].map((text) => (
              <td key={text}>
                <code>{text}</code>
              </td>
            ))}
            <td class={price === "stepped" ? "warn" : ""}>{PRICES[price]}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

const PRICES: Readonly<Record<TargetReport["sites"][number]["price"], string>> = {
  optimised: "optimised: under 1 µs",
  emulated: "emulated: under 1 µs",
  stepped: "single-stepped: 9 to 15 times dearer",
};
