/**
 * Keeps web pages of others away from the API: names that were made to point here (DNS rebinding), changes from
 * another origin, being framed. Used by createStatusApp() and createMetricsApp().
 */
import type { Context, MiddlewareHandler } from "hono";
import { problem } from "./problem.ts";

const SAFE_METHODS: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"]);
/** For everything but the page, whose own policy stands in page.ts. */
const CONTENT_SECURITY_POLICY = "default-src 'none'; frame-ancestors 'none'";

/** `hosts` are names that are fine beside localhost and addresses; a port makes no difference. */
export function onlyOwnHosts(hosts: () => readonly string[]): MiddlewareHandler {
  return async (context, next) => {
    const authority = context.req.header("host") ?? new URL(context.req.url).host;
    const name = hostName(authority);
    if (name !== null && (isAddress(name) || name === "localhost" || isOneOf(name, hosts()))) {
      return await next();
    }
    return problem(
      context,
      421,
      `This agent does not answer for the host ${JSON.stringify(authority.slice(0, 80))}`,
      {
        code: "host-not-allowed",
        remedy: "Ask for localhost or an address, or add the name to allowed_hosts in the configuration",
      },
    );
  };
}

/** Programs send no Origin; browsers send one with every request that may change something. */
export async function onlyOwnOrigin(context: Context, next: () => Promise<void>): Promise<Response | void> {
  if (SAFE_METHODS.has(context.req.method)) return await next();
  const origin = context.req.header("origin");
  const site = context.req.header("sec-fetch-site");
  const host = context.req.header("host") ?? new URL(context.req.url).host;
  const own = origin === undefined || URL.parse(origin)?.host === host.toLowerCase();
  if (own && (site === undefined || site === "same-origin" || site === "none")) return await next();
  return problem(context, 403, "Changes are not taken from pages of another origin", {
    code: "origin-not-allowed",
    remedy: "Send the request from the agent's own page, or from a program",
  });
}

/** Headers that every answer carries. */
export async function secureHeaders(context: Context, next: () => Promise<void>): Promise<void> {
  await next();
  const { headers } = context.res;
  headers.set("x-content-type-options", "nosniff");
  headers.set("referrer-policy", "no-referrer");
  headers.set("cross-origin-resource-policy", "same-origin");
  if (!headers.has("content-security-policy")) {
    headers.set("content-security-policy", CONTENT_SECURITY_POLICY);
  }
  if (!headers.has("cache-control")) headers.set("cache-control", "no-store");
}

/** The name or address of "NAME:PORT", in lower case; null when it is neither. */
function hostName(authority: string): string | null {
  if (!/^[\w.:[\]-]+$/.test(authority)) return null;
  return URL.parse(`http://${authority}/`)?.hostname ?? null;
}

/** What a URL has as its host: an IPv4 address in four decimal parts, or an IPv6 address in brackets. */
function isAddress(name: string): boolean {
  return name.startsWith("[") || /^\d+\.\d+\.\d+\.\d+$/.test(name);
}

function isOneOf(name: string, hosts: readonly string[]): boolean {
  return hosts.some((host) => host.toLowerCase() === name);
}
