/**
 * The decoders that are in use, by name: what each one replaced, what was taken out of service, and which one an
 * executable gets. No I/O: everything it is given has passed the gate. Made by Agent, changed by DecoderAdmin, asked
 * by Discovery.
 */
import { compare, GoRange } from "../decoder/go_release.ts";
import type { DecoderPack } from "../decoder/manifest.ts";
import { describeError } from "../support/errors.ts";
import type { Reason } from "../support/reason.ts";
import type { ActiveDecoder, DecoderSource, RefusedDecoder } from "./model.ts";
import { type Candidate, type ExeIdentity, select, type Selection } from "./selection.ts";

export type { DecoderChoice, ExeIdentity, Selection } from "./selection.ts";

/** Packs that were taken out of service, remembered by digest; the oldest is forgotten first. */
const MAX_REFUSED = 64;
/** Learnt packs at a time: one for each layout that no other decoder knows. */
const MAX_LEARNT = 64;

export interface DecoderRegistryOptions {
  /** Whether an executable's own structs may become a decoder. Default true. */
  readonly learn?: boolean;
  /** Whether a release outside of every range gets the nearest decoder. Default false. */
  readonly allowNearest?: boolean;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

interface Installed extends Candidate {
  readonly source: DecoderSource;
  readonly sinceMs: number;
}

interface Entry {
  active: Installed | null;
  previous: Installed | null;
  /** What came with Tsunagi under this name. */
  bundled: Installed | null;
  /** Why there is none active. */
  failure: { readonly installed: Installed; readonly reason: Reason } | null;
}

/** Active decoders. Ranges of two are within each other or apart, so one release always means one decoder. */
export class DecoderRegistry {
  readonly #learn: boolean;
  readonly #allowNearest: boolean;
  readonly #now: () => number;
  readonly #entries = new Map<string, Entry>();
  readonly #refused = new Map<string, RefusedDecoder>();

  constructor({ learn = true, allowNearest = false, now = Date.now }: DecoderRegistryOptions = {}) {
    this.#learn = learn;
    this.#allowNearest = allowNearest;
    this.#now = now;
  }

