/**
 * What the agent says of itself: gathers figures from the stages for the status API and for /metrics. Made by Agent,
 * which tells it what comes and goes.
 */
import type { Config } from "../config/config.ts";
import type { PipelineCounters } from "../decoder/messages.ts";
import type { Target } from "../discovery/target.ts";
import type { MetricExporter } from "../export/metric_exporter.ts";
import type { SpanOutput } from "../export/span_output.ts";
import type { SelfMetric } from "../metrics/types.ts";
import type { DecoderAdmin } from "../registry/admin.ts";
import { endpointOf } from "../status/config_report.ts";
import type { EventHub } from "../status/events.ts";
import type { ConfigState, Readiness, StatusReport, TargetReport, TargetsAnswer } from "../status/model.ts";
import { targetReport } from "../status/target_report.ts";
import type { Reason } from "../support/reason.ts";
import type { SpanPrinter } from "../trace/printer.ts";
import type { TraceStore } from "../trace/store.ts";
import { Accounts } from "./accounts.ts";
import { loaderReport, metricsExportReport, statusReport } from "./report.ts";
import type { Resources } from "./resources.ts";
import { selfMetrics } from "./self_metrics.ts";
import type { Session } from "./session.ts";
import type { TargetFigures } from "./target_figures.ts";

export interface OverviewOptions {
  /** The session that there is now. */
  readonly session: () => Session | null;
  readonly resources: Resources;
  readonly figures: Pick<TargetFigures, "of" | "series" | "attachTimes">;
  readonly output: Pick<SpanOutput, "stats">;
  readonly metricExport: Pick<MetricExporter, "stats">;
  readonly store: Pick<TraceStore, "stats">;
  readonly printer: Pick<SpanPrinter, "stats">;
  readonly events: Pick<EventHub, "stats">;
  readonly decoders: Pick<DecoderAdmin, "list">;
  readonly config: () => { readonly current: Config; readonly state: ConfigState };
}

export class Overview {
  readonly #options: OverviewOptions;
  readonly #startedMs = Date.now();
  readonly #accounts = new Accounts();
  readonly #decoderFaults: Record<string, number> = {};
  #lives = 0;
  #lastReason: Reason | null = null;

  constructor(options: OverviewOptions) {
    this.#options = options;
  }

  /** Another loader runs. */
  sessionBegan(): void {
    this.#lives++;
  }

  /** A loader ended, for `reason` unless it was told to. */
  loaderEnded(reason: Reason | null): void {
    this.#lastReason = reason;
  }

  /** A session is over; what it counted stays in the account. */
  sessionEnded(session: Session, counters: PipelineCounters | null): void {
    this.#accounts.close(session.client.latestStats, counters);
  }

  /** A running decoder was stopped, for the reason of that code: "decoder-trapped". */
  decoderFailed({ code }: Reason): void {
    const reason = code.replace(/^decoder-/, "").replaceAll("-", "_");
    this.#decoderFaults[reason] = (this.#decoderFaults[reason] ?? 0) + 1;
  }

  async status(): Promise<StatusReport> {
    const { output, metricExport, store, printer, events, config } = this.#options;
    const session = this.#options.session();
    const [stats, decoders] = await Promise.all([session?.stats() ?? null, session?.counters() ?? null]);
    const exported = output.stats();
    const { current, state } = config();
    return statusReport({
      startedMs: this.#startedMs,
      hello: session?.hello ?? null,
      loader: loaderReport({
        pid: session?.client.pid ?? null,
        running: Boolean(session?.hello),
        lives: this.#lives,
        lastReason: this.#lastReason,
        stats,
      }),
      accounting: this.#accounts.report(stats, decoders, exported),
      stats,
      decoders,
      decoderFaults: this.#decoderFaults,
      exported,
      endpoint: endpointOf(current.traces),
      metricsExport: metricsExportReport(endpointOf(current.metrics), metricExport.stats()),
      store: store.stats(),
      printer: current.print === "off" ? null : printer.stats(),
      config: state,
      events: events.stats(),
      residentBytes: Deno.memoryUsage().rss,
    });
  }

  /** One target as the API shows it. */
  target(target: Target): TargetReport {
    const { resources, figures } = this.#options;
    return targetReport(target, {
      serviceName: resources.of(target.pid).serviceName,
      ...figures.of(target.pid),
    });
  }

  targets(): TargetsAnswer {
    const session = this.#options.session();
    return {
      targets: (session?.targets() ?? []).map((target) => this.target(target)),
      unmatchedRules: session?.unmatchedRules() ?? [],
      loader: session?.hello ? null : this.#lastReason,
    };
  }

  ready(): Readiness {
    if (this.#options.session()?.scanned) return { ready: true };
    const reason = this.#lastReason;
    return {
      ready: false,
      why: reason ? `${reason.message} (${reason.remedy})` : "Processes are still being looked at",
    };
  }

  async selfMetrics(): Promise<SelfMetric[]> {
    const { decoders, figures } = this.#options;
    return selfMetrics({
      status: await this.status(),
      targets: this.targets().targets,
      targetSpans: figures.series(),
      attachTimes: figures.attachTimes,
      decoders: await decoders.list(),
    });
  }
}
