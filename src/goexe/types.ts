/**
 * What inspection of an executable yields, and the source it reads from. Used by discovery, which turns
 * it into an attachment, and by the status API, which shows it.
 */
import type { Reason } from "../support/reason.ts";

/** Random access to the bytes of one executable, wherever they are (a file, or the loader's pipe). */
export interface ByteSource {
  /** Bytes in all. */
  readonly size: number;
  /**
   * Bytes from `offset`, at most `length`, fewer only at the end of the file.
   *
   * @throws {Error} when the bytes cannot be read.
   */
  read(offset: number, length: number): Promise<Uint8Array>;
}

/** What a hit costs: patched to a call, emulated by the kernel, or single-stepped (9-15 times dearer). */
export type PriceClass = "optimised" | "emulated" | "stepped";

/** One instruction to probe. */
export interface ProbeSite {
  /** PROBE_* of the wire. */
  readonly probe: number;
  /** SITE_* flags of the wire. */
  readonly flags: number;
  readonly symbol: string;
  readonly fileOffset: number;
  /** Virtual address as linked. */
  readonly address: number;
  /** Mnemonic of the probed instruction: "push", "jcc", "call", "ret", ... */
  readonly instruction: string;
  readonly price: PriceClass;
}

/** Kinds of Go maps: Swiss tables since Go 1.24, hash tables of runtime.hmap before. */
export type HeaderMap = "hmap" | "swiss";

/** A Go executable that can be probed. */
export interface GoExe {
  /** As the linker recorded it, without experiments: "go1.26.8". */
  readonly goVersion: string;
  /** The same with experiments and all: "go1.26.8 X:nodwarf5". */
  readonly recordedVersion: string;
  /** Main module path, or "" when unknown. */
  readonly modulePath: string;
  /** Modules that are linked in: path -> version. A replaced one stands under the path of its replacement. */
  readonly modules: ReadonlyMap<string, string>;
  /** Kind of Go's maps where an experiment chose it; `null`: the one that the Go version has. */
  readonly headerMap: HeaderMap | null;
  /** Go build id, or "" when there is none. A claim of the file itself: two different files may make the same. */
  readonly buildId: string;
  readonly pie: boolean;
  readonly stripped: boolean;
  readonly sites: readonly ProbeSite[];
}

/** Outcome of `inspectGoExe`. A refused Go executable still tells its version where that could be read. */
export type Inspection =
  | { readonly kind: "go"; readonly exe: GoExe }
  | { readonly kind: "refused"; readonly goVersion: string | null; readonly reason: Reason }
  | { readonly kind: "not-go" };
