/**
 * The resource of each traced process by pid. An entry outlives its process, since spans may still be on their
 * way; a new process of the same pid replaces it. Used by Agent.
 */
import type { SpanBatch } from "../decoder/span_batch.ts";
import type { Target } from "../discovery/target.ts";
import type { Logger } from "../support/log.ts";
import { markSpans } from "../trace/mark.ts";
import { TSUNAGI_DECODER_NEAREST } from "../trace/names.ts";
import { createResource, type Resource } from "../trace/resource.ts";

/** Entries kept for processes that have ended. */
const MAX_RESOURCES = 16_384;

/** A process and who its spans come from. */
interface Known {
  readonly resource: Resource;
  readonly target: Target | null;
}

/** Resources of the processes seen. */
export class Resources {
  readonly #log: Logger;
  readonly #byPid = new Map<number, Known>();

  constructor({ log }: { readonly log: Logger }) {
    this.#log = log;
  }

  /** A process was found, or is named otherwise now; one that is named as before keeps its resource. */
  add(target: Target, hostName: string): void {
    const { pid, exe, goVersion, environment, containerId = null, podUid = null, rule } = target;
    const made = createResource({
      pid,
      exe,
      goVersion,
      environment,
      hostName,
      name: rule?.name ?? null,
      namespace: rule?.namespace ?? null,
      containerId,
      podUid,
      onProblem: (problem) => this.#log.warn("resource attributes", { pid, problem }),
    });
    const before = this.#byPid.get(pid);
    const isSame = before?.target === target && before.resource.encoded.toHex() === made.encoded.toHex();
    this.#byPid.delete(pid);
    this.#byPid.set(pid, { resource: isSame ? before.resource : made, target });
    const [oldest] = this.#byPid.keys();
    if (this.#byPid.size > MAX_RESOURCES && oldest !== undefined) this.#byPid.delete(oldest);
  }

  /** The resource of a process, one that says little when the process was never announced. */
  of(pid: number): Resource {
    const known = this.#byPid.get(pid);
    if (known) return known.resource;
    const resource = createResource({ pid, exe: "", goVersion: null, environment: {}, hostName: "" });
    this.#byPid.set(pid, { resource, target: null });
    return resource;
  }

  /** Spans of a decoder that was made for another Go version say so. */
  mark(batch: SpanBatch): SpanBatch {
    const target = this.#byPid.get(batch.pid)?.target;
    if (target?.decoderCheck !== "nearest" || target.decoder === null) return batch;
    return { ...batch, bytes: markSpans(batch.bytes, TSUNAGI_DECODER_NEAREST, target.decoder) };
  }
}
