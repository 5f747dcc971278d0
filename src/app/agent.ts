/**
 * The composition root: names every stage in order and wires them together, nothing else. Run by main.
 */
import type { Config } from "../config/config.ts";
import type { LoadedConfig, LoadOptions } from "../config/load.ts";
import { MetricExporter } from "../export/metric_exporter.ts";
import { SpanOutput } from "../export/span_output.ts";
import { TraceExport } from "../export/trace_export.ts";
import { superviseLoader } from "../loader/supervisor.ts";
import { createStatusApp } from "../status/app.ts";
import { EventHub } from "../status/events.ts";
import { createMetricsApp } from "../status/exposition.ts";
import type { StaticFiles } from "../status/page.ts";
import { serveStatus } from "../status/serve.ts";
import { publishSpans } from "../status/span_event.ts";
import { loadApiToken } from "../status/token.ts";
import { collectGarbage } from "../support/garbage.ts";
import type { ConfigurableLogger } from "../support/log.ts";
import { Rest } from "../support/rest.ts";
import { SpanPrinter } from "../trace/printer.ts";
import { TraceStore } from "../trace/store.ts";
import { Decoders } from "./decoders.ts";
import { LiveConfig } from "./live_config.ts";
import { Measuring } from "./measuring.ts";
import { Overview } from "./overview.ts";
import { ownResource } from "./own_resource.ts";
import { configureExports } from "./reconfigure.ts";
import { Resources } from "./resources.ts";
import { Session, tellDiscoveryFailure } from "./session.ts";
import { TargetFigures } from "./target_figures.ts";

/** Time to deliver what is queued when the agent is told to end. */
const FLUSH_MS = 1_000;
const BUILD = new URL("../../build/", import.meta.url);

/** How the agent is run. */
export interface AgentOptions {
  /** How the configuration was loaded, to load it again. */
  readonly load: LoadOptions;
  readonly loaded: LoadedConfig;
  /** What is served at "/". */
  readonly page: StaticFiles;
  readonly log: ConfigurableLogger;
  /** Ends the agent. */
  readonly signal: AbortSignal;
}

/**
 * Runs the agent until `signal` aborts.
 *
 * @throws {Error} when it cannot start: no decoders, wrong certificates, a port that is taken.
 */
