import { deepEqual, equal, match, ok, throws } from "node:assert/strict";
import { eventually } from "../../tests/support/eventually.ts";
import { FakeClock } from "../../tests/support/fake_clock.ts";
import { okAnswer, type OtlpAnswer, OtlpServer, partialAnswer } from "../../tests/support/otlp_server.ts";
import type { MetricsConfig, Protocol, Temporality } from "../config/config.ts";
import type { MetricCollection, MetricSource } from "../metrics/types.ts";
import { createLogger } from "../support/log.ts";
import { ProtoWriter } from "../support/proto_writer.ts";
import { MetricExporter, type MetricExporterOptions } from "./metric_exporter.ts";

/** A counter that goes up by one with each collection; of delta temporality, what was delivered is not sent again. */
class Source implements MetricSource {
  readonly asked: Temporality[] = [];
  readonly settled: string[] = [];
  total = 0;
  #delivered = 0;
  #open = 0;

  collect(temporality: Temporality): Promise<MetricCollection | null> {
    this.asked.push(temporality);
    equal(++this.#open, 1, "one collection at a time");
    const total = ++this.total;
    const value = temporality === "delta" ? total - this.#delivered : total;
    return Promise.resolve({
      points: 3,
      encode: (protocol: Protocol) => new TextEncoder().encode(`${protocol} ${value}`),
      settle: (outcome) => {
        this.#open--;
        this.settled.push(outcome);
        if (outcome === "delivered") this.#delivered = total;
      },
    });
  }
}

function configOf(url: string | null, more: Partial<MetricsConfig> = {}): MetricsConfig {
  return {
    url,
    protocol: "http/protobuf",
    headers: {},
    timeoutMs: 60_000,
    compression: "none",
    tls: { caFile: null, certFile: null, keyFile: null },
    intervalMs: 60_000,
    temporality: "cumulative",
    ...more,
  };
}

class Rig implements AsyncDisposable {
  readonly clock = new FakeClock();
  readonly source = new Source();
  readonly server: OtlpServer;
  readonly exporter: MetricExporter;

  constructor(answer: OtlpAnswer = okAnswer, options: Partial<MetricExporterOptions> = {}) {
    this.server = new OtlpServer({ answer });
    this.exporter = new MetricExporter({
      source: this.source,
      log: createLogger({ write: () => {} }),
      clock: this.clock,
      ...options,
    });
  }

  /** Lets time pass until the exporter waits again. */
  async pass(ms: number): Promise<void> {
    await eventually(() => equal(this.clock.sleepers, 1), { everyMs: 2 });
    await this.clock.advance(ms);
    await eventually(() => equal(this.clock.sleepers, 1), { everyMs: 2 });
  }

  get bodies(): string[] {
    return bodiesOf(this.server);
  }

