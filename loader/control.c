// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/* See control.h. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "control.h"
#include "plan_check.h"

bool refuse(struct refusal *why, int error, const char *format, ...)
{
	va_list args;

	why->error = error;
	va_start(args, format);
	vsnprintf(why->text, sizeof(why->text), format, args);
	va_end(args);
	return false;
}

unsigned char *control_space(struct control_reader *reader, size_t *bytes)
{
	memmove(reader->bytes, reader->bytes + reader->start, reader->end - reader->start);
	reader->end -= reader->start;
	reader->start = 0;
	*bytes = sizeof(reader->bytes) - reader->end;
	return reader->bytes + reader->end;
}

void control_filled(struct control_reader *reader, size_t bytes)
{
	reader->end += bytes;
}

static bool check_attach(const struct wire_attach *attach, struct refusal *why)
{
	const struct wire_site *sites = (const struct wire_site *)(attach + 1);
	uint64_t expected = sizeof(*attach) + (uint64_t)attach->count * sizeof(*sites);

	if (attach->binding >= MAX_BINDINGS)
		return refuse(why, EINVAL, "ATTACH binding is %u, must be below %u",
			      attach->binding, MAX_BINDINGS);
	if (attach->count == 0 || attach->count > MAX_SITES)
		return refuse(why, EINVAL, "ATTACH has %u sites, must be 1 to %u", attach->count,
			      MAX_SITES);
	if (attach->control.size != expected)
		return refuse(why, EBADMSG, "ATTACH of %u sites is %u bytes, must be %llu",
			      attach->count, attach->control.size, (unsigned long long)expected);
	for (uint32_t i = 0; i < attach->count; i++)
		if (sites[i].probe >= MAX_PROBES)
			return refuse(why, EINVAL,
				      "ATTACH site %u names probe %u, must be below %u", i,
				      sites[i].probe, MAX_PROBES);
	return true;
}

static bool check_read(const struct wire_read_exe *read, struct refusal *why)
{
	if (read->count == 0 || read->count > MAX_READ_BYTES)
		return refuse(why, EINVAL, "READ_EXE asks for %llu bytes, must be 1 to %u",
			      (unsigned long long)read->count, MAX_READ_BYTES);
	if (read->offset > INT64_MAX - read->count)
		return refuse(why, EINVAL, "READ_EXE offset %llu is beyond any file",
			      (unsigned long long)read->offset);
	return true;
}

static bool check_target(const struct wire_target *target, struct refusal *why)
{
	if (target->enabled > 1 || target->parent_based > 1 || target->measure > 1)
		return refuse(why, EINVAL, "TARGET flags are %u, %u and %u, must be 0 or 1",
			      target->enabled, target->parent_based, target->measure);
	if (target->sampler > SAMPLER_RATIO)
		return refuse(why, EINVAL, "TARGET sampler is %u, must be at most %u",
			      target->sampler, SAMPLER_RATIO);
	return true;
}

static bool check_slot(const char *kind, uint32_t slot, struct refusal *why)
{
	if (slot >= MAX_SLOTS)
		return refuse(why, EINVAL, "%s slot is %u, must be below %u", kind, slot,
			      MAX_SLOTS);
	return true;
}

static bool check_flip(const struct wire_flip *flip, struct refusal *why)
{
	if (flip->binding >= MAX_BINDINGS)
		return refuse(why, EINVAL, "FLIP binding is %u, must be below %u", flip->binding,
			      MAX_BINDINGS);
	return flip->slot == NO_SLOT || check_slot("FLIP", flip->slot, why);
}

static bool check_size(const struct wire_control *message, const char *kind, size_t size,
		       bool or_more, struct refusal *why)
{
	if (message->size < size || (message->size > size && !or_more))
		return refuse(why, EBADMSG, "%s message is %u bytes, must be %s%zu", kind,
			      message->size, or_more ? "at least " : "", size);
	return true;
}

