/** A decoder for the same Go releases whose records have another shape: no decoder can read those of the other. */
import { CAPTURE_END_BYTES, MAX_REGISTERS, OP_READ, REG_OBJECT } from "../../bpf/wire.gen.ts";
import type { Family } from "../../decoder-as/plans/family.ts";
import type { Plan } from "../../src/decoder/manifest.ts";
import { PlanBuilder } from "../../decoder-as/plans/plan_builder.ts";

/** What the plan with the least room left has room for. */
const SHIFT_BYTES = 8;
const REGISTER_FILE_BYTES = 8 * MAX_REGISTERS;

/** Where what was copied lies in a record, or where a register does: those lie behind every fixed byte. */
function moved(source: number): number {
  return source < CAPTURE_END_BYTES - REGISTER_FILE_BYTES ? source + SHIFT_BYTES : source;
}

/** The plan with a copy of the object's first bytes before everything else. */
function shiftedPlan({ probe, ops }: Plan): Plan {
  const source = new PlanBuilder(probe).register(REG_OBJECT);
  const first = { code: OP_READ, string: 0, source, add: 0, length: SHIFT_BYTES };
  return { probe, ops: [first, ...ops.map((op) => ({ ...op, source: moved(op.source) }))] };
}

/** Every place in a record, and every length of its fixed part, moves by as much. */
export function shifted(family: Family): Family {
  const constants = Object.entries(family.constants).map(([name, value]) => [name, value + SHIFT_BYTES]);
  return { ...family, plans: family.plans.map(shiftedPlan), constants: Object.fromEntries(constants) };
}
