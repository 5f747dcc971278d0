/**
 * Runs capture plans over a SampleHeap the way bpf/plan.h does in the kernel and writes the records that the loader
 * would send. Used for golden vectors and by tests/decoder.
 */
import * as wire from "../../bpf/wire.gen.ts";
import type { Plan } from "../../src/decoder/manifest.ts";
import type { SampleHeap, Text } from "./sample_heap.ts";

/** What the head of a record says; ids in hex. */
export interface Head {
  readonly pid?: number;
  readonly timeNs?: bigint;
  readonly traceId?: string;
  readonly spanId?: string;
  readonly parentId?: string;
  readonly slot?: number;
  readonly traceFlags?: number;
  readonly parent?: number;
  readonly outcome?: number;
  readonly attempts?: number;
  readonly peer?: { readonly family: number; readonly address: readonly number[]; readonly port: number };
  readonly tracestate?: Text;
}

export const TRACE_ID = "0af7651916cd43dd8448eb211c80319c";
export const SPAN_ID = "b7ad6b7169203331";
export const PID = 4711;

const REGISTER_FILE_BYTES = 8 * wire.MAX_REGISTERS;

/** A record head with nothing behind it. */
export function record(
  kind: number,
  size: number,
  { pid = PID, timeNs = 1_000_000_000n }: Head = {},
): Uint8Array {
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  view.setUint32(wire.OFFSET_HEADER_SIZE, size, true);
  view.setUint16(wire.OFFSET_HEADER_KIND, kind, true);
  view.setBigUint64(wire.OFFSET_HEADER_TIME_NS, timeNs, true);
  view.setUint32(wire.OFFSET_HEADER_PID, pid, true);
  return bytes;
}

/** KIND_SPAN_LOST. */
export function lost(reason: number, head: Head = {}): Uint8Array {
  const bytes = record(wire.KIND_SPAN_LOST, wire.SIZEOF_SPAN_LOST, head);
  bytes.set(Uint8Array.fromHex(head.spanId ?? SPAN_ID), wire.OFFSET_SPAN_LOST_SPAN_ID);
  new DataView(bytes.buffer).setUint32(wire.OFFSET_SPAN_LOST_REASON, reason, true);
  return bytes;
}

/** The record that a probe sends: its plan run from `object`. */
export function capture(
  plans: readonly Plan[],
  probe: number,
  heap: SampleHeap,
  object: bigint,
  head: Head = {},
) {
  const isStart = probe === wire.PROBE_SERVER_START || probe === wire.PROBE_CLIENT_START;
  const reserved = isStart ? wire.CAPTURE_START_BYTES : wire.CAPTURE_END_BYTES;
  const bytes = record(isStart ? wire.KIND_SPAN_START : wire.KIND_SPAN_END, reserved, head);
  const view = new DataView(bytes.buffer);
  bytes.set(Uint8Array.fromHex(head.traceId ?? TRACE_ID), wire.OFFSET_SPAN_TRACE_ID);
  bytes.set(Uint8Array.fromHex(head.spanId ?? SPAN_ID), wire.OFFSET_SPAN_SPAN_ID);
  bytes.set(Uint8Array.fromHex(head.parentId ?? "0000000000000000"), wire.OFFSET_SPAN_PARENT_ID);
  view.setUint16(wire.OFFSET_SPAN_SLOT, head.slot ?? 0, true);
  bytes[wire.OFFSET_SPAN_PROBE] = probe;
  bytes[wire.OFFSET_SPAN_TRACE_FLAGS] = head.traceFlags ?? 1;
  bytes[wire.OFFSET_SPAN_PARENT] = head.parent ?? wire.PARENT_NONE;
  bytes[wire.OFFSET_SPAN_OUTCOME] = head.outcome ?? wire.OUTCOME_OK;
  bytes[wire.OFFSET_SPAN_ATTEMPTS] = head.attempts ?? 0;
  if (head.peer) {
    bytes.set(head.peer.address, wire.OFFSET_SPAN_PEER_ADDRESS);
    view.setUint16(wire.OFFSET_SPAN_PEER_PORT, head.peer.port, true);
    view.setUint16(wire.OFFSET_SPAN_PEER_FAMILY, head.peer.family, true);
  }
  view.setBigUint64(reserved - REGISTER_FILE_BYTES + 8 * wire.REG_OBJECT, object, true);

  const plan = plans.find((candidate) => candidate.probe === probe);
  if (!plan) throw new Error(`Cannot capture: no plan for probe ${probe}`);
  let cursor: number = wire.SIZEOF_SPAN;
  const append = (string: number, copied: Uint8Array, cut: boolean) => {
    bytes.set(copied, cursor);
    view.setUint16(wire.OFFSET_SPAN_STRING_BYTES + 2 * string, copied.length, true);
    if (cut) bytes[wire.OFFSET_SPAN_TRUNCATED]! |= 1 << string;
    cursor += copied.length + 7 & ~7;
  };
  for (const { code, string, source, add, length } of plan.ops) {
    const base = view.getBigUint64(source, true);
    if (code === wire.OP_STRING) {
      const have = Number(view.getBigUint64(source + 8, true));
      // The copy overwrites the scratch that its header may lie in.
      const copied = heap.read(base, Math.min(have, length)) ?? new Uint8Array(0);
      append(string, copied, have > length);
      continue;
    }
    bytes.set(heap.read(base + BigInt(add), length) ?? new Uint8Array(length), cursor);
    if (code === wire.OP_READ) cursor += length + 7 & ~7;
  }
  if (head.tracestate !== undefined) {
    const text = head.tracestate;
    append(7, typeof text === "string" ? new TextEncoder().encode(text) : text, false);
  }
  const sent = bytes.slice(0, cursor);
  new DataView(sent.buffer).setUint32(wire.OFFSET_HEADER_SIZE, cursor, true);
  return sent;
}
