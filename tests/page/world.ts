/**
 * An agent's world made up for the page: services that call each other, with traces in a real TraceStore and the
 * figures that belong to them. The same seed makes the same world.
 */
import type { SpanBatch } from "../../src/decoder/span_batch.ts";
import type { DecoderList } from "../../src/registry/model.ts";
import type {
  GraphReport,
  RouteReport,
  ServiceReport,
  ServicesReport,
  StatusReport,
  TargetReport,
} from "../../src/status/model.ts";
import { createResource, type Resource } from "../../src/trace/resource.ts";
import { TraceStore } from "../../src/trace/store.ts";
import { batchBytes, encodeSpan } from "../support/otlp_proto.ts";

/** A service: whom its routes call, and how long its own work takes. */
export interface ServicePlan {
  readonly name: string;
  readonly namespace?: string;
  readonly routes: readonly string[];
  readonly calls: readonly string[];
  readonly ownMs: number;
  readonly errorShare?: number;
  readonly instances?: number;
}

/** The demo's two. */
export const TWO: readonly ServicePlan[] = [
  { name: "front", routes: ["GET /orders/{id}", "POST /orders"], calls: ["back"], ownMs: 1.2 },
  { name: "back", routes: ["GET /stock/{sku}"], calls: [], ownMs: 4, errorShare: 0.04 },
];

/** A shop of twelve, with names as long as they get. */
export const TWELVE: readonly ServicePlan[] = [
  {
    name: "edge-gateway",
    namespace: "shop",
    routes: ["GET /", "GET /checkout", "POST /cart/{id}/items"],
    calls: ["checkout", "catalog", "recommendations-for-returning-customers-v2"],
    ownMs: 0.4,
    instances: 3,
  },
  {
    name: "checkout",
    namespace: "shop",
    routes: ["POST /checkout", "GET /checkout/{id}"],
    calls: ["cart", "payment", "shipping"],
    ownMs: 2.5,
    errorShare: 0.01,
  },
  {
    name: "catalog",
    namespace: "shop",
    routes: [
      "GET /products/{sku}",
      "GET /products/{sku}/variants/{variant}/availability/in/{region}/and/{warehouse}",
    ],
    calls: ["pricing", "inventory"],
    ownMs: 1.1,
  },
  {
    name: "recommendations-for-returning-customers-v2",
    namespace: "ml",
    routes: ["GET /recommend/{user}"],
    calls: ["catalog"],
    ownMs: 42,
  },
  { name: "cart", namespace: "shop", routes: ["GET /cart/{id}"], calls: ["inventory"], ownMs: 0.9 },
  {
    name: "payment",
    namespace: "shop",
    routes: ["POST /charge"],
    calls: ["fraud", "external:api.acquirer.example:443"],
    ownMs: 12,
    errorShare: 0.12,
  },
  { name: "shipping", namespace: "shop", routes: ["GET /quote"], calls: ["geo"], ownMs: 5 },
  { name: "pricing", namespace: "shop", routes: ["GET /price/{sku}"], calls: [], ownMs: 0.3 },
  { name: "inventory", namespace: "shop", routes: ["GET /stock/{sku}"], calls: ["audit"], ownMs: 0.8 },
  { name: "fraud", namespace: "ml", routes: ["POST /score"], calls: [], ownMs: 18 },
  { name: "geo", routes: ["GET /near"], calls: [], ownMs: 1400 },
  { name: "audit", routes: ["POST /events"], calls: [], ownMs: 0.05 },
];

/** Thirty in five layers, for the map. */
export const THIRTY: readonly ServicePlan[] = Array.from({ length: 30 }, (_value, index) => {
  const below = (step: number) =>
    index + step < 30 ? [`service-${String(index + step).padStart(2, "0")}`] : [];
  return {
    name: `service-${String(index).padStart(2, "0")}`,
    routes: ["GET /a", "GET /b/{id}"],
    calls: index % 6 === 5 ? below(6) : [...below(6), ...below(7)],
    ownMs: 1 + index,
    errorShare: index % 9 === 4 ? 0.03 : 0,
  };
});

/** Numbers from 0 to 1 that look random and are always the same. */
export function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = Math.imul(state ^ state >>> 15, 0x2c1b3c6d) + 0x9e3779b9 | 0;
    const mixed = Math.imul(state ^ state >>> 13, 0x297a2d39);
    return ((mixed ^ mixed >>> 16) >>> 0) / 2 ** 32;
  };
}

export class World {
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
  /** Replaces parts of the status. */
  status: Partial<StatusReport> = {};
  targets: readonly TargetReport[];

