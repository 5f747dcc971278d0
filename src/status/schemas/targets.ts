/** What GET /api/v1/targets answers. */
import { Type } from "../../schema/mod.ts";
import { amount, count, list, named, nullable, oneOf, REASON, text } from "./common.ts";

export const SITE_REPORT = named(
  "SiteReport",
  Type.Object({
    probe: text('What the probe is for: "server_start".'),
    symbol: text(),
    instruction: text("Mnemonic of the probed instruction."),
    price: oneOf(
      ["optimised", "emulated", "stepped"],
      "What a hit costs: under 1 µs unless it is single-stepped, which is 9 to 15 times dearer.",
    ),
    address: text('As linked: "0x6a1b2c".'),
  }),
);

export const TARGET_REPORT = named(
  "TargetReport",
  Type.Object({
    pid: count(),
    exe: text(),
    args: list(text(), "Its own name first; 2 KiB at most. What looks like a secret is ***."),
    containerId: nullable(text(), "Null: in none, or it cannot be told."),
    serviceName: text(),
    state: oneOf(["attaching", "traced", "refused", "excluded"]),
    rule: nullable(
      text(),
      'The rule that selects it, as the configuration names it: "discovery.instrument[0]". Null: none does, or there ' +
        "are no rules.",
    ),
    reason: nullable(REASON, "Why it is refused or excluded; null while it is attaching or traced."),
    goVersion: nullable(text()),
    decoder: nullable(text()),
    decoderCheck: nullable(
      oneOf(["dwarf", "range", "nearest"]),
      "How it is known that the decoder suits: the executable's own structs were compared; its Go version is in " +
        "range; the nearest one was taken, so that spans may be wrong. Null without a decoder.",
    ),
    sites: list(SITE_REPORT, "Probed instructions."),
    attachTime: nullable(
      Type.Object({
        analysisMs: amount(
          "From the process seen to its executable read and a decoder chosen; next to nothing where it was read before.",
        ),
        attachMs: amount("From then to its probes in place."),
      }),
      "Null while it is not traced.",
    ),
    spans: count("Handed on to be printed, kept and exported, since it is looked at."),
    firstSpanMs: nullable(amount("From its probes in place to the first of these spans.")),
  }),
);

export const UNMATCHED_RULE = named(
  "UnmatchedRule",
  Type.Object({ origin: text("The rule, as the configuration names it."), ...REASON.properties }),
);

export const TARGETS_ANSWER = named(
  "Targets",
  Type.Object({
    targets: list(TARGET_REPORT),
    unmatchedRules: list(UNMATCHED_RULE, "Rules that select no process, a mistake that no process shows."),
    loader: nullable(REASON, "Why no process at all is traced; null while the loader runs."),
  }),
);
