/** Errors of the API as problem+json (RFC 9457). */
import type { Context } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import type { Reason } from "../support/reason.ts";
import { REASON_PHRASES } from "./http/reason_phrases.ts";

/** `reason` adds its code and remedy, for programs and for people. */
export function problem(
  context: Context,
  status: ContentfulStatusCode,
  detail: string,
  reason?: Pick<Reason, "code" | "remedy">,
): Response {
  const more = reason ? { code: reason.code, remedy: reason.remedy } : {};
  return context.json(
    {
      type: "about:blank",
      title: REASON_PHRASES[status] ?? "Error",
      status,
      detail,
      instance: context.req.path,
      ...more,
    },
    status,
    { "content-type": "application/problem+json" },
  );
}
