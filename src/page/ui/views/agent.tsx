/** How the agent itself fares: the kernel, the loader, where every span is, export, propagation, configuration. */
import { Fragment, h } from "preact";
import type { ExportReport, StatusReport } from "../../../status/model.ts";
import type { Polled } from "../data/poll.ts";
import { bytes, count, counted, dateTime, duration, percent, uptime, words } from "../parts/format.ts";
import { Because, Fact, Facts, Section, Waiting } from "../parts/parts.tsx";
import { Account } from "./account.tsx";
import { Group } from "./counters.tsx";
import { ARMED, PROBES, PROPAGATION } from "./glossary.ts";

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
            {loader.reason !== null && (
              <Fact name="Reason">
                <Because reason={loader.reason} />
              </Fact>
            )}
          </Facts>
        </Section>
        <Section title="Kernel">
          {kernel === null ? <p class="faint">Not known yet.</p> : (
            <Facts>
              <Fact name="Release">{kernel.release}</Fact>
              <Fact name="Host">{kernel.hostName}, {counted(kernel.cpus, "CPU")}</Fact>
              <Fact name="Lockdown">{kernel.features.lockdown ?? "off"}</Fact>
              <Fact name="Many probes at once">
                {kernel.features.uprobeMulti ? "yes" : <span class="warn">no: attaching takes seconds</span>}
              </Fact>
              <Fact name="Propagation">
                {data.propagationReason !== null
                  ? <Because reason={data.propagationReason} />
                  : kernel.features.sockhash
                  ? "yes"
                  : <span class="warn">no: the kernel has no SOCKHASH</span>}
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
          <b>The file has a mistake; the one before is in force.</b>
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
        <Failures counters={report.lost} report={report} />
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
        <Failures counters={report.failed} report={report} />
      </Facts>
    </Section>
  );
}

/** What was given up, by reason, and what is in the way now, else the newest failure. */
function Failures({ counters, report: { reason, lastError } }: {
  counters: Readonly<Record<string, number>>;
  report: Pick<StatusReport["export"], "reason" | "lastError">;
}) {
  return (
    <>
      {Object.entries(counters).filter(([, items]) => items > 0).map(([why, items]) => (
        <Fact key={why} name={`Lost: ${words(why)}`}>
          <b class="bad">{count(items)}</b>
        </Fact>
      ))}
      {reason !== null
        ? (
          <Fact name="Problem">
            <span class="bad">{reason.message}.</span> {reason.remedy}
          </Fact>
        )
        : lastError && <Fact name="Last error">{lastError}</Fact>}
    </>
  );
}
