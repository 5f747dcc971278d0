/** What both kinds of sender do before a request is sent: headers that can be sent, a body compressed as wanted. */
import type { Compression } from "../config/config.ts";
import { VERSION } from "../support/version.ts";
import type { PreparedRequest } from "./sender.ts";

/**
 * The configured headers, and the agent's name unless they have one.
 *
 * @throws {Error} that names the header when one cannot be sent.
 */
export function createHeaders(wanted: Readonly<Record<string, string>>): Headers {
  const headers = new Headers();
  for (const [name, value] of Object.entries({ "user-agent": `tsunagi/${VERSION}`, ...wanted })) {
    try {
      headers.set(name, value);
    } catch {
      // The value may be a secret.
      throw new Error(
        `Cannot send header ${JSON.stringify(name)}: its name or value has characters that HTTP forbids. ` +
          "Use letters, digits and dashes in names, and one line of Latin letters in values.",
      );
    }
  }
  return headers;
}

export async function prepareRequest(
  message: Uint8Array<ArrayBuffer>,
  compression: Compression,
): Promise<PreparedRequest> {
  if (compression === "none") return { body: message };
  const stream = new Blob([message]).stream().pipeThrough(new CompressionStream("gzip"));
  return { body: await new Response(stream).bytes() };
}
