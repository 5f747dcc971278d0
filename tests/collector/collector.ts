/** Builds, starts and reads the real OpenTelemetry Collector of this directory. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { freePort, ROOT } from "../support/agent.ts";
import { eventually } from "../support/eventually.ts";
import { goBuild } from "../support/go_build.ts";
import { ScratchDirectory } from "../support/scratch.ts";
import {
  attributeMap,
  fromOtlp,
  type OtlpAttribute,
  type OtlpSpan,
  type ReceivedSpan,
} from "../support/span.ts";

/** The toolchain that its modules ask for. */
const TOOLCHAIN = "1.26.11";

interface ExportedLine {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes?: readonly OtlpAttribute[] };
    readonly schemaUrl?: string;
    readonly scopeSpans: readonly { readonly spans: readonly OtlpSpan[] }[];
  }[];
}

function configuration(ports: { otlp: number; health: number }, output: string): string {
  return `
receivers: {otlp: {protocols: {http: {endpoint: "127.0.0.1:${ports.otlp}"}}}}
processors: {batch: {timeout: 100ms}}
exporters: {file: {path: "${output}", flush_interval: 100ms}}
extensions: {health_check: {endpoint: "127.0.0.1:${ports.health}"}}
service:
  extensions: [health_check]
  telemetry: {metrics: {level: none}, logs: {level: warn}}
  pipelines: {traces: {receivers: [otlp], processors: [batch], exporters: [file]}}
`;
}

/** A running Collector. */
export class Collector implements AsyncDisposable {
  private constructor(
    readonly url: string,
    readonly pid: number,
    private readonly output: string,
    private readonly stack: AsyncDisposableStack,
  ) {}

  /** Builds it when needed, which takes minutes, and waits until it is healthy. */
  static async start(): Promise<Collector> {
    const exe = await goBuild({
      module: `${ROOT}/tests/collector`,
      toolchain: TOOLCHAIN,
      flavour: "stripped",
    });
    await using stack = new AsyncDisposableStack();
    const scratch = stack.use(new ScratchDirectory());
    const ports = { otlp: freePort(), health: freePort() };
    const output = join(scratch.path, "spans.jsonl");
    const config = join(scratch.path, "config.yaml");
    Deno.writeTextFileSync(config, configuration(ports, output));
    const child = new Deno.Command(exe, { args: ["--config", `file:${config}`], stdin: "null" }).spawn();
    stack.defer(async () => {
      try {
        child.kill("SIGTERM");
      } catch {
        // It has ended already.
      }
      await child.status;
    });
    await eventually(async () => {
      const response = await fetch(`http://127.0.0.1:${ports.health}/`);
      await response.body?.cancel();
      assert.equal(response.status, 200);
    });
    return new Collector(`http://127.0.0.1:${ports.otlp}`, child.pid, output, stack.move());
  }

  /** Everything that it has written so far. */
  spans(): ReceivedSpan[] {
    const lines = Deno.readTextFileSync(this.output).split("\n").filter((line) => line !== "");
    return lines.flatMap((line) => {
      const { resourceSpans }: ExportedLine = JSON.parse(line);
      return resourceSpans.flatMap(({ resource, scopeSpans }) => {
        const attributes = attributeMap(resource.attributes);
        return scopeSpans.flatMap(({ spans }) => spans).map((span) =>
          fromOtlp(span, attributes, (id) => id ?? "")
        );
      });
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stack.disposeAsync();
  }
}
