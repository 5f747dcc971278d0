// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/* Unit tests of control.c and plan_check.c: sound messages pass, hostile ones are refused with a
 * reason. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control.h"

static struct control_reader reader;
static struct refusal why;
static int passed, failed;

static void expect(bool holds, const char *name)
{
	if (holds) {
		passed++;
		return;
	}
	failed++;
	printf("not ok: %s (last refusal: %d %s)\n", name, why.error, why.text);
}

static void feed(const void *bytes, size_t count)
{
	size_t room;
	unsigned char *space = control_space(&reader, &room);

	if (count > room)
		abort();
	memcpy(space, bytes, count);
	control_filled(&reader, count);
}

static enum control_status next_status(void)
{
	const struct wire_control *message;

	return control_next(&reader, &message, &why);
}

/* Errno of the refusal of one message, 0 when it passes, -1 when more bytes are wanted. */
static int verdict(const void *message, size_t bytes)
{
	enum control_status status;

	reader = (struct control_reader){ 0 };
	why = (struct refusal){ 0 };
	feed(message, bytes);
	status = next_status();
	if (status == CONTROL_MORE)
		return -1;
	return status == CONTROL_REFUSED ? why.error : 0;
}

static struct wire_control head(uint16_t kind, uint32_t size)
{
	return (struct wire_control){ .size = size, .kind = kind, .id = 7, .pid = 1 };
}

static void test_framing(void)
{
	struct wire_control list = head(KIND_LIST, sizeof(list));
	const struct wire_control *message;
	struct wire_control odd;
	unsigned char junk[24] = { 0 };

	reader = (struct control_reader){ 0 };
	for (size_t i = 0; i + 1 < sizeof(list); i++) {
		feed((char *)&list + i, 1);
		expect(next_status() == CONTROL_MORE,
		       "control_next() waits for the last byte of a head");
	}
	feed((char *)&list + sizeof(list) - 1, 1);
	expect(control_next(&reader, &message, &why) == CONTROL_MESSAGE && message->id == 7,
	       "control_next() puts a message together from single bytes");

	reader = (struct control_reader){ 0 };
	feed(&list, sizeof(list));
	feed(&list, sizeof(list));
	expect(next_status() == CONTROL_MESSAGE && next_status() == CONTROL_MESSAGE &&
		       next_status() == CONTROL_MORE,
	       "control_next() yields two messages of one read");

	for (uint32_t size = 0; size < sizeof(list); size++) {
		odd = head(KIND_LIST, size);
		expect(verdict(&odd, sizeof(odd)) == EBADMSG,
		       "control_next() refuses a size below the head");
	}
	odd = head(KIND_LIST, 20);
	expect(verdict(&odd, sizeof(odd)) == EBADMSG,
	       "control_next() refuses a size that is no multiple of 8");
	feed(junk, 4);
	feed(&list, sizeof(list));
	expect(control_next(&reader, &message, &why) == CONTROL_MESSAGE &&
		       message->kind == KIND_LIST,
	       "control_next() finds the message after one of an odd size");

	odd = head(KIND_LIST, MAX_CONTROL_BYTES + 16);
	expect(verdict(&odd, sizeof(odd)) == EMSGSIZE,
	       "control_next() refuses a message beyond the limit");
	for (size_t left = MAX_CONTROL_BYTES; left > 0; left -= 16) {
		feed(junk, 16);
		if (next_status() != CONTROL_MORE)
			break;
	}
	feed(&list, sizeof(list));
	expect(control_next(&reader, &message, &why) == CONTROL_MESSAGE &&
		       message->kind == KIND_LIST,
	       "control_next() finds the message after one that was too long");

	odd = head(KIND_LIST, 0xffffffff);
	expect(verdict(&odd, sizeof(odd)) == EMSGSIZE, "control_next() refuses the largest size");
}

