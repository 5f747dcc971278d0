/** Keys about which new traces are kept: for all programs, and for what an entry selects. */
import { SAMPLER_NAMES } from "./config.ts";
import { key, oneOf, RATIO, RATIO_TEXT, section } from "./setting_types.ts";

export const SAMPLER = section({
  name: key(oneOf(SAMPLER_NAMES), {
    meaning: "Which new traces are kept; parentbased_ ones do what the caller decided",
    default: "parentbased_always_on",
    env: ["OTEL_TRACES_SAMPLER"],
    beyla: "otel_traces_export.sampler.name",
  }),
  ratio: key(RATIO, {
    meaning: "Share of new traces that the two ratio samplers keep",
    default: 1,
    env: ["OTEL_TRACES_SAMPLER_ARG"],
    beyla: "otel_traces_export.sampler.arg",
  }),
}, {
  description:
    "Which new traces are kept; decided before the header is written, so that callee and caller agree",
});

/** As Beyla writes it. */
export const BEYLA_SAMPLER = section({
  name: key(oneOf(SAMPLER_NAMES), { meaning: "Which new traces are kept", beyla: "same" }),
  arg: key(RATIO_TEXT, { meaning: "Share of new traces that the two ratio samplers keep", beyla: "same" }),
});
