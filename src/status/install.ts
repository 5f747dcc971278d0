/**
 * Puts endpoints into a Hono app: methods, token, parameters, time limit, JSON. Used by createStatusApp(); what an
 * endpoint does is its own business.
 */
import type { Context, Hono } from "hono";
import { type Endpoint, isOtherContent, Refusal } from "./endpoint.ts";
import { problem } from "./problem.ts";
import { readParams, readQuery } from "./query.ts";
import { authorize } from "./token_check.ts";

export function install(app: Hono, endpoints: readonly Endpoint[], { token }: { token: string }): void {
  for (const endpoint of endpoints) {
    const path = endpoint.path.replace(/\{(\w+)\}/g, ":$1");
    app.on(endpoint.method, path, (context) => answer(endpoint, context, token));
  }
}

/** Answers OPTIONS, and 405 with Allow where a path is known and its method is not. */
export function onlyKnownMethods(routes: readonly Pick<Endpoint, "method" | "path">[]) {
  return async (context: Context, next: () => Promise<void>): Promise<Response | void> => {
    const { method, path } = context.req;
    const known = new Set<string>(
      routes.filter((route) => matches(route.path, path)).map(({ method }) => method),
    );
    if (known.size === 0) return await next();
    if (known.has("GET")) known.add("HEAD");
    if (known.has(method)) return await next();
    const allowed = [...known, "OPTIONS"].sort().join(", ");
    context.header("allow", allowed);
    if (method === "OPTIONS") return context.body(null, 204);
    return problem(context, 405, `Method ${method} is not allowed here, only ${allowed}`);
  };
}

async function answer(endpoint: Endpoint, context: Context, token: string): Promise<Response> {
  if (endpoint.changes) {
    const denial = await authorize(context.req.header("authorization"), token);
    if (denial !== null) {
      context.header("www-authenticate", 'Bearer realm="tsunagi"');
      return problem(context, 401, denial.message, denial);
    }
  }
  const params = readParams(endpoint.params, context.req.param());
  if (params.wrong !== null) return badRequest(context, params.wrong);
  const query = readQuery(endpoint.query, new URL(context.req.url).searchParams);
  if (query.wrong !== null) return badRequest(context, query.wrong);
  const result = await withTimeLimit(
    async () => await endpoint.handle({ params: params.values, query: query.values, context }),
    endpoint.timeLimitMs,
  );
  if (result === TOO_SLOW) {
    return problem(context, 503, `The agent could not answer within ${endpoint.timeLimitMs / 1_000} s`, {
      code: "answer-too-slow",
      remedy: "Ask again; if it stays so, the agent's log says what it waits for",
    });
  }
  if (result instanceof Refusal) return problem(context, result.status, result.reason.message, result.reason);
  if (result instanceof Response) return result;
  if (isOtherContent(endpoint.answer)) throw new TypeError(`${endpoint.path} answered no Response`);
  return context.json(result as Record<string, unknown>);
}

function badRequest(context: Context, wrong: string): Response {
  return problem(context, 400, wrong, {
    code: "parameter-invalid",
    remedy: "See docs/api.md, or /openapi.json",
  });
}

const TOO_SLOW = Symbol("too slow");

async function withTimeLimit<T>(work: () => Promise<T>, limitMs: number): Promise<T | typeof TOO_SLOW> {
  const limit = Promise.withResolvers<typeof TOO_SLOW>();
  const timer = setTimeout(() => limit.resolve(TOO_SLOW), limitMs);
  try {
    return await Promise.race([work(), limit.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** Whether a route such as "/a/{b}" is that of `path`. */
function matches(route: string, path: string): boolean {
  const want = route.split("/");
  const have = path.split("/");
  return want.length === have.length &&
    want.every((part, index) => part.startsWith("{") || part === have[index]);
}
