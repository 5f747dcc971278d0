/** Go versions as decoders count them: which release an executable's version means, and ranges of releases. */

/** Numbers of a release: 1.26.8 is [26, 8]. The 1 is left out. */
export type GoRelease = readonly [minor: number, patch: number];

/** "go1.26.8", "go1.27rc1", "devel go1.28-0f1e2d3c" and with whatever a distributor adds behind a space or a hyphen. */
const VERSION = /^(?:devel )?go1\.(\d{1,4})(?:\.(\d{1,4})|(?:rc|beta)\d+)?(?=$|[ -])/;
const RANGE = /^>=1\.(\d{1,4})(?:\.(\d{1,4}))? <1\.(\d{1,4})(?:\.(\d{1,4}))?$/;

/**
 * The release that a version has the structs of, or null when it cannot be told. Versions before a release count as
 * that release.
 */
export function parseGoVersion(version: string): GoRelease | null {
  const match = VERSION.exec(version);
  return match && [Number(match[1]), Number(match[2] ?? 0)];
}

/**
 * The range of exactly one patch release: ">=1.28.1 <1.28.2".
 *
 * @throws {RangeError} when it cannot be told which release the version is.
 */
export function exactRange(version: string): string {
  const release = parseGoVersion(version);
  if (release === null) throw new RangeError(`Cannot tell which Go release "${version}" is`);
  const [minor, patch] = release;
  return `>=1.${minor}.${patch} <1.${minor}.${patch + 1}`;
}

/** Releases from one up to, and without, another. */
export class GoRange {
  readonly from: GoRelease;
  readonly to: GoRelease;

  /** @throws {SyntaxError} unless written as ">=1.23 <1.24". */
  constructor(text: string) {
    const match = RANGE.exec(text);
    if (!match) throw new SyntaxError(`Cannot read Go range "${text}": must be like ">=1.23 <1.24"`);
    const number = (index: number) => Number(match[index] ?? 0);
    this.from = [number(1), number(2)];
    this.to = [number(3), number(4)];
    if (compare(this.from, this.to) >= 0) {
      throw new SyntaxError(`Cannot read Go range "${text}": it is empty`);
    }
  }

  has(release: GoRelease): boolean {
    return compare(release, this.from) >= 0 && compare(release, this.to) < 0;
  }

  /** Whether every release of the other is one of this. */
  contains(other: GoRange): boolean {
    return compare(this.from, other.from) <= 0 && compare(this.to, other.to) >= 0;
  }

  overlaps(other: GoRange): boolean {
    return compare(this.from, other.to) < 0 && compare(other.from, this.to) < 0;
  }
}

/** Below 0 when `left` is the earlier one. */
export function compare(left: GoRelease, right: GoRelease): number {
  return left[0] - right[0] || left[1] - right[1];
}
