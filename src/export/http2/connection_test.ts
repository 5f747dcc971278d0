/** Http2Connection, through GrpcSender, against servers that are made of bytes: hostile, broken, or of another kind. */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { freePort } from "../../../tests/support/free_port.ts";
import { RawServer, SETTINGS, untilClosed } from "../../../tests/support/otlp_raw_server.ts";
import { joinBytes } from "../../support/bytes.ts";
import { GrpcSender } from "../grpc_sender.ts";
import type { SendResult } from "../sender.ts";
import { encodeFrame, encodeUint32, Flag, FrameType } from "./frames.ts";
import { encodeHeaders, type HeaderField } from "./hpack.ts";

const GRPC_HEAD: HeaderField[] = [[":status", "200"], ["content-type", "application/grpc"]];
const OK: HeaderField[] = [["grpc-status", "0"]];

const headers = (fields: HeaderField[], flags: number = Flag.END_HEADERS, stream = 1) =>
  encodeFrame({ type: FrameType.HEADERS, flags, stream, payload: encodeHeaders(fields) });
const END = Flag.END_HEADERS | Flag.END_STREAM;
const data = (payload: Uint8Array, flags = 0, stream = 1) =>
  encodeFrame({ type: FrameType.DATA, flags, stream, payload });
const ANSWER = joinBytes([headers(GRPC_HEAD), data(new Uint8Array(5)), headers(OK, END)]);

/** What comes of a request whose answer is these bytes, with the connection left open. */
async function after(...parts: Uint8Array[]): Promise<SendResult> {
  await using raw = new RawServer(async (peer) => {
    await peer.request();
    await peer.write(...parts);
    await untilClosed(peer);
  });
  return await raw.send();
}

Deno.test("a server of another kind is told by what it says first", async () => {
  const f = async (said: string, why: RegExp, close: boolean) => {
    await using raw = new RawServer(async (peer) => {
      await peer.connection.read(new Uint8Array(10));
      if (said !== "") await peer.write(Uint8Array.from(said, (letter) => letter.charCodeAt(0)));
      if (!close) await untilClosed(peer);
    });
    const result = await raw.send();
    ok(result.kind === "retry");
    equal(result.problem.code, "collector-not-grpc");
    match(result.why, why);
    match(result.problem.remedy, /protocol http\/protobuf/);
  };
  await f("HTTP/1.1 400 Bad Request\r\n\r\nx", /it answers "HTTP\/1.1 400 Bad Request"$/, true);
  await f("HTTP/1.1 400 Bad Request\r\n\r\nx", /it answers "HTTP\/1.1 400 Bad Request"$/, false);
  await f("\x15\x03\x01\x00\x02\x02\x46", /an alert of TLS$/, true);
  await f("\x9d0;title", /it answers "\\u009d0;title"$/, true);
  await f("", /does not speak HTTP\/2/, true);
  await f("\0\0\x08\x06\0\0\0\0\0xxxxxxxx", /no SETTINGS come first|it answers/, false);
});

Deno.test("nobody who listens is told apart", async () => {
  const port = freePort();
  const url = `http://127.0.0.1:${port}/x`;
  using sender = new GrpcSender({ url, headers: {}, timeoutMs: 60_000, compression: "none" });
  const result = await sender.send({ body: new Uint8Array(1) }, new AbortController().signal);
  ok(result.kind === "retry");
  deepEqual([result.problem.code, result.why], [
    "collector-refused",
    `Nothing listens on 127.0.0.1:${port}: connection refused`,
  ]);
});

Deno.test("a listener that says nothing ends at the time limit", async () => {
  await using raw = new RawServer(untilClosed, { timeoutMs: 50 });
  const result = await raw.send();
  equal(result.kind === "retry" && result.problem.code, "collector-timeout");
});

Deno.test("a listener that never shakes hands over TLS costs one socket, however many calls it fails", async () => {
  const connections: Deno.Conn[] = [];
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  void (async () => {
    for await (const connection of listener) connections.push(connection);
  })();
  const url = `https://127.0.0.1:${listener.addr.port}/x`;
  using sender = new GrpcSender({ url, headers: {}, timeoutMs: 50, compression: "none" });
  for (let attempt = 0; attempt < 3; attempt++) {
    const result = await sender.send({ body: new Uint8Array(1) }, new AbortController().signal);
    equal(result.kind === "retry" && result.problem.code, "collector-timeout");
  }
  equal(connections.length, 1);
  connections[0]!.close();
});

