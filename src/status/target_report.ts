/** A target of discovery in the form of the API. Used by the composition root for `/api/v1/targets`. */
import * as wire from "../../bpf/wire.gen.ts";
import type { Target } from "../discovery/target.ts";
import { withoutSecretWords } from "../support/secret_words.ts";
import type { TargetReport } from "./model.ts";

/** PROBE_SERVER_START is shown as "server_start". */
const PROBE_NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries(wire).filter(([name]) => name.startsWith("PROBE_"))
    .map(([name, probe]) => [probe, name.slice("PROBE_".length).toLowerCase()]),
);

/** By what they were made of, since targets are reported more often than they are found. */
const shownArgs = new WeakMap<readonly string[], readonly string[]>();

function argsOf({ args }: Target): readonly string[] {
  if (args === undefined) return [];
  const known = shownArgs.get(args);
  if (known !== undefined) return known;
  const shown = withoutSecretWords(args);
  shownArgs.set(args, shown);
  return shown;
}

/** What is known of a target beside what discovery knows. */
export type TargetFigures = Pick<TargetReport, "serviceName" | "spans" | "firstSpanMs">;

export function targetReport(
  target: Target,
  { serviceName, spans, firstSpanMs }: TargetFigures,
): TargetReport {
  const { attachTime = null } = target;
  return {
    pid: target.pid,
    exe: target.exe,
    args: argsOf(target),
    containerId: target.containerId ?? null,
    serviceName,
    state: target.state,
    rule: target.rule?.origin ?? null,
    reason: target.reason,
    goVersion: target.goVersion,
    decoder: target.decoder,
    decoderCheck: target.decoderCheck,
    sites: target.sites.map(({ probe, symbol, instruction, price, address }) => ({
      probe: PROBE_NAMES.get(probe) ?? String(probe),
      symbol,
      instruction,
      price,
      address: `0x${address.toString(16)}`,
    })),
    attachTime: attachTime && {
      analysisMs: tenths(attachTime.analysisMs),
      attachMs: tenths(attachTime.attachMs),
    },
    spans,
    firstSpanMs: firstSpanMs === null ? null : tenths(firstSpanMs),
  };
}

/** Rounded to what a clock is worth. */
function tenths(ms: number): number {
  return Math.round(10 * ms) / 10;
}
