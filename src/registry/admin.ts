/**
 * Changes which decoders are in use, one change at a time: through the gate, into the registry, onto the running
 * executables, to disk. Made by Agent; used by the API, by DecoderDirectory, and when a decoder fails or is learnt.
 */
import type { DecoderPack } from "../decoder/manifest.ts";
import type { Gate } from "../gate/gate.ts";
import { describeError } from "../support/errors.ts";
import type { Logger } from "../support/log.ts";
import type { Reason } from "../support/reason.ts";
import type {
  DecoderChange,
  DecoderDetail,
  DecoderEntry,
  DecoderEvent,
  DecoderList,
  DecoderSource,
  DecoderUse,
  SwapReport,
} from "./model.ts";
import { type Refusal, RefusedDecoders, sourceOf } from "./refused_decoders.ts";
import { type DecoderRegistry, unknownDecoder } from "./registry.ts";
import { Serial } from "./serial.ts";
import { SwapLog } from "./swap_times.ts";

/** Where pushed decoders outlive the agent. */
export interface DecoderStore {
  /** Whether a restart will find the pack. */
  persist(pack: DecoderPack): Promise<boolean>;
  /** Takes a pack out, for `instead`; null: for what came with Tsunagi. Whether a restart will find that. */
  reject(digest: string, instead: DecoderPack | null): Promise<boolean>;
}

export interface DecoderAdminOptions {
  readonly registry: DecoderRegistry;
  readonly gate: Pick<Gate, "check">;
  readonly store: DecoderStore;
  /** Brings every running executable to the decoder that the registry has for it now. */
  readonly apply: () => Promise<SwapReport>;
  /** What decoders do at the moment, by digest. */
  readonly use?: () => Promise<ReadonlyMap<string, DecoderUse>>;
  /** Must not throw. */
  readonly onChange?: (event: DecoderEvent) => void;
  readonly log: Logger;
}

const UNUSED: DecoderUse = { targets: 0, counters: null };

export class DecoderAdmin {
  readonly #options: DecoderAdminOptions;
  readonly #checks = new Serial();
  readonly #changes = new Serial();
  readonly #swaps = new SwapLog();
  readonly #refused = new RefusedDecoders();

  constructor(options: DecoderAdminOptions) {
    this.#options = options;
  }

  async list(): Promise<DecoderList> {
    const { decoders, refused } = this.#options.registry.report();
    const use = await this.#use();
    return {
      decoders: decoders.map((decoder) => ({ ...decoder, ...(use.get(decoder.digest) ?? UNUSED) })),
      refused: [...refused, ...this.#refused.all()].sort((a, b) => b.at.localeCompare(a.at)),
      swaps: this.#swaps.report(),
    };
  }

  async get(name: string): Promise<DecoderDetail | Reason> {
    const active = this.#options.registry.active(name);
    if (!active) return unknownDecoder(name);
    return { ...await this.#entry(name), manifest: active.pack.manifest };
  }

  /** Makes `bytes` the decoder `name`, unless the gate or the registry refuses them. */
  async put(name: string, bytes: Uint8Array<ArrayBuffer>): Promise<DecoderChange | Reason> {
    const { registry, store } = this.#options;
    const began = performance.now();
    const known = registry.active(name);
    const checked = known && known.pack.digest === await digestOf(bytes)
      ? { pack: known.pack }
      : await this.#check(bytes);
    const gateMs = performance.now() - began;
    if ("refused" in checked) return this.#refuse({ origin: "push", name, reason: checked.refused });
    const { pack } = checked;
    if (pack.manifest.name !== name) {
      const reason = nameDiffers(name, pack.manifest.name);
      return this.#refuse({ origin: "push", name, pack, reason });
    }
    return await this.#changes.do(async () => {
      const swap = await this.#install(pack, "pushed");
      if ("remedy" in swap) return this.#refuse({ origin: "push", name, pack, reason: swap });
      // What came with Tsunagi needs no copy, which would hide a newer one after an update.
      const bundled = registry.active(name)?.source === "bundled";
      const persisted = bundled || await store.persist(pack);
      return {
        decoder: await this.#entry(name),
        unchanged: swap.unchanged,
        persisted,
        swap: { gateMs, ...swap.report },
      };
    });
  }

