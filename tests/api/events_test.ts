/** The stream of events over a real socket: what browsers get, its shapes, and clients that do not read. */
import assert from "node:assert/strict";
import { EventHub } from "../../src/status/events.ts";
import { serveStatus } from "../../src/status/serve.ts";
import { publishSpans } from "../../src/status/span_event.ts";
import { createLogger } from "../../src/support/log.ts";
import { eventually } from "../support/eventually.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { shopTrace, traceIdOf } from "../support/shop_traces.ts";
import { makeStatusApp, TARGETS } from "../support/status_app.ts";
import { documentOf, Schemas } from "./document.ts";

const AT = "2026-01-02T03:04:05.678Z";

function publishAll(hub: EventHub) {
  for (const { resource, batch } of shopTrace(1)) publishSpans(hub, resource, batch);
  for (const target of TARGETS) hub.publish("target", () => ({ ...target, gone: true }));
  hub.publish(
    "decoder",
    () => ({ name: "go1.26", action: "activated", version: "1.0.0", source: "pushed", at: AT, reason: null }),
  );
  hub.publish("config", () => ({ ok: false, error: "agent.yaml:1:1: it is wrong", at: AT }));
}

function serve(events = new EventHub({ log: createLogger({ write: () => {} }) })) {
  const fixture = makeStatusApp({ events });
  return { ...fixture, hub: events, server: serveStatus({ app: fixture.app, host: "127.0.0.1", port: 0 }) };
}

/** Reads until `count` events have come. */
async function read(url: string, count: number): Promise<[event: string, data: unknown][]> {
  const response = await fetch(url);
  assert.equal(response.headers.get("content-type"), "text/event-stream; charset=utf-8");
  let text = "";
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    const events = [...text.matchAll(/^event: (\w+)\ndata: (.*)\n\n/gm)];
    if (events.length >= count) return events.map(([, event = "", data = ""]) => [event, JSON.parse(data)]);
  }
  throw new Error(`Cannot read ${count} events: the stream ended after ${JSON.stringify(text)}`);
}

Deno.test("GET /api/v1/events sends every type in the shape that the document says", async () => {
  const { app, hub, server } = serve();
  await using _ = server;
  const schemas = new Schemas(await documentOf(app));
  const reading = read(`${server.url}/api/v1/events`, 7);
  await eventually(() => assert.equal(hub.hasListeners("span"), true));
  publishAll(hub);
  const names: Readonly<Record<string, string>> = {
    span: "SpanEvent",
    target: "TargetEvent",
    decoder: "DecoderEvent",
    config: "ConfigEvent",
  };
  const events = await reading;
  for (const [event, data] of events) {
    assert.deepEqual(schemas.problems({ $ref: `#/components/schemas/${names[event]}` }, data), [], event);
  }
  assert.deepEqual(new Set(events.map(([event]) => event)), new Set(Object.keys(names)));
});

Deno.test("GET /api/v1/events tells what was dropped, in the shape that the document says", async () => {
  // Spans are counted by the second, which is never over.
  const clock = new FakeClock();
  const { app, hub, server } = serve(new EventHub({ clock, log: createLogger({ write: () => {} }) }));
  await using _ = server;
  const schemas = new Schemas(await documentOf(app));
  const reading = read(`${server.url}/api/v1/events?types=span`, 201);
  await eventually(() => assert.equal(hub.hasListeners("span"), true));
  const [part] = shopTrace(1);
  for (let count = 0; count < 250; count++) publishSpans(hub, part!.resource, part!.batch);
  const [event, data] = (await reading).at(-1)!;
  assert.equal(event, "dropped");
  assert.deepEqual(data, { rate: 50, slow: 0 });
  assert.deepEqual(schemas.problems({ $ref: "#/components/schemas/DroppedEvent" }, data), []);
});

Deno.test("GET /api/v1/events?types= sends only those, and names what it does not know", async () => {
  const { hub, server } = serve();
  await using _ = server;
  const reading = read(`${server.url}/api/v1/events?types=config,decoder`, 2);
  await eventually(() => assert.equal(hub.hasListeners("config"), true));
  assert.equal(hub.hasListeners("span"), false);
  publishAll(hub);
  assert.deepEqual((await reading).map(([event]) => event), ["decoder", "config"]);
  const wrong = await fetch(`${server.url}/api/v1/events?types=spans`);
  assert.equal(wrong.status, 400);
  assert.match((await wrong.json()).detail, /did you mean "span"/);
});

Deno.test("a client of events that goes is forgotten at once, one that only asks for the head is never known", async () => {
  const { hub, server } = serve();
  await using _ = server;
  const abort = new AbortController();
  await fetch(`${server.url}/api/v1/events`, { signal: abort.signal });
  assert.equal(hub.stats().clients, 1);
  abort.abort();
  await eventually(() => assert.equal(hub.stats().clients, 0));
  await fetch(`${server.url}/api/v1/events`, { method: "HEAD" });
  assert.equal(hub.stats().clients, 0);
});

Deno.test("a client of events that does not read holds a bounded amount, and others get theirs", async () => {
  const { hub, server } = serve();
  await using _ = server;
  using stuck = await Deno.connect({ hostname: "127.0.0.1", port: server.port });
  await stuck.write(
    new TextEncoder().encode("GET /api/v1/events?types=target HTTP/1.1\r\nHost: localhost\r\n\r\n"),
  );
  await eventually(() => assert.equal(hub.stats().clients, 1));
  const big = { ...TARGETS[0]!, exe: "/".padEnd(100_000, "x"), gone: false };
  await eventually(() => {
    hub.publish("target", () => big);
    assert.notEqual(hub.stats().dropped["slow"], 0);
  }, { everyMs: 0 });
  const sent = hub.stats().sent;
  const reading = read(`${server.url}/api/v1/events?types=target`, 3);
  await eventually(() => assert.equal(hub.stats().clients, 2));
  for (let count = 0; count < 3; count++) hub.publish("target", () => big);
  assert.equal((await reading).length, 3);
  assert.equal(hub.stats().sent, sent + 3, "the stuck one got nothing more");
});

Deno.test("spans of events and of the list of traces are the same", async () => {
  const { hub, store, app, server } = serve();
  await using _ = server;
  const reading = read(`${server.url}/api/v1/events?types=span`, 3);
  await eventually(() => assert.equal(hub.hasListeners("span"), true));
  for (const { resource, batch } of shopTrace(10)) {
    store.add(resource, batch);
    publishSpans(hub, resource, batch);
  }
  const spans = (await reading).map(([, data]) => data as Record<string, unknown>);
  const root = spans.find(({ parentSpanId }) => parentSpanId === "")!;
  const { traces: [summary] } = await (await app.request("/api/v1/traces")).json();
  assert.equal(summary.traceId, traceIdOf(10));
  for (const name of ["method", "route", "status", "startTimeUnixNano", "durationNs"]) {
    assert.deepEqual(root[name], summary[name], name);
  }
  assert.deepEqual([root["service"], root["name"], root["kind"]], [
    summary.rootService,
    summary.rootName,
    summary.rootKind,
  ]);
});
