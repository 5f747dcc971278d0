/**
 * Attachments by executable: probes belong to an inode, so all processes of a binary share them. Used by
 * Discovery; the first process attaches, the last one to leave detaches.
 */
import { MAX_BINDINGS } from "../../bpf/wire.gen.ts";
import type { GoExe } from "../goexe/types.ts";
import type { LoaderClient } from "../loader/client.ts";
import type { SwapReport } from "../registry/model.ts";
import type { DecoderChoice } from "../registry/registry.ts";
import { NumberPool } from "./number_pool.ts";
import type { DecoderSlots } from "./slots.ts";

/** The part of the loader that attaching needs. */
export type AttachingLoader = Pick<LoaderClient, "attach" | "detach" | "flip">;

interface Attachment {
  readonly binding: number;
  readonly users: Set<number>;
  /** Settles with the loader's attachment id. */
  readonly done: Promise<number>;
  /** Null until the slot is filled. */
  slot: number | null;
}

/** Keeps one attachment for each executable with at least one traced process. */
export class Executables {
  readonly #loader: AttachingLoader;
  readonly #slots: DecoderSlots;
  readonly #attachments = new Map<string, Attachment>();
  readonly #bindings = new NumberPool(MAX_BINDINGS);

  constructor({ loader, slots }: { readonly loader: AttachingLoader; readonly slots: DecoderSlots }) {
    this.#loader = loader;
    this.#slots = slots;
  }

  /**
   * Makes sure that the executable `identity` is probed, for `pid`'s sake. One that is probed already keeps its
   * decoder.
   *
   * @throws {Error} when the loader refuses; nothing stays attached then.
   */
  async acquire(identity: string, pid: number, exe: GoExe, choice: DecoderChoice): Promise<void> {
    const present = this.#attachments.get(identity);
    if (present) {
      present.users.add(pid);
      await present.done;
      return;
    }
    const binding = this.#bindings.take();
    if (binding === null) throw new Error(`Cannot attach: ${MAX_BINDINGS} executables are traced already`);
    const { promise: done, resolve, reject } = Promise.withResolvers<number>();
    const attachment: Attachment = { binding, users: new Set([pid]), done, slot: null };
    this.#attachments.set(identity, attachment);
    this.#attach(attachment, pid, exe, choice).then(resolve, reject);
    try {
      await done;
    } catch (error) {
      this.#attachments.delete(identity);
      this.#free(attachment);
      throw error;
    }
  }

  /** Ends `pid`'s use of `identity`; the last one detaches. Failures of a dying loader do not matter. */
  async release(identity: string, pid: number): Promise<void> {
    const attachment = this.#attachments.get(identity);
    if (!attachment?.users.delete(pid) || attachment.users.size > 0) return;
    this.#attachments.delete(identity);
    try {
      await this.#loader.detach(await attachment.done);
    } catch {
      return;
    }
    this.#free(attachment);
  }

  /**
   * Gives executables other decoders: fills the slots first, then one store for each executable switches all its
   * probes.
   *
   * @throws {Error} when a slot cannot be filled; nothing is switched then.
   */
  async swap(changes: ReadonlyMap<string, DecoderChoice>): Promise<SwapReport> {
    const beganMs = performance.now();
    const staged = await this.#stage(changes);
    const stagedMs = performance.now();
    const switchedMs = await Promise.all(staged.map(([identity, slot]) => this.#flip(identity, slot)));
    return {
      executables: changes.size,
      stageMs: stagedMs - beganMs,
      swapMs: Math.max(stagedMs, ...switchedMs) - stagedMs,
    };
  }

  async #attach(attachment: Attachment, pid: number, exe: GoExe, choice: DecoderChoice): Promise<number> {
    const slot = await this.#slots.take(choice);
    attachment.slot = slot;
    await this.#loader.flip(attachment.binding, slot);
    return await this.#loader.attach(pid, attachment.binding, exe.sites);
  }

  async #stage(changes: ReadonlyMap<string, DecoderChoice>): Promise<[string, number][]> {
    const results = await Promise.allSettled(
      [...changes].map(async ([identity, choice]): Promise<[string, number]> => [
        identity,
        await this.#slots.take(choice),
      ]),
    );
    const failure = results.find((result) => result.status === "rejected");
    const staged = results.flatMap((result) => result.status === "fulfilled" ? [result.value] : []);
    if (!failure) return staged;
    for (const [, slot] of staged) this.#slots.give(slot);
    throw failure.reason;
  }

  /** When the probes were switched; 0 where there are none any more. */
  async #flip(identity: string, slot: number): Promise<number> {
    const attachment = this.#attachments.get(identity);
    try {
      await attachment?.done;
    } catch {
      // It was never attached.
    }
    if (!attachment || attachment !== this.#attachments.get(identity)) {
      this.#slots.give(slot);
      return 0;
    }
    const before = attachment.slot;
    attachment.slot = slot;
    const switchedMs = await this.#loader.flip(attachment.binding, slot);
    if (before !== null) this.#slots.give(before);
    return switchedMs;
  }

  #free({ binding, slot }: Attachment): void {
    this.#bindings.give(binding);
    if (slot !== null) this.#slots.give(slot);
  }
}
