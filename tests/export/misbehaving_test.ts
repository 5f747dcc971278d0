/**
 * Exporters and servers that misbehave: what the rules of OTLP allow is delivered, everything else is counted by
 * its reason, and memory stays bounded.
 */
import assert from "node:assert/strict";
import type { TracesConfig } from "../../src/config/config.ts";
import type { ExportStats } from "../../src/export/span_exporter.ts";
import { TraceExport, type TraceExportOptions } from "../../src/export/trace_export.ts";
import { createLogger } from "../../src/support/log.ts";
import { createResource } from "../../src/trace/resource.ts";
import { eventually, sleep } from "../support/eventually.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { freePort } from "../support/free_port.ts";
import { TestAuthority } from "../support/otlp_certificates.ts";
import { batchBytes, encodeSpan } from "../support/otlp_proto.ts";
import { okAnswer, type OtlpAnswer, OtlpServer, partialAnswer, spanNames } from "../support/otlp_server.ts";
import { dawdling, polite, RUDE, RudeServer } from "./rude_server.ts";

const RESOURCE = createResource({
  pid: 7,
  exe: "/bin/front",
  goVersion: null,
  environment: {},
  hostName: "h",
});
const NO_TLS = { caFile: null, certFile: null, keyFile: null };

function configOf(url: string, more: Partial<TracesConfig> = {}): TracesConfig {
  return {
    ...{ url, protocol: "http/protobuf", headers: {}, timeoutMs: 60_000, compression: "none", tls: NO_TLS },
    ...{ maxQueue: 32_768, maxBatch: 512, delayMs: 0 },
    ...more,
  };
}

/** An exporter with a configuration, and how many spans it was given. */
class Source implements AsyncDisposable {
  readonly out: TraceExport;
  pushed = 0;

  constructor(config: TracesConfig, options: Partial<TraceExportOptions> = {}) {
    this.out = new TraceExport({ log: createLogger({ write: () => {} }), ...options });
    this.out.configure(config);
  }

  push(count: number, padding = ""): void {
    const spans = Array.from(
      { length: count },
      () => encodeSpan({ name: `span ${this.pushed++}${padding}` }),
    );
    this.out.push(RESOURCE, { pid: 7, count, bytes: batchBytes(spans) });
    this.#assertSums(this.out.stats());
  }

  /** Waits until nothing is queued. */
  async idle(): Promise<ExportStats> {
    return await eventually(() => {
      const stats = this.out.stats();
      this.#assertSums(stats);
      assert.equal(stats.queued, 0, JSON.stringify(stats));
      return stats;
    }, { everyMs: 2 });
  }

  /** Nothing is ever unaccounted for. */
  #assertSums({ exported, queued, lost }: ExportStats): void {
    const sum = exported + queued + Object.values(lost).reduce((sum, spans) => sum + spans, 0);
    assert.equal(sum, this.pushed);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.out.shutdown(0);
  }
}

const QUICK = { initialMs: 1, maxMs: 5, maxElapsedMs: 60_000 };

Deno.test("a collector that is down for a minute and back gets every span, by the rules as they are", async () => {
  const clock = new FakeClock();
  const received: string[] = [];
  const port = freePort();
  let server = new OtlpServer({ port });
  const { tracesUrl } = server;
  await using source = new Source(configOf(tracesUrl), { clock });
  const second = async () => {
    source.push(53);
    await sleep(2);
    await clock.advance(1_000);
  };
  for (let s = 0; s < 3; s++) await second();
  await source.idle();
  received.push(...server.requests.flatMap(spanNames));
  await server[Symbol.asyncDispose]();
  for (let s = 0; s < 60; s++) await second();
  assert.ok(source.out.stats().queued >= 60 * 53);
  server = new OtlpServer({ port });
  await using _server = server;
  await eventually(async () => {
    // Requests that are on their way take none of the exporter's time.
    if (clock.sleepers > 0) await clock.advance(1_000);
    assert.equal(source.out.stats().queued, 0);
  });
  received.push(...server.requests.flatMap(spanNames));
  const { exported, lost, retries, lastError } = source.out.stats();
  assert.deepEqual([exported, lost], [63 * 53, {}]);
  assert.ok(retries > 0);
  assert.match(lastError!, /^Cannot export to http:\/\/127.0.0.1:\d+: .*refused/i);
  assert.deepEqual(received.length, exported);
  assert.deepEqual(new Set(received).size, exported);
});

Deno.test("a collector that stays away costs the spans of five minutes ago, and no more than the queue holds", async () => {
  const clock = new FakeClock();
  const url = `http://127.0.0.1:${freePort()}/v1/traces`;
  await using source = new Source(configOf(url, { maxQueue: 503, maxBatch: 53 }), { clock });
  for (let s = 0; s < 320; s++) {
    source.push(2);
    await sleep(1);
    await clock.advance(1_000);
    assert.ok(source.out.stats().queued <= 503);
  }
  await eventually(async () => {
    await clock.advance(1_000);
    assert.ok((source.out.stats().lost["retries_exhausted"] ?? 0) > 0);
  });
  assert.deepEqual(Object.keys(source.out.stats().lost).sort(), ["queue_full", "retries_exhausted"]);
});

