/** Schemas of answers that others make, against the types of those others: a difference is an error of `deno check`. */
import type { Config } from "../config/config.ts";
import type { DecoderManifest } from "../decoder/manifest.ts";
import type { ExportStats } from "../export/span_exporter.ts";
import type { GraphReport, ServicesReport } from "../metrics/types.ts";
import type { RedCounters } from "../red/types.ts";
import type { DecoderChange, DecoderDetail, DecoderList } from "../registry/model.ts";
import type { Reason } from "../support/reason.ts";
import type { SpanPrinterStats } from "../trace/printer.ts";
import type { TraceStoreStats } from "../trace/store.ts";
import type { TraceList } from "../trace/trace_query.ts";
import type { KernelFeatures } from "../wire/hello.ts";
import type { ExportReport, ShownConfig, StatusReport } from "./model.ts";
import type { Answer, REASON } from "./schemas/common.ts";
import type { DECODER_CHANGE, DECODER_DETAIL, DECODER_LIST, MANIFEST } from "./schemas/decoders.ts";
import type { GRAPH_REPORT, SERVICES_REPORT } from "./schemas/metrics.ts";
import type { TRACES_ANSWER } from "./schemas/traces.ts";

type Same<A, B> = [A] extends [B] ? [B] extends [A] ? true : false : false;
/** A configuration as JSON shows it. */
type Shown<T> = T extends RegExp ? string
  : T extends object ? { readonly [Key in keyof T]: Shown<T[Key]> }
  : T;

function isSame<A, B>(_is: Same<A, B>): void {}

Deno.test("schemas of answers describe the types that are answered", () => {
  isSame<Answer<typeof REASON>, Reason>(true);
  isSame<Answer<typeof SERVICES_REPORT>, ServicesReport>(true);
  isSame<Answer<typeof GRAPH_REPORT>, GraphReport>(true);
  isSame<Answer<typeof TRACES_ANSWER>, TraceList>(true);
  isSame<Answer<typeof DECODER_LIST>, DecoderList>(true);
  isSame<Answer<typeof DECODER_DETAIL>, DecoderDetail>(true);
  isSame<Answer<typeof DECODER_CHANGE>, DecoderChange>(true);
  isSame<Answer<typeof MANIFEST>, DecoderManifest>(true);
  isSame<ExportReport, ExportStats & { readonly endpoint: string | null }>(true);
  isSame<StatusReport["store"], TraceStoreStats>(true);
  isSame<NonNullable<StatusReport["printer"]>, SpanPrinterStats>(true);
  isSame<NonNullable<StatusReport["red"]>, RedCounters>(true);
  isSame<NonNullable<StatusReport["kernel"]>["features"], KernelFeatures>(true);
  isSame<ShownConfig, Shown<Config>>(true);
});
