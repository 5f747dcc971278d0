// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/* See plan_check.h. */
#include <errno.h>

#include "plan_check.h"

#define REGISTER_BYTES (8 * MAX_REGISTERS)

/* Where an interpreter stands after some ops of a plan. */
struct walk {
	/* of payload and register file together */
	uint32_t capacity;
	uint32_t cursor;
	/* end of what was written: the cursor, or further where an OP_PEEK left scratch */
	uint32_t written;
};

static bool check_source(const struct walk *walk, const struct wire_op *op, uint32_t index,
			 struct refusal *why)
{
	uint32_t bytes = op->code == OP_STRING ? 16 : 8;
	uint32_t registers = walk->capacity - REGISTER_BYTES;

	if (op->source % 8)
		return refuse(why, EINVAL, "PLAN op %u has source %u, must be a multiple of 8",
			      index, op->source);
	if (op->source + bytes > walk->written &&
	    (op->source < registers || op->source + bytes > walk->capacity))
		return refuse(
			why, EINVAL,
			"PLAN op %u has source %u, must lie in captured bytes (below %u) or registers (%u to %u)",
			index, op->source, walk->written, registers, walk->capacity);
	return true;
}

static bool check_op(struct walk *walk, const struct wire_op *op, uint8_t probe, uint32_t index,
		     struct refusal *why)
{
	uint32_t longest = walk->capacity - REGISTER_BYTES - walk->cursor;
	uint32_t bytes = (op->length + 7U) & ~7U;

	if (op->code != OP_READ && op->code != OP_STRING && op->code != OP_PEEK)
		return refuse(why, EINVAL, "PLAN op %u has code %u, which is unknown", index,
			      op->code);
	if (op->code == OP_STRING &&
	    (op->string >= MAX_STRINGS ||
	     (op->string == STRING_TRACESTATE && probe == PROBE_SERVER_START)))
		return refuse(why, EINVAL, "PLAN op %u fills string %u, which is not free", index,
			      op->string);
	if (op->code == OP_STRING && op->length > MAX_STRING_BYTES)
		return refuse(why, EINVAL,
			      "PLAN op %u has length %u, must be at most %u for a string", index,
			      op->length, MAX_STRING_BYTES);
	if (op->length == 0 || bytes > longest)
		return refuse(why, EINVAL,
			      "PLAN op %u has length %u, must be 1 to %u, the room that is left",
			      index, op->length, longest);
	if (!check_source(walk, op, index, why))
		return false;
	if (walk->cursor + bytes > walk->written)
		walk->written = walk->cursor + bytes;
	if (op->code != OP_PEEK)
		walk->cursor += bytes;
	return true;
}

bool plan_check(const struct wire_plan *plan, struct refusal *why)
{
	bool start = plan->probe == PROBE_SERVER_START || plan->probe == PROBE_CLIENT_START;
	struct walk walk = {
		.capacity = start ? CAPTURE_START_BYTES : CAPTURE_END_BYTES,
		.cursor = sizeof(struct wire_span),
		.written = sizeof(struct wire_span),
	};

	if (plan->probe >= MAX_PROBES)
		return refuse(why, EINVAL, "PLAN probe is %u, must be below %u", plan->probe,
			      MAX_PROBES);
	/* Nothing to capture is right for every probe. */
	if (plan->count > 0 && (plan->probe == PROBE_CLIENT_ARM || plan->probe == PROBE_GOROUTINE))
		return refuse(why, EINVAL, "PLAN probe is %u, must be one that captures",
			      plan->probe);
	if (plan->count > MAX_PLAN_OPS)
		return refuse(why, EINVAL, "PLAN has %u ops, must be at most %u", plan->count,
			      MAX_PLAN_OPS);
	for (uint32_t i = 0; i < plan->count; i++)
		if (!check_op(&walk, &plan->ops[i], plan->probe, i, why))
			return false;
	return true;
}
