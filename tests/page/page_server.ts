/**
 * The real status API and the built page over a made-up world, on a port of its own. What tests want to change while
 * somebody looks is in fields.
 */
import { loadPage } from "../../src/page/files.ts";
import type { DecoderList } from "../../src/registry/model.ts";
import { createStatusApp } from "../../src/status/app.ts";
import { EventHub } from "../../src/status/events.ts";
import type {
  GraphReport,
  ServicesReport,
  StatusReport,
  TargetReport,
  TargetsAnswer,
} from "../../src/status/model.ts";
import { serveStatus, type StatusServer } from "../../src/status/serve.ts";
import { publishSpans } from "../../src/status/span_event.ts";
import { createLogger } from "../../src/support/log.ts";
import { freePort } from "../support/free_port.ts";
import { decoderList, statusReport, tracedTargets } from "./agent_state.ts";
import { graphReport, servicesReport } from "./figures.ts";
import type { World } from "./world.ts";

export class PageServer implements AsyncDisposable {
  readonly world: World;
  /** Paths that were asked for, in order. */
  readonly asked: string[] = [];
  /** Scales the rates of all services. */
  load = 1;
  /** Replace what belongs to the world. */
  status: Partial<StatusReport> = {};
  targets: readonly TargetReport[];
  targetsAnswer: Partial<TargetsAnswer> = {};
  decoders: Partial<DecoderList> = {};
  services: ((report: ServicesReport) => ServicesReport) | null = null;
  graph: ((report: GraphReport) => GraphReport) | null = null;
  #hub!: EventHub;
  #server!: StatusServer;
  // It comes back on the same, so nobody else may take it meanwhile.
  readonly #port = freePort();

  private constructor(world: World) {
    this.world = world;
    this.targets = tracedTargets(world.plans);
  }

  static async start(world: World): Promise<PageServer> {
    const server = new PageServer(world);
    await server.resume();
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** As an agent that ends: nobody listens any more. */
  async stop(): Promise<void> {
    this.#hub[Symbol.dispose]();
    await this.#server[Symbol.asyncDispose]();
  }

  /** As one that comes back, on the same port. */
  async resume(): Promise<void> {
    const { world } = this;
    const log = createLogger({ write: () => {} });
    const hub = this.#hub = new EventHub({ log });
    world.onSpan = (resource, batch) => {
      publishSpans(hub, resource, batch);
      hub.publish("activity", () => ({ at: new Date().toISOString() }));
    };
    const never = () => Promise.reject(new Error("Cannot be called: the page changes no decoders"));
    const decoders = () => ({ ...decoderList(this.targets.length), ...this.decoders });
    const app = createStatusApp({
      status: () => ({
        ...statusReport({ spans: world.spans, store: world.traces.stats() }),
        ...this.status,
      }),
      targets: () => ({ targets: this.targets, unmatchedRules: [], loader: null, ...this.targetsAnswer }),
      traces: world.traces,
      ready: () => ({ ready: true }),
      decoders: { list: () => Promise.resolve(decoders()), get: never, put: never, rollback: never },
      metrics: {
        services: (seconds) => {
          const report = servicesReport(world.plans, seconds, this.load);
          return this.services?.(report) ?? report;
        },
        graph: (seconds) => {
          const report = graphReport(world.plans, seconds);
          return this.graph?.(report) ?? report;
        },
        render: () => Promise.resolve(""),
      },
      events: hub,
      page: await loadPage(),
      token: "secret",
      log,
    });
    const fetch = (request: Request) => {
      const { pathname, search } = new URL(request.url);
      this.asked.push(pathname + search);
      return app.fetch(request);
    };
    this.#server = serveStatus({ host: "127.0.0.1", port: this.#port, app: { fetch } });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}