static void test_sizes(void)
{
	static const struct {
		uint16_t kind;
		uint32_t size;
	} kinds[] = {
		{ KIND_LIST, 16 },
		{ KIND_DESCRIBE, 16 },
		{ KIND_BACKFILL, 16 },
		{ KIND_QUERY_STATS, 16 },
		{ KIND_PORTS, 16 },
		{ KIND_READ_EXE, sizeof(struct wire_read_exe) },
		{ KIND_ATTACH, sizeof(struct wire_attach) },
		{ KIND_DETACH, sizeof(struct wire_detach) },
		{ KIND_TARGET, sizeof(struct wire_target) },
		{ KIND_PLAN, sizeof(struct wire_plan) },
		{ KIND_LAYOUT, sizeof(struct wire_layout) },
		{ KIND_FLIP, sizeof(struct wire_flip) },
	};
	union {
		struct wire_control control;
		unsigned char bytes[1024];
	} message = { 0 };

	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		message.control = head(kinds[i].kind, kinds[i].size + 8);
		expect(verdict(&message, kinds[i].size + 8) == EBADMSG ||
			       (kinds[i].kind == KIND_ATTACH && why.error == EINVAL),
		       "control_next() refuses a message that is longer than its kind");
		if (kinds[i].size == 16)
			continue;
		message.control = head(kinds[i].kind, kinds[i].size - 8);
		expect(verdict(&message, kinds[i].size - 8) == EBADMSG,
		       "control_next() refuses a message that is shorter than its kind");
	}
	for (uint32_t kind = 0; kind < 65536; kind += 1) {
		if (kind >= KIND_LIST && kind <= KIND_PORTS)
			continue;
		message.control = head(kind, 16);
		if (verdict(&message, 16) != EOPNOTSUPP) {
			expect(false, "control_next() refuses a kind that is unknown");
			return;
		}
	}
	expect(true, "control_next() refuses every kind that is unknown");
}

static void test_fields(void)
{
	struct {
		struct wire_attach attach;
		struct wire_site sites[2];
	} attach = { { head(KIND_ATTACH, sizeof(attach)), 0, 2 }, { { 64, 0, 0 }, { 96, 8, 0 } } };
	struct wire_read_exe read = { head(KIND_READ_EXE, sizeof(read)), 0, 65536 };
	struct wire_target target = {
		head(KIND_TARGET, sizeof(target)), 1, SAMPLER_RATIO, 1, 1, { 0 }, 5
	};
	struct wire_layout layout = { .control = head(KIND_LAYOUT, sizeof(layout)),
				      .slot = MAX_SLOTS - 1 };
	struct wire_flip flip = { head(KIND_FLIP, sizeof(flip)), MAX_BINDINGS - 1, NO_SLOT };

	expect(verdict(&attach, sizeof(attach)) == 0, "control_next() accepts a sound ATTACH");
	attach.sites[1].probe = MAX_PROBES;
	expect(verdict(&attach, sizeof(attach)) == EINVAL,
	       "control_next() refuses an unknown probe in ATTACH");
	attach.sites[1].probe = 0xffffffff;
	expect(verdict(&attach, sizeof(attach)) == EINVAL,
	       "control_next() refuses the largest probe in ATTACH");
	attach.sites[1].probe = 0;
	attach.attach.binding = MAX_BINDINGS;
	expect(verdict(&attach, sizeof(attach)) == EINVAL,
	       "control_next() refuses a binding out of range in ATTACH");
	attach.attach.binding = 0;
	attach.attach.count = 0;
	expect(verdict(&attach, sizeof(attach)) == EINVAL,
	       "control_next() refuses ATTACH without a site");
	attach.attach.count = 3;
	expect(verdict(&attach, sizeof(attach)) == EBADMSG,
	       "control_next() refuses ATTACH with fewer sites than it says");
	attach.attach.count = 0x10000001;
	expect(verdict(&attach, sizeof(attach)) == EINVAL,
	       "control_next() refuses a site count that would overflow");

	expect(verdict(&read, sizeof(read)) == 0, "control_next() accepts a sound READ_EXE");
	read.count = 0;
	expect(verdict(&read, sizeof(read)) == EINVAL,
	       "control_next() refuses READ_EXE of nothing");
	read.count = MAX_READ_BYTES + 1;
	expect(verdict(&read, sizeof(read)) == EINVAL,
	       "control_next() refuses READ_EXE of too much");
	read.count = 8;
	read.offset = UINT64_MAX - 4;
	expect(verdict(&read, sizeof(read)) == EINVAL,
	       "control_next() refuses READ_EXE beyond any file");

	expect(verdict(&target, sizeof(target)) == 0, "control_next() accepts a sound TARGET");
	target.sampler = SAMPLER_RATIO + 1;
	expect(verdict(&target, sizeof(target)) == EINVAL,
	       "control_next() refuses an unknown sampler");
	target.sampler = 0;
	target.enabled = 2;
	expect(verdict(&target, sizeof(target)) == EINVAL,
	       "control_next() refuses TARGET neither on nor off");
	target.enabled = 1;
	target.measure = 2;
	expect(verdict(&target, sizeof(target)) == EINVAL,
	       "control_next() refuses TARGET that neither measures nor does not");

	expect(verdict(&layout, sizeof(layout)) == 0,
	       "control_next() accepts a LAYOUT for the last slot");
	layout.slot = MAX_SLOTS;
	expect(verdict(&layout, sizeof(layout)) == EINVAL,
	       "control_next() refuses a LAYOUT slot out of range");

	expect(verdict(&flip, sizeof(flip)) == 0, "control_next() accepts a FLIP to no slot");
	flip.slot = MAX_SLOTS;
	expect(verdict(&flip, sizeof(flip)) == EINVAL,
	       "control_next() refuses a FLIP slot out of range");
	flip.slot = 0;
	flip.binding = MAX_BINDINGS;
	expect(verdict(&flip, sizeof(flip)) == EINVAL,
	       "control_next() refuses a FLIP binding out of range");
}

