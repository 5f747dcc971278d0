/** Keys about the routes of server spans: for all programs, and for what an entry selects. */
import { refine, Type } from "../schema/mod.ts";
import { IGNORE_MODES, UNMATCHED_MODES } from "./config.ts";
import { key, oneOf, section, unsupported } from "./setting_types.ts";

/** Of paths. */
export const PATTERN = refine(
  Type.String(),
  (pattern) =>
    /^[/*:{\w]/.test(pattern) ? null : "must be a pattern of paths such as /orders/{id} or /files/*",
);

/** How server spans without a route of their own get one. */
export const ROUTE_KEYS = {
  patterns: key(Type.Array(PATTERN), {
    meaning:
      "/orders/{id}, /orders/:id or /files/*, where * is any rest; the most specific that matches names the route",
    default: [],
    beyla: "same",
  }),
  ignored_patterns: key(Type.Array(PATTERN), {
    meaning: "Paths whose spans are left out",
    default: [],
    beyla: "same",
  }),
  ignore_mode: key(oneOf(IGNORE_MODES), {
    meaning: "What they are left out of",
    default: "all",
    beyla: "same",
  }),
  unmatched: key(oneOf(UNMATCHED_MODES), {
    meaning:
      "The route of a path that no pattern matches; heuristic replaces what looks like an id, and learns nothing from answers of 404",
    default: "heuristic",
    beyla: "same",
  }),
  wildcard_char: key(Type.String({ minLength: 1, maxLength: 1 }), {
    meaning: "Stands for a segment that varies",
    default: "*",
    beyla: "same",
  }),
};

export const ROUTES = section({
  ...ROUTE_KEYS,
  max_path_segment_cardinality: unsupported("the bound of low-cardinality is fixed"),
}, { description: "How server spans get a route where the program's router tells none" });
