/**
 * What the status API answers, in its JSON form, as types of the schemas that describe it. The composition root
 * builds these from the stages; the routes send them as they are. Released names stay.
 */
import type { Answer } from "./schemas/common.ts";
import type * as config from "./schemas/config.ts";
import type * as events from "./schemas/events.ts";
import type * as status from "./schemas/status.ts";
import type * as targets from "./schemas/targets.ts";
import type * as traces from "./schemas/traces.ts";

/** One probed instruction. */
export type SiteReport = Answer<typeof targets.SITE_REPORT>;
/** One Go process. `reason` is null while it is attaching or traced. */
export type TargetReport = Answer<typeof targets.TARGET_REPORT>;
export type TargetsAnswer = Answer<typeof targets.TARGETS_ANSWER>;

/** At rest begun = exported + sampledOut + sums of leftOut and lost; inFlight and queued make up the difference. */
export type Accounting = Answer<typeof status.ACCOUNTING>;
export type KernelReport = Answer<typeof status.KERNEL_REPORT>;
export type LoaderReport = Answer<typeof status.LOADER_REPORT>;
export type ExportReport = Answer<typeof status.EXPORT_REPORT>;
export type MetricsExportReport = Answer<typeof status.METRICS_EXPORT_REPORT>;
/** What is in force, and why a newer configuration is not. */
export type ConfigState = Answer<typeof status.CONFIG_STATE>;
export type EventsReport = Answer<typeof status.EVENTS_REPORT>;
/** This process. */
export type ServiceProcess = Answer<typeof status.SERVICE_PROCESS>;
export type StatusReport = Answer<typeof status.STATUS_REPORT>;

/** The configuration without its secrets. */
export type ShownConfig = Answer<typeof config.SHOWN_CONFIG>;

export type TracesAnswer = Answer<typeof traces.TRACES_ANSWER>;
/** One trace in full; its spans are OTLP's JSON. */
export type TraceAnswer = Answer<typeof traces.TRACE_ANSWER>;

export type SpanEvent = Answer<typeof events.SPAN_EVENT>;
export type ActivityEvent = Answer<typeof events.ACTIVITY_EVENT>;
export type TargetEvent = Answer<typeof events.TARGET_EVENT>;
export type DecoderEvent = Answer<typeof events.DECODER_EVENT>;
export type ConfigEvent = Answer<typeof events.CONFIG_EVENT>;
/** Events that a client did not get. */
export type DroppedEvent = Answer<typeof events.DROPPED_EVENT>;

/** Services, routes, edges and summaries of traces are plain JSON where they are made. */
export type {
  GraphEdge,
  GraphNode,
  GraphReport,
  RouteReport,
  ServiceReport,
  ServicesReport,
  Sparkline,
} from "../metrics/types.ts";
export type { TraceSummary } from "../trace/trace.ts";

/** Whether the agent does its work, and if not, why. */
export type Readiness = { readonly ready: true } | { readonly ready: false; readonly why: string };
