/**
 * Builds, starts and reads the real OpenTelemetry Collector of tests/collector: receiver otlp, processor batch,
 * exporters file and prometheus, extension health_check.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import type { Protocol } from "../../src/config/config.ts";
import { freePort, ROOT } from "./agent.ts";
import { eventually } from "./eventually.ts";
import { goBuild } from "./go_build.ts";
import { TextLineStream } from "./lines.ts";
import { METRICS_CALL, TRACES_CALL } from "./otlp_grpc_server.ts";
import { ScratchDirectory } from "./scratch.ts";
import {
  attributeMap,
  type AttributeValue,
  fromOtlp,
  type OtlpAttribute,
  type OtlpSpan,
  type ReceivedSpan,
} from "./span.ts";

/** The toolchain that its modules ask for. */
const TOOLCHAIN = "1.26.11";

/** What a configuration may refer to. Addresses are HOST:PORT, free ones on the loopback. */
export interface CollectorPlaces {
  readonly otlp: string;
  /** The same by gRPC; of the default configuration alone. */
  readonly otlpGrpc: string;
  /** For the prometheus exporter. */
  readonly prometheus: string;
  /** Where health_check has to listen. */
  readonly health: string;
  /** For output of the file exporter; traces.jsonl and metrics.jsonl are read from it. */
  readonly directory: string;
}

export interface CollectorOptions {
  /** The whole configuration in YAML. Default: both signals into files, metrics to be scraped too. */
  readonly config?: (places: CollectorPlaces) => string;
  /** Of the default configuration: it speaks TLS and demands certificates that clientCaFile's owner signed. */
  readonly tls?: { readonly certFile: string; readonly keyFile: string; readonly clientCaFile: string };
  /** Instead of free ports for OTLP/HTTP and OTLP/gRPC, to come back where another one was. */
  readonly otlpPort?: number;
  readonly otlpGrpcPort?: number;
}

/** One line of the file exporter's output for metrics: an ExportMetricsServiceRequest in JSON. */
interface ExportedMetrics {
  readonly resourceMetrics: readonly {
    readonly resource: { readonly attributes?: readonly OtlpAttribute[] };
    readonly scopeMetrics: readonly { readonly metrics: readonly ExportedMetric[] }[];
  }[];
}

export interface ExportedMetric {
  readonly name: string;
  readonly unit?: string;
  readonly histogram?: {
    readonly aggregationTemporality: number;
    readonly dataPoints: readonly ExportedPoint[];
  };
  readonly sum?: { readonly aggregationTemporality: number; readonly dataPoints: readonly ExportedPoint[] };
}

/** A point of either kind. */
export interface ExportedPoint {
  readonly attributes?: readonly OtlpAttribute[];
  readonly startTimeUnixNano: string;
  readonly timeUnixNano: string;
  readonly asInt?: string;
  readonly count?: string;
  readonly sum?: number;
  readonly bucketCounts?: readonly string[];
  readonly explicitBounds?: readonly number[];
  readonly exemplars?: readonly {
    readonly timeUnixNano: string;
    readonly asDouble: number;
    readonly spanId: string;
    readonly traceId: string;
  }[];
}

interface ExportedTraces {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes?: readonly OtlpAttribute[] };
    readonly scopeSpans: readonly { readonly spans: readonly OtlpSpan[] }[];
  }[];
}

function defaultConfig(
  { otlp, otlpGrpc, prometheus, health, directory }: CollectorPlaces,
  tls: CollectorOptions["tls"],
) {
  const security = tls
    ? `, tls: {cert_file: "${tls.certFile}", key_file: "${tls.keyFile}", client_ca_file: "${tls.clientCaFile}"}`
    : "";
  return `
receivers:
  otlp:
    protocols: {http: {endpoint: "${otlp}"${security}}, grpc: {endpoint: "${otlpGrpc}"${security}}}
processors: {batch: {timeout: 100ms}}
exporters:
  file/traces: {path: "${directory}/traces.jsonl", flush_interval: 100ms}
  file/metrics: {path: "${directory}/metrics.jsonl", flush_interval: 100ms}
  prometheus: {endpoint: "${prometheus}", enable_open_metrics: true}
extensions: {health_check: {endpoint: "${health}"}}
service:
  extensions: [health_check]
  telemetry: {metrics: {level: none}, logs: {level: error}}
  pipelines:
    traces: {receivers: [otlp], processors: [batch], exporters: [file/traces]}
    metrics: {receivers: [otlp], processors: [batch], exporters: [file/metrics, prometheus]}
`;
}

