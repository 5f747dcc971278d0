/**
 * Rules as the tables that the stage reads, laid out for RULES_OFFSET of its memory. Called by stage.ts; the files of
 * decoder-as/red that read a table say how it is laid out.
 */
import * as map from "../../decoder-as/red/memory_map.ts";
import type { RouteRules } from "../config/config.ts";
import { parseGlob } from "../support/glob.ts";
import { selectAttributes, SPAN_ATTRIBUTES } from "./attributes.ts";
import { globBytes } from "./glob_bytes.ts";
import type { RedRules } from "./types.ts";

const encoder = new TextEncoder();

/** The wildcard of routes is copied for each segment that varies. */
const MAX_WILDCARD_BYTES = 32;
const UNMATCHED = {
  "unset": map.UNMATCHED_UNSET,
  "path": map.UNMATCHED_PATH,
  "wildcard": map.UNMATCHED_WILDCARD,
  "heuristic": map.UNMATCHED_HEURISTIC,
  "low-cardinality": map.UNMATCHED_LOW_CARDINALITY,
};
const IGNORING = {
  all: map.IGNORE_TRACES | map.IGNORE_METRICS,
  traces: map.IGNORE_TRACES,
  metrics: map.IGNORE_METRICS,
};

export interface RuleTables {
  /** For RULES_OFFSET. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Attribute names of each metric's series, in the order of their keys. */
  readonly attributes: readonly (readonly string[])[];
}

/**
 * @throws {RangeError} when the rules have no room, or bounds are not rising.
 */
export function compileRules(rules: RedRules): RuleTables {
  const names = namesOf(rules);
  const attributes = selectAttributes(rules.measure.attributes, names);
  const wanted = new Set([
    ...SPAN_ATTRIBUTES.slice(0, map.ATTRIBUTE_COUNT),
    ...attributes.flat(),
    ...rules.filters.map(({ attribute }) => attribute),
  ]);
  const tables = new Tables();
  tables.bounds(
    map.RULES_DURATION_BOUNDS,
    rules.measure.durationBucketsS.map((bound) => Math.round(bound * 1e9)),
  );
  tables.bounds(map.RULES_SIZE_BOUNDS, rules.measure.sizeBucketsBytes.map(Math.floor));
  tables.metrics(attributes.map((selected) => selected.map((name) => names.indexOf(name))));
  tables.keys(names, wanted);
  tables.filters(rules, names);
  tables.routes(rules.routes);
  return { bytes: tables.finish(), attributes };
}

