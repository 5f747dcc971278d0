/**
 * Encodes control messages, service -> loader. The loader checks them all again; what cannot be said in the
 * format at all throws here. Used by LoaderClient.
 */
import * as wire from "../../bpf/wire.gen.ts";

/** One instruction to probe. */
export interface ControlSite {
  readonly fileOffset: number;
  /** PROBE_*. */
  readonly probe: number;
  /** SITE_*. */
  readonly flags: number;
}

/** One op of a capture plan; see struct wire_op. */
export interface ControlOp {
  readonly code: number;
  readonly string: number;
  readonly source: number;
  readonly add: number;
  readonly length: number;
}

/** How the spans of a process are sampled. */
export interface ControlTarget {
  readonly enabled: boolean;
  /** SAMPLER_*. */
  readonly sampler: number;
  readonly parentBased: boolean;
  /** Whether spans that are not sampled are sent too, for who measures requests. */
  readonly measure: boolean;
  readonly threshold: bigint;
}

const LAYOUT_FIELDS: readonly (readonly [field: string, offset: number])[] = Object.entries(wire)
  .filter(([name]) => name.startsWith("OFFSET_GO_LAYOUT_"))
  .map(([name, offset]) => [name.slice("OFFSET_GO_LAYOUT_".length).toLowerCase(), offset]);

function message(kind: number, id: number, pid: number, size: number): DataView {
  const view = new DataView(new ArrayBuffer(size));
  view.setUint32(wire.OFFSET_CONTROL_SIZE, size, true);
  view.setUint16(wire.OFFSET_CONTROL_KIND, kind, true);
  view.setUint32(wire.OFFSET_CONTROL_ID, id, true);
  view.setUint32(wire.OFFSET_CONTROL_PID, pid, true);
  return view;
}

function bytesOf(view: DataView): Uint8Array<ArrayBuffer> {
  return new Uint8Array(view.buffer as ArrayBuffer);
}

/** LIST, DESCRIBE, BACKFILL, QUERY_STATS and PORTS: nothing but a head. */
export function encodePlain(kind: number, id: number, pid = 0): Uint8Array<ArrayBuffer> {
  return bytesOf(message(kind, id, pid, wire.SIZEOF_CONTROL));
}

export function encodeReadExe(
  id: number,
  pid: number,
  offset: number,
  count: number,
): Uint8Array<ArrayBuffer> {
  const view = message(wire.KIND_READ_EXE, id, pid, wire.SIZEOF_READ_EXE);
  view.setBigUint64(wire.OFFSET_READ_EXE_OFFSET, BigInt(offset), true);
  view.setBigUint64(wire.OFFSET_READ_EXE_COUNT, BigInt(count), true);
  return bytesOf(view);
}

export function encodeAttach(
  id: number,
  pid: number,
  binding: number,
  sites: readonly ControlSite[],
): Uint8Array<ArrayBuffer> {
  const view = message(wire.KIND_ATTACH, id, pid, wire.SIZEOF_ATTACH + sites.length * wire.SIZEOF_SITE);
  view.setUint32(wire.OFFSET_ATTACH_BINDING, binding, true);
  view.setUint32(wire.OFFSET_ATTACH_COUNT, sites.length, true);
  for (const [index, site] of sites.entries()) {
    const at = wire.SIZEOF_ATTACH + index * wire.SIZEOF_SITE;
    view.setBigUint64(at + wire.OFFSET_SITE_FILE_OFFSET, BigInt(site.fileOffset), true);
    view.setUint32(at + wire.OFFSET_SITE_PROBE, site.probe, true);
    view.setUint32(at + wire.OFFSET_SITE_FLAGS, site.flags, true);
  }
  return bytesOf(view);
}

export function encodeDetach(id: number, attachment: number): Uint8Array<ArrayBuffer> {
  const view = message(wire.KIND_DETACH, id, 0, wire.SIZEOF_DETACH);
  view.setBigUint64(wire.OFFSET_DETACH_ATTACHMENT, BigInt(attachment), true);
  return bytesOf(view);
}

export function encodeTarget(id: number, pid: number, target: ControlTarget): Uint8Array<ArrayBuffer> {
  const view = message(wire.KIND_TARGET, id, pid, wire.SIZEOF_TARGET);
  view.setUint8(wire.OFFSET_TARGET_ENABLED, Number(target.enabled));
  view.setUint8(wire.OFFSET_TARGET_SAMPLER, target.sampler);
  view.setUint8(wire.OFFSET_TARGET_PARENT_BASED, Number(target.parentBased));
  view.setUint8(wire.OFFSET_TARGET_MEASURE, Number(target.measure));
  view.setBigUint64(wire.OFFSET_TARGET_THRESHOLD, target.threshold, true);
  return bytesOf(view);
}

/** @throws {RangeError} when there are more ops than a plan holds. */
export function encodePlan(
  id: number,
  slot: number,
  probe: number,
  ops: readonly ControlOp[],
): Uint8Array<ArrayBuffer> {
  if (ops.length > wire.MAX_PLAN_OPS) {
    throw new RangeError(
      `Cannot encode plan: it has ${ops.length} ops, must be at most ${wire.MAX_PLAN_OPS}`,
    );
  }
  const view = message(wire.KIND_PLAN, id, 0, wire.SIZEOF_PLAN);
  view.setUint32(wire.OFFSET_PLAN_SLOT, slot, true);
  view.setUint16(wire.OFFSET_PLAN_PROBE, probe, true);
  view.setUint16(wire.OFFSET_PLAN_COUNT, ops.length, true);
  for (const [index, op] of ops.entries()) {
    const at = wire.OFFSET_PLAN_OPS + index * wire.SIZEOF_OP;
    view.setUint8(at + wire.OFFSET_OP_CODE, op.code);
    view.setUint8(at + wire.OFFSET_OP_STRING, op.string);
    view.setUint16(at + wire.OFFSET_OP_SOURCE, op.source, true);
    view.setUint16(at + wire.OFFSET_OP_ADD, op.add, true);
    view.setUint16(at + wire.OFFSET_OP_LENGTH, op.length, true);
  }
  return bytesOf(view);
}

/**
 * @param layout fields of struct go_layout by their C names.
 * @throws {TypeError} when one is missing or unknown: a zero would be taken for an offset.
 */
export function encodeLayout(
  id: number,
  slot: number,
  layout: Readonly<Record<string, number>>,
): Uint8Array<ArrayBuffer> {
  const view = message(wire.KIND_LAYOUT, id, 0, wire.SIZEOF_LAYOUT);
  view.setUint32(wire.OFFSET_LAYOUT_SLOT, slot, true);
  const unknown = Object.keys(layout).find((name) => !LAYOUT_FIELDS.some(([field]) => field === name));
  if (unknown !== undefined) throw new TypeError(`Cannot encode layout: field "${unknown}" is unknown`);
  for (const [field, offset] of LAYOUT_FIELDS) {
    const value = layout[field];
    if (value === undefined) throw new TypeError(`Cannot encode layout: field "${field}" is missing`);
    view.setUint32(wire.OFFSET_LAYOUT_LAYOUT + offset, value, true);
  }
  return bytesOf(view);
}

export function encodeFlip(id: number, binding: number, slot: number): Uint8Array<ArrayBuffer> {
  const view = message(wire.KIND_FLIP, id, 0, wire.SIZEOF_FLIP);
  view.setUint32(wire.OFFSET_FLIP_BINDING, binding, true);
  view.setUint32(wire.OFFSET_FLIP_SLOT, slot, true);
  return bytesOf(view);
}