for (const [name, rudeness] of Object.entries(RUDE)) {
  Deno.test(`a server that ${name} is asked again`, async () => {
    await using server = new RudeServer((connection) => connection < 4 ? rudeness : polite);
    await using source = new Source(configOf(server.url), { retry: QUICK });
    source.push(7);
    const { exported, lost, retries } = await source.idle();
    assert.deepEqual([exported, lost, retries], [7, {}, 3]);
  });
}

Deno.test("a server that takes longer than the client waits is asked again", async () => {
  await using server = new RudeServer((connection) => connection < 4 ? dawdling : polite);
  await using source = new Source(configOf(server.url, { timeoutMs: 250 }), { retry: QUICK });
  source.push(7);
  const { exported, lost, retries } = await source.idle();
  // A polite answer may be late too.
  assert.deepEqual([exported, lost, retries >= 3], [7, {}, true]);
});

Deno.test("whatever a server does next, every span ends in one count", async () => {
  const answers: OtlpAnswer[] = [
    okAnswer,
    () => new Response("busy", { status: 429, headers: { "retry-after": "0" } }),
    okAnswer,
    () => new Response("no", { status: 400 }),
    () => partialAnswer(2, "too old"),
    okAnswer,
    () => new Response(new Uint8Array(5 * 1024 * 1024), { status: 200 }),
    ({ ending }) => ending.then(okAnswer),
    () => new Response(null, { status: 503 }),
    () => new Response(null, { status: 308, headers: { location: "/elsewhere" } }),
    () => new Response("<html>", { status: 502, headers: { "content-type": "text/html" } }),
  ];
  await using server = new OtlpServer({
    answer: (context) => answers[context.attempt % answers.length]!(context),
  });
  await using source = new Source(configOf(server.tracesUrl, { timeoutMs: 250, maxBatch: 7 }), {
    retry: QUICK,
  });
  for (let i = 0; i < 211; i++) {
    source.push(1 + i % 7);
    await sleep(i % 3);
  }
  const { lost, exported } = await source.idle();
  assert.deepEqual(Object.keys(lost).sort(), ["answer_too_large", "http_308", "http_400", "rejected"]);
  // Requests that were refused have carried what was lost by it, and no other ones did.
  assert.ok(exported > lost["http_400"]!);
});

Deno.test("huge and slow answers do not fill the memory", async () => {
  const huge = new Uint8Array(4 * 1024 * 1024 - 1);
  await using server = new OtlpServer({ answer: () => new Response(huge) });
  await using source = new Source(configOf(server.tracesUrl, { maxBatch: 1 }));
  source.push(50);
  await source.idle();
  const before = Deno.memoryUsage().rss;
  for (let round = 0; round < 5; round++) {
    source.push(50);
    await source.idle();
  }
  assert.deepEqual(source.out.stats().exported, 300);
  const grownMiB = (Deno.memoryUsage().rss - before) / 1024 / 1024;
  // The answers come to a gibibyte.
  assert.ok(grownMiB < 256, `the process has grown by ${grownMiB} MiB`);
});

Deno.test("a queue for a dead collector is bounded in bytes, however large the spans are", async () => {
  await using server = new OtlpServer({ answer: ({ ending }) => ending.then(okAnswer) });
  await using source = new Source(configOf(server.tracesUrl, { maxQueue: 1_000_000, timeoutMs: 60_000 }));
  const padding = "x".repeat(10_000);
  for (let i = 0; i < 500; i++) source.push(50, padding);
  const { queued, lost } = source.out.stats();
  assert.deepEqual(Object.keys(lost), ["queue_full"]);
  // 64 MiB wait, and four requests of at most 4 MiB are on their way.
  assert.ok(queued * 10_000 < 84 * 1024 * 1024, `${queued} spans are queued`);
  assert.ok(queued * 10_000 > 60 * 1024 * 1024, `${queued} spans are queued`);
});

Deno.test("a collector with a certificate from nowhere gets nothing, and everything once its CA is known", async () => {
  using authority = new TestAuthority();
  await using server = new OtlpServer({ tls: authority.server });
  const url = server.tracesUrl;
  await using source = new Source(configOf(url), { retry: { initialMs: 1, maxMs: 1, maxElapsedMs: 20 } });
  source.push(3);
  const { lost, lastError } = await source.idle();
  assert.deepEqual(lost, { retries_exhausted: 3 });
  assert.match(lastError!, /UnknownIssuer.*give the PEM file of its CA/);
  source.out.configure(configOf(url, { tls: { ...NO_TLS, caFile: authority.ca.certFile } }));
  source.push(5);
  assert.equal((await source.idle()).exported, 5);

  // The certificate is for 127.0.0.1.
  const named = url.replace("127.0.0.1", "localhost");
  source.out.configure(configOf(named, { tls: { ...NO_TLS, caFile: authority.ca.certFile } }));
  source.push(7);
  assert.deepEqual((await source.idle()).lost, { retries_exhausted: 10 });
  assert.match(source.out.stats().lastError!, /certificate not valid for name "localhost"/);
});
