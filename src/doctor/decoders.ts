/** The decoders that the agent would have, and those that it would refuse. Called by diagnose.ts. */
import type { RefusedDecoder } from "../registry/model.ts";
import { type Finding, found, ok } from "./finding.ts";

export interface DecoderState {
  /** Decoders that came with Tsunagi, from the directory, or pushed. */
  readonly active: readonly { readonly name: string; readonly goRange: string }[];
  readonly refused: readonly RefusedDecoder[];
  /** As configured. */
  readonly directory: string;
}

export function judgeDecoders({ active, refused, directory }: DecoderState): Finding[] {
  const findings: Finding[] = [];
  if (active.length === 0) {
    findings.push(found("decoders", "fail", "decoders", {
      code: "decoders-missing",
      message: "There is none, so that nothing can be traced",
      remedy: "Build those that come with Tsunagi: deno task build",
    }));
  } else {
    const [first, last] = [active[0]!, active.at(-1)!];
    const names = active.length === 1 ? first.name : `${first.name} to ${last.name}`;
    findings.push(
      ok("decoders", "decoders", `${active.length} in use: ${names}; more are taken from ${directory}`),
    );
  }
  for (const { origin, name, reason } of refused) {
    findings.push(
      found("decoders", "fail", origin.includes("/") ? origin : `${name ?? "decoder"} (${origin})`, reason),
    );
  }
  return findings;
}
