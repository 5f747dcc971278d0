/** Decoders that were refused, as they are shown: of a file the newest, of pushes each. Kept by DecoderAdmin. */
import type { DecoderPack } from "../decoder/manifest.ts";
import type { Reason } from "../support/reason.ts";
import type { DecoderSource, RefusedDecoder } from "./model.ts";

/** Those that are kept; the oldest is forgotten first. */
const MAX_REFUSALS = 64;

export interface Refusal {
  /** "push", "learnt", or the path of a file. */
  readonly origin: string;
  /** By which it was given; where it was not, the manifest's counts. */
  readonly name?: string;
  /** Where the bytes were a decoder at all. */
  readonly pack?: DecoderPack;
  readonly reason: Reason;
}

export class RefusedDecoders {
  readonly #byOrigin = new Map<string, RefusedDecoder>();
  #pushes = 0;

  all(): RefusedDecoder[] {
    return [...this.#byOrigin.values()];
  }

  add({ origin, pack, reason, name = pack?.manifest.name }: Refusal): RefusedDecoder {
    const refused: RefusedDecoder = {
      name: name ?? null,
      version: pack?.manifest.version ?? null,
      origin,
      digest: pack?.digest ?? null,
      at: new Date().toISOString(),
      reason,
    };
    const key = isFile(origin) ? origin : `${origin} ${this.#pushes++}`;
    this.#byOrigin.delete(key);
    this.#byOrigin.set(key, refused);
    const [oldest] = this.#byOrigin.keys();
    if (this.#byOrigin.size > MAX_REFUSALS && oldest !== undefined) this.#byOrigin.delete(oldest);
    return refused;
  }

  /** The file of that path is another, or gone. */
  forget(path: string): void {
    this.#byOrigin.delete(path);
  }
}

/** How a refused decoder came here. */
export function sourceOf(origin: string): DecoderSource {
  if (isFile(origin)) return "directory";
  return origin === "push" ? "pushed" : "learnt";
}

function isFile(origin: string): boolean {
  return origin.includes("/");
}
