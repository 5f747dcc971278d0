/**
 * Discovery at work without the agent around it: a real loader, the decoders of the build, the Worker that reads
 * spans. Keeps every span and every announcement of a target.
 */
import assert from "node:assert/strict";
import { SpanPipeline } from "../../src/decoder/pipeline.ts";
import { DecoderChooser } from "../../src/discovery/decoder_chooser.ts";
import { Discovery, type DiscoveryRules } from "../../src/discovery/discovery.ts";
import { DecoderSlots } from "../../src/discovery/slots.ts";
import type { Target } from "../../src/discovery/target.ts";
import { KIND_PROCESS_EXEC, KIND_PROCESS_EXIT } from "../../bpf/wire.gen.ts";
import { LoaderClient } from "../../src/loader/client.ts";
import { loadBundled } from "../../src/registry/bundled.ts";
import { DecoderRegistry } from "../../src/registry/registry.ts";
import { createLogger } from "../../src/support/log.ts";
import { decodeHeader } from "../../src/wire/header.ts";
import { type DecodedSpan, readBatches } from "../decoder/spans.ts";
import { eventually } from "../support/eventually.ts";
import { LOADER } from "../loader/session.ts";

const DECODERS = new URL("../../build/decoders/", import.meta.url);

/** A span and the process that made it. */
export interface NodeSpan extends DecodedSpan {
  readonly pid: number;
}

/** Where all spans are that ever began. */
export interface NodeAccounts {
  readonly begun: number;
  readonly spans: number;
  readonly sampledOut: number;
  /** All of them, whatever the reason. */
  readonly lost: number;
  readonly abandoned: number;
  readonly inFlight: number;
}

export class TracedNode implements AsyncDisposable {
  readonly spans: NodeSpan[] = [];
  /** pid and name of the rule, for each call of onTarget. */
  readonly announced: [pid: number, name: string | null][] = [];
  readonly client: LoaderClient;
  readonly #pipeline: SpanPipeline;
  readonly #stop = new AbortController();
  #discovery: Discovery | null = null;
  #taken = 0;

  private constructor(client: LoaderClient) {
    this.client = client;
    this.#pipeline = new SpanPipeline({
      path: client.fifoPath,
      onSpans: (batches) => {
        for (const batch of batches) {
          this.spans.push(...readBatches([batch]).map((span) => ({ ...span, pid: batch.pid })));
        }
      },
      onRecord: (record) => {
        if (client.handleRecord(record)) return;
        const { kind, pid } = decodeHeader(record);
        if (kind === KIND_PROCESS_EXEC) this.#discovery?.onExec(pid);
        else if (kind === KIND_PROCESS_EXIT) this.#discovery?.onExit(pid);
      },
    });
  }

  /** Starts it and gives every process that runs its state. */
  static async start(rules: DiscoveryRules): Promise<TracedNode> {
    const node = new TracedNode(await LoaderClient.start({ path: LOADER }));
    await node.client.hello;
    const registry = new DecoderRegistry();
    await loadBundled(registry, DECODERS);
    node.#discovery = new Discovery({
      loader: node.client,
      slots: new DecoderSlots({
        loader: node.client,
        decoders: {
          use: (slot, pack) => node.#pipeline.useDecoder(slot, pack),
          release: (slot) => node.#pipeline.releaseDecoder(slot),
          inFlight: () => Promise.resolve(new Map()),
        },
        keeps: () => true,
      }),
      chooser: new DecoderChooser({
        registry,
        learn: () => Promise.resolve({ code: "not-learnt", message: "no", remedy: "none" }),
      }),
      ...rules,
      onTarget: ({ pid, rule }) => node.announced.push([pid, rule?.name ?? null]),
      log: createLogger({ write: () => {} }),
      signal: node.#stop.signal,
    });
    await node.discovery.scan();
    return node;
  }

  get discovery(): Discovery {
    assert.ok(this.#discovery);
    return this.#discovery;
  }

  target(pid: number): Target {
    const target = this.discovery.target(pid);
    assert.ok(target, `process ${pid} is not listed`);
    return target;
  }

  /** "traced", or the code of the reason. */
  state(pid: number): string {
    const { state, reason } = this.target(pid);
    return reason?.code ?? state;
  }

  spansOf(pid: number): NodeSpan[] {
    return this.spans.filter((span) => span.pid === pid);
  }

  async accounts(): Promise<NodeAccounts> {
    const { counters } = await this.client.stats();
    const decoded = await this.#pipeline.counters();
    const lost = Object.values(decoded.lost).reduce((sum, count) => sum + count, 0) +
      counters.lost_ring_full +
      counters.lost_span_map_full;
    return {
      begun: counters.begun_server + counters.begun_client,
      spans: decoded.spans,
      sampledOut: counters.sampled_out,
      lost,
      abandoned: decoded.lost.abandoned,
      inFlight: decoded.inFlight,
    };
  }

  /** Spans since the last call. */
  take(): NodeSpan[] {
    this.#taken += this.spans.length;
    return this.spans.splice(0);
  }

  /** Waits until so many have begun and nothing is in flight, and returns accounts that add up exactly. */
  async atRest(begunAtLeast: number): Promise<NodeAccounts> {
    return await eventually(async () => {
      const accounts = await this.accounts();
      const { begun, spans, sampledOut, lost, inFlight } = accounts;
      assert.equal(inFlight, 0);
      assert.ok(begun >= begunAtLeast, `${begun} began, at least ${begunAtLeast} expected`);
      assert.equal(begun, spans + sampledOut + lost, JSON.stringify(accounts));
      assert.equal(spans, this.spans.length + this.#taken);
      return accounts;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.client[Symbol.asyncDispose]();
    await this.#pipeline[Symbol.asyncDispose]();
  }
}
