/// <reference lib="deno.worker" />
/** The Worker behind Maker: makes one decoder for each message and posts it, or what went wrong. */
import { describeError } from "../support/errors.ts";
import { makeDecoder, type MakeSpec } from "./make.ts";

/** From Maker. */
export interface MakeRequest {
  readonly id: number;
  readonly spec: MakeSpec;
}

/** To Maker. */
export type MakeAnswer =
  | { readonly id: number; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly id: number; readonly error: string };

function post(answer: MakeAnswer, transfer: Transferable[] = []): void {
  self.postMessage(answer, transfer);
}

self.onmessage = async ({ data: { id, spec } }: MessageEvent<MakeRequest>) => {
  try {
    const bytes = await makeDecoder(spec);
    post({ id, bytes }, [bytes.buffer]);
  } catch (error) {
    post({ id, error: describeError(error) });
  }
};
