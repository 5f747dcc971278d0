/** How the agent itself fares: the kernel, the loader, where every span is, export, propagation, configuration. */
import { type ComponentChildren, Fragment, h } from "preact";
import type { Accounting, ExportReport, StatusReport } from "../../../status/model.ts";
import { bytes, count, counted, dateTime, duration, percent, uptime, words } from "../parts/format.ts";
import { ARMED, type CounterGroup, LOSSES, PROBES, PROPAGATION } from "./glossary.ts";
import { Fact, Facts, Section, Waiting } from "../parts/parts.tsx";
import type { Polled } from "../data/poll.ts";

export function Agent({ data, refused }: Polled<StatusReport>) {
  if (data === null) return <Waiting refused={refused} />;
  const { accounting, kernel, loader, service, store, printer, decoder } = data;
  return (
    <>
      <h1 class="hidden">Agent</h1>
      <Config config={data.config} />
      <Section title="Spans" aside="since the agent began">
        <Account accounting={accounting} />
      </Section>
      <div class="columns">
        <Section title="Service">
          <Facts>
            <Fact name="Version">{data.version}</Fact>
            <Fact name="Runs for">{uptime(data.uptimeSeconds)}</Fact>
            {service !== null && <Fact name="Memory">{bytes(service.residentBytes)}</Fact>}
            {service?.cpuSeconds != null && (
              <Fact name="CPU">{cpu(service.cpuSeconds, data.uptimeSeconds)}</Fact>
            )}
            <Fact name="Recent traces">
              {counted(store.spans, "span")}, {bytes(store.bytes)}
              {store.evictedSpans > 0 && `; ${count(store.evictedSpans)} older ones made room`}
            </Fact>
            {printer !== null && (
              <Fact name="Printed">
                {counted(printer.printed, "span")}
                {printer.dropped > 0 && <b class="bad">, {count(printer.dropped)} dropped</b>}
              </Fact>
            )}
            {data.red !== null && <Fact name="Measured">{counted(data.red.spans, "span")}</Fact>}
            {data.events !== null && <Fact name="Live listeners">{count(data.events.clients)}</Fact>}
          </Facts>
        </Section>
        <Section title="Loader">
          <Facts>
            <Fact name="State">
              <span class={`state state-${loader.state}`}>{loader.state}</span>{" "}
              {loader.pid !== null && <span class="faint">pid {loader.pid}</span>}
            </Fact>
            <Fact name="Restarts">
              <Warned value={loader.restarts} />
            </Fact>
            <Fact name="CPU">{cpu(loader.cpuTimeNs / 1e9, data.uptimeSeconds)}</Fact>
            <Fact name="Memory">{bytes(loader.residentBytes)}</Fact>
            <Fact name="Sent">{counted(loader.recordsSent, "record")}, {bytes(loader.bytesSent)}</Fact>
            <Fact name="Decoded">{counted(decoder.records ?? 0, "record")}</Fact>
            {loader.lastError !== null && (
              <Fact name="Last error">
                <span class="bad">{loader.lastError}</span>
              </Fact>
            )}
          </Facts>
        </Section>
        <Section title="Kernel">
          {kernel === null ? <p class="faint">The loader has not said hello yet.</p> : (
            <Facts>
              <Fact name="Release">{kernel.release}</Fact>
              <Fact name="Host">{kernel.hostName}, {counted(kernel.cpus, "CPU")}</Fact>
              <Fact name="Lockdown">{kernel.features.lockdown ?? "off"}</Fact>
              <Fact name="Many probes at once">
                {kernel.features.uprobeMulti ? "yes" : <span class="warn">no: attaching takes seconds</span>}
              </Fact>
              <Fact name="Propagation">
                {kernel.features.sockhash ? "yes" : <span class="warn">no: the kernel has no SOCKHASH</span>}
              </Fact>
              <Fact name="FIONREAD">
                {kernel.features.fionreadDefect
                  ? <span class="warn">defect: answers 0 on tracked sockets</span>
                  : "as it should be"}
              </Fact>
            </Facts>
          )}
        </Section>
        <TraceExport report={data.export} />
        {data.metricsExport !== null && <MetricsExport report={data.metricsExport} />}
        <Group
          group={ARMED}
          counters={data.propagation}
          aside={counted(data.propagation.armed ?? 0, "call")}
          total={data.propagation.armed ?? 0}
        />
        {PROPAGATION.map((group) => <Group key={group.title} group={group} counters={data.propagation} />)}
        <Group group={PROBES} counters={data.probes} />
      </div>
    </>
  );
}

