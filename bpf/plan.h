/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * The capture-plan interpreter. The reserved ring record is its register file: an op names the offset
 * of a pointer in the record and copies what it points to behind what is there. What the plan reads
 * and why is the decoder's business; here an op is only checked so that it stays in the record.
 */
#ifndef TSUNAGI_PLAN_H
#define TSUNAGI_PLAN_H

#include "counters.h"

#define REGISTER_FILE_BYTES (MAX_REGISTERS * 8)
/* Longest copy wherever the cursor stands: it may run over the registers, never over the record. */
#define LAST_COPY_BYTES REGISTER_FILE_BYTES

struct plan_run {
	u8 *record;
	const struct capture_plan *plan;
	u64 cursor;
};

static __always_inline u64 round_up_8(u64 bytes)
{
	return (bytes + 7) & ~7ull;
}

/*
 * One op; 1 ends the plan. All bounded quantities are u64, for a 32-bit one would be zero-extended
 * into a copy and the verifier would lose its bound. `widest` is a constant on each path, which
 * bounds cursor + length without relating the two.
 */
static __always_inline long plan_step(struct plan_run *run, u32 index, const u64 capture_bytes)
{
	const u64 payload_end = capture_bytes - REGISTER_FILE_BYTES;
	u64 cursor = run->cursor, widest = LAST_COPY_BYTES;
	struct wire_span *span = (struct wire_span *)run->record;
	const struct wire_op *op;
	u64 source, base, length, tail, string;
	bool cut = false;

	if (index >= MAX_PLAN_OPS)
		return 1;
	op = &run->plan->ops[index];
	source = op->source;
	keep_bound(source);
	if (source > capture_bytes - 8)
		return 1;
	base = *(u64 *)(run->record + source);
	length = op->length;
	if (op->code == OP_STRING) {
		u64 length_at = source + 8, have;

		keep_bound(length_at);
		if (length_at > capture_bytes - 8)
			return 1;
		have = *(u64 *)(run->record + length_at);
		cut = have > length;
		if (!cut)
			length = have;
	} else if (op->code != OP_READ && op->code != OP_PEEK) {
		return 1;
	}

	keep_bound(cursor);
	if (cursor >= payload_end)
		return 1;
	if (cursor <= capture_bytes - MAX_STRING_BYTES)
		widest = MAX_STRING_BYTES;
	else if (cursor <= capture_bytes - MAX_STRING_BYTES / 2)
		widest = MAX_STRING_BYTES / 2;
	if (length > payload_end - cursor || length > widest) {
		if (op->code != OP_STRING) {
			count(COUNTER_READ_FAULT);
			return 1;
		}
		cut = true;
		if (length > payload_end - cursor)
			length = payload_end - cursor;
	}
	keep_bound(length);
	if (length > widest)
		length = widest;
	string = op->string & (MAX_STRINGS - 1);
	if (length) {
		tail = length & ~7ull;
		if (tail <= widest - 8)
			*(u64 *)(run->record + cursor + tail) = 0;
		if (bpf_probe_read_user(run->record + cursor, length, (void *)(base + op->add))) {
			/* what lies behind a nil pointer is zero, and no fault */
			if (base)
				count(COUNTER_READ_FAULT);
			if (op->code == OP_STRING)
				return 0;
		}
	}
	if (op->code == OP_STRING) {
		span->string_bytes[string] = length;
		if (cut)
			span->truncated |= 1 << string;
	}
	if (op->code != OP_PEEK)
		run->cursor = cursor + round_up_8(length);
	return 0;
}

static long plan_step_start(u32 index, struct plan_run *run)
{
	return plan_step(run, index, CAPTURE_START_BYTES);
}

static long plan_step_end(u32 index, struct plan_run *run)
{
	return plan_step(run, index, CAPTURE_END_BYTES);
}

static __always_inline void plan_registers(struct pt_regs *ctx, u64 *file, u64 object)
{
	file[REG_AX] = ctx->ax;
	file[REG_BX] = ctx->bx;
	file[REG_CX] = ctx->cx;
	file[REG_DI] = ctx->di;
	file[REG_SI] = ctx->si;
	file[REG_R8] = ctx->r8;
	file[REG_R9] = ctx->r9;
	file[REG_R10] = ctx->r10;
	file[REG_R11] = ctx->r11;
	file[REG_SP] = ctx->sp;
	file[REG_G] = ctx->r14;
	file[REG_OBJECT] = object;
}

/*
 * Runs the plan of (slot, probe) on a record whose head is filled in; returns where the payload ends.
 * `start` must be a constant: it says which of the two record sizes was reserved.
 */
static __always_inline u64 plan_capture(struct pt_regs *ctx, u8 *record, u32 slot, u32 probe,
					u64 object, const bool start)
{
	u32 index = slot * MAX_PROBES + probe;
	struct plan_run run = { .record = record, .cursor = sizeof(struct wire_span) };
	u32 ops;

	plan_registers(ctx,
		       (u64 *)(record + (start ? CAPTURE_START_BYTES : CAPTURE_END_BYTES) -
			       REGISTER_FILE_BYTES),
		       object);
	run.plan = bpf_map_lookup_elem(&plans, &index);
	if (!run.plan)
		return run.cursor;
	ops = run.plan->count;
	if (ops > MAX_PLAN_OPS)
		ops = MAX_PLAN_OPS;
	if (start)
		bpf_loop(ops, plan_step_start, &run, 0);
	else
		bpf_loop(ops, plan_step_end, &run, 0);
	return run.cursor;
}

#endif
