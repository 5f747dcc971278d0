/** A target of discovery in the form of the API. Used by the composition root for `/api/v1/targets`. */
import * as wire from "../../bpf/wire.gen.ts";
import type { Target } from "../discovery/target.ts";
import type { TargetReport } from "./model.ts";

/** PROBE_SERVER_START is shown as "serverStart". */
const PROBE_NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries(wire).filter(([name]) => name.startsWith("PROBE_")).map(([name, probe]) => [
    probe,
    name.slice("PROBE_".length).toLowerCase().replace(
      /_(.)/g,
      (_match, letter: string) => letter.toUpperCase(),
    ),
  ]),
);

export function targetReport(target: Target, serviceName: string): TargetReport {
  return {
    pid: target.pid,
    exe: target.exe,
    serviceName,
    state: target.state,
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
  };
}
