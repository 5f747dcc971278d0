/**
 * Ranges of a Go module's releases, as decoders name the libraries that they know: ">=0.17.0 <0.48.0". An end may name
 * a revision from before the first release: "0.0.0-20220624214902".
 */

/**
 * Numbers of a module version: v0.17.2 is [0, 17, 2, 0], v0.0.0-20220127200216-cd36cc0744dd [0, 0, 0, 20220127200216].
 * Only of 0.0.0, which no module releases, does the time of the revision count.
 */
export type ModuleVersion = readonly [major: number, minor: number, patch: number, revision: number];

const NUMBER = String.raw`(\d{1,9})`;
const NUMBERS = String.raw`${NUMBER}\.${NUMBER}\.${NUMBER}`;
/** Time of a revision in UTC; https://go.dev/ref/mod#pseudo-versions */
const REVISION = String.raw`(?<=[ v=<]0\.0\.0)-(\d{14})`;
const VERSION = new RegExp(`^v${NUMBERS}(?:${REVISION})?(?:[-+][0-9A-Za-z.+-]*)?$`);
const RANGE = new RegExp(`^>=${NUMBERS}(?:${REVISION})? <${NUMBERS}(?:${REVISION})?$`);

/** The numbers of a version as build info names it, or null when it has none ("(devel)"). */
export function parseModuleVersion(version: string): ModuleVersion | null {
  const match = VERSION.exec(version);
  return match && numbersOf(match, 1);
}

function numbersOf(match: RegExpExecArray, at: number): ModuleVersion {
  const number = (index: number) => Number(match[at + index] ?? 0);
  return [number(0), number(1), number(2), number(3)];
}

/** Releases from one up to, and without, another. Versions before a release count as that release. */
export class ModuleRange {
  readonly #from: ModuleVersion;
  readonly #to: ModuleVersion;

  private constructor(from: ModuleVersion, to: ModuleVersion) {
    this.#from = from;
    this.#to = to;
  }

  /** The range that a text means, or null when it means none. */
  static parse(text: string): ModuleRange | null {
    const match = RANGE.exec(text);
    if (!match) return null;
    const [from, to] = [numbersOf(match, 1), numbersOf(match, 5)];
    return compare(from, to) < 0 ? new ModuleRange(from, to) : null;
  }

  has(version: ModuleVersion): boolean {
    return compare(version, this.#from) >= 0 && compare(version, this.#to) < 0;
  }
}

function compare(left: ModuleVersion, right: ModuleVersion): number {
  return left[0] - right[0] || left[1] - right[1] || left[2] - right[2] || left[3] - right[3];
}
