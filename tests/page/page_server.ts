/** The real status API and page over a made-up world, on a port of its own. */
import type { MetricViews } from "../../src/metrics/types.ts";
import { loadPage } from "../../src/page/files.ts";
import { createStatusApp } from "../../src/status/app.ts";
import { EventHub } from "../../src/status/events.ts";
import { serveStatus } from "../../src/status/serve.ts";
import { publishSpans } from "../../src/status/span_event.ts";
import { createLogger } from "../../src/support/log.ts";
import type { World } from "./world.ts";

export interface PageServer extends AsyncDisposable {
  readonly url: string;
  /** Paths that were asked for, in order. */
  readonly asked: string[];
  /** While true, nothing is answered: connections are closed. */
  silent: boolean;
}

export async function servePage(world: World, { port = 0 } = {}): Promise<PageServer> {
  const log = createLogger({ write: () => {} });
  const hub = new EventHub({ log });
  world.onSpan = (resource, batch) => publishSpans(hub, resource, batch);
  const metrics: MetricViews = {
    services: (windowSeconds) => world.services(windowSeconds),
    graph: (windowSeconds) => world.graph(windowSeconds),
    render: () => Promise.resolve(""),
  };
  const never = () => Promise.reject(new Error("Cannot be called: the page changes no decoders"));
  const app = createStatusApp({
    status: () => world.statusReport(),
    targets: () => world.targets,
    traces: world.traces,
    ready: () => ({ ready: true }),
    decoders: { list: () => Promise.resolve(world.decoders()), get: never, put: never, rollback: never },
    metrics,
    events: hub,
    page: await loadPage(),
    token: "secret",
    log,
  });
  const asked: string[] = [];
  const server = serveStatus({
    host: "127.0.0.1",
    port,
    app: {
      async fetch(request) {
        const { pathname, search } = new URL(request.url);
        asked.push(pathname + search);
        if (result.silent) throw new Error("silent");
        return await app.fetch(request);
      },
    },
  });
  const result: PageServer = {
    url: server.url,
    asked,
    silent: false,
    async [Symbol.asyncDispose]() {
      hub[Symbol.dispose]();
      await server[Symbol.asyncDispose]();
    },
  };
  return result;
}