  async [Symbol.asyncDispose]() {
    await this.exporter.shutdown(0);
    await this.server[Symbol.asyncDispose]();
  }
}

const bodiesOf = (server: OtlpServer) => server.requests.map(({ body }) => new TextDecoder().decode(body));

Deno.test("MetricExporter sends once each interval, and a last time at the end", async () => {
  await using rig = new Rig();
  rig.exporter.configure(configOf(rig.server.metricsUrl, { headers: { authorization: "Bearer x" } }));
  await rig.pass(59_999);
  deepEqual(rig.bodies, []);
  await rig.pass(1);
  await rig.pass(60_000);
  await rig.exporter.shutdown(60_000);
  deepEqual(rig.bodies, ["http/protobuf 1", "http/protobuf 2", "http/protobuf 3"]);
  const { path, headers } = rig.server.requests[0]!;
  deepEqual([path, headers.get("content-type"), headers.get("authorization")], [
    "/v1/metrics",
    "application/x-protobuf",
    "Bearer x",
  ]);
  deepEqual(rig.exporter.stats(), {
    exports: 3,
    points: 9,
    failed: {},
    rejected: 0,
    retries: 0,
    lastError: null,
    reason: null,
  });
});

Deno.test("MetricExporter tries again within the interval, with the same figures", async () => {
  await using rig = new Rig(({ attempt }) => attempt < 3 ? new Response(null, { status: 503 }) : okAnswer());
  rig.exporter.configure(configOf(rig.server.metricsUrl, { protocol: "http/json", temporality: "delta" }));
  await rig.pass(60_000);
  await eventually(() => equal(rig.exporter.stats().reason?.code, "collector-busy"));
  await rig.pass(5_000);
  await rig.pass(5_000);
  deepEqual(rig.bodies, ["http/json 1", "http/json 1", "http/json 1"]);
  equal(rig.server.requests[0]!.headers.get("content-type"), "application/json");
  const { exports, retries, failed, lastError, reason } = rig.exporter.stats();
  deepEqual([exports, retries, failed, reason], [1, 2, {}, null]);
  match(lastError!, /^Cannot export to http:\/\/127.0.0.1:\d+: HTTP status 503$/);
  deepEqual(rig.source.settled, ["delivered"]);
});

Deno.test("MetricExporter gives an export up when the next is due; delta figures go with that one", async () => {
  await using rig = new Rig(() => new Response(null, { status: 429, headers: { "retry-after": "3600" } }));
  rig.exporter.configure(configOf(rig.server.metricsUrl, { temporality: "delta" }));
  await rig.pass(60_000);
  rig.server.answer = okAnswer;
  equal(rig.source.settled.length, 0);
  await rig.pass(59_999);
  equal(rig.server.requests.length, 1);
  rig.server.answer = () => new Response(null, { status: 503 });
  await rig.pass(1);
  await eventually(() => deepEqual(rig.source.settled, ["failed"]));
  deepEqual(rig.exporter.stats().failed, { retries_exhausted: 1 });
  rig.server.answer = okAnswer;
  await rig.exporter.shutdown(60_000);
  deepEqual(rig.source.settled.at(-1), "delivered");
  equal(rig.bodies.at(-1), `http/protobuf ${rig.source.total}`);
});

Deno.test("MetricExporter leaves out intervals that a slow collector took", async () => {
  const gate = Promise.withResolvers<Response>();
  await using rig = new Rig(({ attempt }) => attempt === 1 ? gate.promise : okAnswer());
  rig.exporter.configure(configOf(rig.server.metricsUrl, { intervalMs: 1_000 }));
  await eventually(() => equal(rig.clock.sleepers, 1));
  await rig.clock.advance(1_000);
  await eventually(() => equal(rig.server.requests.length, 1));
  await rig.clock.advance(3_400);
  gate.resolve(okAnswer());
  // The ones at 2, 3 and 4 s are past; the next is at 5 s.
  await rig.pass(599);
  equal(rig.server.requests.length, 1);
  await rig.pass(1);
  equal(rig.server.requests.length, 2);
});

Deno.test("MetricExporter counts refusals and partial successes by reason, and sends neither again", async () => {
  const answers = [() => new Response("no", { status: 400 }), () => partialAnswer(2, "too old"), okAnswer];
  await using rig = new Rig(({ attempt }) => answers[attempt - 1]!());
  rig.exporter.configure(configOf(rig.server.metricsUrl));
  const codes: (string | undefined)[] = [];
  for (let i = 0; i < 3; i++) {
    await rig.pass(60_000);
    await eventually(() => equal(rig.source.settled.length, i + 1));
    codes.push(rig.exporter.stats().reason?.code);
  }
  deepEqual(codes, ["collector-bad-request", "collector-rejected", undefined]);
  deepEqual(rig.exporter.stats(), {
    exports: 2,
    points: 4,
    failed: { http_400: 1 },
    rejected: 2,
    retries: 0,
    lastError: "Collector rejected 2 data points: too old",
    reason: null,
  });
  deepEqual(rig.source.settled, ["failed", "delivered", "delivered"]);
});

Deno.test("MetricExporter goes on after a collection that fails, and says nothing where there is nothing", async () => {
  await using rig = new Rig();
  const collect = rig.source.collect.bind(rig.source);
  const faults = [() => Promise.reject(new Error("no stage")), () => Promise.resolve(null)];
  rig.source.collect = (temporality) => (faults.shift() ?? (() => collect(temporality)))();
  rig.exporter.configure(configOf(rig.server.metricsUrl));
  await rig.pass(60_000);
  equal(rig.exporter.stats().reason?.code, "metrics-not-collected");
  for (let i = 0; i < 2; i++) await rig.pass(60_000);
  equal(rig.exporter.stats().reason, null);
  deepEqual(rig.bodies, ["http/protobuf 1"]);
  const { failed, lastError } = rig.exporter.stats();
  deepEqual([failed, lastError], [{ collect: 1 }, "Cannot collect metrics: no stage"]);
});

Deno.test("MetricExporter.configure() sends the next collection elsewhere, and nothing where there is no URL", async () => {
  await using rig = new Rig();
  await using other = new OtlpServer();
  equal(rig.exporter.configure(configOf(null)), false);
  equal(rig.exporter.configure(configOf(rig.server.metricsUrl)), true);
  equal(rig.exporter.configure(configOf(rig.server.metricsUrl)), false);
  await rig.pass(60_000);
  await rig.pass(30_000);
  rig.exporter.configure(configOf(other.metricsUrl, { intervalMs: 20_000 }));
  await rig.pass(20_000);
  equal(rig.exporter.configure(configOf(null)), true);
  await rig.clock.advance(600_000);
  equal(rig.exporter.configure(configOf(other.metricsUrl)), true);
  await rig.pass(60_000);
  deepEqual(rig.bodies, ["http/protobuf 1"]);
  deepEqual(bodiesOf(other), ["http/protobuf 2", "http/protobuf 3"]);
  throws(() => rig.exporter.configure(configOf("http://127.0.0.1:1/", { headers: { "x y": "z" } })), /"x y"/);
  equal(rig.exporter.configure(configOf(other.metricsUrl)), false);
});

Deno.test("MetricExporter ends an export at the collector where it began, for a bounded time", async () => {
  const gate = Promise.withResolvers<Response>();
  await using rig = new Rig(({ attempt, ending }) => attempt === 1 ? gate.promise : ending.then(okAnswer), {
    drainMs: 3_000,
  });
  await using other = new OtlpServer();
  const config = configOf(rig.server.metricsUrl, { temporality: "delta" });
  rig.exporter.configure(config);
  await eventually(() => equal(rig.clock.sleepers, 1));
  await rig.clock.advance(60_000);
  await eventually(() => equal(rig.server.requests.length, 1));
  rig.exporter.configure({ ...config, url: other.metricsUrl });
  gate.resolve(okAnswer());
  await rig.pass(60_000);
  deepEqual(bodiesOf(other), ["http/protobuf 1"]);

  rig.exporter.configure(config);
  await eventually(() => equal(rig.clock.sleepers, 1));
  await rig.clock.advance(60_000);
  await eventually(() => equal(rig.server.requests.length, 2));
  rig.exporter.configure({ ...config, url: other.metricsUrl });
  await eventually(() => deepEqual(rig.exporter.stats().failed, { replaced: 1 }));
  await rig.pass(60_000);
  // What the dead one did not take is in it.
  equal(bodiesOf(other)[1], "http/protobuf 2");
});

Deno.test("MetricExporter.shutdown() cuts a wait short, and ends at its deadline whatever hangs", async () => {
  await using rig = new Rig(({ attempt, ending }) =>
    attempt === 1 ? new Response(null, { status: 503 }) : attempt === 2 ? okAnswer() : ending.then(okAnswer)
  );
  rig.exporter.configure(configOf(rig.server.metricsUrl));
  await eventually(() => equal(rig.clock.sleepers, 1));
  await rig.clock.advance(60_000);
  await eventually(() => ok(rig.exporter.stats().lastError));
  // Two requests are answered in this time, the third is given up after it.
  await rig.exporter.shutdown(3_000);
  const { exports, failed } = rig.exporter.stats();
  deepEqual([exports, failed, rig.server.requests.length], [1, { shutdown: 1 }, 3]);
  equal(rig.exporter.configure(configOf(null)), false);

  await using stuck = new Rig();
  stuck.source.collect = () => new Promise(() => {});
  stuck.exporter.configure(configOf(stuck.server.metricsUrl));
  await stuck.exporter.shutdown(50);
  deepEqual(stuck.exporter.stats().failed, { shutdown: 1 });
});

/** A run of ResourceMetrics of these lengths, which protobuf readers take. */
function resourcesOf(lengths: readonly number[]): Uint8Array<ArrayBuffer> {
  const request = new ProtoWriter();
  for (const length of lengths) {
    request.bytesField(1, new ProtoWriter().bytesField(15, new Uint8Array(length)).finish());
  }
  return request.finish();
}

Deno.test("MetricExporter sends what is larger than a request in parts, and gives up what cannot be cut", async () => {
  const answers = [okAnswer, okAnswer, okAnswer, () => new Response(null, { status: 400 })];
  await using rig = new Rig(({ attempt }) => answers[attempt - 1]!(), { maxRequestBytes: 600 });
  const sizes = [[400, 300], [400, 300], [700]];
  const collect = rig.source.collect.bind(rig.source);
  rig.source.collect = async (temporality) => ({
    ...(await collect(temporality))!,
    encode: () => resourcesOf(sizes.shift()!),
  });
  rig.exporter.configure(configOf(rig.server.metricsUrl));
  for (let i = 0; i < 3; i++) await rig.pass(60_000);
  const parts = [400, 300, 400, 300].map((length) => resourcesOf([length]));
  deepEqual(rig.server.requests.map(({ body }) => body), parts);
  // Of the second only a part arrived; it must not be sent again.
  deepEqual(rig.source.settled, ["delivered", "delivered", "failed"]);
  const { exports, points, failed } = rig.exporter.stats();
  deepEqual([exports, points, failed], [1, 3, { http_400: 1, too_large: 1 }]);
  rig.source.collect = () => Promise.resolve(null);
});
