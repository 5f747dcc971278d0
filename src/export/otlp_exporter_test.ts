import { deepEqual, equal, match, ok } from "node:assert/strict";
import { eventually } from "../../tests/support/eventually.ts";
import { FakeClock } from "../../tests/support/fake_clock.ts";
import { freePort } from "../../tests/support/free_port.ts";
import { batchBytes, encodeMessage, encodeSpan } from "../../tests/support/otlp_proto.ts";
import {
  okAnswer,
  type OtlpAnswer,
  type OtlpRequest,
  OtlpServer,
  partialAnswer,
  spanNames,
} from "../../tests/support/otlp_server.ts";
import { createLogger } from "../support/log.ts";
import { createResource } from "../trace/resource.ts";
import { OtlpExporter, type OtlpExporterOptions } from "./otlp_exporter.ts";
import type { ExportStats } from "./span_exporter.ts";

const RESOURCE = createResource({
  pid: 7,
  exe: "/bin/front",
  goVersion: null,
  environment: {},
  hostName: "h",
});

/** A collector that answers as told, and an exporter that sends to it. */
class Sink implements AsyncDisposable {
  readonly logged: string[] = [];
  readonly exporter: OtlpExporter;
  readonly server: OtlpServer;

  constructor(answer: OtlpAnswer = okAnswer, options: Partial<OtlpExporterOptions> = {}) {
    this.server = new OtlpServer({ answer });
    this.exporter = new OtlpExporter({
      url: this.server.tracesUrl,
      protocol: "http/protobuf",
      headers: {},
      timeoutMs: 60_000,
      compression: "none",
      maxQueue: 1_009,
      maxBatch: 101,
      delayMs: 1,
      retry: { initialMs: 1, maxMs: 5, maxElapsedMs: 60_000 },
      log: createLogger({ write: (line) => this.logged.push(line) }),
      ...options,
    });
  }

  /** Names of the spans of each request. */
  get received(): string[][] {
    return this.server.requests.map(spanNames);
  }

  push(count: number, name = "span") {
    const bytes = batchBytes(
      Array.from({ length: count }, (_, index) => encodeSpan({ name: `${name} ${index}` })),
    );
    this.exporter.push(RESOURCE, { pid: 7, count, bytes });
  }

  /** Waits until the exporter's counts are as wanted. */
  async until(done: (stats: ExportStats) => boolean): Promise<ExportStats> {
    return await eventually(() => {
      const stats = this.exporter.stats();
      ok(done(stats), `still ${JSON.stringify(stats)}`);
      return stats;
    }, { everyMs: 2 });
  }

  async [Symbol.asyncDispose]() {
    await this.exporter.shutdown(0);
    await this.server[Symbol.asyncDispose]();
  }
}

const idle = (stats: ExportStats) => stats.queued === 0;
const totals = ({ exported, queued, lost }: ExportStats) =>
  exported + queued + Object.values(lost).reduce((sum, spans) => sum + spans, 0);
const numbered = (count: number) => Array.from({ length: count }, (_, index) => `span ${index}`);

