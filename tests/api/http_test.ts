/** The server of the status API against clients that are slow, stuck, broken or hostile, over real sockets. */
import assert from "node:assert/strict";
import { serveStatus, type StatusServer } from "../../src/status/serve.ts";
import type { HttpLimits } from "../../src/status/http/limits.ts";
import { eventually } from "../support/eventually.ts";
import { makeStatusApp, TOKEN } from "../support/status_app.ts";

const encoder = new TextEncoder();
const BIG = "x".repeat(30_000_000);

function serve(limits: Partial<HttpLimits> = {}) {
  const fixture = makeStatusApp({ shopTraces: 3 });
  const { app } = fixture;
  app.get("/big", (context) => context.text(BIG));
  const server = serveStatus({ app, host: "127.0.0.1", port: 0, limits });
  return { ...fixture, server };
}

/** A client that does with a connection what it likes. */
class Client implements Disposable {
  readonly #conn: Deno.TcpConn;

  private constructor(conn: Deno.TcpConn) {
    this.#conn = conn;
  }

  static async connect({ port }: StatusServer): Promise<Client> {
    return new Client(await Deno.connect({ hostname: "127.0.0.1", port }));
  }

  async send(text: string): Promise<void> {
    for (let bytes = encoder.encode(text); bytes.length > 0;) {
      bytes = bytes.subarray(await this.#conn.write(bytes));
    }
  }

  /** The last request of its connection. */
  async sendHead(line: string, ...headers: string[]): Promise<void> {
    await this.send([line, "Host: localhost", "Connection: close", ...headers, "", ""].join("\r\n"));
  }

  /** No more will be sent, but an answer is still wanted. */
  async halfClose(): Promise<void> {
    await this.#conn.closeWrite();
  }

  /** Until the server ends. A connection that was cut gives what came before. */
  async rest(): Promise<string> {
    const chunks: Uint8Array<ArrayBuffer>[] = [];
    const chunk = new Uint8Array(65_536);
    try {
      for (let count = await this.#conn.read(chunk); count !== null; count = await this.#conn.read(chunk)) {
        chunks.push(chunk.slice(0, count));
      }
    } catch {
      // Cut.
    }
    return new TextDecoder().decode(await new Blob(chunks).arrayBuffer());
  }

  /** Waits until the server has closed its end, whatever this one has not read yet. */
  async isLetGo({ port }: StatusServer): Promise<void> {
    const hex = (port: number) => `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
    const { localAddr } = this.#conn;
    // Columns of proc(5): slot, local address, remote address, state; 01 is ESTABLISHED.
    const open = new RegExp(
      `^ *\\d+: \\w+${hex(port)} \\w+${hex((localAddr as Deno.NetAddr).port)} 01 `,
      "m",
    );
    await eventually(async () => assert.doesNotMatch(await Deno.readTextFile("/proc/net/tcp"), open));
  }

  [Symbol.dispose]() {
    try {
      this.#conn.close();
    } catch {
      // Closed before.
    }
  }
}

async function ask(server: StatusServer, line: string, ...headers: string[]): Promise<string> {
  using client = await Client.connect(server);
  await client.sendHead(line, ...headers);
  return await client.rest();
}

Deno.test("the server answers programs: fetch with its bodies, HEAD, OPTIONS", async () => {
  const { server } = serve();
  await using _ = server;
  const traces = await (await fetch(`${server.url}/api/v1/traces`)).json();
  assert.equal(traces.traces.length, 3);
  const put = await fetch(`${server.url}/api/v1/decoders/go1.26`, {
    method: "PUT",
    headers: { authorization: `Bearer ${TOKEN}` },
    body: new Uint8Array(3_000_000),
  });
  assert.equal(put.status, 200);
  await put.body?.cancel();
  const head = await fetch(`${server.url}/api/v1/status`, { method: "HEAD" });
  assert.deepEqual([head.status, await head.text()], [200, ""]);
  assert.match(
    await ask(server, "OPTIONS /api/v1/status HTTP/1.1"),
    /^HTTP\/1\.1 204 No Content\r\nallow: GET, HEAD, OPTIONS\r\n(?![^]*content-length)/,
  );
});

Deno.test("the server answers a client that says at once that it sends no more", async () => {
  const { server } = serve();
  await using _ = server;
  using client = await Client.connect(server);
  await client.sendHead("GET /livez HTTP/1.1");
  await client.halfClose();
  assert.match(
    await client.rest(),
    /^HTTP\/1\.1 200 OK\r\n[^]*\r\ncontent-length: 15\r\n[^]*\{"status":"ok"\}$/,
  );
});

Deno.test("the server answers the requests of a connection in turn, however they come", async () => {
  const { server } = serve();
  await using _ = server;
  const put =
    `PUT /api/v1/decoders/go1.26 HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${TOKEN}\r\n` +
    "Content-Length: 5\r\n\r\nGET /";
  const text = put + "HEAD /api/v1/status HTTP/1.1\r\nHost: localhost\r\n\r\n" + put +
    "OPTIONS /livez HTTP/1.1\r\nHost: localhost\r\n\r\n" +
    "GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\nGET /api/v1/config HTTP/1.1\r\n";
  for (const step of [text.length, 7, 1]) {
    using client = await Client.connect(server);
    const answer = client.rest();
    for (let at = 0; at < text.length; at += step) {
      await client.send(text.slice(at, at + step)).catch(() => {});
    }
    const statuses = [...(await answer).matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status);
    assert.deepEqual(statuses, ["200", "200", "200", "204", "200"], String(step));
    assert.match(await answer, /\r\nconnection: close\r\n[^]*\{"status":"ok"\}$/);
  }
});

Deno.test("the server ends a connection whose body nobody wanted, and one that is idle for too long", async () => {
  const { server } = serve({ idleMs: 50 });
  await using _ = server;
  using first = await Client.connect(server);
  const get = "GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n";
  await first.send(
    `PUT /api/v1/decoders/go1.26 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\n${get}`,
  );
  const answer = await first.rest();
  assert.deepEqual(answer.match(/HTTP\/1\.1 \d+/g), ["HTTP/1.1 401"]);
  assert.match(answer, /\r\nconnection: close\r\n/);
  using second = await Client.connect(server);
  await second.send(get);
  assert.match(await second.rest(), /^HTTP\/1\.1 200 OK\r\n(?![^]*connection: close)/);
});

Deno.test("the server answers before it has read a body that nobody wants", async () => {
  const { server } = serve();
  await using _ = server;
  using client = await Client.connect(server);
  await client.sendHead("PUT /api/v1/decoders/go1.26 HTTP/1.1", "Content-Length: 3000000");
  const answer = client.rest();
  await client.send("x".repeat(3_000_000)).catch(() => {});
  assert.match(await answer, /^HTTP\/1\.1 401 Unauthorized\r\n[^]*"token-missing"/);
});

Deno.test("the server tells who asks first that the body may come", async () => {
  const { server } = serve();
  await using _ = server;
  using client = await Client.connect(server);
  const headers = ["Content-Length: 1", "Expect: 100-continue"];
  await client.sendHead("PUT /api/v1/decoders/go1.26 HTTP/1.1", `Authorization: Bearer ${TOKEN}`, ...headers);
  const answer = client.rest();
  await client.send("x");
  assert.match(await answer, /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK\r\n/);
  const denied = await ask(server, "PUT /api/v1/decoders/go1.26 HTTP/1.1", ...headers);
  assert.match(denied, /^HTTP\/1\.1 401 /);
});

Deno.test("the server refuses malformed requests with their problem", async () => {
  const { server } = serve();
  await using _ = server;
  const f = async (status: number, text: string) => {
    using client = await Client.connect(server);
    await client.send(text);
    const answer = await client.rest();
    assert.match(
      answer,
      new RegExp(`^HTTP/1\\.1 ${status} [^]*application/problem\\+json`),
      text.slice(0, 80),
    );
  };
  await f(400, "\r\n\r\n");
  await f(400, "HELP\r\n\r\n");
  await f(400, "GET / HTTP/1.1\r\n\r\n");
  await f(400, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
  await f(
    411,
    "POST /api/v1/config/reload HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
  );
  await f(431, `GET / HTTP/1.1\r\nHost: a\r\nX: ${"y".repeat(20_000)}\r\n\r\n`);
  await f(431, `GET / HTTP/1.1\r\nHost: a\r\nX: ${"y".repeat(20_000)}`);
  await f(421, "GET / HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n");
  await f(421, "GET http://evil.example/ HTTP/1.0\r\nHost: localhost\r\n\r\n");
});

Deno.test("the server outlives random bytes", async () => {
  const { server, logged } = serve({ headMs: 200, idleMs: 20 });
  await using _ = server;
  let seed = 17;
  const random = (below: number) => (seed = seed * 48_271 % 2_147_483_647) % below;
  const words = [
    "GET ",
    "PUT ",
    "/api/v1/traces",
    " HTTP/1.1",
    "\r\n",
    "\r\n\r\n",
    "Host: a",
    "Content-Length: 9",
    ": ",
  ];
  for (let round = 0; round < 211; round++) {
    using client = await Client.connect(server);
    let text = round % 3 === 0 ? "GET / HTTP/1.1\r\nHost: localhost\r\n" : "";
    for (let part = 0; part < 11; part++) {
      text += random(3) ? words[random(words.length)] : String.fromCharCode(random(256));
    }
    await client.send(text + "\r\n\r\n");
    assert.match(await client.rest(), /^(HTTP\/1\.1 \d{3} [^]*)?$/, JSON.stringify(text));
  }
  assert.deepEqual(logged, []);
  assert.equal((await fetch(`${server.url}/livez`)).status, 200);
});

Deno.test("a client that does not complete its request is let go", async () => {
  const { server } = serve({ headMs: 50 });
  await using _ = server;
  for (const text of ["", "GET / HTTP/1.1\r\nHost: localh"]) {
    using client = await Client.connect(server);
    if (text !== "") await client.send(text);
    assert.equal(await client.rest(), "");
  }
});

Deno.test("a client that drips its request is let go all the same", async () => {
  const { server } = serve({ headMs: 100 });
  await using _ = server;
  using client = await Client.connect(server);
  const answer = client.rest();
  let over = false;
  answer.then(() => over = true);
  for (let count = 0; !over; count++) {
    assert.ok(count < 1_000, "it drips for ever");
    await client.send("a").catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  assert.equal(await answer, "");
});

Deno.test("clients that say nothing do not keep others out", async () => {
  const { server } = serve({ connections: 5, headMs: 60_000 });
  await using _ = server;
  const silent: Client[] = [];
  try {
    for (let count = 0; count < 23; count++) {
      silent.push(await Client.connect(server));
      await silent[count]!.send("GET / HT");
    }
    assert.equal((await fetch(`${server.url}/livez`)).status, 200);
    assert.equal(await silent[0]!.rest(), "", "the oldest had to go");
  } finally {
    for (const client of silent) client[Symbol.dispose]();
  }
});

Deno.test("clients beyond the limit are turned away when all others are being answered", async () => {
  const { server, hub } = serve({ connections: 2 });
  await using _ = server;
  const streams = [await fetch(`${server.url}/api/v1/events`), await fetch(`${server.url}/api/v1/events`)];
  assert.equal(await ask(server, "GET /livez HTTP/1.1"), "");
  for (const stream of streams) await stream.body?.cancel();
  await eventually(() => assert.equal(hub.stats().clients, 0));
  assert.equal((await fetch(`${server.url}/livez`)).status, 200);
});

Deno.test("a client that does not send its body is let go", async () => {
  const { server, logged } = serve({ stallMs: 50 });
  await using _ = server;
  using client = await Client.connect(server);
  await client.sendHead(
    "PUT /api/v1/decoders/go1.26 HTTP/1.1",
    `Authorization: Bearer ${TOKEN}`,
    "Content-Length: 9",
  );
  await client.send("half");
  assert.equal(await client.rest(), "");
  assert.equal(logged.length, 1);
});

Deno.test("a client that does not read its answer is let go", async () => {
  const { server } = serve({ stallMs: 50 });
  await using _ = server;
  using client = await Client.connect(server);
  await client.sendHead("GET /big HTTP/1.1");
  await client.isLetGo(server);
  assert.ok((await client.rest()).length < BIG.length);
});

Deno.test("a client that reads its answer slowly gets all of it within the time for answers", async () => {
  const { server } = serve({ stallMs: 60_000 });
  await using _ = server;
  using client = await Client.connect(server);
  await client.sendHead("GET /big HTTP/1.1");
  await new Promise((resolve) => setTimeout(resolve, 100));
  const answer = await client.rest();
  assert.equal(answer.length - answer.indexOf("\r\n\r\n") - 4, BIG.length);
  await using hasty = serve({ answerMs: 50 }).server;
  using late = await Client.connect(hasty);
  await late.sendHead("GET /big HTTP/1.1");
  await late.isLetGo(hasty);
  assert.ok((await late.rest()).length < BIG.length);
});
