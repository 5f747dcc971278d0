/**
 * The composition root: names every stage in order and wires them together, nothing else. Run by main.
 */
import type { Config } from "../config/config.ts";
import type { SpanBatch } from "../decoder/span_batch.ts";
import { LocalExporter } from "../export/local_exporter.ts";
import { OtlpExporter } from "../export/otlp_exporter.ts";
import type { SpanExporter } from "../export/span_exporter.ts";
import { SpanOutput } from "../export/span_output.ts";
import { superviseLoader } from "../loader/supervisor.ts";
import { createStatusApp } from "../status/app.ts";
import type { Readiness, StatusReport } from "../status/model.ts";
import { serveStatus } from "../status/serve.ts";
import { loadApiToken } from "../status/token.ts";
import type { Logger } from "../support/log.ts";
import type { Reason } from "../support/reason.ts";
import { markSpans } from "../trace/mark.ts";
import { TSUNAGI_DECODER_NEAREST } from "../trace/names.ts";
import { SpanPrinter } from "../trace/printer.ts";
import { TraceStore } from "../trace/store.ts";
import { Accounts } from "./accounts.ts";
import { Decoders } from "./decoders.ts";
import { Resources } from "./resources.ts";
import { Session } from "./session.ts";
import { loaderReport, statusReport, targetReports } from "./report.ts";

/** Time to deliver what is queued when the agent is told to end. */
const FLUSH_MS = 1_000;
const BUILD = new URL("../../build/", import.meta.url);

/** How the agent is run. */
export interface AgentOptions {
  readonly config: Config;
  readonly log: Logger;
  /** Ends the agent. */
  readonly signal: AbortSignal;
}

/**
 * Runs the agent until `signal` aborts.
 *
 * @returns null after an abort, else why it cannot go on.
 * @throws {Error} when it cannot start: no decoders, the API's port taken.
 */
export async function runAgent({ config, log, signal }: AgentOptions): Promise<Reason | null> {
  const startedMs = Date.now();
  const token = await loadApiToken({
    getEnv: Deno.env.get,
    tokenFile: config.tokenFile,
    generatedFile: new URL("run/api_token", BUILD).pathname,
    log,
  });
  let session: Session | null = null;
  await using decoders = await Decoders.open({
    config: config.decoders,
    bundled: new URL("decoders/", BUILD),
    session: () => session,
    log,
  });

  const store = new TraceStore(config.store);
  const printer = config.print === "off"
    ? null
    : new SpanPrinter({ mode: config.print, colour: Deno.stdout.isTerminal() && !Deno.noColor, log });
  const output = new SpanOutput({ store, printer, exporter: createExporter(config, log), log });
  const resources = new Resources({ log });
  const accounts = new Accounts();
  let lives = 0;
  let lastReason: Reason | null = null;

  async function status(): Promise<StatusReport> {
    const stats = await session?.stats() ?? null;
    const decoded = await session?.counters() ?? null;
    const exported = output.stats();
    return statusReport({
      startedMs,
      hello: session?.hello ?? null,
      loader: loaderReport({
        pid: session?.client.pid ?? null,
        running: Boolean(session?.hello),
        lives,
        lastReason,
        stats,
      }),
      accounting: accounts.report(stats, decoded, exported),
      stats,
      decoders: decoded,
      exported,
      endpoint: config.traces.url,
      store: store.stats(),
      printer: printer?.stats() ?? null,
    });
  }

  function ready(): Readiness {
    if (session?.scanned) return { ready: true };
    const why = lastReason
      ? `${lastReason.message} (${lastReason.remedy})`
      : "Processes are still being looked at";
    return { ready: false, why };
  }

  await using server = serveStatus({
    app: createStatusApp({
      status,
      targets: () => targetReports(session?.targets() ?? [], resources),
      traces: store,
      ready,
      decoders: decoders.admin,
      token,
      log,
    }),
    ...config.listen,
  });
  log.info("status API listens", { url: server.url });

  const failure = await superviseLoader({
    path: new URL("tsunagi-go", BUILD).pathname,
    pipeFolder: new URL("run/", BUILD).pathname,
    signal,
    onLine: (line) => log.info("loader says", { line }),
    onOpen: (client) => {
      lives++;
      session = new Session({
        client,
        registry: decoders.registry,
        chooser: decoders.chooser,
        config,
        log,
        signal,
        onSpans: (batches) => {
          for (const batch of batches) output.push(resources.of(batch.pid), marked(batch, resources));
        },
        onTarget: (target, hostName) => resources.add(target, hostName),
        onDecoderFault: (pack, reason) => {
          decoders.admin.fail(pack, reason).catch((error) =>
            log.error("cannot replace a decoder", { error })
          );
        },
      });
    },
    onStart: (_client, hello) => {
      log.info("loader runs", { kernel: hello.kernelRelease, cgroup: hello.cgroup });
      session?.begin(hello).catch((error) => log.error("discovery failed", { error }));
    },
    onExit: async (reason) => {
      lastReason = reason;
      if (reason) log.error("loader ended", { ...reason });
      const ended = session;
      if (!ended) return;
      const stats = ended.client.latestStats;
      accounts.close(stats, await ended.finish());
      session = null;
    },
  });
  await output.shutdown(FLUSH_MS);
  return failure;
}

/** Spans of a decoder that was made for another Go version say so. */
function marked(batch: SpanBatch, resources: Resources): SpanBatch {
  const nearest = resources.nearestDecoder(batch.pid);
  if (nearest === null) return batch;
  return { ...batch, bytes: markSpans(batch.bytes, TSUNAGI_DECODER_NEAREST, nearest) };
}

function createExporter({ traces }: Config, log: Logger): SpanExporter {
  const { url } = traces;
  return url === null ? new LocalExporter() : new OtlpExporter({ ...traces, url, log });
}
