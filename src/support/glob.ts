/**
 * Globs as Beyla writes them (https://github.com/gobwas/glob): `*` is any run of characters, `/` included, `?` one
 * character, `[abc]`, `[a-c]` and `[!a]` one of a class, `{a,b}` either, and `\` takes the special meaning away. The whole
 * text must match. Used for every glob of configuration and flags; the RED stage has the same matcher.
 */

/** Any run of characters, and any one. */
export const RUN = "*";
export const ONE = "?";

/** One character in (or, negated, outside of) ranges of code points, both ends included. */
export interface GlobClass {
  readonly negated: boolean;
  readonly ranges: readonly (readonly [first: number, last: number])[];
}

/** A number is the code point of a character that stands for itself. */
export type GlobPart = number | typeof RUN | typeof ONE | GlobClass;

/** Texts that `{a,b}`, multiplied out, may stand for in one glob. */
export const MAX_ALTERNATIVES = 256;
/** Characters of a glob, and `{` within each other: what is parsed stays small, whatever a file says. */
const MAX_CHARACTERS = 4_096;
const MAX_DEPTH = 16;
/** What a class may list; the RED stage counts them in a byte. */
const MAX_RANGES = 255;

/** Says what is wrong with a glob: "a { has no }". */
export class GlobError extends Error {
  override name = "GlobError";
}

/**
 * The globs without `{ }` that `pattern` stands for; a text matches when it matches one of them.
 *
 * @throws {GlobError} when it is malformed or too long, or stands for more than MAX_ALTERNATIVES.
 */
export function parseGlob(pattern: string): readonly (readonly GlobPart[])[] {
  return new Parser(pattern).parse();
}

/**
 * Whether `text` as a whole matches `pattern`. Time is at most pattern length times text length, for each glob of parseGlob.
 *
 * @throws {GlobError} as parseGlob.
 */
export function matchesGlob(pattern: string, text: string): boolean {
  const characters = Array.from(text, codeOf);
  return parseGlob(pattern).some((parts) => matchesParts(parts, characters));
}

function codeOf(character: string): number {
  return character.codePointAt(0)!;
}

function matchesParts(want: readonly GlobPart[], have: readonly number[]): boolean {
  let w = 0;
  let h = 0;
  let runAt = -1;
  let resumeAt = 0;
  while (h < have.length) {
    const part = want[w];
    if (part === RUN) {
      runAt = w++;
      resumeAt = h;
    } else if (part !== undefined && matchesPart(part, have[h]!)) {
      w++;
      h++;
    } else if (runAt >= 0) {
      // Only the last run can need another try: earlier ones already took the shortest one.
      w = runAt + 1;
      h = ++resumeAt;
    } else {
      return false;
    }
  }
  while (want[w] === RUN) w++;
  return w === want.length;
}

function matchesPart(part: Exclude<GlobPart, typeof RUN>, code: number): boolean {
  if (part === ONE) return true;
  if (typeof part === "number") return part === code;
  return part.ranges.some(([first, last]) => first <= code && code <= last) !== part.negated;
}

class Parser {
  readonly #characters: readonly string[];
  #at = 0;
  #depth = 0;

  constructor(pattern: string) {
    this.#characters = Array.from(pattern);
  }

  parse(): GlobPart[][] {
    const { length } = this.#characters;
    if (length > MAX_CHARACTERS) {
      throw new GlobError(`it has ${length} characters, must be at most ${MAX_CHARACTERS}`);
    }
    const whole = this.#sequence();
    if (this.#at < this.#characters.length) throw new GlobError("a } has no {");
    return whole;
  }

  /** Up to the end, or within braces to the "," or "}" that ends an alternative. */
  #sequence(): GlobPart[][] {
    let sequences: GlobPart[][] = [[]];
    for (; this.#at < this.#characters.length; this.#at++) {
      const character = this.#characters[this.#at]!;
      if (character === "}" || (character === "," && this.#depth > 0)) break;
      if (character === "{") {
        sequences = product(sequences, this.#alternatives());
        continue;
      }
      const part = this.#part(character);
      for (const sequence of sequences) sequence.push(part);
    }
    return sequences;
  }

  #part(character: string): GlobPart {
    switch (character) {
      case "*":
        return RUN;
      case "?":
        return ONE;
      case "[":
        return this.#class();
      case "\\":
        return codeOf(this.#characters[++this.#at] ?? fail("a \\ has nothing behind it"));
      default:
        return codeOf(character);
    }
  }

  /** Leaves the "}" as the character at hand. */
  #alternatives(): GlobPart[][] {
    const all: GlobPart[][] = [];
    if (++this.#depth > MAX_DEPTH) throw new GlobError(`its { } are nested deeper than ${MAX_DEPTH}`);
    do {
      this.#at++;
      all.push(...this.#sequence());
      checkNumber(all.length);
    } while (this.#characters[this.#at] === ",");
    this.#depth--;
    if (this.#characters[this.#at] !== "}") throw new GlobError("a { has no }");
    return all;
  }

  /** Leaves the "]" as the character at hand. */
  #class(): GlobClass {
    const next = () => {
      const character = this.#characters[++this.#at] ?? fail("a [ has no ]");
      if (character !== "\\") return character;
      return this.#characters[++this.#at] ?? fail("a [ has no ]");
    };
    const isNext = (character: string) => this.#characters[this.#at + 1] === character;
    const negated = isNext("!");
    if (negated) this.#at++;
    const ranges: [number, number][] = [];
    while (!isNext("]")) {
      const first = codeOf(next());
      const isRange = isNext("-") && this.#characters[this.#at + 2] !== "]";
      if (isRange) this.#at++;
      const last = isRange ? codeOf(next()) : first;
      if (last < first) throw new GlobError("a range in [ ] falls");
      ranges.push([first, last]);
    }
    this.#at++;
    if (ranges.length === 0) throw new GlobError("a [ ] is empty");
    if (ranges.length > MAX_RANGES) throw new GlobError(`a [ ] has more than ${MAX_RANGES} characters`);
    return { negated, ranges };
  }
}

function fail(problem: string): never {
  throw new GlobError(problem);
}

function product(heads: readonly GlobPart[][], tails: readonly GlobPart[][]): GlobPart[][] {
  checkNumber(heads.length * tails.length);
  return heads.flatMap((head) => tails.map((tail) => [...head, ...tail]));
}

function checkNumber(alternatives: number): void {
  if (alternatives <= MAX_ALTERNATIVES) return;
  throw new GlobError(`its { } stand for more than ${MAX_ALTERNATIVES} globs; split it, or use * more`);
}
