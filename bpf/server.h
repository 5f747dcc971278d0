/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * Server spans: from net/http.serverHandler.ServeHTTP until finishRequest, or until the connection's
 * deferred closure finds a handler that panicked or took the connection over. A span belongs to the
 * goroutine that serves it, and everything about it is deleted when it ends.
 */
#ifndef TSUNAGI_SERVER_H
#define TSUNAGI_SERVER_H

#include "incoming.h"

/* g._panic, g._defer, g.m follow each other in runtime/runtime2.go of Go 1.17 to 1.27. */
#define G_PANIC_BEFORE_M 16

/* The plan's payload, then the tracestate, which no plan can reach. */
static __always_inline void emit_server_start(struct pt_regs *ctx, u8 *record,
					      const struct probe *probe, struct scratch *s)
{
	struct wire_span *span =
		span_head(record, KIND_SPAN_START, PROBE_SERVER_START, probe, probe->slot);
	u64 cursor, bytes;

	span_ids(span, s->span.trace_id, s->span.span_id, s->span.parent_id, s->span.trace_flags);
	span->parent = s->span.has_parent ? PARENT_REMOTE : PARENT_NONE;
	cursor = plan_capture(ctx, record, probe->slot, PROBE_SERVER_START, ctx->di, true);
	if (s->span.has_tracestate) {
		bytes = s->out.bytes - TRACESTATE_NAME_BYTES - 2;
		keep_bound(cursor);
		keep_bound(bytes);
		if (bytes > MAX_TRACESTATE_BYTES ||
		    cursor > CAPTURE_START_BYTES - REGISTER_FILE_BYTES - MAX_TRACESTATE_BYTES) {
			span->truncated |= 1 << STRING_TRACESTATE;
		} else {
			bpf_probe_read_kernel(record + cursor, bytes,
					      s->out.line + TRACESTATE_NAME_BYTES);
			span->string_bytes[STRING_TRACESTATE] = bytes;
			cursor += round_up_8(bytes);
		}
	}
	span->header.size = cursor;
	emit_submit(record);
}

/* Nonzero: no room. Nothing is linked to the span then, and calls of its handler begin new traces. */
static __always_inline long keep_server_span(const struct probe *probe, struct scratch *s)
{
	struct goroutine_key goroutine = goroutine_key(probe, probe->goid);
	struct goroutine_key context = goroutine_key(probe, s->span.context);
	struct span_ref ref = { .goid = probe->goid, .span_id = s->span.span_id };

	if (bpf_map_update_elem(&server_spans, &goroutine, &s->span, BPF_ANY))
		return 1;
	if (s->span.context > LOWEST_POINTER &&
	    bpf_map_update_elem(&by_ctx, &context, &ref, BPF_ANY))
		count(COUNTER_LINK_MAP_FULL);
	if (!s->span.has_tracestate)
		return 0;
	s->out.span_id = s->span.span_id;
	if (bpf_map_update_elem(&tracestates, &goroutine, &s->out, BPF_ANY))
		count(COUNTER_LINK_MAP_FULL);
	return 0;
}

static __always_inline void forget_server_span(const struct probe *probe,
					       const struct server_span *span)
{
	struct goroutine_key goroutine = goroutine_key(probe, probe->goid);
	struct goroutine_key context = goroutine_key(probe, span->context);

	if (span->has_tracestate)
		bpf_map_delete_elem(&tracestates, &goroutine);
	bpf_map_delete_elem(&by_ctx, &context);
	bpf_map_delete_elem(&server_spans, &goroutine);
}

static __always_inline void begin_server_span(struct pt_regs *ctx, const struct probe *probe,
					      struct scratch *s)
{
	struct server_span *span = &s->span;
	u64 headers;
	u8 *record;
	bool sampled;

	read_two_words(s, ctx->di, probe->layout->request_header, probe->layout->request_ctx + 8,
		       &headers, &span->context);
	span->writer = ctx->cx;
	span->slot = probe->slot;
	span->span_id = random_id();
	adopt_parent(s, probe, headers);
	sampled = sample(probe->target, span->trace_id,
			 span->has_parent ? span->trace_flags & TRACE_FLAG_SAMPLED : -1);
	span->trace_flags = (span->trace_flags & ~TRACE_FLAG_SAMPLED) | sampled;
	span->recorded = false;
	if (!sampled && !probe->target->measure) {
		count(COUNTER_SAMPLED_OUT);
		keep_server_span(probe, s);
		return;
	}
	record = bpf_ringbuf_reserve(&ring, CAPTURE_START_BYTES, 0);
	if (!record) {
		count(COUNTER_LOST_RING_FULL);
		keep_server_span(probe, s);
		return;
	}
	span->recorded = true;
	if (keep_server_span(probe, s)) {
		count(COUNTER_LOST_SPAN_MAP_FULL);
		bpf_ringbuf_discard(record, BPF_RB_NO_WAKEUP);
		return;
	}
	emit_server_start(ctx, record, probe, s);
}