  /** The decoder for an executable, or why there is none. */
  choose(exe: ExeIdentity): Selection {
    const entries = [...this.#entries.values()];
    return select(exe, {
      candidates: entries.flatMap(({ active }) => active ?? []),
      failed: entries.flatMap(({ failure }) =>
        failure
          ? {
            ...failure.installed,
            bundled: failure.installed.source === "bundled",
            reason: failure.reason,
          }
          : []
      ),
      learn: this.#learn,
      allowNearest: this.#allowNearest,
    });
  }

  /** Makes a pack the active one of its name; the one before stays for a rollback. */
  install(
    pack: DecoderPack,
    source: DecoderSource,
  ): { readonly replaced: DecoderPack | null; readonly unchanged: boolean } | Reason {
    const { name, goRange } = pack.manifest;
    const before = this.#refused.get(pack.digest);
    if (before) return rolledBack(pack, before);
    const entry = this.#entries.get(name) ?? { active: null, previous: null, bundled: null, failure: null };
    if (entry.active?.pack.digest === pack.digest) return { replaced: null, unchanged: true };
    let range: GoRange;
    try {
      range = new GoRange(goRange);
    } catch (error) {
      return refuse("decoder-bad-range", pack, describeError(error), "Correct goRange in its manifest");
    }
    const learnt = source === "learnt";
    const installed: Installed = { pack, range, learnt, source, sinceMs: this.#now() };
    const problem = learnt ? this.#learntProblem(installed, entry) : this.#ambiguity(installed);
    if (problem) return problem;
    const replaced = entry.active;
    entry.previous = replaced;
    entry.active = installed;
    entry.failure = null;
    if (source === "bundled") entry.bundled = installed;
    this.#entries.set(name, entry);
    return { replaced: replaced?.pack ?? null, unchanged: false };
  }

  /**
   * Takes a pack out of service for good.
   *
   * @returns what is active under its name now.
   */
  fail(pack: DecoderPack, reason: Reason): DecoderPack | null {
    const { name, version } = pack.manifest;
    this.#refuseFor(pack, { name, version, origin: "rolled back", reason });
    const entry = this.#entries.get(name);
    if (!entry) return null;
    if (entry.previous?.pack.digest === pack.digest) entry.previous = null;
    if (entry.active?.pack.digest !== pack.digest) return entry.active?.pack ?? null;
    const installed = entry.active;
    this.#goBack(entry);
    if (!entry.active) entry.failure = { installed, reason };
    return entry.active?.pack ?? null;
  }

  /** Makes the previous pack of a name active again, and returns it. */
  rollback(name: string): DecoderPack | Reason {
    const entry = this.#entries.get(name);
    if (!entry?.active) return unknownDecoder(name);
    const { active, previous } = entry;
    const conflict = previous && this.#ambiguity(previous);
    if (conflict) return conflict;
    if (!previous) {
      return {
        code: "decoder-without-previous",
        message: `Decoder ${name} has replaced none, so there is nothing to roll back to`,
        remedy: 'Push the one that you want with "deno task decoder push FILE"',
      };
    }
    this.#goBack(entry);
    return entry.active?.pack ?? active.pack;
  }

  /**
   * Forgets what is installed under a name; what came with Tsunagi becomes active again.
   *
   * @returns what is active under the name now.
   */
  remove(name: string): DecoderPack | null {
    const entry = this.#entries.get(name);
    if (!entry) return null;
    if (entry.active && entry.active === entry.bundled) return entry.active.pack;
    entry.previous = null;
    this.#goBack(entry);
    if (entry.failure?.installed.source !== "bundled") entry.failure = null;
    if (!entry.active && !entry.bundled) this.#entries.delete(name);
    return entry.active?.pack ?? null;
  }

  /** Whether a pack is active, or would be after a rollback. */
  keeps(pack: DecoderPack): boolean {
    const entry = this.#entries.get(pack.manifest.name);
    return entry?.active?.pack.digest === pack.digest || entry?.previous?.pack.digest === pack.digest;
  }

  /** The active pack of a name. */
  active(name: string): { readonly pack: DecoderPack; readonly source: DecoderSource } | null {
    return this.#entries.get(name)?.active ?? null;
  }

  /** What is active, in order of the Go releases served, and what was taken out of service. */
  report(): { readonly decoders: readonly ActiveDecoder[]; readonly refused: readonly RefusedDecoder[] } {
    const entries = [...this.#entries.values()].filter(({ active }) => active !== null).sort((a, b) =>
      compare(a.active!.range.from, b.active!.range.from) ||
      a.active!.pack.manifest.name.localeCompare(b.active!.pack.manifest.name)
    );
    return {
      decoders: entries.map(({ active, previous }) => describe(active!, previous)),
      refused: [...this.#refused.values()],
    };
  }

  /** The previous pack, else the bundled one, else none becomes active; the active one is gone. */
  #goBack(entry: Entry): void {
    const gone = entry.active?.pack.digest;
    const usable = (installed: Installed | null) =>
      installed && installed.pack.digest !== gone && !this.#refused.has(installed.pack.digest) &&
        !this.#ambiguity(installed)
        ? installed
        : null;
    const next = usable(entry.previous) ?? usable(entry.bundled);
    entry.active = next && { ...next, sinceMs: this.#now() };
    if (next === entry.bundled) entry.bundled = entry.active;
    const bundled = usable(entry.bundled);
    entry.previous = next && bundled && bundled !== entry.active ? bundled : null;
  }

  #ambiguity({ pack, range }: Installed): Reason | null {
    for (const [name, { active }] of this.#entries) {
      if (name === pack.manifest.name || !active || active.learnt || !active.range.overlaps(range)) continue;
      const within = range.contains(active.range) !== active.range.contains(range);
      if (within) continue;
      return refuse(
        "decoder-ambiguous",
        pack,
        `${name} serves some of ${pack.manifest.goRange} too (${active.pack.manifest.goRange}), and neither ` +
          "range is within the other",
        `Name it ${name} to replace that one, or change goRange`,
      );
    }
    return null;
  }

  #learntProblem({ pack }: Installed, entry: Entry): Reason | null {
    const { name } = pack.manifest;
    if (entry.active && !entry.active.learnt) {
      return refuse(
        "decoder-ambiguous",
        pack,
        `${name} is another decoder's name`,
        "Remove the other decoder",
      );
    }
    const learnt = [...this.#entries.values()].filter(({ active }) => active?.learnt).length;
    if (entry.active || learnt < MAX_LEARNT) return null;
    const remedy = "Restart the agent to forget those that nobody uses any more";
    return refuse("too-many-learnt-decoders", pack, `${MAX_LEARNT} were learnt already`, remedy);
  }

  #refuseFor(
    pack: DecoderPack,
    refusal: Pick<RefusedDecoder, "name" | "version" | "origin" | "reason">,
  ): void {
    this.#refused.delete(pack.digest);
    const [oldest] = this.#refused.keys();
    if (this.#refused.size >= MAX_REFUSED && oldest !== undefined) this.#refused.delete(oldest);
    this.#refused.set(pack.digest, {
      ...refusal,
      digest: pack.digest,
      at: new Date(this.#now()).toISOString(),
    });
  }
}

/** Nothing is active under a name. */
export function unknownDecoder(name: string): Reason {
  return {
    code: "decoder-unknown",
    message: `No decoder is named ${name}`,
    remedy: 'See the names with "deno task decoder list"',
  };
}

function describe({ pack, source, sinceMs }: Installed, previous: Installed | null): ActiveDecoder {
  const { name, version, goRange, libraries } = pack.manifest;
  return {
    name,
    version,
    goRange,
    libraries: libraries.map(({ module, range }) => `${module} ${range}`),
    digest: pack.digest,
    source,
    state: "active",
    since: new Date(sinceMs).toISOString(),
    previous: previous && {
      version: previous.pack.manifest.version,
      digest: previous.pack.digest,
      source: previous.source,
    },
  };
}

function rolledBack({ manifest }: DecoderPack, { at, reason }: RefusedDecoder): Reason {
  return {
    code: "decoder-was-rolled-back",
    message:
      `Decoder ${manifest.name} ${manifest.version} was taken out of service at ${at}: ${reason.message}`,
    remedy: "Correct it; the very same bytes are not tried again before the agent restarts",
  };
}

function refuse(code: string, { manifest }: DecoderPack, problem: string, remedy: string): Reason {
  return { code, message: `Cannot use decoder ${manifest.name} ${manifest.version}: ${problem}`, remedy };
}
