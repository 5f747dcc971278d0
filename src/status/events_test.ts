import { deepEqual, equal } from "node:assert/strict";
import { eventually } from "../../tests/support/eventually.ts";
import { BACK, batchOf, shopTrace, traceIdOf } from "../../tests/support/shop_traces.ts";
import { createLogger } from "../support/log.ts";
import { EventHub, type EventHubOptions } from "./events.ts";
import type { ConfigEvent, SpanEvent } from "./model.ts";
import { EVENT_TYPES } from "./schemas/events.ts";
import { publishSpans } from "./span_event.ts";

const CONFIG: ConfigEvent = { ok: true, error: null, at: "2026-01-02T03:04:05.678Z" };
const SPAN: SpanEvent = {
  traceId: traceIdOf(1),
  spanId: "0000000000000001",
  parentSpanId: "",
  service: "front",
  kind: "server",
  name: "GET /",
  method: "GET",
  route: "/",
  status: 200,
  error: false,
  startTimeUnixNano: "1700000000000000000",
  durationNs: 1_000_000,
};

class Fixture implements Disposable {
  nowMs = 0;
  readonly logged: string[] = [];
  readonly hub: EventHub;

  constructor(options: Partial<EventHubOptions> = {}) {
    this.hub = new EventHub({
      log: createLogger({ write: (line) => this.logged.push(line) }),
      clock: { elapsed: () => this.nowMs },
      ...options,
    });
  }

  [Symbol.dispose]() {
    this.hub[Symbol.dispose]();
  }
}

/** Reads what is there for now, as [event, data] in order; comments and retry are left out. */
class Listener {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  #text = "";

  constructor(stream: ReadableStream<Uint8Array> | null) {
    this.#reader = stream!.getReader();
  }

  async text(): Promise<string> {
    const { value, done } = await this.#reader.read();
    return done ? "END" : new TextDecoder().decode(value);
  }