Deno.test("whatever may stand between the frames of an answer does no harm", async () => {
  const ping = encodeFrame({ type: FrameType.PING, payload: Uint8Array.from([1, 2, 3, 4, 5, 6, 7, 8]) });
  const padded = encodeFrame({
    type: FrameType.DATA,
    flags: Flag.PADDED,
    stream: 1,
    payload: Uint8Array.from([3, 0, 0, 0, 0, 0, 9, 9, 9]),
  });
  const prioritised = encodeFrame({
    type: FrameType.HEADERS,
    flags: Flag.PRIORITY,
    stream: 1,
    payload: joinBytes([new Uint8Array(5), encodeHeaders(GRPC_HEAD.slice(0, 1))]),
  });
  const continued = encodeFrame({
    type: FrameType.CONTINUATION,
    flags: Flag.END_HEADERS,
    stream: 1,
    payload: encodeHeaders(GRPC_HEAD.slice(1)),
  });
  await using raw = new RawServer(async (peer) => {
    await peer.request();
    await peer.write(
      ping,
      encodeFrame({ type: 77, flags: 255, stream: 1, payload: new Uint8Array(300) }),
      headers([[":status", "100"]]),
      prioritised,
      continued,
      padded,
      headers(OK, END),
    );
    // The answer of ping comes after that of SETTINGS.
    let frame = await peer.frame();
    while (frame.type !== FrameType.PING) frame = await peer.frame();
    deepEqual([frame.flags, [...frame.payload]], [Flag.ACK, [1, 2, 3, 4, 5, 6, 7, 8]]);
    await untilClosed(peer);
  });
  equal((await raw.send()).kind, "accepted");
});

Deno.test("a body is sent as both windows allow, and not a byte more", async () => {
  const seen: number[] = [];
  await using raw = new RawServer(async (peer) => {
    await peer.write(SETTINGS);
    await peer.preface();
    const room = (stream: number, bytes: number) =>
      encodeFrame({ type: FrameType.WINDOW_UPDATE, stream, payload: encodeUint32(bytes) });
    /** Bytes of DATA before the answer of a PING. */
    const arrived = async () => {
      await peer.write(encodeFrame({ type: FrameType.PING, payload: new Uint8Array(8) }));
      let bytes = 0;
      for (let frame; (frame = await peer.frame()).type !== FrameType.PING;) {
        if (frame.type === FrameType.DATA) bytes += frame.payload.length;
      }
      seen.push(bytes);
      return bytes;
    };
    // What may come at once may be on its way yet.
    for (let bytes = await arrived(); bytes < 65_535;) bytes += await arrived();
    for (const [stream, bytes] of [[1, 1_000], [0, 500], [0, 700], [1, 99]] as const) {
      await peer.write(room(stream, bytes));
      await arrived();
      await arrived();
    }
    await peer.write(room(0, 100_000), room(1, 100_000));
    while (!((await peer.frame()).flags & Flag.END_STREAM));
    await peer.write(ANSWER);
    await untilClosed(peer);
  });
  equal((await raw.send(150_000)).kind, "accepted");
  const after = seen.slice(-8);
  equal(seen.slice(0, -8).reduce((sum, bytes) => sum + bytes, 0), 65_535);
  const pairs = [0, 2, 4, 6].map((at) => after[at]! + after[at + 1]!);
  deepEqual(pairs, [0, 500, 500, 99]);
});

Deno.test("a window of zero holds a body back; what is left is not sent once the answer is there", async () => {
  await using raw = new RawServer(async (peer) => {
    const noRoom = joinBytes([Uint8Array.from([0, 4]), encodeUint32(0)]);
    await peer.write(encodeFrame({ type: FrameType.SETTINGS, payload: noRoom }));
    await untilClosed(peer);
  }, { timeoutMs: 100 });
  const stuck = await raw.send(100_000);
  equal(stuck.kind === "retry" && stuck.problem.code, "collector-timeout");

  let cancelled = false;
  await using early = new RawServer(async (peer) => {
    await peer.write(SETTINGS, headers([...GRPC_HEAD, ["grpc-status", "3"]], END));
    await peer.connection.read(new Uint8Array(24));
    while (!cancelled) cancelled = (await peer.frame()).type === FrameType.RST_STREAM;
    await untilClosed(peer);
  });
  const refused = await early.send(1_000_000);
  equal(refused.kind === "refused" && refused.reason, "grpc_invalid_argument");
});

Deno.test("the head that counts is the one after those that inform", async () => {
  const result = await after(headers([[":status", "103"]]), headers([[":status", "503"]], END));
  equal(result.kind === "retry" && result.problem.code, "collector-busy");
});

Deno.test("GOAWAY: what was not looked at is tried again, with the server's words where it complains", async () => {
  const goaway = (last: number, code: number, words = "") =>
    encodeFrame({
      type: FrameType.GOAWAY,
      payload: joinBytes([encodeUint32(last, code), new TextEncoder().encode(words)]),
    });
  const graceful = await after(goaway(0, 0));
  deepEqual(graceful.kind === "retry" && graceful.problem.code, "collector-busy");
  const complaint = await after(goaway(0, 11, "too_many_pings\n"));
  ok(complaint.kind === "retry");
  equal(complaint.problem.code, "collector-connection-cut");
  match(complaint.why, /GOAWAY with HTTP\/2 error 11: too_many_pings/);
  equal((await after(joinBytes([goaway(1, 0), ANSWER]))).kind, "accepted");
  equal((await after(joinBytes([goaway(0x7fff_ffff, 11), ANSWER]))).kind, "accepted");
});

