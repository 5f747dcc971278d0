/** Errors of the API as problem+json (RFC 9457). */
import type { Context } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import type { Reason } from "../support/reason.ts";

const TITLES: Readonly<Record<number, string>> = {
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  409: "Conflict",
  413: "Content Too Large",
  421: "Misdirected Request",
  422: "Unprocessable Content",
  500: "Internal Server Error",
  503: "Service Unavailable",
};

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
      title: TITLES[status] ?? "Error",
      status,
      detail,
      instance: context.req.path,
      ...more,
    },
    status,
    { "content-type": "application/problem+json" },
  );
}
