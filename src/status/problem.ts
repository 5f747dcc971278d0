/** Errors of the API as problem+json (RFC 9457). */
import type { Context } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";

const TITLES: Readonly<Record<number, string>> = {
  400: "Bad Request",
  404: "Not Found",
  405: "Method Not Allowed",
  500: "Internal Server Error",
  503: "Service Unavailable",
};

export function problem(context: Context, status: ContentfulStatusCode, detail: string): Response {
  return context.json(
    { type: "about:blank", title: TITLES[status] ?? "Error", status, detail, instance: context.req.path },
    status,
    { "content-type": "application/problem+json" },
  );
}
