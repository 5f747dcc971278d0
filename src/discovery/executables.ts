/**
 * Attachments by executable: probes belong to an inode, so all processes of a binary share them. Used by
 * Discovery; the first process attaches, the last one to leave detaches.
 */
import type { LoaderClient } from "../loader/client.ts";
import type { DecoderPack } from "../decoder/manifest.ts";
import type { GoExe } from "../goexe/types.ts";
import { MAX_BINDINGS, MAX_SLOTS } from "../../bpf/wire.gen.ts";
import { NumberPool } from "./attachments.ts";

/** The part of the loader that attaching needs. */
export type AttachingLoader = Pick<LoaderClient, "attach" | "detach" | "plan" | "layout" | "flip">;

interface Attachment {
  readonly binding: number;
  readonly users: Set<number>;
  /** Settles with the loader's attachment id. */
  readonly done: Promise<number>;
}

/** How `Executables` is made. */
export interface ExecutablesOptions {
  readonly loader: AttachingLoader;
  /** Told once for each decoder, before any of its records can arrive. */
  readonly useDecoder: (slot: number, pack: DecoderPack) => Promise<void>;
}

/** Keeps one attachment for each executable with at least one traced process. */
export class Executables {
  readonly #loader: AttachingLoader;
  readonly #useDecoder: ExecutablesOptions["useDecoder"];
  readonly #attachments = new Map<string, Attachment>();
  readonly #bindings = new NumberPool(MAX_BINDINGS);
  readonly #slots = new NumberPool(MAX_SLOTS);
  readonly #slotOf = new Map<DecoderPack, Promise<number>>();

  constructor({ loader, useDecoder }: ExecutablesOptions) {
    this.#loader = loader;
    this.#useDecoder = useDecoder;
  }

  /**
   * Makes sure that the executable `identity` is probed, for `pid`'s sake.
   *
   * @throws {Error} when the loader refuses; nothing stays attached then.
   */
  async acquire(identity: string, pid: number, exe: GoExe, pack: DecoderPack): Promise<void> {
    const present = this.#attachments.get(identity);
    if (present) {
      present.users.add(pid);
      await present.done;
      return;
    }
    const binding = this.#bindings.take();
    if (binding === null) throw new Error(`Cannot attach: ${MAX_BINDINGS} executables are traced already`);
    const done = this.#attach(binding, pid, exe, pack);
    this.#attachments.set(identity, { binding, users: new Set([pid]), done });
    try {
      await done;
    } catch (error) {
      this.#attachments.delete(identity);
      this.#bindings.give(binding);
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
    this.#bindings.give(attachment.binding);
  }

  async #attach(binding: number, pid: number, exe: GoExe, pack: DecoderPack): Promise<number> {
    const slot = await this.#slotFor(pack);
    await this.#loader.flip(binding, slot);
    return await this.#loader.attach(pid, binding, exe.sites);
  }

  #slotFor(pack: DecoderPack): Promise<number> {
    let slot = this.#slotOf.get(pack);
    if (!slot) {
      slot = this.#fillSlot(pack);
      slot.catch(() => this.#slotOf.delete(pack));
      this.#slotOf.set(pack, slot);
    }
    return slot;
  }

  async #fillSlot(pack: DecoderPack): Promise<number> {
    const slot = this.#slots.take();
    if (slot === null) {
      throw new Error(`Cannot use decoder ${pack.manifest.name}: all ${MAX_SLOTS} slots are taken`);
    }
    await this.#useDecoder(slot, pack);
    await this.#loader.layout(slot, pack.manifest.layout);
    for (const plan of pack.manifest.plans) await this.#loader.plan(slot, plan.probe, plan.ops);
    return slot;
  }
}
