/**
 * The decoders of this agent, from their files to the choice for an executable: registry, gate, maker, directory
 * and administration, put together. Made by Agent; outlives every session.
 */
import type { Config } from "../config/config.ts";
import { DecoderChooser } from "../discovery/decoder_chooser.ts";
import { Gate } from "../gate/gate.ts";
import { Maker } from "../maker/maker.ts";
import { DecoderAdmin } from "../registry/admin.ts";
import { loadBundled } from "../registry/bundled.ts";
import { DecoderDirectory } from "../registry/directory.ts";
import type { DecoderEvent, SwapReport } from "../registry/model.ts";
import { DecoderRegistry } from "../registry/registry.ts";
import type { Logger } from "../support/log.ts";
import { createLearn } from "./learn.ts";
import type { Session } from "./session.ts";
import { decoderUse } from "./report.ts";

/** How they are put together. */
export interface DecodersOptions {
  readonly config: Config["decoders"];
  /** Where the decoders that come with Tsunagi are. */
  readonly bundled: URL;
  /** The session that there is now. */
  readonly session: () => Session | null;
  /** Which decoders are in use has changed, or one was refused. Must not throw. */
  readonly onChange?: (event: DecoderEvent) => void;
  readonly log: Logger;
}

const NOTHING_TO_SWAP: SwapReport = { executables: 0, stageMs: 0, swapMs: 0 };

export class Decoders implements AsyncDisposable {
  readonly registry: DecoderRegistry;
  readonly admin: DecoderAdmin;
  readonly chooser: DecoderChooser;
  readonly #directory: DecoderDirectory;
  readonly #gate = new Gate();
  readonly #maker = new Maker();

  private constructor({ config, session, onChange, log }: DecodersOptions) {
    this.registry = new DecoderRegistry(config);
    this.#directory = new DecoderDirectory({ path: config.directory, log });
    this.admin = new DecoderAdmin({
      registry: this.registry,
      gate: this.#gate,
      store: this.#directory,
      apply: async () => await session()?.reselect() ?? NOTHING_TO_SWAP,
      use: async () => decoderUse(session()?.targets() ?? [], await session()?.packCounters() ?? []),
      ...(onChange && { onChange }),
      log,
    });
    const learn = createLearn({ maker: this.#maker, admin: this.admin, log });
    this.chooser = new DecoderChooser({ registry: this.registry, learn });
  }

  /**
   * Loads what came with Tsunagi and what is in the directory, which is watched from then on.
   *
   * @throws {Error} when there are no decoders at all to begin with.
   */
  static async open(options: DecodersOptions): Promise<Decoders> {
    const decoders = new Decoders(options);
    for (const { file, reason } of await loadBundled(decoders.registry, options.bundled)) {
      options.log.warn("decoder refused", { file, ...reason });
    }
    await decoders.#directory.start(decoders.admin);
    return decoders;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#directory[Symbol.asyncDispose]();
    await this.#gate[Symbol.asyncDispose]();
    await this.#maker[Symbol.asyncDispose]();
  }
}
