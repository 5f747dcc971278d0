/// <reference lib="deno.worker" />
/** The Worker behind Gate: checks decoders. No decoder can hang it, since all are hardened. */
import type { DecoderPack } from "../decoder/manifest.ts";
import { describeError } from "../support/errors.ts";
import type { Reason } from "../support/reason.ts";
import { examinePack } from "./examine.ts";
import { tryPack } from "./try_pack.ts";

export interface GateQuestion {
  readonly id: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

export type GateVerdict = { readonly pack: DecoderPack } | { readonly refused: Reason };

export type GateAnswer =
  | { readonly id: number; readonly verdict: GateVerdict }
  | { readonly id: number; readonly error: string };

const scope = self as unknown as DedicatedWorkerGlobalScope;

scope.onmessage = async ({ data: { id, bytes } }: MessageEvent<GateQuestion>) => {
  let answer: GateAnswer;
  try {
    answer = { id, verdict: await check(bytes) };
  } catch (error) {
    answer = { id, error: describeError(error) };
  }
  scope.postMessage(answer);
};

async function check(bytes: Uint8Array<ArrayBuffer>): Promise<GateVerdict> {
  const pack = await examinePack(bytes);
  if (!("manifest" in pack)) return { refused: pack };
  const refused = tryPack(pack);
  return refused ? { refused } : { pack };
}