/* Size and fields of one whole message. */
static bool check_message(const struct wire_control *message, struct refusal *why)
{
	const void *body = message;
	const struct wire_plan *plan = body;

	switch (message->kind) {
	case KIND_LIST:
		return check_size(message, "LIST", sizeof(*message), false, why);
	case KIND_DESCRIBE:
		return check_size(message, "DESCRIBE", sizeof(*message), false, why);
	case KIND_BACKFILL:
		return check_size(message, "BACKFILL", sizeof(*message), false, why);
	case KIND_QUERY_STATS:
		return check_size(message, "QUERY_STATS", sizeof(*message), false, why);
	case KIND_PORTS:
		return check_size(message, "PORTS", sizeof(*message), false, why);
	case KIND_READ_EXE:
		return check_size(message, "READ_EXE", sizeof(struct wire_read_exe), false, why) &&
		       check_read(body, why);
	case KIND_ATTACH:
		return check_size(message, "ATTACH", sizeof(struct wire_attach), true, why) &&
		       check_attach(body, why);
	case KIND_DETACH:
		return check_size(message, "DETACH", sizeof(struct wire_detach), false, why);
	case KIND_TARGET:
		return check_size(message, "TARGET", sizeof(struct wire_target), false, why) &&
		       check_target(body, why);
	case KIND_PLAN:
		return check_size(message, "PLAN", sizeof(*plan), false, why) &&
		       check_slot("PLAN", plan->slot, why) && plan_check(plan, why);
	case KIND_LAYOUT:
		return check_size(message, "LAYOUT", sizeof(struct wire_layout), false, why) &&
		       check_slot("LAYOUT", ((const struct wire_layout *)body)->slot, why);
	case KIND_FLIP:
		return check_size(message, "FLIP", sizeof(struct wire_flip), false, why) &&
		       check_flip(body, why);
	default:
		return refuse(why, EOPNOTSUPP,
			      "control kind %u is unknown to this loader (wire version %u)",
			      message->kind, WIRE_VERSION);
	}
}

/* A size that cannot be: the message is left out as far as its size can be believed. */
static enum control_status refuse_size(struct control_reader *reader, struct refusal *why)
{
	const struct wire_control *head = &reader->refused;

	if (head->size > MAX_CONTROL_BYTES) {
		refuse(why, EMSGSIZE, "control message is %u bytes, must be at most %u", head->size,
		       MAX_CONTROL_BYTES);
		reader->skip = head->size;
	} else if (head->size < sizeof(*head)) {
		refuse(why, EBADMSG, "control message is %u bytes, must be at least %zu",
		       head->size, sizeof(*head));
		reader->skip = sizeof(*head);
	} else {
		refuse(why, EBADMSG, "control message is %u bytes, must be a multiple of 8",
		       head->size);
		reader->skip = head->size;
	}
	return CONTROL_REFUSED;
}

enum control_status control_next(struct control_reader *reader, const struct wire_control **message,
				 struct refusal *why)
{
	size_t held = reader->end - reader->start;
	size_t skipped = reader->skip < held ? reader->skip : held;
	const struct wire_control *head;

	reader->start += skipped;
	reader->skip -= skipped;
	held -= skipped;
	if (held < sizeof(reader->refused))
		return CONTROL_MORE;
	/* A refused odd size can leave the next head unaligned. */
	memcpy(&reader->refused, reader->bytes + reader->start, sizeof(reader->refused));
	*message = &reader->refused;
	if (reader->refused.size < sizeof(*head) || reader->refused.size > MAX_CONTROL_BYTES ||
	    reader->refused.size % 8)
		return refuse_size(reader, why);
	if (held < reader->refused.size)
		return CONTROL_MORE;
	if (reader->start % 8) {
		memmove(reader->bytes, reader->bytes + reader->start, held);
		reader->start = 0;
		reader->end = held;
	}
	head = (const struct wire_control *)(reader->bytes + reader->start);
	*message = head;
	reader->start += head->size;
	return check_message(head, why) ? CONTROL_MESSAGE : CONTROL_REFUSED;
}
