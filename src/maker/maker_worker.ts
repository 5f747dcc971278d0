/// <reference lib="deno.worker" />
/**
 * The Worker behind Maker: makes one decoder for each message and posts it, or what went wrong. The compiler is
 * imported with the first message: it awaits at its top level, and messages that come meanwhile would be lost.
 */
import { describeError } from "../support/errors.ts";
import type { MakeSpec } from "./make.ts";

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
    const { makeDecoder } = await import("./make.ts");
    const bytes = await makeDecoder(spec);
    post({ id, bytes }, [bytes.buffer]);
  } catch (error) {
    post({ id, error: describeError(error) });
  }
};
