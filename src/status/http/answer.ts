/** Puts a Response on the wire: with its length, or as a stream of events that ends with the connection. */
import { joinBytes } from "../../support/bytes.ts";
import { HttpError } from "./head.ts";
import type { HttpLimits } from "./limits.ts";
import { REASON_PHRASES } from "./reason_phrases.ts";
import type { Wire } from "./wire.ts";

const encoder = new TextEncoder();
/** So much goes out in one piece with the head. */
const SMALL_BYTES = 16_384;
/** Said by the server itself. */
const OWN_HEADERS: ReadonlySet<string> = new Set([
  "connection",
  "content-length",
  "date",
  "transfer-encoding",
]);

export async function sendAnswer(
  wire: Wire,
  { response, method, keepAlive, limits }: {
    response: Response;
    method: string;
    keepAlive: boolean;
    limits: HttpLimits;
  },
): Promise<void> {
  if (isEventStream(response)) return await sendEvents(wire, response, limits);
  const body = await response.bytes();
  // HEAD answers no body, and what its length would be is not known here.
  const length = method === "HEAD" || response.status === 204 || response.status === 304 ? null : body.length;
  const head = answerHead(response, { length, keepAlive });
  const parts = body.length <= SMALL_BYTES ? [joinBytes([head, body])] : [head, body];
  await wire.within(limits.answerMs, async () => {
    for (const part of parts) await wire.write(part, limits.stallMs);
  });
}

/** Answers what never came to the app. */
export async function sendError(wire: Wire, error: HttpError, limits: HttpLimits): Promise<void> {
  const title = REASON_PHRASES[error.status] ?? "Error";
  const response = Response.json(
    { type: "about:blank", title, status: error.status, detail: error.message },
    {
      status: error.status,
      headers: { "content-type": "application/problem+json", "x-content-type-options": "nosniff" },
    },
  );
  await sendAnswer(wire, { response, method: "GET", keepAlive: false, limits });
}

/** Whether the answer is over only with its connection. The body is looked at last: that alone makes it a stream. */
export function isEventStream(response: Response): boolean {
  const type = response.headers.get("content-type");
  return type !== null && type.startsWith("text/event-stream") && response.body !== null;
}

/** The stream is cancelled as soon as the client goes, or takes nothing for too long. */
async function sendEvents(wire: Wire, response: Response, limits: HttpLimits): Promise<void> {
  const reader = response.body!.getReader();
  const cancel = () => reader.cancel().catch(() => {});
  wire.untilGone().then(cancel);
  try {
    await wire.write(answerHead(response, { length: null, keepAlive: false }), limits.stallMs);
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      await wire.write(next.value, limits.stallMs);
    }
  } finally {
    cancel();
  }
}

function answerHead(
  { status, headers }: Response,
  { length, keepAlive }: { length: number | null; keepAlive: boolean },
): Uint8Array {
  const lines = [`HTTP/1.1 ${status} ${REASON_PHRASES[status] ?? ""}`];
  for (const [name, value] of headers) if (!OWN_HEADERS.has(name)) lines.push(`${name}: ${value}`);
  lines.push(`date: ${new Date().toUTCString()}`);
  if (!keepAlive) lines.push("connection: close");
  if (length !== null) lines.push(`content-length: ${length}`);
  return encoder.encode(lines.join("\r\n") + "\r\n\r\n");
}
