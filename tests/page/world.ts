/** Requests that go through made-up services and leave their spans in a real TraceStore. */
import type { SpanBatch } from "../../src/decoder/span_batch.ts";
import { createResource, type Resource } from "../../src/trace/resource.ts";
import { TraceStore } from "../../src/trace/store.ts";
import { batchBytes, encodeSpan } from "../support/otlp_proto.ts";
import { randomNumbers } from "./figures.ts";
import type { ServicePlan } from "./plans.ts";

/** The same seed makes the same traces. */
export class World {
  readonly plans: readonly ServicePlan[];
  readonly traces = new TraceStore({ maxSpans: 5_003, maxBytes: 4_000_003 });
  /** Newest last. */
  readonly traceIds: string[] = [];
  readonly #services: ReadonlyMap<string, ServicePlan>;
  readonly #resources: ReadonlyMap<string, Resource>;
  readonly #random: () => number;
  #ids = 1;
  #spans = 0;
  /** Told of every span that is added. */
  onSpan: (resource: Resource, batch: SpanBatch) => void = () => {};
  /** Spans so far. */
  get spans(): number {
    return this.#spans;
  }

  constructor(plans: readonly ServicePlan[], seed = 7) {
    this.plans = plans;
    this.#services = new Map(plans.map((plan) => [plan.name, plan]));
    this.#random = randomNumbers(seed);
    this.#resources = new Map(plans.map(({ name, namespace }, index) => [
      name,
      createResource({
        pid: 4_000 + index,
        exe: `/srv/bin/${name}`,
        goVersion: "go1.26.8",
        environment: {
          OTEL_SERVICE_NAME: name,
          ...(namespace ? { OTEL_RESOURCE_ATTRIBUTES: `service.namespace=${namespace}` } : {}),
        },
        hostName: "node-1",
      }),
    ]));
  }

  /** Lets a request come in at the first service, that long ago, and answers its trace id. */
  request({ agoMs = 0, at = [...this.#services.keys()][0] }: { agoMs?: number; at?: string } = {}): string {
    const traceId = hex(this.#ids++, 32);
    this.traceIds.push(traceId);
    if (at !== undefined) {
      this.#serve({ traceId, name: at, parent: "", startMs: Date.now() - agoMs, depth: 0 });
    }
    return traceId;
  }

  /** Lets another request of a trace come in, from outside. */
  continueTrace(traceId: string): void {
    const [name] = this.#services.keys();
    if (name !== undefined) this.#serve({ traceId, name, parent: "", startMs: Date.now(), depth: 0 });
  }

  /** Adds the server span and what is below it; answers its end and whether it failed. */
  #serve(call: { traceId: string; name: string; parent: string; startMs: number; depth: number }) {
    const { traceId, name, parent, startMs, depth } = call;
    const plan = this.#services.get(name)!;
    const spanId = hex(this.#ids++, 16);
    const route = plan.routes[Math.floor(this.#random() * plan.routes.length)]!;
    const [method = "GET", pattern = "/"] = route.split(" ");
    const own = plan.ownMs * (0.4 + 1.4 * this.#random());
    let at = startMs + own * 0.3;
    let latest = at;
    let failed = this.#random() < (plan.errorShare ?? 0);
    for (const callee of depth > 6 ? [] : plan.calls) {
      // Some calls run beside each other.
      const end = this.#call({ traceId, service: name, callee, parent: spanId, startMs: at, depth });
      failed ||= end.failed && this.#random() < 0.7;
      latest = Math.max(latest, end.atMs);
      if (this.#random() < 0.8) at = end.atMs;
    }
    const endMs = latest + own * 0.7;
    const status = failed ? 503 : 200;
    this.#add(name, {
      traceId,
      spanId,
      ...(parent === "" ? {} : { parentSpanId: parent }),
      name: route,
      kind: 2,
      startMs,
      durationMs: endMs - startMs,
      ...(failed ? { statusCode: 2 } : {}),
      attributes: {
        "http.request.method": method,
        "http.route": pattern,
        "url.path": pattern.replaceAll(/\{(\w+)\}/g, () => String(Math.floor(this.#random() * 1_000))),
        "url.scheme": "http",
        "http.response.status_code": status,
        "server.address": name,
        "server.port": 8080,
        "client.address": "10.0.0.7",
        "network.protocol.version": "1.1",
        ...(failed ? { "error.type": "503" } : {}),
      },
    });
    return { atMs: endMs, failed };
  }

  #call(
    call: {
      traceId: string;
      service: string;
      callee: string;
      parent: string;
      startMs: number;
      depth: number;
    },
  ) {
    const { traceId, service, callee, parent, startMs, depth } = call;
    const spanId = hex(this.#ids++, 16);
    const known = this.#services.has(callee);
    const served = known
      ? this.#serve({ traceId, name: callee, parent: spanId, startMs: startMs + 0.3, depth: depth + 1 })
      : { atMs: startMs + 30 * (0.5 + this.#random()), failed: false };
    const host = callee.replace("external:", "").split(":")[0]!;
    const endMs = served.atMs + 0.25;
    this.#add(service, {
      traceId,
      spanId,
      parentSpanId: parent,
      name: "GET",
      kind: 3,
      startMs,
      durationMs: endMs - startMs,
      ...(served.failed ? { statusCode: 2 } : {}),
      attributes: {
        "http.request.method": "GET",
        "url.full": `http://${host}/x?y=1`,
        "server.address": host,
        "server.port": 8080,
        "http.response.status_code": served.failed ? 503 : 200,
        ...(served.failed ? { "error.type": "503" } : {}),
      },
    });
    return { atMs: endMs, failed: served.failed };
  }

  #add(service: string, span: Parameters<typeof encodeSpan>[0]) {
    const resource = this.#resources.get(service)!;
    this.#spans++;
    const batch = { pid: 4_000, count: 1, bytes: batchBytes([encodeSpan(span)]) };
    this.traces.add(resource, batch);
    this.onSpan(resource, batch);
  }
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, "0");
}