Deno.test("an answer that is cut is tried again, wherever it is cut, over a new connection", async () => {
  for (let length = 0; length < ANSWER.length; length += 7) {
    await using raw = new RawServer(async (peer) => {
      await peer.request();
      await peer.write(ANSWER.subarray(0, length));
    });
    const result = await raw.send();
    equal(
      result.kind === "retry" && result.problem.code,
      "collector-connection-cut",
      `after ${length} bytes`,
    );
    await raw.send();
    equal(raw.connections, 2);
  }
});

Deno.test("a status counts where the answer is whole", async () => {
  await using raw = new RawServer(async (peer) => {
    await peer.request();
    await peer.write(headers([...GRPC_HEAD, ...OK]), data(new Uint8Array(5)));
  });
  const result = await raw.send();
  equal(result.kind === "retry" && result.problem.code, "collector-connection-cut");
});

Deno.test("a server that breaks the rules loses the connection, and the request is tried again", async () => {
  const f = async (...parts: Uint8Array[]) => {
    const result = await after(...parts);
    equal(result.kind === "retry" && result.problem.code, "collector-connection-cut");
  };
  const bad = (type: number, flags: number, payload: Uint8Array, stream = 1) =>
    encodeFrame({ type, flags, stream, payload });
  await f(bad(FrameType.HEADERS, Flag.END_HEADERS, Uint8Array.from([0xff, 0xff, 0xff, 0xff, 0xff])));
  await f(headers([["content-type", "application/grpc"]]));
  // Statuses are names of counters.
  await f(headers([[":status", "123456"]], END));
  await f(headers(GRPC_HEAD, 0), data(new Uint8Array(5)));
  await f(bad(FrameType.CONTINUATION, Flag.END_HEADERS, encodeHeaders(GRPC_HEAD)));
  await f(bad(FrameType.DATA, Flag.PADDED, Uint8Array.from([9, 0])));
  await f(bad(FrameType.PUSH_PROMISE, Flag.END_HEADERS, encodeUint32(2)));
  const short = await after(bad(FrameType.RST_STREAM, 0, new Uint8Array(2)));
  match(short.kind === "retry" ? short.why : "", /it is 2 bytes long, must be at least 4/);
  await f(bad(FrameType.WINDOW_UPDATE, 0, encodeUint32(0x7fff_ffff), 0));
  await f(bad(FrameType.GOAWAY, 0, new Uint8Array(3), 0));
  await f(bad(FrameType.SETTINGS, 0, new Uint8Array(7), 0));
  await f(Uint8Array.from([0, 0x40, 1, 0, 0, 0, 0, 0, 1]));
  const endless = Array.from({ length: 70 }, () => bad(FrameType.CONTINUATION, 0, new Uint8Array(1)));
  await f(headers(GRPC_HEAD, 0), ...endless);
  await f(bad(FrameType.SETTINGS, 0, joinBytes([Uint8Array.from([0, 4]), encodeUint32(0x8000_0000)]), 0));
});

Deno.test("an answer in many small frames is read, one that is too long is cancelled", async () => {
  const tiny = joinBytes(Array.from({ length: 40_000 }, () => data(new Uint8Array(1))));
  const taken = await after(headers(GRPC_HEAD), tiny, headers(OK, END));
  equal(taken.kind, "accepted");
  await using raw = new RawServer(async (peer) => {
    await peer.request();
    await peer.write(headers(GRPC_HEAD));
    const block = joinBytes(Array.from({ length: 4 }, () => data(new Uint8Array(16_384))));
    try {
      while (true) await peer.write(block);
    } catch {
      // The client has ended the connection, with the sender.
    }
  });
  const result = await raw.send();
  equal(result.kind === "refused" && result.reason, "answer_too_large");
});

Deno.test("five hundred answers of chance end in a result, and leave nothing open", async () => {
  let seed = 20_261_128;
  const random = (below: number) => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor(seed / 2 ** 32 * below);
  };
  const noise = (length: number) => Uint8Array.from({ length }, () => random(256));
  const pieces = [SETTINGS, ...[headers(GRPC_HEAD), data(new Uint8Array(5)), headers(OK, END)]];
  const kinds = new Set<string>();
  const answer = () =>
    joinBytes(Array.from({ length: 1 + random(6) }, () => {
      const piece = random(3) === 0
        ? encodeFrame({ type: random(11), flags: random(256), stream: random(4), payload: noise(random(40)) })
        : pieces[random(pieces.length)]!.slice();
      if (random(8) === 0) piece[random(piece.length)] = random(256);
      return piece;
    }));
  await using raw = new RawServer(async (peer) => {
    try {
      await peer.request();
      await peer.write(answer());
    } catch {
      // The client has had enough.
    }
  });
  for (let round = 0; round < 500; round++) {
    const result = await raw.send();
    kinds.add(result.kind);
  }
  deepEqual([...kinds].sort(), ["accepted", "refused", "retry"]);
});
