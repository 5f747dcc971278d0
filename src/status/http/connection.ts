/**
 * One connection: requests and their answers in turn, each within its time and size. Deno.serve has no such limits
 * (https://github.com/denoland/deno/issues/3515): whoever sends half a request, or does not read, would hold memory
 * for ever. Used by HttpServer.
 */
import { joinBytes } from "../../support/bytes.ts";
import { isEventStream, sendAnswer, sendError } from "./answer.ts";
import { RequestBody } from "./body.ts";
import { HttpError, parseHead, type RequestHead } from "./head.ts";
import type { HttpLimits } from "./limits.ts";
import { appRequest } from "./request.ts";
import type { Wire } from "./wire.ts";

export interface ConnectionOptions {
  readonly app: { fetch(request: Request): Response | Promise<Response> };
  readonly limits: HttpLimits;
  /** Whether the client has asked for something and waits for its answer, or is itself awaited. */
  readonly onTurn: (turn: "asks" | "waits") => void;
}

/** How long a client that did not get rid of its body may take to read the answer. */
const LINGER_MS = 1_000;
const END_OF_HEAD = [13, 10, 13, 10];

/** Never rejects: whatever happens ends with the connection. */
export async function serveConnection(wire: Wire, options: ConnectionOptions): Promise<void> {
  using _closed = wire;
  const { headMs, idleMs } = options.limits;
  try {
    let goesOn = await exchange(wire, options, headMs);
    while (goesOn) goesOn = await exchange(wire, options, idleMs);
  } catch {
    // The client has gone, or was too slow; nobody is left to be told.
  }
}

/** One request and its answer; whether another may follow. The request has to begin within `idleMs`. */
async function exchange(
  wire: Wire,
  { app, limits, onTurn }: ConnectionOptions,
  idleMs: number,
): Promise<boolean> {
  onTurn("asks");
  let head: RequestHead;
  try {
    const text = await readHead(wire, { ...limits, idleMs });
    if (text === null) return false;
    head = parseHead(text);
  } catch (error) {
    if (!(error instanceof HttpError)) throw error;
    await sendError(wire, error, limits);
    await wire.linger(LINGER_MS);
    return false;
  }
  onTurn("waits");
  const body = new RequestBody(wire, head, limits);
  const response = await app.fetch(appRequest(head, body));
  const keepAlive = head.keepAlive && body.consumed && !isEventStream(response);
  await sendAnswer(wire, { response, method: head.method, keepAlive, limits });
  if (!body.consumed) await wire.linger(LINGER_MS);
  return keepAlive;
}

/**
 * What stands before the empty line, each byte a character; null when the client went before that.
 *
 * @throws {HttpError} when it is too long.
 */
async function readHead(
  wire: Wire,
  { idleMs, headMs, headBytes }: HttpLimits,
): Promise<string | null> {
  let bytes = new Uint8Array();
  let beganMs = 0;
  for (;;) {
    const leftMs = bytes.length === 0 ? idleMs : Math.max(0, headMs - (performance.now() - beganMs));
    const more = await wire.read(leftMs);
    if (bytes.length === 0) beganMs = performance.now();
    if (more === null) return null;
    const end = endOfHead(bytes = joinBytes([bytes, more]), more.length);
    if (end > headBytes || (end < 0 && bytes.length > headBytes)) {
      throw new HttpError(431, `The head of a request must have at most ${headBytes} bytes`);
    }
    if (end < 0) continue;
    wire.unread(bytes.subarray(end + END_OF_HEAD.length));
    return String.fromCharCode(...bytes.subarray(0, end));
  }
}

/** Where the empty line begins, or -1; only the last `fresh` bytes can have completed it. */
function endOfHead(bytes: Uint8Array, fresh: number): number {
  const from = Math.max(0, bytes.length - fresh - END_OF_HEAD.length + 1);
  for (let at = from; at + END_OF_HEAD.length <= bytes.length; at++) {
    if (END_OF_HEAD.every((byte, index) => bytes[at + index] === byte)) return at;
  }
  return -1;
}
