/** What GET /api/v1/config answers: src/config/config.ts without secrets; model_test.ts holds it to that. */
import {
  COMPRESSIONS,
  IGNORE_MODES,
  METRIC_FEATURES,
  PRINT_MODES,
  PROTOCOLS,
  SAMPLER_NAMES,
  TEMPORALITIES,
  UNMATCHED_MODES,
} from "../../config/config.ts";
import { Type } from "../../schema/mod.ts";
import { LOG_FORMATS, LOG_LEVELS } from "../../support/log.ts";
import { amount, count, flag, list, named, nullable, oneOf, text } from "./common.ts";
import { CONFIG_STATE } from "./status.ts";

const FILE = nullable(text());
const LISTEN = Type.Object({ host: text(), port: count() });

const OTLP = {
  url: nullable(text("Without user, password and the values of its query."), "Null: the signal is not sent."),
  protocol: oneOf(PROTOCOLS),
  headers: Type.Record(Type.String(), Type.String(), { description: "Values are not shown." }),
  timeoutMs: count(),
  compression: oneOf(COMPRESSIONS),
  tls: Type.Object({ caFile: FILE, certFile: FILE, keyFile: FILE }),
};

const TEXT_MATCH = Type.Union([
  Type.Object({ kind: Type.Literal("glob"), glob: text() }),
  Type.Object({ kind: Type.Literal("regex"), regex: text() }),
]);

const SAMPLER = Type.Object({ name: oneOf(SAMPLER_NAMES), ratio: amount() });

const ROUTE_RULES = Type.Object({
  patterns: list(text()),
  ignoredPatterns: list(text()),
  ignoreMode: oneOf(IGNORE_MODES),
  unmatched: oneOf(UNMATCHED_MODES),
  wildcard: text(),
});

const SELECT_RULE = named(
  "SelectRule",
  Type.Object({
    origin: text('As messages name it: "discovery.services[0]".'),
    name: nullable(text()),
    namespace: nullable(text()),
    openPorts: list(Type.Object({ first: count(), last: count() })),
    exePath: nullable(TEXT_MATCH),
    cmdArgs: nullable(TEXT_MATCH),
    languages: nullable(TEXT_MATCH),
    pids: list(count()),
    containersOnly: flag(),
    containerName: nullable(TEXT_MATCH),
    kubernetes: list(Type.Object({ attribute: text(), match: TEXT_MATCH })),
    sampler: nullable(SAMPLER),
    routes: nullable(ROUTE_RULES),
    exports: nullable(list(oneOf(["traces", "metrics"])), "Null: both."),
  }),
);

export const SHOWN_CONFIG = named(
  "Config",
  Type.Object({
    file: FILE,
    traces: Type.Object({ ...OTLP, maxQueue: count(), maxBatch: count(), delayMs: count() }),
    metrics: Type.Object({ ...OTLP, intervalMs: count(), temporality: oneOf(TEMPORALITIES) }),
    measure: Type.Object({
      features: list(oneOf(METRIC_FEATURES)),
      durationBucketsS: list(amount()),
      sizeBucketsBytes: list(amount()),
      maxSeries: count(),
      attributes: list(
        Type.Object({ metric: text(), include: nullable(list(text())), exclude: list(text()) }),
      ),
      ttlMs: count(),
    }),
    prometheus: Type.Object({ listen: nullable(LISTEN), path: text() }),
    select: Type.Object({
      include: list(SELECT_RULE),
      exclude: list(SELECT_RULE),
      excludeInstrumented: flag(),
    }),
    sampler: SAMPLER,
    routes: ROUTE_RULES,
    filters: list(Type.Object({ attribute: text(), match: nullable(text()), notMatch: nullable(text()) })),
    print: oneOf(PRINT_MODES),
    listen: LISTEN,
    allowedHosts: list(text()),
    store: Type.Object({ maxSpans: count(), maxBytes: count() }),
    decoders: Type.Object({ directory: text(), learn: flag(), allowNearest: flag() }),
    tokenFile: FILE,
    log: Type.Object({ level: oneOf(LOG_LEVELS), format: oneOf(LOG_FORMATS) }),
  }),
);

export const CONFIG_ANSWER = named(
  "ConfigAnswer",
  Type.Object({ state: CONFIG_STATE, config: SHOWN_CONFIG }),
);
