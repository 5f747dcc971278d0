/**
 * The head of an HTTP/1.1 request (RFC 9112), read strictly: what is ambiguous is refused. Used by connection.ts;
 * all of it comes from strangers.
 */

/** A request that is answered without asking the app. */
export class HttpError extends Error {
  override readonly name = "HttpError";
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export interface RequestHead {
  readonly method: string;
  /** With path and query; its host stands for this agent, whatever the request named. */
  readonly url: string;
  /** `host` is there unless an HTTP/1.0 client left it out. */
  readonly headers: Headers;
  readonly bodyBytes: number;
  readonly expectsContinue: boolean;
  /** Whether another request may follow. */
  readonly keepAlive: boolean;
}

const MAX_HEADERS = 100;
/** token (RFC 9110, 5.6.2) */
const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const REQUEST_LINE = new RegExp(`^(${TOKEN}) (\\S+) HTTP/1\\.([01])$`);
const HEADER_LINE = new RegExp(`^(${TOKEN}):[ \\t]*([^\\x00-\\x08\\x0a-\\x1f\\x7f]*?)[ \\t]*$`);
/** They would lead beyond this server, or cannot be told to an app. */
const REFUSED_METHODS: ReadonlySet<string> = new Set(["CONNECT", "TRACE", "TRACK"]);

/**
 * `text` is what stands before the empty line, each byte a character.
 *
 * @throws {HttpError}
 */
export function parseHead(text: string): RequestHead {
  const [first = "", ...lines] = text.split("\r\n");
  const match = REQUEST_LINE.exec(first);
  if (match === null) throw new HttpError(400, "The request line is not that of HTTP/1.1");
  const [, method = "", target = "", minor = ""] = match;
  if (REFUSED_METHODS.has(method.toUpperCase())) throw new HttpError(501, `Method ${method} is not served`);
  const headers = parseHeaders(lines);
  if (minor === "1" && !headers.has("host")) throw new HttpError(400, "The Host header is missing");
  const url = targetUrl(target, headers);
  return {
    method,
    url,
    headers,
    bodyBytes: bodyBytes(headers),
    expectsContinue: headers.get("expect")?.toLowerCase() === "100-continue",
    keepAlive: minor === "1" && !/(^|,)\s*close\s*(,|$)/i.test(headers.get("connection") ?? ""),
  };
}

/** Headers that a request must not say twice. */
const ONCE: ReadonlySet<string> = new Set(["host", "content-length", "authorization", "origin"]);

function parseHeaders(lines: readonly string[]): Headers {
  if (lines.length > MAX_HEADERS) throw new HttpError(431, `There are more than ${MAX_HEADERS} headers`);
  const headers = new Headers();
  for (const line of lines) {
    const [, name = "", value = ""] = HEADER_LINE.exec(line) ?? [];
    if (name === "") throw new HttpError(400, "A header line is malformed");
    if (ONCE.has(name.toLowerCase()) && headers.has(name)) {
      throw new HttpError(400, `Header ${name} comes twice`);
    }
    headers.append(name, value);
  }
  return headers;
}

/** A target in absolute form says which host is meant (RFC 9112, 3.2.2). */
function targetUrl(target: string, headers: Headers): string {
  if (target.startsWith("/")) return `http://localhost${target}`;
  if (target === "*") return "http://localhost/";
  const url = /^https?:\/\//i.test(target) ? URL.parse(target) : null;
  if (url === null) throw new HttpError(400, "The request's target is no path");
  headers.set("host", url.host);
  return `http://localhost${url.pathname}${url.search}`;
}

function bodyBytes(headers: Headers): number {
  if (headers.has("transfer-encoding")) {
    throw new HttpError(411, "Send the body with Content-Length, not in chunks");
  }
  const length = headers.get("content-length");
  if (length === null) return 0;
  if (!/^\d{1,15}$/.test(length)) throw new HttpError(400, "Content-Length is no number");
  return Number(length);
}
