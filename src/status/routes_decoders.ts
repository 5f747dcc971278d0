/** Decoders: what is in use; with the token also another one, or the one before. */
import { type Context, Hono } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { MAX_PACK_BYTES } from "../gate/gate.ts";
import type { DecoderAdmin } from "../registry/admin.ts";
import type { Reason } from "../support/reason.ts";
import { readBody } from "./body.ts";
import { problem } from "./problem.ts";
import { sameToken } from "./token.ts";

export interface DecoderRoutesOptions {
  readonly decoders: Pick<DecoderAdmin, "list" | "get" | "put" | "rollback">;
  readonly token: string;
}

/** Reasons that say more of the request than of the decoder; every other one is a refusal of the decoder. */
const STATUS: Readonly<Record<string, ContentfulStatusCode>> = {
  "token-missing": 401,
  "token-wrong": 401,
  "decoder-unknown": 404,
  "decoder-name-differs": 409,
  "decoder-without-previous": 409,
  "decoder-too-large": 413,
  "decoder-swap-failed": 503,
};

export function decoderRoutes({ decoders, token }: DecoderRoutesOptions): Hono {
  const app = new Hono();
  app.get("/", async (context) => context.json(await decoders.list()));
  app.get("/:name", async (context) => answer(context, await decoders.get(context.req.param("name"))));
  app.put("/:name", async (context) => {
    const denial = await authorize(context.req.header("authorization"), token);
    if (denial) return refuse(context, denial);
    const bytes = await readBody(context.req.raw, MAX_PACK_BYTES);
    if (bytes === null) return refuse(context, TOO_LARGE);
    return answer(context, await decoders.put(context.req.param("name"), bytes));
  });
  app.post("/:name/rollback", async (context) => {
    const denial = await authorize(context.req.header("authorization"), token);
    if (denial) return refuse(context, denial);
    return answer(context, await decoders.rollback(context.req.param("name")));
  });
  return app;
}

function answer(context: Context, result: object | Reason): Response {
  return "remedy" in result ? refuse(context, result as Reason) : context.json(result);
}

function refuse(context: Context, reason: Reason): Response {
  const status = STATUS[reason.code] ?? 422;
  if (status === 401) context.header("www-authenticate", 'Bearer realm="tsunagi"');
  return problem(context, status, reason.message, reason);
}

/** Null for a request that carries the token. */
async function authorize(header: string | undefined, token: string): Promise<Reason | null> {
  const given = /^Bearer +(\S+) *$/i.exec(header ?? "")?.[1];
  if (given === undefined) return TOKEN_MISSING;
  return await sameToken(given, token) ? null : TOKEN_WRONG;
}

const TOKEN_REMEDY = "Send Authorization: Bearer with the agent's token: TSUNAGI_API_TOKEN, token_file, or " +
  "build/run/api_token of its installation";
const TOKEN_MISSING: Reason = {
  code: "token-missing",
  message: "Changing a decoder needs the agent's token, and the request carries none",
  remedy: TOKEN_REMEDY,
};
const TOKEN_WRONG: Reason = {
  code: "token-wrong",
  message: "The request's token is not the agent's",
  remedy: TOKEN_REMEDY,
};
const TOO_LARGE: Reason = {
  code: "decoder-too-large",
  message: `A decoder must have at most ${MAX_PACK_BYTES} bytes`,
  remedy: "Check that the file is a decoder; those of Tsunagi have less than 100 KiB",
};