/* AX, BX, CX = serverHandler's pointer and the ResponseWriter, DI = *Request. */
static __always_inline int server_started(struct pt_regs *ctx)
{
	struct goroutine_key key;
	struct server_span *old;
	struct probe probe;
	struct scratch *s;

	if (!probe_enter(ctx, &probe) || !probe_goroutine(ctx, &probe))
		return 0;
	key = goroutine_key(&probe, probe.goid);
	old = bpf_map_lookup_elem(&server_spans, &key);
	if (old) {
		/* a site on the stack check runs again when the stack has grown */
		if (old->writer == ctx->cx &&
		    old->context == peek_word(ctx->di + probe.layout->request_ctx + 8))
			return 0;
		if (old->recorded)
			emit_span_lost(old->span_id, probe.tgid, LOST_ABANDONED);
		forget_server_span(&probe, old);
	}
	count(COUNTER_BEGUN_SERVER);
	s = scratch_claim();
	if (!s) {
		count(COUNTER_LOST_SPAN_MAP_FULL);
		return 0;
	}
	begin_server_span(ctx, &probe, s);
	scratch_release(s);
	return 0;
}

static __always_inline void end_server_span(struct pt_regs *ctx, const struct probe *probe,
					    const struct server_span *span, u32 probe_index,
					    u32 outcome, u64 object)
{
	struct wire_span *head;
	u64 cursor;
	u8 *record;

	if (!span->recorded)
		return;
	record = bpf_ringbuf_reserve(&ring, CAPTURE_END_BYTES, 0);
	if (!record) {
		emit_span_lost(span->span_id, probe->tgid, LOST_END_RING_FULL);
		return;
	}
	head = span_head(record, KIND_SPAN_END, probe_index, probe, span->slot);
	span_ids(head, span->trace_id, span->span_id, span->parent_id, span->trace_flags);
	head->parent = span->has_parent ? PARENT_REMOTE : PARENT_NONE;
	head->outcome = outcome;
	cursor = plan_capture(ctx, record, span->slot, probe_index, object, false);
	if (cursor == sizeof(*head) && outcome == OUTCOME_OK)
		head->outcome = OUTCOME_UNSEEN;
	head->header.size = cursor;
	emit_submit(record);
}

/* AX = *http.response, or the h2 writer. */
static __always_inline int server_ended(struct pt_regs *ctx, u32 probe_index)
{
	struct goroutine_key key;
	struct server_span *found, span;
	struct probe probe;

	if (!probe_enter(ctx, &probe) || !probe_goroutine(ctx, &probe))
		return 0;
	key = goroutine_key(&probe, probe.goid);
	found = bpf_map_lookup_elem(&server_spans, &key);
	if (!found) {
		count(COUNTER_END_WITHOUT_START);
		return 0;
	}
	span = *found;
	forget_server_span(&probe, &span);
	end_server_span(ctx, &probe, &span, probe_index, OUTCOME_OK, ctx->ax);
	return 0;
}

static __always_inline bool was_hijacked(const struct go_layout *layout, u64 response)
{
	u8 hijacked = 0;

	if (layout->response_conn == NO_FIELD || layout->conn_hijacked == NO_FIELD)
		return false;
	bpf_probe_read_user(
		&hijacked, 1,
		(void *)(peek_word(response + layout->response_conn) + layout->conn_hijacked));
	return hijacked != 0;
}

/*
 * A deferred closure of the goroutine that served the request. On HTTP/1 it runs once a connection and
 * finds a live span only when the handler did not come back in the ordinary way; on HTTP/2 it runs
 * before handlerDone too, so there a panic must be under way.
 */
static __always_inline int server_aborted(struct pt_regs *ctx, u32 probe_index)
{
	struct goroutine_key key;
	struct server_span *found, span;
	u32 outcome = OUTCOME_PANIC;
	struct probe probe;

	if (!probe_enter(ctx, &probe) || !probe_goroutine(ctx, &probe))
		return 0;
	key = goroutine_key(&probe, probe.goid);
	found = bpf_map_lookup_elem(&server_spans, &key);
	if (!found)
		return 0;
	if (probe_index != PROBE_SERVER_ABORT) {
		if (!peek_word(ctx->r14 + probe.layout->g_m - G_PANIC_BEFORE_M))
			return 0;
	} else if (was_hijacked(probe.layout, found->writer)) {
		outcome = OUTCOME_HIJACKED;
	}
	span = *found;
	forget_server_span(&probe, &span);
	end_server_span(ctx, &probe, &span, probe_index, outcome, span.writer);
	return 0;
}

#endif