#define REGISTERS_START (CAPTURE_START_BYTES - 8 * MAX_REGISTERS)
#define REGISTERS_END (CAPTURE_END_BYTES - 8 * MAX_REGISTERS)
#define HEAD sizeof(struct wire_span)

static int plan_verdict(uint16_t probe, const struct wire_op *ops, uint16_t count)
{
	struct wire_plan plan = { .control = head(KIND_PLAN, sizeof(plan)),
				  .probe = probe,
				  .count = count };

	memcpy(plan.ops, ops, (count < MAX_PLAN_OPS ? count : MAX_PLAN_OPS) * sizeof(*ops));
	return verdict(&plan, sizeof(plan));
}

static int op_verdict(uint16_t probe, struct wire_op op)
{
	return plan_verdict(probe, &op, 1);
}

static void test_plans(void)
{
	uint16_t object = REGISTERS_START + 8 * REG_OBJECT;
	struct wire_op chain[3] = {
		{ OP_READ, 0, object, 0, 248 },
		{ OP_PEEK, 0, HEAD, 16, 64 },
		{ OP_STRING, 1, HEAD + 248 + 48, 0, MAX_STRING_BYTES },
	};
	struct wire_op many[MAX_PLAN_OPS];
	uint16_t room = REGISTERS_END - HEAD;

	expect(plan_verdict(PROBE_SERVER_START, chain, 3) == 0,
	       "plan_check() accepts a chain of read, peek and string");
	chain[1].code = OP_READ;
	chain[2].source = HEAD + 248 + 64 - 8;
	expect(plan_verdict(PROBE_SERVER_START, chain, 3) == EINVAL,
	       "plan_check() refuses a string whose length lies beyond what was captured");
	expect(op_verdict(PROBE_SERVER_START, (struct wire_op){ OP_READ, 0, HEAD, 0, 8 }) == EINVAL,
	       "plan_check() refuses a pointer from payload that is not yet captured");
	expect(op_verdict(PROBE_SERVER_START,
			  (struct wire_op){ OP_READ, 0, CAPTURE_START_BYTES - 8, 0, 8 }) == 0,
	       "plan_check() accepts the last register");
	expect(op_verdict(PROBE_SERVER_START,
			  (struct wire_op){ OP_STRING, 0, CAPTURE_START_BYTES - 8, 0, 8 }) ==
		       EINVAL,
	       "plan_check() refuses a string that begins in the last register");
	expect(op_verdict(PROBE_SERVER_START,
			  (struct wire_op){ OP_READ, 0, CAPTURE_START_BYTES, 0, 8 }) == EINVAL,
	       "plan_check() refuses a pointer behind the capture");
	expect(op_verdict(PROBE_SERVER_END, (struct wire_op){ OP_READ, 0, object, 0, 8 }) == EINVAL,
	       "plan_check() refuses registers of a start capture in an end capture");
	expect(op_verdict(PROBE_SERVER_START, (struct wire_op){ OP_READ, 0, 0xfff8, 0, 8 }) ==
		       EINVAL,
	       "plan_check() refuses the largest source");
	expect(op_verdict(PROBE_SERVER_START, (struct wire_op){ OP_READ, 0, object + 4, 0, 8 }) ==
		       EINVAL,
	       "plan_check() refuses a source that is not aligned");
	object = REGISTERS_END + 8 * REG_OBJECT;
	expect(op_verdict(PROBE_SERVER_END, (struct wire_op){ OP_READ, 0, object, 0, room }) == 0,
	       "plan_check() accepts a read that fills the capture");
	expect(op_verdict(PROBE_SERVER_END, (struct wire_op){ OP_READ, 0, object, 0, room + 1 }) ==
		       EINVAL,
	       "plan_check() refuses a read that would reach the registers");
	expect(op_verdict(PROBE_SERVER_END, (struct wire_op){ OP_PEEK, 0, object, 0, room + 1 }) ==
		       EINVAL,
	       "plan_check() refuses a peek that would reach the registers");
	expect(op_verdict(PROBE_SERVER_END, (struct wire_op){ OP_READ, 0, object, 0, 0xffff }) ==
		       EINVAL,
	       "plan_check() refuses the largest length");
	expect(op_verdict(PROBE_SERVER_END, (struct wire_op){ OP_READ, 0, object, 0, 0 }) == EINVAL,
	       "plan_check() refuses a read of nothing");
	expect(op_verdict(PROBE_SERVER_END,
			  (struct wire_op){ OP_STRING, MAX_STRINGS, object - 8, 0, 8 }) == EINVAL,
	       "plan_check() refuses a string index out of range");
	expect(op_verdict(PROBE_SERVER_START,
			  (struct wire_op){ OP_STRING, 7, REGISTERS_START, 0, 8 }) == EINVAL,
	       "plan_check() refuses the string that the kernel fills");
	expect(op_verdict(PROBE_SERVER_START, (struct wire_op){ OP_STRING, 0, REGISTERS_START, 0,
								MAX_STRING_BYTES + 1 }) == EINVAL,
	       "plan_check() refuses a string beyond the limit");
	expect(op_verdict(PROBE_SERVER_START,
			  (struct wire_op){ OP_END, 0, REGISTERS_START, 0, 8 }) == EINVAL &&
		       op_verdict(PROBE_SERVER_START,
				  (struct wire_op){ 99, 0, REGISTERS_START, 0, 8 }) == EINVAL,
	       "plan_check() refuses codes that are no op");
	expect(op_verdict(PROBE_CLIENT_ARM, (struct wire_op){ OP_READ, 0, object, 0, 8 }) ==
			       EINVAL &&
		       op_verdict(PROBE_GOROUTINE, (struct wire_op){ OP_READ, 0, object, 0, 8 }) ==
			       EINVAL &&
		       op_verdict(MAX_PROBES, (struct wire_op){ OP_READ, 0, object, 0, 8 }) ==
			       EINVAL &&
		       op_verdict(0xffff, (struct wire_op){ OP_READ, 0, object, 0, 8 }) == EINVAL,
	       "plan_check() refuses probes that capture nothing");
	for (int i = 0; i < MAX_PLAN_OPS; i++)
		many[i] = (struct wire_op){ OP_READ, 0, object, 0, 24 };
	expect(plan_verdict(PROBE_SERVER_END, many, 23) == 0,
	       "plan_check() accepts ops that fill the capture together");
	expect(plan_verdict(PROBE_SERVER_END, many, 24) == EINVAL,
	       "plan_check() refuses ops that are too long together");
	expect(plan_verdict(PROBE_SERVER_END, many, MAX_PLAN_OPS + 1) == EINVAL,
	       "plan_check() refuses too many ops");
	for (uint16_t probe = 0; probe < MAX_PROBES; probe++)
		expect(plan_verdict(probe, many, 0) == 0,
		       "plan_check() accepts a plan without ops for every probe");
	expect(plan_verdict(MAX_PROBES, many, 0) == EINVAL,
	       "plan_check() refuses a plan without ops for no probe");
}

/* Random bytes must end in some verdict; the sanitizers watch. */
static void test_noise(void)
{
	unsigned char bytes[512];
	uint32_t served = 0;

	srandom(23);
	reader = (struct control_reader){ 0 };
	for (int round = 0; round < 20000; round++) {
		size_t count = random() % sizeof(bytes);
		enum control_status status;

		for (size_t i = 0; i < count; i++)
			bytes[i] = random() % 4 ? random() : random() % 80;
		if (count >= 16 && random() % 4) {
			struct wire_control plausible =
				head(60 + random() % 20, 8 * (random() % 40));

			memcpy(bytes, &plausible, sizeof(plausible));
		}
		feed(bytes, count);
		while ((status = next_status()) != CONTROL_MORE)
			served += status == CONTROL_MESSAGE;
		if (reader.skip > 1 << 20)
			reader.skip = 0;
	}
	expect(served > 0, "control_next() survives noise and still finds messages in it");
}

int main(void)
{
	test_framing();
	test_sizes();
	test_fields();
	test_plans();
	test_noise();
	printf("%d passed, %d failed\n", passed, failed);
	return failed != 0;
}
