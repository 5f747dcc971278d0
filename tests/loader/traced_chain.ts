/** Two real services that call each other, probed without a decoder: what the kernel itself sends and writes. */
import assert from "node:assert/strict";
import * as wire from "../../bpf/wire.gen.ts";
import { familyOf } from "../../decoder-as/plans/family.ts";
import { parseLayout } from "../../decoder-as/plans/layout.ts";
import { inspectGoExe } from "../../src/goexe/inspect.ts";
import type { TargetOptions } from "../../src/loader/client.ts";
import { ExeSource } from "../../src/loader/exe_source.ts";
import { goBuild } from "../support/go_build.ts";
import { Program } from "../support/program.ts";
import { LoaderSession } from "./session.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const TOOLCHAIN = "1.26.11";
const LAYOUT = `${ROOT}decoder-as/layouts/go1.26.11.json`;

/** Start and end record of one span, as far as tests look at them. */
export interface SeenSpan {
  readonly pid: number;
  readonly spanId: string;
  readonly traceId: string;
  readonly probe: number;
  readonly startFlags: number;
  /** Null while there is no end record. */
  readonly endFlags: number | null;
}

/** A loader with front and back attached in one slot, and no target yet. */
export class TracedChain implements AsyncDisposable {
  private constructor(
    readonly session: LoaderSession,
    readonly front: Program,
    readonly back: Program,
    readonly attachment: number,
    readonly stack: AsyncDisposableStack,
  ) {}

  static async start(): Promise<TracedChain> {
    const layout = parseLayout(await Deno.readTextFile(LAYOUT), LAYOUT);
    const exe = await goBuild({
      module: `${ROOT}tests/programs`,
      package: "./unpleasant",
      toolchain: TOOLCHAIN,
    });
    await using stack = new AsyncDisposableStack();
    const back = stack.use(await Program.start(exe, { args: ["back"] }));
    const front = stack.use(await Program.start(exe, { args: ["front", back.url] }));
    const session = stack.use(await LoaderSession.start());
    const { client } = session;
    const { exeBytes: size } = await client.describe(front.pid);
    const inspection = await inspectGoExe(new ExeSource({ loader: client, pid: front.pid, size }));
    assert.ok(inspection.kind === "go");
    await client.layout(0, familyOf(layout).kernel);
    await client.flip(0, 0);
    const attachment = await client.attach(front.pid, 0, inspection.exe.sites);
    return new TracedChain(session, front, back, attachment, stack.move());
  }

  /** Both services become targets in the same way. */
  async target(options: TargetOptions): Promise<void> {
    for (const { pid } of [this.back, this.front]) await this.session.client.target(pid, options);
  }

  /** All spans whose start record has come. */
  spans(): SeenSpan[] {
    const spans = new Map<string, SeenSpan>();
    for (const { kind, bytes } of this.session.others) {
      if (kind !== wire.KIND_SPAN_START && kind !== wire.KIND_SPAN_END) continue;
      const view = new DataView(bytes.buffer);
      const spanId = bytes.slice(wire.OFFSET_SPAN_SPAN_ID, wire.OFFSET_SPAN_SPAN_ID + 8).toHex();
      const flags = view.getUint8(wire.OFFSET_SPAN_TRACE_FLAGS);
      if (kind === wire.KIND_SPAN_END) {
        const start = spans.get(spanId);
        assert.ok(start, "an end came before its start");
        spans.set(spanId, { ...start, endFlags: flags });
        continue;
      }
      spans.set(spanId, {
        pid: view.getUint32(wire.OFFSET_HEADER_PID, true),
        spanId,
        traceId: bytes.slice(wire.OFFSET_SPAN_TRACE_ID, wire.OFFSET_SPAN_TRACE_ID + 16).toHex(),
        probe: view.getUint8(wire.OFFSET_SPAN_PROBE),
        startFlags: flags,
        endFlags: null,
      });
    }
    return [...spans.values()];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stack.disposeAsync();
  }
}
