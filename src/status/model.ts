/**
 * What the status API answers, in its JSON form. The composition root builds these from the stages; the routes
 * send them as they are. Released names stay.
 */
import type { ExportStats } from "../export/span_exporter.ts";
import type { PriceClass } from "../goexe/types.ts";
import type { Reason } from "../support/reason.ts";
import type { SpanPrinterStats } from "../trace/printer.ts";
import type { TraceStoreStats } from "../trace/store.ts";
import type { KernelFeatures } from "../wire/hello.ts";

/** One probed instruction. */
export interface SiteReport {
  /** What the probe is for: "serverStart". */
  readonly probe: string;
  readonly symbol: string;
  readonly instruction: string;
  readonly price: PriceClass;
  /** As linked: "0x6a1b2c". */
  readonly address: string;
}

/** One Go process. `reason` is null while it is attaching or traced. */
export interface TargetReport {
  readonly pid: number;
  readonly exe: string;
  readonly serviceName: string;
  readonly state: "attaching" | "traced" | "refused" | "excluded";
  readonly reason: Reason | null;
  readonly goVersion: string | null;
  readonly decoder: string | null;
  /**
   * How it is known that the decoder suits: the executable's own structs were compared; its Go version is in range;
   * the nearest one was taken, so that spans may be wrong. Null without a decoder.
   */
  readonly decoderCheck: "dwarf" | "range" | "nearest" | null;
  readonly sites: readonly SiteReport[];
}

/** At rest begun = exported + sampledOut + sum of lost; else inFlight and queued make up the difference. */
export interface Accounting {
  readonly begun: number;
  /** Acknowledged by the collector; with no endpoint: handed to the printer and the store. */
  readonly exported: number;
  readonly sampledOut: number;
  readonly lost: Readonly<Record<string, number>>;
  readonly inFlight: number;
  readonly queued: number;
}

export interface KernelReport {
  readonly release: string;
  readonly hostName: string;
  readonly cpus: number;
  readonly features: KernelFeatures;
}

export interface LoaderReport {
  readonly state: "starting" | "running" | "stopped";
  readonly pid: number | null;
  readonly restarts: number;
  readonly recordsSent: number;
  readonly bytesSent: number;
  readonly cpuTimeNs: number;
  readonly residentBytes: number;
  readonly lastError: string | null;
}

export interface StatusReport {
  readonly version: string;
  readonly uptimeSeconds: number;
  /** Null until the loader has said hello. */
  readonly kernel: KernelReport | null;
  readonly loader: LoaderReport;
  readonly accounting: Accounting;
  readonly propagation: Readonly<Record<string, number>>;
  /** Counters of the kernel half that belong to no other part. */
  readonly probes: Readonly<Record<string, number>>;
  readonly decoder: Readonly<Record<string, number>>;
  readonly export: ExportStats & { readonly endpoint: string | null };
  readonly store: TraceStoreStats;
  readonly printer: SpanPrinterStats | null;
}

/** Whether the agent does its work, and if not, why. */
export type Readiness = { readonly ready: true } | { readonly ready: false; readonly why: string };
