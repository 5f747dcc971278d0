/** What the API says of decoders, in its JSON form. Made by DecoderRegistry and DecoderAdmin; released names stay. */
import type { Reason } from "../support/reason.ts";
import type { DecoderManifest } from "../decoder/manifest.ts";

/** Where a decoder came from: with Tsunagi, the watched directory, the API, or an executable's own structs. */
export type DecoderSource = "bundled" | "directory" | "pushed" | "learnt";

/** A decoder that executables may get. */
export interface ActiveDecoder {
  readonly name: string;
  readonly version: string;
  readonly goRange: string;
  /** "golang.org/x/net >=0.17.0 <0.48.0" */
  readonly libraries: readonly string[];
  /** SHA-256 of the file, lower-case hex. */
  readonly digest: string;
  readonly source: DecoderSource;
  readonly state: "active";
  /** ISO 8601. */
  readonly since: string;
  /** What a rollback would make active. */
  readonly previous:
    | { readonly version: string; readonly digest: string; readonly source: DecoderSource }
    | null;
}

/** What the running instances of a decoder have counted. */
export interface DecoderCounters {
  readonly starts: number;
  readonly spans: number;
  readonly inFlight: number;
  readonly badRecords: number;
}

/** What a decoder does at the moment. */
export interface DecoderUse {
  /** Processes that it traces. */
  readonly targets: number;
  /** Null while it runs nowhere. */
  readonly counters: DecoderCounters | null;
}

/** One entry of GET /api/v1/decoders. */
export interface DecoderEntry extends ActiveDecoder, DecoderUse {}

/** Something that was not taken for a decoder, or no longer is. */
export interface RefusedDecoder {
  readonly name: string | null;
  readonly version: string | null;
  /** "push", "rolled back", "learnt", or the file's path. */
  readonly origin: string;
  readonly digest: string | null;
  /** ISO 8601. */
  readonly at: string;
  readonly reason: Reason;
}

/** Time from filled slots to the last flipped probe, in milliseconds, of the latest swaps. */
export interface SwapTimes {
  readonly count: number;
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
  readonly maxMs: number | null;
  readonly lastMs: number | null;
}

/** GET /api/v1/decoders */
export interface DecoderList {
  readonly decoders: readonly DecoderEntry[];
  readonly refused: readonly RefusedDecoder[];
  readonly swaps: SwapTimes;
}

/** GET /api/v1/decoders/{name} */
export interface DecoderDetail extends DecoderEntry {
  readonly manifest: DecoderManifest;
}

/** Which decoders are in use has changed, or one was refused. */
export interface DecoderEvent {
  /** Null where it could not be told. */
  readonly name: string | null;
  /**
   * `activated`: executables get it from now on. `rolled_back`: the one before it is in use again, or the one that came
   * with Tsunagi. `removed`: it is gone. `refused`: it is not taken, or never again.
   */
  readonly action: "activated" | "rolled_back" | "removed" | "refused";
  /** Of the decoder that is in use now; where it was removed or refused, of that one. */
  readonly version: string | null;
  /** Of the same decoder. */
  readonly source: DecoderSource | null;
  /** ISO 8601. */
  readonly at: string;
  /** Why one was refused or taken out of use. */
  readonly reason: Reason | null;
}

/** What it took to bring running executables to another decoder. */
export interface SwapReport {
  readonly executables: number;
  /** Filling free slots, while the old decoder works on. */
  readonly stageMs: number;
  /** From then until the probes of the last executable were flipped, by the loader's clock. */
  readonly swapMs: number;
}

/** The answer to a push or a rollback. */
export interface DecoderChange {
  readonly decoder: DecoderEntry;
  /** The very same bytes were active already. */
  readonly unchanged: boolean;
  /** Whether a restart finds this decoder in the directory. */
  readonly persisted: boolean;
  readonly swap: SwapReport & { readonly gateMs: number };
}