Deno.test("OtlpExporter posts protobuf with the configured headers and counts what was acknowledged", async () => {
  await using sink = new Sink(okAnswer, {
    headers: { authorization: "Bearer x", "content-type": "text/plain" },
  });
  sink.push(7);
  const stats = await sink.until(idle);
  deepEqual(stats, {
    exported: 7,
    queued: 0,
    lost: {},
    batches: 1,
    retries: 0,
    lastError: null,
    reason: null,
  });
  const [{ headers }] = sink.server.requests as [OtlpRequest];
  equal(headers.get("content-type"), "application/x-protobuf");
  equal(headers.get("authorization"), "Bearer x");
  match(headers.get("user-agent")!, /^tsunagi\//);
  deepEqual(sink.received, [numbered(7)]);
});

Deno.test("OtlpExporter compresses with gzip when told to", async () => {
  await using sink = new Sink(okAnswer, { compression: "gzip" });
  sink.push(101);
  equal((await sink.until(idle)).exported, 101);
  const [request] = sink.server.requests as [OtlpRequest];
  equal(request.headers.get("content-encoding"), "gzip");
  ok(request.wireBytes * 2 < request.body.length, `${request.wireBytes} of ${request.body.length} bytes`);
  deepEqual(sink.received, [numbered(101)]);
});

Deno.test("OtlpExporter waits for company, but sends a full batch at once", async () => {
  const clock = new FakeClock();
  await using sink = new Sink(okAnswer, { clock, delayMs: 150, maxBatch: 10 });
  sink.push(3);
  await clock.advance(100);
  sink.push(3);
  await clock.advance(49);
  equal(sink.exporter.stats().queued, 6);
  equal(sink.received.length, 0);
  await clock.advance(1);
  await sink.until(idle);
  deepEqual(sink.received.map((names) => names.length), [6]);
  for (let i = 0; i < 5; i++) sink.push(2);
  await sink.until(idle);
  deepEqual(sink.received.map((names) => names.length), [6, 10]);
});

Deno.test("OtlpExporter never puts more than a batch into a request, and loses nothing of a burst", async () => {
  await using sink = new Sink(okAnswer, { maxBatch: 101, maxQueue: 5_003, delayMs: 20 });
  for (let i = 0; i < 1_009; i++) sink.push(3);
  sink.push(503);
  const stats = await sink.until(idle);
  equal(stats.exported, 3 * 1_009 + 503);
  ok(sink.received.every((names) => names.length <= 101));
  equal(sink.received.flat().length, stats.exported);
});

for (const status of [429, 502, 503, 504]) {
  Deno.test(`OtlpExporter tries again after ${status}`, async () => {
    const gate = Promise.withResolvers<Response>();
    await using sink = new Sink(({ attempt }) =>
      attempt < 3 ? new Response("busy", { status }) : gate.promise
    );
    sink.push(7);
    const { reason } = await sink.until(({ retries }) => retries === 2);
    deepEqual([reason?.code, reason?.message], ["collector-busy", `It answers ${status}: busy`]);
    gate.resolve(okAnswer());
    const { exported, retries, batches, lost, lastError, reason: after } = await sink.until(idle);
    equal(after, null, "nothing is in the way any more");
    deepEqual([exported, retries, batches, lost, sink.received.length], [7, 2, 1, {}, 3]);
    match(lastError!, new RegExp(`^Cannot export to http://127.0.0.1:\\d+: HTTP status ${status}: busy$`));
  });
}

Deno.test("OtlpExporter waits as long as Retry-After says, in seconds or as a date", async () => {
  const clock = new FakeClock();
  const headers = ["7", new Date(clock.now() + 30_000).toUTCString()];
  await using sink = new Sink(({ attempt }) => {
    const header = headers[attempt - 1];
    return header === undefined
      ? okAnswer()
      : new Response(null, { status: 429, headers: { "retry-after": header } });
  }, { clock, delayMs: 0, retry: { initialMs: 1, maxMs: 1, maxElapsedMs: 60_000 } });
  sink.push(7);
  // The date is 30 s from the beginning, so 23 s from the second attempt.
  for (const waitMs of [7_000, 23_000]) {
    await eventually(() => equal(clock.sleepers, 1));
    const before = sink.received.length;
    await clock.advance(waitMs - 1);
    equal(sink.received.length, before);
    await clock.advance(1);
  }
  equal((await sink.until(idle)).exported, 7);
  equal(sink.received.length, 3);
});

Deno.test("OtlpExporter tries a last time when its time is up, whatever Retry-After says", async () => {
  const clock = new FakeClock();
  await using sink = new Sink(
    () => new Response(null, { status: 503, headers: { "retry-after": "86400" } }),
    { clock, delayMs: 0, retry: { initialMs: 1, maxMs: 1, maxElapsedMs: 60_000 } },
  );
  sink.push(7);
  await eventually(() => equal(clock.sleepers, 1));
  await clock.advance(60_000);
  deepEqual((await sink.until(idle)).lost, { retries_exhausted: 7 });
  equal(sink.received.length, 2);
});

for (
  const [status, code] of [
    [400, "collector-bad-request"],
    [401, "collector-unauthorized"],
    [404, "collector-path-unknown"],
    [413, "collector-bad-request"],
    [500, "collector-error"],
    [501, "collector-error"],
  ] as const
) {
  Deno.test(`OtlpExporter gives a batch up after ${status}, by that name`, async () => {
    const message = encodeMessage("RpcStatus", { message: "no such tenant" });
    await using sink = new Sink(() =>
      new Response(message, { status, headers: { "content-type": "application/x-protobuf" } })
    );
    sink.push(7);
    const { exported, retries, lost, lastError, reason } = await sink.until(idle);
    deepEqual([exported, retries, lost, sink.received.length], [0, 0, { [`http_${status}`]: 7 }, 1]);
    equal(reason?.code, code);
    match(lastError!, new RegExp(`HTTP status ${status}: no such tenant$`));
    match(sink.logged.join(""), /spans are lost/);
  });
}

for (const status of [301, 307]) {
  Deno.test(`OtlpExporter does not follow a redirect of ${status}, and tells where it leads`, async () => {
    const location = "http://127.0.0.1:1/elsewhere?key=secret";
    await using sink = new Sink(() => new Response(null, { status, headers: { location } }));
    sink.push(7);
    const { lost, lastError, reason } = await sink.until(idle);
    deepEqual([lost, sink.received.length], [{ [`http_${status}`]: 7 }, 1]);
    deepEqual([reason?.code, reason?.message], [
      "collector-redirects",
      `It redirects (${status}) to http://127.0.0.1:1`,
    ]);
    match(lastError!, /redirects to http:\/\/127.0.0.1:1, which is not followed/);
  });
}

Deno.test("OtlpExporter counts and tells what a partial success rejected, and does not send it again", async () => {
  await using sink = new Sink(() => partialAnswer(3, "too old"));
  sink.push(7);
  const { exported, retries, lost, lastError, reason } = await sink.until(idle);
  deepEqual([exported, retries, lost, sink.received.length], [4, 0, { rejected: 3 }, 1]);
  equal(reason?.code, "collector-rejected");
  equal(lastError, "Collector rejected 3 of 7 spans: too old");
  match(sink.logged.join(""), /partial success.*rejected=3.*too old/);
});

Deno.test("OtlpExporter believes no more rejections than there were spans", async () => {
  const body = JSON.stringify({ partialSuccess: { rejectedSpans: "5003" } });
  await using sink = new Sink(() => new Response(body, { headers: { "content-type": "application/json" } }));
  sink.push(7);
  const { exported, lost } = await sink.until(idle);
  deepEqual([exported, lost], [0, { rejected: 7 }]);
});

Deno.test("OtlpExporter tries again when an answer is cut", async () => {
  await using sink = new Sink(({ attempt }) => {
    if (attempt > 1) return okAnswer();
    const body = new ReadableStream({
      start(controller) {
        controller.enqueue(new Uint8Array(10));
        setTimeout(() => controller.error(new Error("cut")), 20);
      },
    });
    return new Response(body, { headers: { "content-length": "1009" } });
  });
  sink.push(7);
  const { exported, retries, lost } = await sink.until(idle);
  deepEqual([exported, retries, lost], [7, 1, {}]);
});

Deno.test("OtlpExporter tries again when nobody listens, and when the connection closes without an answer", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: freePort() });
  const url = `http://127.0.0.1:${listener.addr.port}/v1/traces?key=secret`;
  await using sink = new Sink(okAnswer, { url, retry: { initialMs: 5, maxMs: 10, maxElapsedMs: 3_000 } });
  const closing = (async () => {
    for await (const connection of listener) connection.close();
  })().catch(() => {});
  sink.push(7);
  const { reason: cut } = await sink.until(({ retries }) => retries >= 3);
  equal(cut?.code, "collector-connection-cut");
  listener.close();
  await closing;
  const { lost, lastError, reason } = await sink.until(idle);
  deepEqual(lost, { retries_exhausted: 7 });
  match(lastError!, /refused/i);
  equal(reason?.code, "collector-refused");
  equal((lastError! + cut.message + reason.message + sink.logged.join("")).includes("secret"), false);
});

