/**
 * Garbage collection on demand. An engine collects as it allocates, so a service that has become idle keeps what its
 * last work left behind. Used by the composition root and by the Worker that reads spans, when they have come to rest.
 */

/** What V8 puts into every global scope with `--expose-gc`; `deno task run` asks for it. */
type Collect = (options: {
  readonly type: "minor" | "major";
  readonly execution: "sync";
  readonly flavor?: "last-resort";
}) => void;

const { gc } = globalThis as { gc?: Collect };

/** Collects all that this thread needs no more and gives the pages back; does nothing where V8 was not asked for it. */
export function collectGarbage(): void {
  gc?.({ type: "major", execution: "sync", flavor: "last-resort" });
}

/**
 * Collects what was made a moment ago, in about a millisecond: after work with many large buffers, whose size tells the
 * engine little.
 */
export function collectFreshGarbage(): void {
  gc?.({ type: "minor", execution: "sync" });
}
