/** Serves the page: files that somebody else holds, with a policy that lets it load nothing from elsewhere. */
import type { Context } from "hono";

export interface StaticFile {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The same, compressed ahead; left out where that does not pay. */
  readonly gzip?: Uint8Array<ArrayBuffer>;
  readonly contentType: string;
  /** With its quotes; changes with the bytes. */
  readonly etag: string;
}

/** The page's files by the path that browsers ask for: "/", "/assets/app.js". */
export interface StaticFiles {
  get(path: string): StaticFile | null;
}

const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

/** Null when there is no such file. */
export function pageResponse(files: StaticFiles, context: Context): Response | null {
  const file = files.get(context.req.path);
  if (file === null) return null;
  const gzip = acceptsGzip(context.req.header("accept-encoding")) ? file.gzip : undefined;
  const etag = gzip === undefined ? file.etag : file.etag.replace(/"$/, '-gzip"');
  const headers: Record<string, string> = {
    "content-security-policy": POLICY,
    // Browsers ask each time whether it is still the same, so that a new release shows at once.
    "cache-control": "no-cache",
    "vary": "accept-encoding",
    etag,
  };
  if (isKnown(etag, context.req.header("if-none-match"))) return context.body(null, 304, headers);
  headers["content-type"] = file.contentType;
  if (gzip !== undefined) headers["content-encoding"] = "gzip";
  return context.body(gzip ?? file.bytes, 200, headers);
}

function acceptsGzip(header = ""): boolean {
  return header.split(",").some((each) => /^\s*(gzip|x-gzip)\s*(;\s*q=(1|0\.\d*[1-9]).*)?$/i.test(each));
}

/** Weak comparison (RFC 9110, 13.1.2). */
function isKnown(etag: string, header = ""): boolean {
  return header.trim() === "*" || header.split(",").some((each) => each.trim().replace(/^W\//, "") === etag);
}
