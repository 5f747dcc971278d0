/**
 * What is known of each executable: the outcome of its inspection and, where it has debug information, the offsets
 * of its structs. Reads every file once. Used by Discovery.
 */
import { inspectGoExe } from "../goexe/inspect.ts";
import type { Inspection } from "../goexe/types.ts";
import type { GoStructs } from "../decoder/manifest.ts";
import type { LoaderClient } from "../loader/client.ts";
import { ExeSource } from "../loader/exe_source.ts";
import { readGoStructs } from "../maker/structs.ts";
import { collectFreshGarbage } from "../support/garbage.ts";
import type { Logger } from "../support/log.ts";
import type { ProcessInfo } from "../wire/process.ts";

const MAX_REMEMBERED = 4_096;
/** Executables read at a time: a node has many, and what is read of each stays in memory meanwhile. */
const MAX_AT_ONCE = 2;
/** Debug information that takes longer is as good as none; a net/http program's takes 0.1 s, Kubernetes' 1 s. */
const STRUCTS_TIMEOUT_MS = 10_000;

/** `structs` is null for an executable without debug information, or when there was no need to read it. */
export interface Knowledge {
  readonly inspection: Inspection;
  readonly structs: GoStructs | null;
  /** It could not be read, and counts as no Go program. */
  readonly isUnread?: boolean;
}

export interface InspectionsOptions {
  readonly loader: Pick<LoaderClient, "readExe">;
  readonly log: Logger;
}

/** Knowledge by the identity of a file. */
export class Inspections {
  readonly #options: InspectionsOptions;
  readonly #known = new Map<string, Promise<Knowledge>>();
  readonly #turns: (() => void)[] = [];
  #reading = 0;

  constructor(options: InspectionsOptions) {
    this.#options = options;
  }

  /** Knowledge of a process's executable; a process that ends while it is read counts as no Go program. */
  of(identity: string, process: ProcessInfo): Promise<Knowledge> {
    const known = this.#known.get(identity);
    // Another process, by which the file was being read, may have ended: then this one reads it.
    if (known) return known.then((knowledge) => knowledge.isUnread ? this.of(identity, process) : knowledge);
    const [oldest] = this.#known.keys();
    if (this.#known.size >= MAX_REMEMBERED && oldest !== undefined) this.#known.delete(oldest);
    const { pid, exe } = process;
    const knowledge = this.#inTurn(() => this.#read(process)).catch((error): Knowledge => {
      // The next process of this binary is read afresh.
      this.#options.log.debug("cannot read an executable", { pid, exe, error });
      this.#known.delete(identity);
      return { inspection: { kind: "not-go" }, structs: null, isUnread: true };
    });
    this.#known.set(identity, knowledge);
    return knowledge;
  }

  async #inTurn<T>(read: () => Promise<T>): Promise<T> {
    if (this.#reading < MAX_AT_ONCE) this.#reading++;
    else await new Promise<void>((resolve) => this.#turns.push(resolve));
    try {
      return await read();
    } finally {
      collectFreshGarbage();
      const next = this.#turns.shift();
      if (next) next();
      else this.#reading--;
    }
  }

  async #read({ pid, exe, exeBytes }: ProcessInfo): Promise<Knowledge> {
    const { loader, log } = this.#options;
    const source = new ExeSource({ loader, pid, size: exeBytes });
    const inspection = await inspectGoExe(source);
    if (inspection.kind !== "go") return { inspection, structs: null };
    try {
      const signal = AbortSignal.timeout(STRUCTS_TIMEOUT_MS);
      return { inspection, structs: await readGoStructs(source, { signal }) };
    } catch (error) {
      log.warn("cannot read debug information, so the decoder is chosen by Go version alone", {
        pid,
        exe,
        error,
      });
      return { inspection, structs: null };
    }
  }
}

/** What the kernel says of the file, not its build id: whoever copies one could plant sites for another program. */
export function identityOf({ exeDevice, exeInode, exeModifiedNs, exeBytes }: ProcessInfo): string {
  return `${exeDevice}:${exeInode}:${exeModifiedNs}:${exeBytes}`;
}
