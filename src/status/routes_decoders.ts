/** Decoders: what is in use; with the token also another one, or the one before. */
import { MAX_PACK_BYTES } from "../gate/gate.ts";
import type { DecoderAdmin } from "../registry/admin.ts";
import { Type } from "../schema/mod.ts";
import type { Reason } from "../support/reason.ts";
import { readBody } from "./body.ts";
import { type Endpoint, endpoint, Refusal } from "./endpoint.ts";
import { DECODER_CHANGE, DECODER_DETAIL, DECODER_LIST } from "./schemas/decoders.ts";

export interface DecoderRoutesOptions {
  readonly decoders: Pick<DecoderAdmin, "list" | "get" | "put" | "rollback">;
}

/** Reasons that say more of the request than of the decoder; every other one is a refusal of the decoder. */
const STATUS: Readonly<Record<string, Refusal["status"]>> = {
  "decoder-unknown": 404,
  "decoder-name-differs": 409,
  "decoder-without-previous": 409,
  "decoder-too-large": 413,
  "decoder-swap-failed": 503,
};
const UNKNOWN = "There is no decoder of this name";
const SWAP_FAILED = "Running programs could not be brought to it";
/** A push waits for the gate and for every executable to be switched. */
const CHANGE_LIMIT_MS = 120_000;

const NAME = Type.Object({ name: Type.String({ description: 'As in its manifest: "go1.26".' }) });

export function decoderRoutes({ decoders }: DecoderRoutesOptions): Endpoint[] {
  return [
    endpoint({
      method: "GET",
      path: "/api/v1/decoders",
      tag: "Decoders",
      summary: "Decoders in use, and those that were refused",
      answer: DECODER_LIST,
      handle: () => decoders.list(),
    }),
    endpoint({
      method: "GET",
      path: "/api/v1/decoders/{name}",
      tag: "Decoders",
      summary: "One decoder with its manifest",
      params: NAME,
      answer: DECODER_DETAIL,
      refusals: { 404: UNKNOWN },
      handle: async ({ params }) => orRefusal(await decoders.get(params.name)),
    }),
    endpoint({
      method: "PUT",
      path: "/api/v1/decoders/{name}",
      tag: "Decoders",
      summary: "Use this decoder from now on",
      changes: true,
      params: NAME,
      body: "application/wasm",
      answer: DECODER_CHANGE,
      refusals: {
        409: "It has another name",
        413: "It is too large",
        422: "The gate refuses it",
        503: SWAP_FAILED,
      },
      timeLimitMs: CHANGE_LIMIT_MS,
      handle: async ({ params, context }) => {
        const bytes = await readBody(context.req.raw, MAX_PACK_BYTES);
        return orRefusal(bytes === null ? TOO_LARGE : await decoders.put(params.name, bytes));
      },
    }),
    endpoint({
      method: "POST",
      path: "/api/v1/decoders/{name}/rollback",
      tag: "Decoders",
      summary: "Use the decoder before this one again",
      changes: true,
      params: NAME,
      answer: DECODER_CHANGE,
      refusals: { 404: UNKNOWN, 409: "There is none before it", 503: SWAP_FAILED },
      timeLimitMs: CHANGE_LIMIT_MS,
      handle: async ({ params }) => orRefusal(await decoders.rollback(params.name)),
    }),
  ];
}

function orRefusal<T extends object>(result: T | Reason): T | Refusal {
  return "remedy" in result ? new Refusal(STATUS[result.code] ?? 422, result) : result;
}

const TOO_LARGE: Reason = {
  code: "decoder-too-large",
  message: `A decoder must have at most ${MAX_PACK_BYTES} bytes`,
  remedy: "Check that the file is a decoder; those of Tsunagi have less than 100 KiB",
};
