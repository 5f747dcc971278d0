/** Whether a request may change something: it carries the token. Used by install.ts. */
import type { Reason } from "../support/reason.ts";
import { sameToken } from "./token.ts";

/** Null for a request that carries the token. */
export async function authorize(header: string | undefined, token: string): Promise<Reason | null> {
  const given = /^Bearer +(\S+) *$/i.exec(header ?? "")?.[1];
  if (given === undefined) return TOKEN_MISSING;
  return await sameToken(given, token) ? null : TOKEN_WRONG;
}

const TOKEN_REMEDY = "Send Authorization: Bearer with the agent's token: TSUNAGI_API_TOKEN, token_file, or " +
  "build/run/api_token of its installation";
const TOKEN_MISSING: Reason = {
  code: "token-missing",
  message: "Changes need the agent's token, and the request carries none",
  remedy: TOKEN_REMEDY,
};
const TOKEN_WRONG: Reason = {
  code: "token-wrong",
  message: "The request's token is not the agent's",
  remedy: TOKEN_REMEDY,
};