function cpu(seconds: number, uptimeSeconds: number): string {
  const share = uptimeSeconds === 0 ? "" : ` (${percent(seconds / uptimeSeconds)} %)`;
  return `${duration(seconds * 1e9)}${share}`;
}

/** A count that should be zero. */
function Warned({ value }: { value: number }) {
  return <span class={value > 0 ? "warn" : ""}>{count(value)}</span>;
}

function Config({ config }: { config: StatusReport["config"] }) {
  if (config === null) return null;
  const { file, loadedAt, error, warnings } = config;
  return (
    <Section title="Configuration" aside={`in force since ${dateTime(Date.parse(loadedAt))}`}>
      <p>{file === null ? "No file: flags, variables and defaults." : <code>{file}</code>}</p>
      {error !== null && (
        <div class="notice notice-bad" role="alert">
          <b>The file has a mistake; the configuration before it is in force.</b>
          <pre>{error}</pre>
        </div>
      )}
      {warnings.length > 0 && (
        <details class="notice notice-warn">
          <summary>{counted(warnings.length, "warning")}</summary>
          <ul>{warnings.map((warning) => <li key={warning}>{warning}</li>)}</ul>
        </details>
      )}
    </Section>
  );
}

interface Share {
  readonly name: string;
  readonly value: number;
  readonly fill: string;
  readonly help: string;
}

/** begun = exported + sampled out + lost + in flight + queued, as an equation and as a bar. */
function Account({ accounting }: { accounting: Accounting }) {
  const { begun, exported, sampledOut, inFlight, queued } = accounting;
  const reasons = Object.entries(accounting.lost).filter(([, spans]) => spans > 0).sort(([, a], [, b]) =>
    b - a
  );
  const lost = reasons.reduce((sum, [, spans]) => sum + spans, 0);
  const shares: readonly Share[] = [
    {
      name: "exported",
      value: exported,
      fill: "fill-good",
      help: "Acknowledged by the collector, or handed over",
    },
    { name: "sampled out", value: sampledOut, fill: "fill-quiet", help: "Not sampled, or left out by rules" },
    { name: "lost", value: lost, fill: "fill-bad", help: "By reason below" },
    { name: "in flight", value: inFlight, fill: "fill", help: "Begun, not ended" },
    { name: "queued", value: queued, fill: "fill-warn", help: "Waiting for the collector" },
  ];
  const difference = begun - shares.reduce((sum, { value }) => sum + value, 0);
  let at = 0;
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
      <svg class="account" viewBox="0 0 1000 10" preserveAspectRatio="none" aria-hidden="true">
        {shares.map(({ name, value, fill }) => {
          const width = begun === 0 ? 0 : Math.max(0, value) / begun * 1000;
          const x = at;
          at += width;
          return (
            <rect key={name} class={fill} x={x} width={value > 0 ? Math.max(2, width) : 0} height="10" />
          );
        })}
      </svg>
      <p class="faint account-sum">
        {difference === 0
          ? "Every span is accounted for."
          : `${count(Math.abs(difference))} are between two counters at this moment.`}
      </p>
      {reasons.length > 0 && (
        <table class="counters losses">
          <caption>Lost</caption>
          <tbody>
            {reasons.map(([reason, spans]) => (
              <Counter
                key={reason}
                name={reason}
                value={spans}
                meaning={LOSSES[reason] ?? lossText(reason)}
                bad
              />
            ))}
          </tbody>
        </table>
      )}
    </>
  );
}