Deno.test("OtlpExporter tries again when an answer takes longer than the timeout", async () => {
  const slow = Promise.withResolvers<Response>();
  await using sink = new Sink(({ attempt }) => attempt === 1 ? slow.promise : okAnswer(), { timeoutMs: 50 });
  sink.push(7);
  await sink.until(({ reason }) => reason?.code === "collector-timeout");
  const { exported, retries, lastError } = await sink.until(idle);
  slow.resolve(okAnswer());
  // A good answer may be late too.
  deepEqual([exported, retries >= 1], [7, true]);
  match(lastError!, /no complete answer within 50 ms$/);
});

Deno.test("OtlpExporter reads no endless answer, and sends the request that got it no second time", async () => {
  let sent = 0;
  const endless = () =>
    new ReadableStream({
      pull(controller) {
        sent += 16_384;
        controller.enqueue(new Uint8Array(16_384));
      },
    });
  await using sink = new Sink(() => new Response(endless(), { status: 503 }));
  sink.push(7);
  deepEqual((await sink.until(idle)).lost, { answer_too_large: 7 });
  const after = sent;
  await new Promise((resolve) => setTimeout(resolve, 50));
  equal(sent - after < 4 * 1024 * 1024, true);
  equal(sink.received.length, 1);
});

Deno.test("OtlpExporter keeps memory and requests bounded while a collector is slow, and counts what is lost", async () => {
  const gate = Promise.withResolvers<void>();
  let atOnce = 0;
  let most = 0;
  await using sink = new Sink(async () => {
    most = Math.max(most, ++atOnce);
    await gate.promise;
    atOnce--;
    return okAnswer();
  }, { maxQueue: 503, maxBatch: 53, maxInFlight: 3 });
  for (let i = 0; i < 2_003; i++) {
    sink.push(1);
    const stats = sink.exporter.stats();
    ok(stats.queued <= 503);
    equal(totals(stats), i + 1);
  }
  await sink.until(() => atOnce === 3);
  equal(sink.exporter.stats().lost["queue_full"], 1_500);
  match(sink.logged.join(""), /export queue is full/);
  gate.resolve();
  const { exported, lost } = await sink.until(idle);
  deepEqual([exported, lost, most], [503, { queue_full: 1_500 }, 3]);
});