  /** Makes the decoder that `name` replaced active again. */
  rollback(name: string): Promise<DecoderChange | Reason> {
    return this.#changes.do(async () => {
      const { registry } = this.#options;
      const before = registry.active(name)?.pack;
      const after = registry.rollback(name);
      if ("remedy" in after) return after;
      this.#tellActive("rolled_back", name);
      const report = await this.#apply();
      const persisted = before ? await this.#reject(before) : false;
      return {
        decoder: await this.#entry(name),
        unchanged: false,
        persisted,
        swap: { gateMs: 0, ...report },
      };
    });
  }

  /** Takes a pack out of service at once; running executables follow, and its file goes. */
  async fail(pack: DecoderPack, reason: Reason): Promise<void> {
    const { registry, log } = this.#options;
    const { name, version } = pack.manifest;
    const before = registry.active(name);
    const instead = registry.fail(pack, reason);
    if (before?.pack.digest !== pack.digest) this.#tell("refused", { pack, reason });
    else if (instead) this.#tellActive("rolled_back", name, reason);
    else this.#tell("removed", { pack, source: before.source, reason });
    log.error("decoder taken out of service", {
      name,
      version,
      instead: instead && instead.manifest.version,
      ...reason,
    });
    await this.#changes.do(async () => {
      await this.#apply();
      await this.#reject(pack);
    });
  }

  /**
   * Takes a decoder that was made from an executable's structs. It reaches no executable by itself, so that this may
   * be called while `apply` runs.
   */
  async learn(bytes: Uint8Array<ArrayBuffer>): Promise<DecoderPack | Reason> {
    const checked = await this.#check(bytes);
    if ("refused" in checked) return this.#refuse({ origin: "learnt", reason: checked.refused });
    const { pack } = checked;
    const { name } = pack.manifest;
    const installed = this.#options.registry.install(pack, "learnt");
    if ("remedy" in installed) return this.#refuse({ origin: "learnt", pack, reason: installed });
    if (!installed.unchanged) this.#tellActive("activated", name);
    return this.#options.registry.active(name)?.pack ?? pack;
  }

  /**
   * Takes a file of the directory, unless another change overtook it.
   *
   * @param isCurrent whether the file still holds `bytes`; asked when no push can change that before they are in use.
   * @returns what the file holds, or why that is refused; null when it is not current, and nothing was changed.
   */
  async load(
    path: string,
    bytes: Uint8Array<ArrayBuffer>,
    isCurrent: () => Promise<boolean>,
  ): Promise<LoadedFile | Reason | null> {
    const digest = await digestOf(bytes);
    const { decoders } = this.#options.registry.report();
    const active = decoders.find((decoder) => decoder.digest === digest);
    this.#refused.forget(path);
    if (active) return { name: active.name, digest };
    const checked = await this.#check(bytes);
    return await this.#changes.do(async () => {
      if (!await isCurrent()) return null;
      if ("refused" in checked) return this.refuseFile(path, checked.refused);
      const { pack } = checked;
      const swap = await this.#install(pack, "directory");
      if ("remedy" in swap) return this.#refuse({ origin: path, pack, reason: swap });
      return { name: pack.manifest.name, digest };
    });
  }

  /** Remembers a file that cannot be tried. */
  refuseFile(path: string, reason: Reason): Reason {
    return this.#refuse({ origin: path, reason });
  }

  /** A file of the directory is gone; `file` is what it held. */
  async unload(path: string, file: LoadedFile | null): Promise<void> {
    this.#refused.forget(path);
    if (!file) return;
    const { registry, log } = this.#options;
    await this.#changes.do(async () => {
      const active = registry.active(file.name);
      if (active && (active.pack.digest !== file.digest || active.source === "bundled")) return;
      const instead = registry.remove(file.name);
      if (!active) return;
      log.info("decoder removed", { name: file.name, instead: instead && instead.manifest.version });
      this.#tell("removed", active);
      if (instead) this.#tellActive("activated", file.name);
      await this.#apply();
    });
  }

  #check(bytes: Uint8Array<ArrayBuffer>): ReturnType<Gate["check"]> {
    return this.#checks.do(() => this.#options.gate.check(bytes));
  }

  /** Into the registry and onto the executables; undone when the latter fails. */
  async #install(pack: DecoderPack, source: DecoderSource): Promise<Installed | Reason> {
    const { registry, log } = this.#options;
    const { name, version } = pack.manifest;
    const result = registry.install(pack, source);
    if ("remedy" in result) return result;
    if (result.unchanged) return { unchanged: true, report: { executables: 0, stageMs: 0, swapMs: 0 } };
    try {
      const report = await this.#apply();
      log.info("decoder in use", { name, version, source, ...report });
      this.#tellActive("activated", name);
      return { unchanged: false, report };
    } catch (error) {
      const undone = result.replaced ? registry.rollback(name) : registry.remove(name);
      log.error("cannot swap decoders", { name, version, error });
      if (undone) {
        await this.#apply().catch((error) => log.error("cannot swap decoders back", { name, error }));
      }
      return swapFailed(pack, error);
    }
  }

  async #apply(): Promise<SwapReport> {
    const report = await this.#options.apply();
    if (report.executables > 0) this.#swaps.add(report.swapMs);
    return report;
  }

  #reject({ digest, manifest }: DecoderPack): Promise<boolean> {
    const active = this.#options.registry.active(manifest.name);
    return this.#options.store.reject(digest, active && active.source !== "bundled" ? active.pack : null);
  }

  async #entry(name: string): Promise<DecoderEntry> {
    const decoder = this.#options.registry.report().decoders.find((decoder) => decoder.name === name);
    if (!decoder) throw new Error(`Cannot describe decoder ${name}: it is not active any more`);
    return { ...decoder, ...((await this.#use()).get(decoder.digest) ?? UNUSED) };
  }

  async #use(): Promise<ReadonlyMap<string, DecoderUse>> {
    return await this.#options.use?.() ?? new Map();
  }

  #tellActive(action: DecoderEvent["action"], name: string, reason: Reason | null = null): void {
    const active = this.#options.registry.active(name);
    if (active) this.#tell(action, { ...active, reason });
  }

  #tell(
    action: DecoderEvent["action"],
    { name, pack, source = null, reason = null }: {
      readonly name?: string | null;
      readonly pack?: DecoderPack | undefined;
      readonly source?: DecoderSource | null;
      readonly reason?: Reason | null;
    },
  ): void {
    this.#options.onChange?.({
      name: name ?? pack?.manifest.name ?? null,
      action,
      version: pack?.manifest.version ?? null,
      source,
      at: new Date().toISOString(),
      reason,
    });
  }

  #refuse(refusal: Refusal): Reason {
    const { pack, origin, reason } = refusal;
    const { name } = this.#refused.add(refusal);
    this.#options.log.warn("decoder refused", { origin, name, ...reason });
    this.#tell("refused", { name, pack, source: sourceOf(origin), reason });
    return reason;
  }
}

/** What a file of the directory holds. */
export interface LoadedFile {
  readonly name: string;
  readonly digest: string;
}

interface Installed {
  readonly unchanged: boolean;
  readonly report: SwapReport;
}

async function digestOf(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}

function nameDiffers(name: string, found: string): Reason {
  return {
    code: "decoder-name-differs",
    message: `Cannot use decoder ${name}: its manifest names it ${found}`,
    remedy: `Push it as ${found}`,
  };
}

function swapFailed({ manifest }: DecoderPack, error: unknown): Reason {
  return {
    code: "decoder-swap-failed",
    message: `Cannot bring executables to decoder ${manifest.name} ${manifest.version}: ${
      describeError(error)
    }`,
    remedy: "Push it again; the one before is in use",
  };
}