function lossText(reason: string): string {
  const status = /^http_(\d+)$/.exec(reason)?.[1];
  return status === undefined ? "" : `The collector answered with status ${status}, which allows no retry`;
}

function TraceExport({ report }: { report: ExportReport }) {
  return (
    <Section title="Trace export">
      <Facts>
        <Fact name="Endpoint">
          {report.endpoint === null ? "Nothing is sent: none is set." : <code>{report.endpoint}</code>}
        </Fact>
        <Fact name="Exported">{counted(report.exported, "span")}</Fact>
        {report.endpoint !== null && (
          <>
            <Fact name="Queued">{counted(report.queued, "span")}</Fact>
            <Fact name="Requests">
              {count(report.batches)} acknowledged, {count(report.retries)} tried again
            </Fact>
          </>
        )}
        <Failures counters={report.lost} lastError={report.lastError} />
      </Facts>
    </Section>
  );
}

function MetricsExport({ report }: { report: NonNullable<StatusReport["metricsExport"]> }) {
  return (
    <Section title="Metric export">
      <Facts>
        <Fact name="Endpoint">
          <code>{report.endpoint}</code>
        </Fact>
        <Fact name="Exported">{counted(report.points, "data point")}</Fact>
        <Fact name="Collections">
          {count(report.exports)} acknowledged, {count(report.retries)} tried again
        </Fact>
        {report.rejected > 0 && (
          <Fact name="Rejected">
            <b class="bad">{count(report.rejected)}</b>
          </Fact>
        )}
        <Failures counters={report.failed} lastError={report.lastError} />
      </Facts>
    </Section>
  );
}

/** What was given up, by reason, and the newest failure. */
function Failures(props: { counters: Readonly<Record<string, number>>; lastError: string | null }) {
  return (
    <>
      {Object.entries(props.counters).filter(([, items]) => items > 0).map(([reason, items]) => (
        <Fact key={reason} name={`Lost: ${words(reason)}`}>
          <b class="bad">{count(items)}</b>
        </Fact>
      ))}
      {props.lastError !== null && (
        <Fact name="Last error">
          <span class="bad">{props.lastError}</span>
        </Fact>
      )}
    </>
  );
}

interface GroupProps {
  readonly group: CounterGroup;
  readonly counters: Readonly<Record<string, number>>;
  readonly aside?: string;
  /** What the counters are shares of. */
  readonly total?: number;
}

/** Counters in the order of their group. What an older agent does not count is left out. */
function Group({ group, counters, aside, total = 0 }: GroupProps) {
  const names = Object.keys(group.counters).filter((name) => name in counters);
  return (
    <Section title={group.title} aside={aside}>
      {names.length === 0 && <p class="faint">No counters yet.</p>}
      <table class="counters">
        <tbody>
          {names.map((name) => {
            const value = counters[name] ?? 0;
            return (
              <Counter
                key={name}
                name={name}
                value={value}
                meaning={group.counters[name] ?? ""}
                note={total > 0 ? `${percent(value / total)} %` : undefined}
              />
            );
          })}
        </tbody>
      </table>
    </Section>
  );
}

interface CounterProps {
  readonly name: string;
  readonly value: number;
  readonly meaning: string;
  readonly note?: ComponentChildren;
  readonly bad?: boolean;
}

function Counter({ name, value, meaning, note, bad = false }: CounterProps) {
  return (
    <tr>
      <th scope="row" class={value === 0 ? "faint" : ""} title={meaning}>
        {words(name)}
        {value !== 0 && <small>{meaning}</small>}
      </th>
      <td class={value === 0 ? "number faint" : bad ? "number bad" : "number"}>{count(value)}</td>
      {note !== undefined && <td class="number faint">{note}</td>}
    </tr>
  );
}
