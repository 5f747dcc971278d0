/** Keys about what the agent itself writes: finished spans on stdout, its log on stderr. */
import { Type } from "../schema/mod.ts";
import { LOG_FORMATS, LOG_LEVELS } from "../support/log.ts";
import { PRINT_MODES } from "./config.ts";
import { BOOLEAN, ebpf, key, oneOf, oneOfAnyCase, section } from "./setting_types.ts";

const TRACE_PRINTERS = ["disabled", "text", "json", "json_indent", "counter"];

export const OUTPUT_KEYS = {
  print: key(oneOf(PRINT_MODES), {
    meaning: "Finished spans on stdout: text, json (one span a line), off",
    default: "text",
    beyla: "trace_printer, whose default is disabled",
  }),
  log: Type.Optional(section({
    level: key(oneOf(LOG_LEVELS), {
      meaning: "Least severe lines of the agent's own log, which goes to stderr",
      default: "info",
      beyla: "log_level",
    }),
    format: key(oneOf(LOG_FORMATS), { meaning: "Form of a line", default: "text", beyla: "log_format" }),
  }, { description: "The agent's own log, on stderr" })),
  trace_printer: key(oneOfAnyCase(TRACE_PRINTERS), {
    meaning: "As print: text, json, or disabled for off",
    env: ebpf("TRACE_PRINTER"),
    beyla: "same; json_indent prints as json, counter as off",
  }),
  print_traces: key(BOOLEAN, {
    meaning: "As print: text or off",
    env: ebpf("PRINT_TRACES"),
    beyla: "same; older form of trace_printer",
  }),
  log_level: key(oneOfAnyCase(LOG_LEVELS), {
    meaning: "As log.level, in any case",
    env: [...ebpf("LOG_LEVEL"), "OTEL_LOG_LEVEL"],
    beyla: "same",
  }),
  log_format: key(oneOfAnyCase(LOG_FORMATS), {
    meaning: "As log.format",
    env: ebpf("LOG_FORMAT"),
    beyla: "same",
  }),
};