/** All that came of one series. */
export interface ExportedSeries {
  readonly metric: ExportedMetric;
  readonly resource: Readonly<Record<string, AttributeValue>>;
  readonly attributes: Readonly<Record<string, AttributeValue>>;
  /** Oldest first. */
  readonly points: readonly ExportedPoint[];
}

/** Path of the program; building it takes minutes where the cache is cold. */
export async function buildCollector(): Promise<string> {
  return await goBuild({ module: `${ROOT}/tests/collector`, toolchain: TOOLCHAIN, flavour: "stripped" });
}

/** A running Collector. */
export class Collector implements AsyncDisposable {
  private constructor(
    /** Base URL for OTLP/HTTP. */
    readonly url: string,
    /** For OTLP/gRPC. */
    readonly grpcUrl: string,
    readonly places: CollectorPlaces,
    readonly pid: number,
    /** Lines of its log, for the message of a failed test. */
    readonly log: readonly string[],
    private readonly stack: AsyncDisposableStack,
  ) {}

  /** Builds it when needed and waits until it is healthy. */
  static async start(options: CollectorOptions = {}): Promise<Collector> {
    const exe = await buildCollector();
    await using stack = new AsyncDisposableStack();
    const scratch = stack.use(new ScratchDirectory());
    const local = (port: number) => `127.0.0.1:${port}`;
    const places = {
      otlp: local(options.otlpPort ?? freePort()),
      otlpGrpc: local(options.otlpGrpcPort ?? freePort()),
      prometheus: local(freePort()),
      health: local(freePort()),
      directory: scratch.path,
    };
    const config = join(scratch.path, "config.yaml");
    Deno.writeTextFileSync(config, options.config?.(places) ?? defaultConfig(places, options.tls));
    const child = new Deno.Command(exe, {
      args: ["--config", `file:${config}`],
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    const log: string[] = [];
    const logged = (async () => {
      for await (const line of child.stderr.pipeThrough(new TextLineStream())) log.push(line);
    })();
    let ended = false;
    child.status.then(() => ended = true);
    stack.defer(async () => {
      if (!ended) child.kill("SIGTERM");
      await child.status;
      await logged;
    });
    await eventually(async () => {
      if (ended) return;
      const response = await fetch(`http://${places.health}/`);
      await response.body?.cancel();
      assert.equal(response.status, 200);
    });
    assert.ok(!ended, `the Collector ended: ${log.join("\n")}`);
    const scheme = options.tls ? "https" : "http";
    const [url, grpcUrl] = [`${scheme}://${places.otlp}`, `${scheme}://${places.otlpGrpc}`];
    return new Collector(url, grpcUrl, places, child.pid, log, stack.move());
  }

  /** Where a signal goes by a protocol. */
  urlFor(signal: "traces" | "metrics", protocol: Protocol): string {
    if (protocol !== "grpc") return `${this.url}/v1/${signal}`;
    return this.grpcUrl + (signal === "traces" ? TRACES_CALL : METRICS_CALL);
  }

  /** All spans that it has written so far. */
  spans(): ReceivedSpan[] {
    return this.#lines<ExportedTraces>("traces.jsonl").flatMap(({ resourceSpans }) =>
      resourceSpans.flatMap(({ resource, scopeSpans }) => {
        const attributes = attributeMap(resource.attributes);
        return scopeSpans.flatMap(({ spans }) => spans).map((span) =>
          fromOtlp(span, attributes, (id) => id ?? "")
        );
      })
    );
  }

  /** All metrics that it has written so far. */
  series(): ExportedSeries[] {
    const all = new Map<string, Omit<ExportedSeries, "points"> & { readonly points: ExportedPoint[] }>();
    for (const { resourceMetrics } of this.#lines<ExportedMetrics>("metrics.jsonl")) {
      for (const { resource: { attributes: owner }, scopeMetrics } of resourceMetrics) {
        const resource = attributeMap(owner);
        for (const metric of scopeMetrics.flatMap(({ metrics }) => metrics)) {
          for (const point of (metric.histogram ?? metric.sum)!.dataPoints) {
            const attributes = attributeMap(point.attributes);
            const key = JSON.stringify([metric.name, resource, Object.entries(attributes).sort()]);
            const series = all.get(key);
            if (series) series.points.push(point);
            else all.set(key, { metric, resource, attributes, points: [point] });
          }
        }
      }
    }
    return [...all.values()];
  }

  #lines<T>(name: string): T[] {
    const text = Deno.readTextFileSync(join(this.places.directory, name));
    // The last line may be half written.
    return text.split("\n").slice(0, -1).map((line) => JSON.parse(line) as T);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stack.disposeAsync();
  }
}
