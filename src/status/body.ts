/** Reads a request's body up to a limit. Used by the decoder routes. */

import { joinBytes } from "../support/bytes.ts";

/** The body, or null as soon as it is known to have more than `limit` bytes; the rest is not read then. */
export async function readBody(request: Request, limit: number): Promise<Uint8Array<ArrayBuffer> | null> {
  if (Number(request.headers.get("content-length") ?? 0) > limit) return null;
  if (request.body === null) return new Uint8Array();
  const chunks: Uint8Array[] = [];
  let size = 0;
  // Leaving the loop cancels the stream.
  for await (const chunk of request.body) {
    size += chunk.length;
    if (size > limit) return null;
    chunks.push(chunk);
  }
  return joinBytes(chunks);
}