/** Names by number: those of spans, then others that rules spell out, for decoders that know more. */
function namesOf({ filters, measure }: RedRules): readonly string[] {
  const included = measure.attributes.flatMap(({ include }) => include ?? []);
  const spelt = [
    ...filters.map(({ attribute }) => attribute),
    ...included.filter((name) => !/[*?[{\\]/.test(name)),
  ];
  const names = [...new Set([...SPAN_ATTRIBUTES, ...spelt])];
  const most = map.MAX_ATTRIBUTES - SPAN_ATTRIBUTES.length;
  if (names.length > map.MAX_ATTRIBUTES) {
    throw new RangeError(
      `Cannot use rules: they name ${
        names.length - SPAN_ATTRIBUTES.length
      } attributes that spans do not have, ` +
        `must be at most ${most}; name fewer in attributes.select and filter`,
    );
  }
  return names;
}

/** Where the index of attribute names begins to look for one; attributes.ts of the stage does the same. */
function keyHash(name: Uint8Array): number {
  let word = 0n;
  const tail = name.subarray(Math.max(0, name.length - 8));
  tail.forEach((byte, index) => word |= BigInt(byte) << BigInt(8 * index));
  return Number(BigInt.asUintN(64, (word ^ BigInt(name.length)) * 0x9e3779b97f4a7c15n) >> 56n);
}

/** The region while it is filled: fixed parts first, then what they point to. */
class Tables {
  readonly #bytes = new Uint8Array(map.RULES_BYTES);
  readonly #view = new DataView(this.#bytes.buffer);
  #used: number = map.RULES_TEXTS;

  finish(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.#used);
  }

  bounds(at: number, bounds: readonly number[]): void {
    if (bounds.length >= map.MAX_BUCKETS) {
      throw new RangeError(
        `Cannot use rules: a histogram has ${bounds.length} bounds, must be at most ${map.MAX_BUCKETS - 1}`,
      );
    }
    this.#view.setUint32(at, bounds.length, true);
    bounds.forEach((bound, index) => {
      if (bound < 0 || bound <= (bounds[index - 1] ?? -1)) {
        throw new RangeError(
          `Cannot use rules: bound ${index + 1} of a histogram is not above the one before`,
        );
      }
      this.#view.setBigUint64(at + 8 + 8 * index, BigInt(bound), true);
    });
  }

  metrics(selected: readonly (readonly number[])[]): void {
    selected.forEach((numbers, metric) => {
      const at = map.RULES_METRICS + map.RULES_METRIC_BYTES * metric;
      const like = selected.findIndex((others) => others.join() === numbers.join());
      this.#view.setUint32(at, like, true);
      this.#view.setUint32(at + 4, numbers.length, true);
      this.#bytes.set(numbers, at + 8);
    });
  }

  /** Attributes that nobody wants have no key: the stage passes them over. */
  keys(names: readonly string[], wanted: ReadonlySet<string>): void {
    names.forEach((name, number) => {
      if (!wanted.has(name)) return;
      const text = encoder.encode(name);
      if (text.length > map.RULES_KEY_BYTES - 16) {
        throw new RangeError(
          `Cannot use rules: attribute name "${name}" has ${text.length} bytes, must be at most ` +
            `${map.RULES_KEY_BYTES - 16}`,
        );
      }
      const at = map.RULES_KEYS + map.RULES_KEY_BYTES * number;
      this.#view.setUint32(at, text.length, true);
      this.#bytes.set(text, at + 16);
      let index = keyHash(text);
      while (this.#bytes[map.RULES_KEY_INDEX + index] !== 0) index = (index + 1) & 0xff;
      this.#bytes[map.RULES_KEY_INDEX + index] = number + 1;
    });
  }

  filters({ filters }: RedRules, names: readonly string[]): void {
    const at = this.#take(20 * filters.length);
    this.#list(map.RULES_FILTERS, filters.length, at);
    filters.forEach(({ attribute, match, notMatch }, index) => {
      const entry = at + 20 * index;
      this.#view.setUint32(entry, names.indexOf(attribute), true);
      if (match !== null) this.#globs(entry + 4, match);
      if (notMatch !== null) this.#globs(entry + 12, notMatch);
    });
  }

  routes(routes: readonly RouteRules[]): void {
    if (routes.length === 0) throw new RangeError("Cannot use rules: there are no routes for processes");
    const at = this.#take(32 * routes.length);
    this.#list(map.RULES_ROUTES, routes.length, at);
    routes.forEach(({ patterns, ignoredPatterns, ignoreMode, unmatched, wildcard }, index) => {
      if (encoder.encode(wildcard).length > MAX_WILDCARD_BYTES) {
        throw new RangeError(
          `Cannot use rules: wildcard "${wildcard}" is longer than ${MAX_WILDCARD_BYTES} bytes`,
        );
      }
      const entry = at + 32 * index;
      this.#list(entry, patterns.length, this.#patterns(patterns));
      this.#list(entry + 8, ignoredPatterns.length, this.#patterns(ignoredPatterns));
      this.#view.setUint32(entry + 16, IGNORING[ignoreMode], true);
      this.#view.setUint32(entry + 20, UNMATCHED[unmatched], true);
      this.#text(entry + 24, wildcard);
    });
  }

  #patterns(patterns: readonly string[]): number {
    const at = this.#take(16 * patterns.length);
    const parsed = patterns.map((pattern) => ({ pattern, segments: segmentsOf(pattern) }));
    // The first that matches counts, so the most specific come first, and equals stay in their order.
    parsed.sort((a, b) => bySpecificity(a.segments, b.segments)).forEach(({ pattern, segments }, index) => {
      const entry = at + 16 * index;
      if (segments.length > map.MAX_SEGMENTS) {
        throw new RangeError(
          `Cannot use rules: pattern "${pattern}" has ${segments.length} segments, must be at most ${map.MAX_SEGMENTS}`,
        );
      }
      if (encoder.encode(pattern).length > map.MAX_TEXT_BYTES) {
        throw new RangeError(
          `Cannot use rules: pattern "${pattern}" is longer than ${map.MAX_TEXT_BYTES} bytes`,
        );
      }
      this.#list(entry, segments.length, this.#segments(segments));
      this.#text(entry + 8, pattern);
    });
    return at;
  }

  #segments(segments: readonly PatternSegment[]): number {
    const at = this.#take(12 * segments.length);
    segments.forEach(({ kind, text }, index) => {
      const entry = at + 12 * index;
      this.#view.setUint32(entry, kind, true);
      if (kind === map.SEGMENT_GLOB) this.#put(entry + 4, segmentGlob(text));
      else this.#text(entry + 4, text);
    });
    return at;
  }

  /** Count and address of a list. */
  #list(at: number, count: number, list: number): void {
    this.#view.setUint32(at, count, true);
    this.#view.setUint32(at + 4, map.RULES_OFFSET + list, true);
  }

  /** Count and address of the globs that one with alternatives stands for. */
  #globs(at: number, glob: string): void {
    const alternatives = parseGlob(glob);
    const list = this.#take(8 * alternatives.length);
    this.#list(at, alternatives.length, list);
    alternatives.forEach((parts, index) => this.#put(list + 8 * index, globBytes(parts)));
  }

  /** Address and bytes of a text. */
  #text(at: number, text: string): void {
    this.#put(at, encoder.encode(text));
  }

  #put(at: number, bytes: Uint8Array): void {
    const to = this.#take(bytes.length);
    this.#bytes.set(bytes, to);
    this.#view.setUint32(at, map.RULES_OFFSET + to, true);
    this.#view.setUint32(at + 4, bytes.length, true);
  }

  #take(bytes: number): number {
    const at = this.#used;
    this.#used = at + Math.ceil((bytes + 1) / 4) * 4;
    if (this.#used > map.RULES_BYTES - 16) {
      throw new RangeError(
        `Cannot use rules: routes and filters take more than ${map.RULES_BYTES} bytes; use fewer patterns`,
      );
    }
    return at;
  }
}

