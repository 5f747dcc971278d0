/** Ranges of a Go module's releases, as decoders name the libraries that they know: ">=0.17.0 <0.48.0". */

/** Numbers of a module version: v0.17.2 is [0, 17, 2]. */
export type ModuleVersion = readonly [major: number, minor: number, patch: number];

const VERSION = /^v(\d{1,9})\.(\d{1,9})\.(\d{1,9})(?:[-+][0-9A-Za-z.+-]*)?$/;
const RANGE = /^>=(\d{1,9})\.(\d{1,9})\.(\d{1,9}) <(\d{1,9})\.(\d{1,9})\.(\d{1,9})$/;

/** The numbers of a version as build info names it, or null when it has none ("(devel)"). */
export function parseModuleVersion(version: string): ModuleVersion | null {
  const match = VERSION.exec(version);
  return match && [Number(match[1]), Number(match[2]), Number(match[3])];
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
    const numbers = RANGE.exec(text)?.slice(1).map(Number);
    if (!numbers) return null;
    const [a, b, c, d, e, f] = numbers as [number, number, number, number, number, number];
    return compare([a, b, c], [d, e, f]) < 0 ? new ModuleRange([a, b, c], [d, e, f]) : null;
  }

  has(version: ModuleVersion): boolean {
    return compare(version, this.#from) >= 0 && compare(version, this.#to) < 0;
  }
}

function compare(left: ModuleVersion, right: ModuleVersion): number {
  return left[0] - right[0] || left[1] - right[1] || left[2] - right[2];
}