export async function runAgent(options: AgentOptions): Promise<void> {
  const { load, loaded, page, log, signal } = options;
  const { config } = loaded;
  const token = await loadApiToken({
    getEnv: Deno.env.get,
    tokenFile: config.tokenFile,
    generatedFile: new URL("run/api_token", BUILD).pathname,
    log,
  });
  const red = await WebAssembly.compile(await Deno.readFile(new URL("red.wasm", BUILD)));
  let session: Session | null = null;
  let inForce = config;
  using events = new EventHub({ log });
  const tellActivity = () => events.publish("activity", () => ({ at: new Date().toISOString() }));
  using rest = new Rest({
    onRest() {
      collectGarbage();
      session?.rest();
    },
  });
  await using decoders = await Decoders.open({
    config: config.decoders,
    bundled: new URL("decoders/", BUILD),
    session: () => session,
    onChange: (event) => events.publish("decoder", () => event),
    log,
  });

  const resources = new Resources({ log });
  const figures = new TargetFigures({
    serviceOf: (pid) => resources.of(pid).serviceName,
    ttlMs: () => inForce.measure.ttlMs,
  });
  using measuring: Measuring = new Measuring({
    config,
    stage: () => session?.stage ?? null,
    own: ownResourceOf(() => session?.hello?.hostName ?? null),
    self: () => overview.selfMetrics(),
    onActivity: tellActivity,
  });
  const store = new TraceStore(config.store);
  const printer = new SpanPrinter({ mode: config.print, log });
  await using traceExport = new TraceExport({ log });
  await using metricExport = new MetricExporter({ source: measuring.metrics.source, log });
  configureExports({ traceExport, metricExport }, config);
  const output = new SpanOutput({ store, printer, exporter: traceExport, log });

  await using live = new LiveConfig({
    load,
    loaded,
    events,
    log,
    async apply(next: Config) {
      configureExports({ traceExport, metricExport }, next, inForce);
      try {
        await measuring.configure(next);
      } catch (error) {
        configureExports({ traceExport, metricExport }, inForce);
        throw error;
      }
      inForce = next;
      log.configure(next.log);
      printer.setMode(next.print);
      await session?.reconfigure(next).catch((error) => tellDiscoveryFailure(log, error));
    },
  });
  const overview: Overview = new Overview({
    session: () => session,
    resources,
    figures,
    output,
    metricExport,
    store,
    printer,
    events,
    decoders: decoders.admin,
    config: () => ({ current: live.current(), state: live.state() }),
  });

  await using server = serveStatus({
    app: createStatusApp({
      status: () => overview.status(),
      targets: () => overview.targets(),
      traces: store,
      ready: () => overview.ready(),
      metrics: measuring.metrics,
      events,
      config: live,
      decoders: decoders.admin,
      page,
      hosts: () => [config.listen.host, ...live.current().allowedHosts],
      token,
      log,
    }),
    ...config.listen,
    log,
  });
  log.info("page and API are served", { url: server.url });
  const { listen, path } = config.prometheus;
  await using prometheus = listen && serveStatus({
    app: createMetricsApp({ metrics: measuring.metrics, path, hosts: null }),
    what: "metrics",
    ...listen,
    log,
  });
  if (prometheus) log.info("metrics are served", { url: prometheus.url + path });
  live.watch();

  await superviseLoader({
    path: new URL("tsunagi-go", BUILD).pathname,
    pipeFolder: new URL("run/", BUILD).pathname,
    signal,
    onLine: (line) => log.info("loader says", { line }),
    onOpen: (client) => {
      overview.sessionBegan();
      session = new Session({
        client,
        registry: decoders.registry,
        chooser: decoders.chooser,
        config: inForce,
        red: { module: red, ...measuring.setup() },
        log,
        signal,
        onSpans(batches) {
          for (const batch of batches) {
            figures.count(batch.pid, batch.count);
            const resource = resources.of(batch.pid);
            const marked = resources.mark(batch);
            output.push(resource, marked);
            publishSpans(events, resource, marked);
          }
          measuring.spansCame();
          rest.work();
        },
        onTarget(target, hostName) {
          rest.work();
          resources.add(target, hostName);
          figures.found(target.pid);
          measuring.processFound(target.pid, resources.of(target.pid), target.rule ?? null);
        },
        onTargetChange(target, gone) {
          figures.changed(target);
          events.publish("target", () => ({ ...overview.target(target), gone }));
          if (gone) figures.ended(target.pid);
        },
        onProcessEnd: (pid) => measuring.processEnded(pid),
        onDecoderFault(pack, reason) {
          overview.decoderFailed(reason);
          decoders.admin.fail(pack, reason).catch((error) =>
            log.error("cannot replace a decoder", { error })
          );
        },
      });
    },
    onStart(_client, hello) {
      log.info("loader runs", { kernel: hello.kernelRelease, cgroup: hello.cgroup });
      tellActivity();
      session?.begin(hello).then(() => rest.work()).catch((error) => tellDiscoveryFailure(log, error));
    },
    async onExit(reason) {
      overview.loaderEnded(reason);
      tellActivity();
      if (reason) log.error("loader ended", { ...reason });
      const ended = session;
      if (!ended) return;
      const { counters, measured } = await ended.finish();
      session = null;
      overview.sessionEnded(ended, counters);
      measuring.stageEnded(measured);
    },
  });
  await Promise.all([output.shutdown(FLUSH_MS), metricExport.shutdown(FLUSH_MS)]);
}

/** The agent's own resource, one object once the name of the host is known. */
function ownResourceOf(hostName: () => string | null) {
  let known = { hostName: null as string | null, resource: ownResource({ hostName: null, pid: Deno.pid }) };
  return () => {
    const name = hostName();
    if (name !== null && name !== known.hostName) {
      known = { hostName: name, resource: ownResource({ hostName: name, pid: Deno.pid }) };
    }
    return known.resource;
  };
}
