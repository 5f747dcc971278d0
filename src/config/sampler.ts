/** A sampler's name taken apart into what the kernel's `struct wire_target` holds. Used by discovery. */
import type { SamplerConfig } from "./config.ts";

export interface SamplerDecision {
  readonly kind: "alwaysOn" | "alwaysOff" | "ratio";
  /** A span with a parent does what the parent's flag says. */
  readonly parentBased: boolean;
  /** For "ratio": sampled when the last 63 bits of the trace id are below it. */
  readonly threshold: bigint;
}

/** What `sampler` means for the kernel. */
export function samplerDecision(sampler: SamplerConfig): SamplerDecision {
  const parentBased = sampler.name.startsWith("parentbased_");
  if (sampler.name.endsWith("always_on")) return { kind: "alwaysOn", parentBased, threshold: 0n };
  if (sampler.name.endsWith("always_off")) return { kind: "alwaysOff", parentBased, threshold: 0n };
  // 53 bits are all a number has; 1 must give 2^63, which no 63-bit value reaches.
  return { kind: "ratio", parentBased, threshold: BigInt(Math.round(sampler.ratio * 2 ** 53)) << 10n };
}
