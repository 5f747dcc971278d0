// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/*
 * plan.h: what each op does, and that no plan, however hostile, leaves its record. The record is memory
 * of its own, so that the address sanitizer sees it.
 */
#include "fake_bpf.h"
#include "plan.h"

#define START_OBJECT (CAPTURE_START_BYTES - REGISTER_FILE_BYTES + 8 * REG_OBJECT)
#define END_OBJECT (CAPTURE_END_BYTES - REGISTER_FILE_BYTES + 8 * REG_OBJECT)
#define PAYLOAD sizeof(struct wire_span)

static struct pt_regs registers;

static u8 *new_record(u32 bytes)
{
	u8 *record = malloc(bytes);

	memset(record, 0xee, bytes);
	memset(record, 0, sizeof(struct wire_span));
	memset(counted, 0, sizeof(counted));
	return record;
}

static void set_plan(u32 count, const struct wire_op *ops)
{
	the_plan.count = count;
	memcpy(the_plan.ops, ops, count * sizeof(*ops));
}

static void test_read(void)
{
	static const u8 object[32] = "0123456789abcdefghijklmnopqrstu";
	const struct wire_op ops[] = { { OP_READ, 0, START_OBJECT, 3, 13 },
				       { OP_READ, 0, START_OBJECT, 0, 8 } };
	u8 *record = new_record(CAPTURE_START_BYTES);
	u64 end;

	set_plan(2, ops);
	end = plan_capture(&registers, record, 0, 0, (u64)object, true);
	check(end == PAYLOAD + 24, "OP_READ moves the cursor by its length, rounded up to 8");
	check(!memcmp(record + PAYLOAD, object + 3, 13), "OP_READ copies from pointer + add");
	check(!memcmp(record + PAYLOAD + 13, "\0\0\0", 3), "OP_READ zeroes what it rounds up");
	check(!memcmp(record + PAYLOAD + 16, object, 8), "the next op starts behind it");
	free(record);
}

static void test_chase(void)
{
	static const char text[] = "/a/path";
	const struct {
		u64 unused;
		const char *data;
		u64 bytes;
	} inner = { 1, text, 7 };
	const struct {
		const void *inner;
	} outer = { &inner };
	const struct wire_op ops[] = {
		{ OP_PEEK, 0, END_OBJECT, 0, 8 },
		{ OP_READ, 0, PAYLOAD, 8, 16 },
		{ OP_STRING, 3, PAYLOAD, 0, 5 },
		{ OP_STRING, 4, PAYLOAD, 0, 512 },
	};
	u8 *record = new_record(CAPTURE_END_BYTES);
	struct wire_span *span = (struct wire_span *)record;
	u64 end;

	/* the READ overwrites the pointer that the PEEK left, for the cursor did not move */
	set_plan(4, ops);
	end = plan_capture(&registers, record, 0, 1, (u64)&outer, false);
	check(span->string_bytes[3] == 5 && span->truncated == 1 << 3,
	      "OP_STRING cuts and says so");
	check(span->string_bytes[4] == 7, "OP_STRING copies a short string whole");
	check(!memcmp(record + PAYLOAD + 16, "/a/pa\0\0\0", 8), "the cut string");
	check(!memcmp(record + PAYLOAD + 24, "/a/path\0", 8), "the whole string");
	check(end == PAYLOAD + 32, "the cursor after strings");
	free(record);
}

static void test_faults(void)
{
	const struct {
		const void *data;
		u64 bytes;
	} bad = { (void *)0x10, 9 }, nil = { NULL, 9 };
	const struct wire_op string[] = { { OP_READ, 0, START_OBJECT, 0, 16 },
					  { OP_STRING, 2, PAYLOAD, 0, 64 } };
	const struct wire_op read[] = { { OP_READ, 0, START_OBJECT, 0, 16 },
					{ OP_READ, 0, PAYLOAD, 0, 64 } };
	u8 *record = new_record(CAPTURE_START_BYTES);
	struct wire_span *span = (struct wire_span *)record;
	static const u8 zeroes[64];

	set_plan(2, string);
	check(plan_capture(&registers, record, 0, 0, (u64)&bad, true) == PAYLOAD + 16 &&
		      !span->string_bytes[2] && counted[COUNTER_READ_FAULT] == 1,
	      "a string that cannot be read is empty and counted");
	free(record);
	record = new_record(CAPTURE_START_BYTES);
	set_plan(2, read);
	check(plan_capture(&registers, record, 0, 0, (u64)&bad, true) == PAYLOAD + 80 &&
		      !memcmp(record + PAYLOAD + 16, zeroes, 64) &&
		      counted[COUNTER_READ_FAULT] == 1,
	      "a failed OP_READ leaves zeroes and is counted");
	free(record);
	record = new_record(CAPTURE_START_BYTES);
	check(plan_capture(&registers, record, 0, 0, (u64)&nil, true) == PAYLOAD + 80 &&
		      !memcmp(record + PAYLOAD + 16, zeroes, 64) && !counted[COUNTER_READ_FAULT],
	      "what lies behind nil is zeroes, and no fault");
	free(record);
}

static void test_full(const bool start)
{
	static u8 object[512];
	const u32 bytes = start ? CAPTURE_START_BYTES : CAPTURE_END_BYTES;
	struct wire_op ops[MAX_PLAN_OPS];
	u8 *record = new_record(bytes);
	u64 end;
	u32 i;

	for (i = 0; i < MAX_PLAN_OPS; i++)
		ops[i] = (struct wire_op){ OP_READ, 0, bytes - 8, 0, 96 };
	set_plan(MAX_PLAN_OPS, ops);
	end = plan_capture(&registers, record, 0, 0, (u64)object, start);
	check(end <= bytes - REGISTER_FILE_BYTES && end > bytes - REGISTER_FILE_BYTES - 96,
	      "a plan may fill the payload up to the registers");
	check(*(u64 *)(record + bytes - 8) == (u64)object, "and leaves the registers alone");
	check(counted[COUNTER_READ_FAULT] == 1,
	      "the op that does not fit ends the plan and is counted");
	free(record);
}

static void test_hostile(const bool start)
{
	static u8 object[1024];
	const u32 bytes = start ? CAPTURE_START_BYTES : CAPTURE_END_BYTES;
	u32 round, i, wrong = 0;

	for (round = 0; round < 20000; round++) {
		u8 *record = new_record(bytes);
		u64 end;

		the_plan.count = below(40);
		for (i = 0; i < MAX_PLAN_OPS; i++) {
			struct wire_op *op = &the_plan.ops[i];

			op->code = below(5);
			op->string = random();
			op->source = below(4) ? bytes - 8 * (1 + below(14)) : (u32)random();
			op->add = below(2) ? 0 : random();
			op->length = below(3) ? below(200) : (u32)random();
		}
		for (i = 0; i < sizeof(object); i += 8)
			*(u64 *)(object + i) = below(3) ? (u64)object : (u64)random() << below(40);
		registers.ax = (u64)object;
		registers.bx = random();
		registers.r14 = ~0ull;
		end = plan_capture(&registers, record, 0, 0, (u64)object, start);
		wrong += end % 8 || end < PAYLOAD || end > bytes - REGISTER_FILE_BYTES;
		free(record);
	}
	check(!wrong, "20000 hostile plans end between head and registers, at a multiple of 8");
}

int main(void)
{
	srandom(1);
	test_read();
	test_chase();
	test_faults();
	test_full(true);
	test_full(false);
	test_hostile(true);
	test_hostile(false);
	return finish("plan");
}
