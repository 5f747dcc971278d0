/** The kinds of values that keys of the configuration have, as schemas. Used by the settings_*.ts files. */
import { nearest } from "../support/nearest.ts";
import { refine, type TSchema, Type } from "../schema/mod.ts";
import * as value from "./value.ts";

/** What the reference says of a key, beside its type. */
export interface About {
  /** One or two sentences without final stop. */
  readonly meaning: string;
  readonly default?: unknown;
  /** Variables that set it, strongest first. */
  readonly env?: readonly string[];
  /** "same": Beyla has this key too, with this meaning. A text: what is different, or which key of Beyla means this. */
  readonly beyla?: string;
}

/** An optional key. */
export function key<S extends TSchema>(schema: S, about: About) {
  return Type.Optional({
    ...schema,
    description: about.meaning,
    ...(about.default === undefined ? {} : { default: about.default }),
    ...(about.env === undefined ? {} : { "x-env": about.env }),
    ...(about.beyla === undefined ? {} : { "x-beyla": about.beyla }),
  });
}

/** A key of Beyla that is understood, and not supported. Its value is not looked at. */
export function unsupported(why: string, env: readonly string[] = []) {
  return Type.Optional(
    Type.Unknown({ description: why, "x-unsupported": true, ...(env.length === 0 ? {} : { "x-env": env }) }),
  );
}

/** A map with these keys and no others. */
export function section<P extends Record<string, TSchema>>(
  properties: P,
  options: Record<string, unknown> = {},
) {
  return Type.Object<P>(properties, { additionalProperties: false, ...options });
}

/** The names that a variable of Beyla has: BEYLA_ and OTEL_EBPF_. */
export function ebpf(...names: readonly string[]): string[] {
  return names.flatMap((name) => [`BEYLA_${name}`, `OTEL_EBPF_${name}`]);
}

export function oneOf<const T extends readonly string[]>(
  choices: T,
) {
  return Type.Unsafe<T[number]>({ anyOf: choices.map((choice) => ({ const: choice, type: "string" })) });
}

/** As oneOf, in any case. */
export function oneOfAnyCase(choices: readonly string[]) {
  return refine(Type.String({ "x-values": choices }), (text) => {
    if (choices.includes(text.toLowerCase())) return null;
    const near = nearest(text, choices);
    return `must be one of ${choices.join(", ")}` + (near === null ? "" : ` (did you mean "${near}"?)`);
  });
}

/** Text that `read` can read. With `scalar`, a number or a truth value that stands in a file counts as its text. */
export function textThat(
  type: string,
  read: (text: string) => unknown,
  { scalar = false }: { scalar?: boolean } = {},
) {
  const schema = Type.String({ minLength: 1, "x-type": type, ...(scalar ? { "x-scalar": true } : {}) });
  return refine(schema, (text) => {
    try {
      read(text);
      return null;
    } catch (error) {
      if (error instanceof value.ValueError) return error.message;
      throw error;
    }
  });
}

export const TEXT = Type.String({ minLength: 1 });
/** A name that may look like a number. */
export const NAME = textThat("text", () => {}, { scalar: true });
/** Of a URL. */
export const PATH = refine(Type.String(), (path) => path.startsWith("/") ? null : "must begin with /");
export const BOOLEAN = Type.Boolean();
export const URL_TEXT = textThat("URL", value.httpUrl);
export const HOST_PORT = textThat("HOST:PORT", value.hostPort);
export const REGEX = textThat("regular expression", value.goRegex, { scalar: true });
export const GLOB = textThat("glob", value.beylaGlob, { scalar: true });
const PORTS_TEXT = textThat("ports", value.portRanges, { scalar: true });
export const PORTS = Type.Union([PORTS_TEXT, Type.Array(PORTS_TEXT)]);
const PIDS_TEXT = textThat("process ids", value.processIds, { scalar: true });
export const PIDS = Type.Union([PIDS_TEXT, Type.Array(PIDS_TEXT)]);
/** A share from 0 to 1. */
export const RATIO = Type.Number({ minimum: 0, maximum: 1 });
/** A share that Beyla writes as text. */
export const RATIO_TEXT = textThat("number from 0 to 1", (text) => {
  const share = /^\d*\.?\d+(e-?\d+)?$|^\d+\.$/i.test(text) ? Number(text) : -1;
  if (!(share >= 0 && share <= 1)) throw new value.ValueError("must be a number from 0 to 1");
}, { scalar: true });

export function duration(minMs: number, maxMs: number) {
  return textThat("duration", (text) => {
    const ms = value.durationMs(text);
    if (ms < minMs || ms > maxMs) {
      throw new value.ValueError(`must be from ${showDuration(minMs)} to ${showDuration(maxMs)}`);
    }
  }, { scalar: true });
}

export function orNull<S extends TSchema>(schema: S) {
  return Type.Union([schema, Type.Null()]);
}

/** Header names and texts that HTTP allows. */
export const HEADERS = refine(Type.Record(Type.String(), Type.String(), { "x-secret": true }), (headers) => {
  for (const [name, content] of Object.entries(headers)) {
    try {
      new Headers([[name, content]]);
    } catch {
      // The platform's message would quote the content, which is often a secret.
      return `must be headers; "${name}" has a name or content that HTTP does not allow`;
    }
  }
  return null;
});

/** Upper bounds that a histogram can have. */
export const MAX_BOUNDS = 15;
/** Upper bounds of buckets. */
export const BUCKETS = refine(
  Type.Array(Type.Number({ minimum: 0 }), { minItems: 1, maxItems: 200 }),
  (bounds) =>
    bounds.every((bound, index) => index === 0 || bound > bounds[index - 1]!)
      ? null
      : "must have bounds that rise",
);

function showDuration(ms: number): string {
  if (ms % 3_600_000 === 0 && ms > 0) return `${ms / 3_600_000}h`;
  if (ms % 60_000 === 0 && ms > 0) return `${ms / 60_000}m`;
  return ms % 1_000 === 0 ? `${ms / 1_000}s` : `${ms}ms`;
}
