/**
 * Finds the decoder for an executable: asks the registry, and where no decoder has the structs that the
 * executable's debug information tells of, has one made. Used by Discovery; lives as long as the agent.
 */
import type { DecoderChoice, DecoderRegistry, ExeIdentity } from "../registry/registry.ts";
import type { Reason } from "../support/reason.ts";
import type { Knowledge } from "./inspections.ts";
import { choiceKey } from "./slots.ts";

/** A decoder that suits, and a text that is equal for choices that share a slot. */
export interface ChosenDecoder {
  readonly kind: "decoder";
  readonly choice: DecoderChoice;
  readonly key: string;
}

/** No decoder, and why. */
export interface NoDecoder {
  readonly kind: "refused";
  readonly reason: Reason;
}

export interface DecoderChooserOptions {
  readonly registry: Pick<DecoderRegistry, "choose">;
  /** Makes a decoder for exactly these structs and puts it into the registry, or says why not. */
  readonly learn: (exe: ExeIdentity) => Promise<Reason | null>;
}

export class DecoderChooser {
  readonly #options: DecoderChooserOptions;
  /** One lesson for all executables with the same structs. */
  readonly #lessons = new Map<string, Promise<Reason | null>>();

  constructor(options: DecoderChooserOptions) {
    this.#options = options;
  }

  /** The decoder that suits now; what would have to be learnt first counts as refused. */
  choose(knowledge: Knowledge): ChosenDecoder | NoDecoder {
    const exe = identify(knowledge);
    const decision = this.#options.registry.choose(exe);
    if (decision.kind === "decoder") return { ...decision, key: choiceKey(decision.choice) };
    return { kind: "refused", reason: decision.kind === "learn" ? decision.why : decision.reason };
  }

  /** As `choose`, after learning what has to be learnt. */
  async chooseOrLearn(knowledge: Knowledge): Promise<ChosenDecoder | NoDecoder> {
    const exe = identify(knowledge);
    const decision = this.#options.registry.choose(exe);
    if (decision.kind !== "learn") return this.choose(knowledge);
    const key = JSON.stringify([exe.goVersion, exe.structs]);
    let lesson = this.#lessons.get(key);
    if (!lesson) {
      lesson = this.#options.learn(exe).finally(() => this.#lessons.delete(key));
      this.#lessons.set(key, lesson);
    }
    const failure = await lesson;
    return failure ? { kind: "refused", reason: failure } : this.choose(knowledge);
  }
}

function identify({ inspection, structs }: Knowledge): ExeIdentity {
  if (inspection.kind !== "go") {
    throw new TypeError("Cannot choose a decoder: the executable is no Go program");
  }
  const { goVersion, headerMap, modules } = inspection.exe;
  return { goVersion, headerMap, modules, structs };
}