Deno.test("OtlpExporter.shutdown() sends what waits at once, also what waits to be tried again", async () => {
  await using sink = new Sink(
    ({ attempt }) => attempt === 1 ? new Response(null, { status: 503 }) : okAnswer(),
    {
      delayMs: 60_000,
      maxBatch: 7,
      retry: { initialMs: 60_000, maxMs: 60_000, maxElapsedMs: 600_000 },
    },
  );
  sink.push(7);
  await sink.until(({ lastError }) => lastError !== null);
  sink.push(3);
  await sink.exporter.shutdown(60_000);
  const { exported, queued, lost } = sink.exporter.stats();
  deepEqual([exported, queued, lost], [10, 0, {}]);
});

Deno.test("OtlpExporter.shutdown() ends at its deadline and counts what it could not send", async () => {
  const gate = Promise.withResolvers<Response>();
  await using sink = new Sink(() => gate.promise, { maxBatch: 7, maxInFlight: 2 });
  for (let i = 0; i < 23; i++) sink.push(1);
  await sink.exporter.shutdown(100);
  sink.push(5);
  const { exported, queued, lost } = sink.exporter.stats();
  deepEqual([exported, queued, lost], [0, 0, { shutdown: 28 }]);
  gate.resolve(okAnswer());
});

Deno.test("OtlpExporter accounts for every span whatever a collector does", async () => {
  const answers: OtlpAnswer[] = [
    okAnswer,
    () => new Response(null, { status: 503 }),
    () => new Response(null, { status: 400 }),
    () =>
      new Response(JSON.stringify({ partialSuccess: { rejectedSpans: "1" } }), {
        headers: { "content-type": "application/json" },
      }),
    ({ ending }) => ending.then(okAnswer),
  ];
  await using sink = new Sink(
    (context) => answers[context.attempt * 7 % answers.length]!(context),
    {
      maxQueue: 211,
      maxBatch: 11,
      timeoutMs: 20,
      retry: { initialMs: 1, maxMs: 2, maxElapsedMs: 30 },
    },
  );
  let pushed = 0;
  for (let i = 0; i < 211; i++) {
    sink.push(1 + i % 5);
    pushed += 1 + i % 5;
    equal(totals(sink.exporter.stats()), pushed);
    await new Promise((resolve) => setTimeout(resolve, i % 3));
  }
  equal(totals(await sink.until(idle)), pushed);
});