interface PatternSegment {
  /** SEGMENT_* of the memory map. */
  readonly kind: number;
  readonly text: string;
}

/**
 * As Beyla reads them (pkg/internal/transform/route/matcher.go of OBI): a final "*" is any rest, none included, another
 * one at least one segment. A slash at either end means nothing.
 */
function segmentsOf(pattern: string): PatternSegment[] {
  const texts = pattern.replace(/^\//, "").split("/");
  if (texts.at(-1) === "") texts.pop();
  return texts.flatMap((text, index) => {
    if (!/^\*+$/.test(text)) return [{ kind: kindOf(text), text }];
    const rest = { kind: map.SEGMENT_RUN, text };
    return index === texts.length - 1 ? [rest] : [{ kind: map.SEGMENT_ANY, text }, rest];
  });
}

function kindOf(segment: string): number {
  if (/^\{.*\}$/.test(segment) || /^:./.test(segment)) return map.SEGMENT_ANY;
  return /[*?]/.test(segment) ? map.SEGMENT_GLOB : map.SEGMENT_LITERAL;
}

function bySpecificity(a: readonly PatternSegment[], b: readonly PatternSegment[]): number {
  const differs = a.findIndex(({ kind }, index) => kind !== b[index]?.kind);
  if (differs < 0) return a.length - b.length;
  return a[differs]!.kind - (b[differs]?.kind ?? -1);
}

/** Braces name a variable in a route, so only * and ? mean more than themselves. */
function segmentGlob(segment: string): Uint8Array {
  return globBytes(parseGlob(segment.replace(/[[\]{}\\]/g, "\\$&"))[0]!);
}