  constructor(services: readonly ServicePlan[], seed = 7) {
    this.#services = new Map(services.map((service) => [service.name, service]));
    this.#random = randomNumbers(seed);
    this.#resources = new Map(services.map(({ name, namespace }, index) => [
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
    this.targets = targetsOf(services);
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

  services(windowSeconds: number): ServicesReport {
    const random = randomNumbers(11);
    const services = [...this.#services.values()].map((plan, index): ServiceReport => {
      const perSecond = 240 / (index + 1) ** 1.3;
      const errors = plan.errorShare ?? 0;
      const history = {
        rate: Array.from({ length: 30 }, () => perSecond * (0.7 + 0.6 * random())),
        errorRate: Array.from({ length: 30 }, () => errors === 0 ? 0 : errors * 2 * random()),
        p99Ms: Array.from({ length: 30 }, () => plan.ownMs * (2 + 3 * random())),
      };
      const red = (share: number, errorRate: number): Omit<RouteReport, "method" | "route"> => ({
        requests: Math.round(perSecond * share * 3_000),
        errors: Math.round(perSecond * share * 3_000 * errorRate),
        rate: perSecond * share * (windowSeconds === 60 ? 1 : 0.9),
        errorRate,
        p50Ms: plan.ownMs * 1.1,
        p90Ms: plan.ownMs * 2.2,
        p99Ms: plan.ownMs * 4.3,
      });
      return {
        name: plan.name,
        namespace: plan.namespace ?? null,
        instances: plan.instances ?? 1,
        ...red(1, errors),
        history,
        routes: plan.routes.map((route, at): RouteReport => {
          const [method = "GET", pattern = "/"] = route.split(" ");
          return { method, route: pattern, ...red(1 / plan.routes.length, at === 0 ? errors : 0) };
        }),
      };
    }).sort((a, b) => b.rate - a.rate);
    return { windowSeconds, stepSeconds: 10, services };
  }

