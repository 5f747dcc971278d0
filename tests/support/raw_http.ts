/** One HTTP/1.1 exchange byte by byte, for requests that `fetch` refuses to send. */

/** What came back. */
export interface RawResponse {
  readonly status: number;
  readonly head: string;
  readonly body: string;
}

/** Latin-1, so that a test can write any byte as "\xNN". */
function toBytes(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/** A request whose handler waits for the end of what the client sends: it is in flight until the test lets it go. */
export class HeldRequest {
  private constructor(private readonly connection: Deno.TcpConn) {}

  /** `path` must be that of such a handler, as "/hold" of tests/programs/unpleasant. */
  static async send(host: string, path = "/hold"): Promise<HeldRequest> {
    const [hostname = "", port] = host.split(":");
    const connection = await Deno.connect({ hostname, port: Number(port) });
    await connection.write(toBytes(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`));
    return new HeldRequest(connection);
  }

  /** Lets the handler end, and waits for the end of its answer. */
  async letGo(): Promise<void> {
    await this.connection.closeWrite();
    await this.connection.readable.pipeTo(new WritableStream());
  }
}

/**
 * Sends a request line and header lines (without Host and Connection, which are added), and reads the
 * answer until the server closes. An answer that is cut off has status 0.
 */
export async function rawRequest(
  host: string,
  requestLine: string,
  headers: string[] = [],
): Promise<RawResponse> {
  const [hostname = "", port] = host.split(":");
  using connection = await Deno.connect({ hostname, port: Number(port) });
  const lines = [requestLine, `Host: ${host}`, "Connection: close", ...headers, "", ""];
  const bytes = toBytes(lines.join("\r\n"));
  for (let sent = 0; sent < bytes.length;) sent += await connection.write(bytes.subarray(sent));
  const chunks: Uint8Array[] = [];
  const chunk = new Uint8Array(65536);
  try {
    for (let n = await connection.read(chunk); n !== null; n = await connection.read(chunk)) {
      chunks.push(chunk.slice(0, n));
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.ConnectionReset)) throw error;
  }
  const text = new TextDecoder("latin1").decode(await new Blob(chunks as BlobPart[]).arrayBuffer());
  const [head = "", ...rest] = text.split("\r\n\r\n");
  return { status: Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1] ?? 0), head, body: rest.join("\r\n\r\n") };
}