  async events(count: number): Promise<[string, unknown][]> {
    for (;;) {
      const found = [...this.#text.matchAll(/^event: (\w+)\ndata: (.*)\n\n/gm)];
      if (found.length >= count) {
        this.#text = "";
        return found.map(([, event, data]) => [event!, JSON.parse(data!)]);
      }
      this.#text += await this.text();
    }
  }

  async close() {
    await this.#reader.cancel();
  }
}

Deno.test("EventHub computes nothing while nobody listens", () => {
  using fixture = new Fixture();
  const { hub } = fixture;
  equal(hub.hasListeners("span"), false);
  hub.publish("span", () => {
    throw new Error("computed");
  });
  publishSpans(hub, BACK, { bytes: new Uint8Array([0xff]) });
  deepEqual(fixture.logged, []);
  deepEqual(hub.stats(), {
    clients: 0,
    sent: 0,
    dropped: { rate: 0, slow: 0, failed: 0 },
    refused: 0,
    cut: 0,
  });
});

Deno.test("EventHub sends each client what it asks for, made once", async () => {
  using fixture = new Fixture();
  const { hub } = fixture;
  const all = new Listener(hub.connect(EVENT_TYPES));
  const few = new Listener(hub.connect(["config", "target"]));
  deepEqual([hub.hasListeners("span"), hub.hasListeners("config")], [true, true]);
  let made = 0;
  hub.publish("span", () => SPAN);
  hub.publish("config", () => {
    made++;
    return CONFIG;
  });
  deepEqual(await all.events(2), [["span", SPAN], ["config", CONFIG]]);
  deepEqual(await few.events(1), [["config", CONFIG]]);
  equal(made, 1);
  equal(hub.stats().sent, 3);
  await all.close();
  equal(hub.hasListeners("span"), false);
  equal(hub.stats().clients, 1);
});

Deno.test("EventHub begins a stream at once, with the time after which to connect again", async () => {
  using fixture = new Fixture();
  equal(await new Listener(fixture.hub.connect(["config"])).text(), "retry: 3000\n\n");
});

Deno.test("EventHub sends so many spans a second, counts the rest and says so", async () => {
  using fixture = new Fixture({ spansPerSecond: 3, noticeMs: 1 });
  const { hub } = fixture;
  const listener = new Listener(hub.connect(["span", "config"]));
  let made = 0;
  const span = () => ({ ...SPAN, durationNs: made++ });
  for (let count = 0; count < 10; count++) hub.publish("span", span);
  hub.publish("config", () => CONFIG);
  const events = await listener.events(5);
  deepEqual(events.map(([event]) => event), ["span", "span", "span", "config", "dropped"]);
  deepEqual(events[4]![1], { rate: 7, slow: 0 });
  equal(made, 3);
  fixture.nowMs += 999;
  hub.publish("span", span);
  fixture.nowMs += 1;
  hub.publish("span", span);
  deepEqual(await listener.events(2), [["span", { ...SPAN, durationNs: 3 }], ["dropped", {
    rate: 1,
    slow: 0,
  }]]);
  deepEqual(hub.stats().dropped, { rate: 8, slow: 0, failed: 0 });
});

Deno.test("EventHub keeps a bounded number of events for a client that does not read", async () => {
  using fixture = new Fixture({ maxQueue: 5, noticeMs: 1 });
  const { hub } = fixture;
  const listener = new Listener(hub.connect(["config"]));
  for (let count = 0; count < 12; count++) hub.publish("config", () => CONFIG);
  // The greeting takes the first of the five places.
  equal((await listener.events(4)).length, 4);
  deepEqual(await listener.events(1), [["dropped", { rate: 0, slow: 8 }]]);
  hub.publish("config", () => CONFIG);
  deepEqual(await listener.events(1), [["config", CONFIG]]);
  deepEqual(hub.stats().dropped, { rate: 0, slow: 8, failed: 0 });
});

Deno.test("EventHub keeps a bounded number of bytes for a client that does not read", () => {
  using fixture = new Fixture();
  const { hub } = fixture;
  hub.connect(["config"]);
  const big = { ...CONFIG, error: "x".repeat(300_000) };
  for (let count = 0; count < 7; count++) hub.publish("config", () => big);
  deepEqual([hub.stats().sent, hub.stats().dropped["slow"]], [4, 3]);
});

Deno.test("EventHub takes a bounded number of clients, and takes another when one has gone", async () => {
  using fixture = new Fixture({ maxClients: 2 });
  const { hub } = fixture;
  const first = new Listener(hub.connect(["config"]));
  new Listener(hub.connect(["config"]));
  equal(hub.connect(["config"]), null);
  deepEqual([hub.stats().clients, hub.stats().refused], [2, 1]);
  await first.close();
  equal(hub.connect(["config"]) === null, false);
});

Deno.test("EventHub keeps streams alive with comments, and cuts off who reads nothing for too long", async () => {
  using fixture = new Fixture({ heartbeatMs: 2, stuckMs: 30_000 });
  const { hub } = fixture;
  const reading = new Listener(hub.connect(["config"]));
  hub.connect(["config"]);
  equal(await reading.text(), "retry: 3000\n\n");
  equal(await reading.text(), ":\n\n");
  equal(hub.stats().clients, 2);
  fixture.nowMs += 30_000;
  equal(await reading.text(), ":\n\n");
  await eventually(async () => {
    await reading.text();
    deepEqual([hub.stats().clients, hub.stats().cut], [1, 1]);
  });
});

Deno.test("EventHub ends every stream when it is disposed of", async () => {
  const { hub } = new Fixture();
  const listener = new Listener(hub.connect(["config"]));
  await listener.text();
  const end = listener.text();
  hub[Symbol.dispose]();
  equal(await end, "END");
  equal(hub.stats().clients, 0);
});

Deno.test("EventHub goes on when an event cannot be told", async () => {
  using fixture = new Fixture();
  const { hub } = fixture;
  const listener = new Listener(hub.connect(["span"]));
  hub.publish("span", () => {
    throw new RangeError("cut");
  });
  hub.publish("span", () => SPAN);
  deepEqual(await listener.events(1), [["span", SPAN]]);
  equal(hub.stats().dropped["failed"], 1);
  equal(fixture.logged.length, 1);
});

Deno.test("publishSpans() tells spans as the list of traces shows them", async () => {
  using fixture = new Fixture();
  const { hub } = fixture;
  const listener = new Listener(hub.connect(["span"]));
  for (const { resource, batch } of shopTrace(10)) publishSpans(hub, resource, batch);
  publishSpans(
    hub,
    BACK,
    batchOf(12, { traceId: traceIdOf(11), spanId: "0b".repeat(8), name: "odd", kind: 1 }),
  );
  const events = (await listener.events(4)).map(([, data]) => data as SpanEvent);
  deepEqual(events[2], {
    traceId: traceIdOf(10),
    spanId: "0000000000000029",
    parentSpanId: "",
    service: "front",
    kind: "server",
    name: "GET /shop/{id}",
    method: "GET",
    route: "/shop/{id}",
    status: 503,
    error: true,
    startTimeUnixNano: "1700000010000000000",
    durationNs: 20_000_000,
  });
  deepEqual(events.map(({ kind, service }) => [kind, service]), [
    ["server", "back"],
    ["client", "front"],
    ["server", "front"],
    ["internal", "back"],
  ]);
  deepEqual([events[3]!.method, events[3]!.route, events[3]!.status], [null, null, null]);
});
