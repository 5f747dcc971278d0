/**
 * The kernel's decoder slots: which pack each one holds, and when it can be used anew. A slot stays as it is until
 * the last request that began in it has ended, since a request is captured and decoded by the slot of its start.
 * Used by Executables.
 */
import { MAX_PROBES, MAX_SLOTS } from "../../bpf/wire.gen.ts";
import type { DecoderPack } from "../decoder/manifest.ts";
import type { LoaderClient } from "../loader/client.ts";
import type { DecoderChoice } from "../registry/registry.ts";

/** The part of the loader that filling a slot needs. */
export type PlanningLoader = Pick<LoaderClient, "plan" | "layout">;

/** Who decodes what is captured by a slot. */
export interface SlotDecoders {
  /** Gives a slot to a decoder, before any of its records can arrive. */
  use(slot: number, pack: DecoderPack): Promise<void>;
  /** Takes a slot from its decoder. */
  release(slot: number): Promise<void>;
  /** Spans in flight of each slot that has a decoder. */
  inFlight(): Promise<ReadonlyMap<number, number>>;
}

export interface DecoderSlotsOptions {
  readonly loader: PlanningLoader;
  readonly decoders: SlotDecoders;
  /** Whether a pack is worth its slot even while nobody uses it: one that a rollback would want. */
  readonly keeps: (pack: DecoderPack) => boolean;
}

/** A start record is read this long after its probe was hit at the latest: two sweeps of the ring and reserve. */
const GRACE_MS = 2_000;

interface Slot {
  readonly number: number;
  readonly pack: DecoderPack;
  readonly filled: Promise<void>;
  users: number;
  idleSinceMs: number;
  failed: boolean;
}

/** Slots by what they capture and how it is decoded. */
export class DecoderSlots {
  readonly #options: DecoderSlotsOptions;
  readonly #slots = new Map<number, Slot>();
  readonly #byKey = new Map<string, Slot>();
  /** The one that was given back longest ago comes first, so that no late record meets another decoder. */
  readonly #free = Array.from({ length: MAX_SLOTS }, (_, number) => number);

  constructor(options: DecoderSlotsOptions) {
    this.#options = options;
  }

  /**
   * The slot of a choice, filled; it has one user more.
   *
   * @throws {Error} when no slot is free, or when the loader or the decoder refuses.
   */
  async take(choice: DecoderChoice): Promise<number> {
    const key = choiceKey(choice);
    if (!this.#byKey.has(key) && this.#free.length === 0) await this.sweep();
    const slot = this.#byKey.get(key) ?? this.#fill(key, choice);
    slot.users++;
    try {
      await slot.filled;
    } catch (error) {
      slot.users--;
      this.#forget(slot);
      throw error;
    }
    return slot.number;
  }

  /** One user less. */
  give(number: number): void {
    const slot = this.#slots.get(number);
    if (!slot) return;
    slot.users--;
    slot.idleSinceMs = performance.now();
  }

  packOf(number: number): DecoderPack | undefined {
    return this.#slots.get(number)?.pack;
  }

  /** The decoder of the slot has ended: nobody gets it any more. */
  fail(number: number): void {
    const slot = this.#slots.get(number);
    if (!slot) return;
    slot.failed = true;
    this.#forget(slot);
  }

  /** Frees the slots that nobody uses, in which nothing is in flight. */
  async sweep(): Promise<void> {
    const now = performance.now();
    const idle = [...this.#slots.values()].filter(({ users, pack, idleSinceMs, failed }) =>
      users === 0 && now - idleSinceMs >= GRACE_MS && (failed || !this.#options.keeps(pack))
    );
    if (idle.length === 0) return;
    const inFlight = await this.#options.decoders.inFlight();
    for (const slot of idle) {
      if (slot.users > 0 || (inFlight.get(slot.number) ?? 0) > 0 || !this.#slots.delete(slot.number)) {
        continue;
      }
      this.#forget(slot);
      await this.#options.decoders.release(slot.number);
      this.#free.push(slot.number);
    }
  }

  #fill(key: string, choice: DecoderChoice): Slot {
    const number = this.#free.shift();
    if (number === undefined) {
      throw new Error(
        `Cannot use decoder ${choice.pack.manifest.name}: all ${MAX_SLOTS} slots have requests in flight; ` +
          "try again when long requests have ended",
      );
    }
    const slot: Slot = {
      number,
      pack: choice.pack,
      filled: this.#stage(number, choice),
      users: 0,
      idleSinceMs: performance.now(),
      failed: false,
    };
    slot.filled.catch(() => {
      this.#slots.delete(number);
      this.#free.push(number);
    });
    this.#slots.set(number, slot);
    this.#byKey.set(key, slot);
    return slot;
  }

  /** All messages at once: the loader answers in order. */
  async #stage(slot: number, { pack, plans }: DecoderChoice): Promise<void> {
    const { loader, decoders } = this.#options;
    const work: Promise<void>[] = [decoders.use(slot, pack), loader.layout(slot, pack.manifest.layout)];
    for (let probe = 0; probe < MAX_PROBES; probe++) {
      work.push(loader.plan(slot, probe, plans.find((plan) => plan.probe === probe)?.ops ?? []));
    }
    await Promise.all(work);
  }

  #forget(slot: Slot): void {
    for (const [key, other] of this.#byKey) if (other === slot) this.#byKey.delete(key);
  }
}

/** Equal for choices that share a slot. */
export function choiceKey({ pack, plans }: DecoderChoice): string {
  return plans === pack.manifest.plans ? pack.digest : `${pack.digest} ${JSON.stringify(plans)}`;
}
