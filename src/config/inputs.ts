/** Which files a configuration was made of, and what was in them. Filled while it is loaded, asked by the watcher. */
import { describeError } from "../support/errors.ts";

/** Reads the text of a file, for what must be in it. */
export type ReadFile = (path: string) => Promise<string>;

const readTextFile: ReadFile = (path) => Deno.readTextFile(path);

/** Contents are kept as digests, since keys may be among them. */
export class Inputs {
  /** By path; null for one that could not be read. */
  readonly #digests: Map<string, string | null>;

  constructor(digests = new Map<string, string | null>()) {
    this.#digests = digests;
  }

  get paths(): readonly string[] {
    return [...this.#digests.keys()];
  }

  /** These, and those of `others` that are not among them. */
  or(others: Inputs | null): Inputs {
    return others === null ? this : new Inputs(new Map([...others.#digests, ...this.#digests]));
  }

  /** Whether every file still holds what was read. */
  async areCurrent(readFile: ReadFile = readTextFile): Promise<boolean> {
    for (const [path, digest] of this.#digests) {
      if (await digestOf(path, readFile) !== digest) return false;
    }
    return true;
  }
}

/** A `readFile` that remembers. */
export function recordInputs(readFile: ReadFile = readTextFile): { readFile: ReadFile; inputs: Inputs } {
  const digests = new Map<string, string | null>();
  return {
    inputs: new Inputs(digests),
    async readFile(path) {
      digests.set(path, null);
      const text = await readFile(path);
      digests.set(path, await digest(text));
      return text;
    },
  };
}

/** Why a file cannot be read, without its name. */
export function readFailure(error: unknown): string {
  if (error instanceof Deno.errors.NotFound) return "there is no such file";
  if (error instanceof Deno.errors.PermissionDenied || error instanceof Deno.errors.NotCapable) {
    return "it may not be read by this user";
  }
  if (error instanceof Deno.errors.IsADirectory) return "it is a directory";
  return `it cannot be read: ${describeError(error)}`;
}

async function digestOf(path: string, readFile: ReadFile): Promise<string | null> {
  try {
    return await digest(await readFile(path));
  } catch {
    return null;
  }
}

async function digest(text: string): Promise<string> {
  const bytes = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return new Uint8Array(bytes).toHex();
}
