/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * The trace context that came in with a request, from its header map into the server span; server.h
 * asks for it before the span's start is told.
 */
#ifndef TSUNAGI_INCOMING_H
#define TSUNAGI_INCOMING_H

#include "header_map.h"
#include "span.h"

/* Values of a Tracestate header that are joined; with more of them it counts as too long. */
#define MAX_TRACESTATE_VALUES 4

/*
 * Joins the values of Tracestate into s->out as the line that will go out. 0: there is none, or it is
 * too long to be carried.
 */
__attribute__((noinline)) int read_tracestate(struct scratch *s)
{
	struct {
		u64 data, bytes;
	} text;
	u64 used = 0, length;
	u32 i;

	if (!s || !s->tracestate.count)
		return 0;
	if (s->tracestate.count > MAX_TRACESTATE_VALUES)
		goto too_long;
	for (i = 0; i < MAX_TRACESTATE_VALUES; i++) {
		if (i >= s->tracestate.count)
			break;
		if (bpf_probe_read_user(&text, sizeof(text), (void *)(s->tracestate.data + 16 * i)))
			goto fault;
		length = text.bytes;
		if (!length)
			continue;
		if (used >= MAX_TRACESTATE_BYTES || length > MAX_TRACESTATE_BYTES)
			goto too_long;
		if (used)
			s->out.line[TRACESTATE_NAME_BYTES + used++] = ',';
		keep_bound(used);
		keep_bound(length);
		if (used > MAX_TRACESTATE_BYTES || length > MAX_TRACESTATE_BYTES)
			goto too_long;
		if (bpf_probe_read_user((u8 *)s + __builtin_offsetof(struct scratch, out.line) +
						TRACESTATE_NAME_BYTES + used,
					length, (void *)text.data))
			goto fault;
		used += length;
		if (used > MAX_TRACESTATE_BYTES)
			goto too_long;
	}
	keep_bound(used);
	if (!used || used > MAX_TRACESTATE_BYTES)
		return 0;
	__builtin_memcpy(s->out.line, "tracestate: ", TRACESTATE_NAME_BYTES);
	s->out.line[TRACESTATE_NAME_BYTES + used] = '\r';
	s->out.line[TRACESTATE_NAME_BYTES + used + 1] = '\n';
	s->out.bytes = TRACESTATE_NAME_BYTES + used + 2;
	return 1;

fault:
	count(COUNTER_READ_FAULT);
	return 0;
too_long:
	count(COUNTER_TRACESTATE_TOO_LONG);
	return 0;
}

/* The incoming context, if there is a valid one; otherwise a new trace. */
static __always_inline void adopt_parent(struct scratch *s, const struct probe *probe, u64 headers)
{
	struct server_span *span = &s->span;

	find_trace_headers(s, probe->layout, headers);
	if (parse_traceparent(s)) {
		span->trace_id[0] = s->parent.trace_id[0];
		span->trace_id[1] = s->parent.trace_id[1];
		span->parent_id = s->parent.parent_id;
		span->has_parent = true;
		span->trace_flags = s->parent.flags & TRACE_FLAGS_KNOWN;
		span->has_tracestate = read_tracestate(s);
		count(COUNTER_TRACEPARENT_ACCEPTED);
		return;
	}
	if (s->traceparent.count)
		count(COUNTER_TRACEPARENT_MALFORMED);
	span->trace_id[0] = random_id();
	span->trace_id[1] = random_id();
	span->parent_id = 0;
	span->has_parent = false;
	span->trace_flags = 0;
	span->has_tracestate = false;
}

#endif
