/** Capture plans in words, for `deno task decoder show`. The ops are those of struct wire_op in bpf/wire.h. */
import {
  CAPTURE_END_BYTES,
  CAPTURE_START_BYTES,
  OP_PEEK,
  OP_READ,
  OP_STRING,
  PROBE_CLIENT_START,
  PROBE_SERVER_START,
} from "../../../bpf/wire.gen.ts";
import * as wire from "../../../bpf/wire.gen.ts";
import type { Plan, PlanOp } from "../../decoder/manifest.ts";

/** Registers close a reservation; see struct wire_span. */
const REGISTER_BYTES = 8;
const PROBES = namesOf("PROBE_");
const REGISTERS = namesOf("REG_");

/** "server start". */
export function probeName(probe: number): string {
  return PROBES.get(probe)?.replaceAll("_", " ") ?? `probe ${probe}`;
}

/** A line for each op of a plan. */
export function planLines(plan: Plan): string[] {
  return plan.ops.map((op) => opWords(op, placeOf(plan.probe, op.source)));
}

function opWords({ code, string, add, length }: PlanOp, { place, isRegister }: Place): string {
  const object = `offset ${add} of ${isRegister ? place : `what ${place} points to`}`;
  switch (code) {
    case OP_READ:
      return `copy ${length} bytes at ${object}`;
    case OP_PEEK:
      return `look at ${length} bytes at ${object}`;
    case OP_STRING:
      return `copy string ${string}, at most ${length} bytes, by its header in ${place}`;
    default:
      return `op ${code}`;
  }
}

interface Place {
  readonly place: string;
  readonly isRegister: boolean;
}

/** A register of the program, or a place in the record that an earlier op has filled. */
function placeOf(probe: number, source: number): Place {
  const isStart = probe === PROBE_SERVER_START || probe === PROBE_CLIENT_START;
  const reserved = isStart ? CAPTURE_START_BYTES : CAPTURE_END_BYTES;
  const name = REGISTERS.get(REGISTERS.size - (reserved - source) / REGISTER_BYTES);
  if (name === undefined) return { place: `record byte ${source}`, isRegister: false };
  return { place: name === "object" ? "the object" : `register ${name}`, isRegister: true };
}

/** Constants of the wire that begin with `prefix`, as words by their value. */
function namesOf(prefix: string): Map<number, string> {
  const names = new Map<number, string>();
  for (const [name, value] of Object.entries(wire)) {
    if (name.startsWith(prefix) && typeof value === "number") {
      names.set(value, name.slice(prefix.length).toLowerCase());
    }
  }
  return names;
}