  graph(windowSeconds: number): GraphReport {
    const plans = [...this.#services.values()];
    const idOf = (name: string) => {
      const plan = this.#services.get(name);
      return plan?.namespace === undefined ? name : `${plan.namespace}/${name}`;
    };
    const external = plans.flatMap(({ calls }) => calls.filter((name) => !this.#services.has(name)));
    const edge = (from: string, to: string, weight: number, errorRate: number, ms: number) => ({
      from,
      to,
      requests: Math.round(weight * 3_000),
      errors: Math.round(weight * 3_000 * errorRate),
      rate: weight,
      errorRate,
      p50Ms: ms,
      p90Ms: ms * 2,
      p99Ms: ms * 4,
    });
    if (plans.length === 0) return { windowSeconds, nodes: [], edges: [] };
    return {
      windowSeconds,
      nodes: [
        { id: "user", name: "user", kind: "user" },
        ...plans.map(({ name }) => ({ id: idOf(name), name, kind: "service" as const })),
        ...external.map((id) => ({ id, name: id.replace("external:", ""), kind: "external" as const })),
      ],
      edges: [
        edge("user", idOf(plans[0]!.name), 240, plans[0]!.errorShare ?? 0, plans[0]!.ownMs),
        ...plans.flatMap(({ name, calls }, index) =>
          calls.map((callee) => {
            const plan = this.#services.get(callee);
            return edge(
              idOf(name),
              idOf(callee),
              200 / (index + 2),
              plan?.errorShare ?? 0,
              plan?.ownMs ?? 40,
            );
          })
        ),
      ],
    };
  }

  statusReport(): StatusReport {
    const lost = {};
    return {
      version: "0.1.0",
      uptimeSeconds: 15_127,
      kernel: {
        release: "6.12.48+deb13-amd64",
        hostName: "node-1",
        cpus: 2,
        features: { uprobeMulti: true, sockhash: true, fionreadDefect: false, lockdown: "integrity" },
      },
      loader: {
        state: "running",
        pid: 811,
        restarts: 0,
        recordsSent: 2 * this.#spans,
        bytesSent: 613 * this.#spans,
        cpuTimeNs: 4_200_000_000,
        residentBytes: 5_242_880,
        lastError: null,
      },
      accounting: {
        begun: this.#spans + 3,
        exported: this.#spans,
        sampledOut: 0,
        lost,
        inFlight: 2,
        queued: 1,
      },
      propagation: PROPAGATION,
      probes: {
        endWithoutStart: 2,
        lostQueueFull: 0,
        readFault: 0,
        noBinding: 0,
        processEventLost: 0,
        linkMapFull: 0,
        records: 2 * this.#spans,
        wakeups: 31,
      },
      decoder: {
        records: 2 * this.#spans,
        bytes: 613 * this.#spans,
        starts: this.#spans,
        ends: this.#spans,
        orphans: 0,
      },
      export: {
        endpoint: "http://127.0.0.1:4318/v1/traces",
        exported: this.#spans,
        queued: 1,
        lost: {},
        batches: 12,
        retries: 0,
        lastError: null,
      },
      metricsExport: null,
      store: this.traces.stats(),
      printer: null,
      red: null,
      config: { file: "/etc/tsunagi.yaml", loadedAt: "2026-03-01T12:00:00Z", error: null, warnings: [] },
      events: null,
      service: { residentBytes: 61_000_000, cpuSeconds: 7.3 },
      ...this.status,
    };
  }

  decoders(): DecoderList {
    return {
      decoders: [
        decoder("go1.17-1.20", ">=1.17 <1.21", 0, "bundled"),
        decoder("go1.21-1.25", ">=1.21 <1.26", 0, "bundled"),
        decoder("go1.26-1.27", ">=1.26 <1.28", this.targets.length, "bundled", [
          "golang.org/x/net >=0.17.0 <0.48.0",
        ]),
      ],
      refused: [],
      swaps: { count: 0, p50Ms: null, p99Ms: null, maxMs: null, lastMs: null },
    };
  }
}

const PROPAGATION: Readonly<Record<string, number>> = {
  traceparentAccepted: 5_023,
  traceparentMalformed: 0,
  tracestateTooLong: 0,
  parentGoroutine: 4_810,
  parentContext: 1_204,
  parentCreator: 96,
  parentGoid: 0,
  parentNone: 11,
  armed: 6_121,
  injected: 6_102,
  rewritten: 12,
  notWritten: 7,
  split: 0,
  pushFailed: 0,
  ownHeader: 0,
  tls: 34,
  noSocket: 0,
  untracked: 0,
  noHttp1Connection: 0,
  pendingMapFull: 0,
  socketsTracked: 84,
  socketTrackFailed: 0,
  socketsAdopted: 9,
};

function decoder(
  name: string,
  goRange: string,
  targets: number,
  source: DecoderList["decoders"][number]["source"],
  libraries: readonly string[] = [],
): DecoderList["decoders"][number] {
  return {
    name,
    version: "0.1.0",
    goRange,
    libraries,
    digest: name.split("").map((letter) => letter.charCodeAt(0).toString(16)).join("").padEnd(64, "0").slice(
      0,
      64,
    ),
    source,
    state: "active",
    since: "2026-03-01T12:00:00.000Z",
    previous: null,
    targets,
    counters: targets === 0 ? null : { starts: 12_031, spans: 12_028, inFlight: 3, badRecords: 0 },
  };
}

function targetsOf(services: readonly ServicePlan[]): TargetReport[] {
  return services.map(({ name }, index) => ({
    pid: 4_000 + index,
    exe: `/srv/bin/${name}`,
    serviceName: name,
    state: "traced",
    reason: null,
    goVersion: "go1.26.8",
    decoder: "go1.26-1.27",
    decoderCheck: index % 2 === 0 ? "dwarf" : "range",
    sites: [
      {
        probe: "serverStart",
        symbol: "net/http.serverHandler.ServeHTTP",
        instruction: "push",
        price: "emulated",
        address: "0x6a1b2c",
      },
      {
        probe: "serverEnd",
        symbol: "net/http.(*response).finishRequest",
        instruction: "push",
        price: "emulated",
        address: "0x6a0c11",
      },
      {
        probe: "goroutine",
        symbol: "runtime.newproc1",
        instruction: "mov",
        price: index % 5 === 3 ? "stepped" : "emulated",
        address: "0x441f03",
      },
    ],
  }));
}

/** Processes that are not traced, for all kinds of reasons. */
export const TROUBLED: readonly TargetReport[] = [
  target(5_001, "legacy", "refused", "go1.15.2", {
    code: "go-too-old",
    message: "It was built with Go 1.15.2, and the oldest that is known is 1.17",
    remedy: "Build it with a newer Go",
  }),
  target(5_002, "packed", "refused", null, {
    code: "packed",
    message: "The executable is packed by UPX, so its functions cannot be found",
    remedy: "Deploy it unpacked",
  }),
  target(5_003, "starting", "attaching", "go1.26.8", null),
  target(5_004, "collector", "excluded", "go1.25.1", {
    code: "excluded-by-rule",
    message: "discovery.exclude_services[0] names its executable",
    remedy: "Take the rule out if it should be traced",
  }),
];

function target(
  pid: number,
  name: string,
  state: TargetReport["state"],
  goVersion: string | null,
  reason: TargetReport["reason"],
): TargetReport {
  const exe = `/usr/local/lib/a/rather/deep/place/for/executables/${name}`;
  return {
    pid,
    exe,
    serviceName: name,
    state,
    reason,
    goVersion,
    decoder: null,
    decoderCheck: null,
    sites: [],
  };
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, "0");
}
