/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * Client spans: from net/http.(*Transport).roundTrip until it returns, whatever number of connections
 * it tries in between. The call belongs to the goroutine that makes it; its parent is searched for
 * here, while client_arm.h tells sk_msg what to write on the connection of each attempt.
 */
#ifndef TSUNAGI_CLIENT_H
#define TSUNAGI_CLIENT_H

#include "goroutine.h"
#include "scratch.h"
#include "span.h"

/* Wrapped contexts that are followed from a request's own towards the server request's. */
#define MAX_CONTEXT_STEPS 12

/* The server span that `ref` names becomes the parent; false when its request is over. */
static __always_inline bool adopt_span(struct client_call *call, const struct probe *probe,
				       const struct span_ref *ref)
{
	struct server_span *span = live_span(probe, ref);

	if (!span)
		return false;
	call->trace_id[0] = span->trace_id[0];
	call->trace_id[1] = span->trace_id[1];
	call->parent_id = ref->span_id;
	call->remote_parent_id = span->parent_id;
	call->owner_goid = ref->goid;
	call->owner_span_id = ref->span_id;
	call->trace_flags = span->trace_flags;
	call->has_remote_parent = span->has_parent;
	call->has_tracestate = span->has_tracestate;
	/* ended meanwhile on its own goroutine: the entry may be another span's by now */
	return *(volatile u64 *)&span->span_id == ref->span_id;
}

/*
 * First hit of: own goroutine, the chain of contexts, the creator of the goroutine; otherwise a new
 * root, never a guess. Each context type of the standard library holds its parent, an interface, as
 * its first field, so the data pointer of the next is at +8.
 */
static __always_inline void find_parent(struct client_call *call, const struct probe *probe, u64 g,
					u64 context)
{
	struct goroutine_key key = goroutine_key(probe, probe->goid);
	struct server_span *own = bpf_map_lookup_elem(&server_spans, &key);
	struct span_ref ref = {}, *found;
	u32 i;

	if (own) {
		ref.goid = probe->goid;
		ref.span_id = own->span_id;
		if (adopt_span(call, probe, &ref)) {
			call->parent = PARENT_GOROUTINE;
			count(COUNTER_PARENT_GOROUTINE);
			return;
		}
	}
	for (i = 0; i < MAX_CONTEXT_STEPS && context > LOWEST_POINTER; i++) {
		key.id = context;
		found = bpf_map_lookup_elem(&by_ctx, &key);
		if (found) {
			ref = *found;
			if (adopt_span(call, probe, &ref)) {
				call->parent = PARENT_CONTEXT;
				count(COUNTER_PARENT_CONTEXT);
				return;
			}
		}
		context = peek_word(context + 8);
	}
	key.id = g;
	found = bpf_map_lookup_elem(&creator_links, &key);
	if (found) {
		ref = *found;
		if (adopt_span(call, probe, &ref)) {
			call->parent = PARENT_CREATOR;
			count(COUNTER_PARENT_CREATOR);
			return;
		}
	}
	call->parent = PARENT_NONE;
	call->parent_id = 0;
	call->trace_flags = 0;
	call->has_remote_parent = false;
	call->has_tracestate = false;
	call->trace_id[0] = random_id();
	call->trace_id[1] = random_id();
	count(COUNTER_PARENT_NONE);
}

static __always_inline void begin_client_call(struct pt_regs *ctx, const struct probe *probe,
					      struct client_call *call)
{
	struct goroutine_key key = goroutine_key(probe, probe->goid);
	struct wire_span *head;
	u8 *record;
	bool sampled;

	__builtin_memset(call, 0, sizeof(*call));
	call->request = ctx->bx;
	call->slot = probe->slot;
	call->span_id = random_id();
	find_parent(call, probe, ctx->r14, peek_word(ctx->bx + probe->layout->request_ctx + 8));
	sampled = sample(probe->target, call->trace_id,
			 call->parent == PARENT_NONE ? -1 : call->trace_flags & TRACE_FLAG_SAMPLED);
	call->trace_flags = (call->trace_flags & ~TRACE_FLAG_SAMPLED) | sampled;
	if (!sampled && !probe->target->measure) {
		count(COUNTER_SAMPLED_OUT);
		bpf_map_update_elem(&client_calls, &key, call, BPF_ANY);
		return;
	}
	record = bpf_ringbuf_reserve(&ring, CAPTURE_START_BYTES, 0);
	if (!record) {
		count(COUNTER_LOST_RING_FULL);
		bpf_map_update_elem(&client_calls, &key, call, BPF_ANY);
		return;
	}
	call->recorded = true;
	if (bpf_map_update_elem(&client_calls, &key, call, BPF_ANY)) {
		count(COUNTER_LOST_SPAN_MAP_FULL);
		bpf_ringbuf_discard(record, BPF_RB_NO_WAKEUP);
		return;
	}
	head = span_head(record, KIND_SPAN_START, PROBE_CLIENT_START, probe, probe->slot);
	span_ids(head, call->trace_id, call->span_id, call->parent_id, call->trace_flags);
	head->parent = call->parent;
	head->header.size =
		plan_capture(ctx, record, probe->slot, PROBE_CLIENT_START, ctx->bx, true);
	emit_submit(record);
}

/* What was to be written on the call's last connection and was not, will not be. */
static __always_inline void disarm(const struct client_call *call)
{
	u64 cookie = call->cookie;
	struct pending *entry;

	if (!cookie)
		return;
	entry = bpf_map_lookup_elem(&pending, &cookie);
	if (entry && entry->span_id == call->span_id && !bpf_map_delete_elem(&pending, &cookie))
		count(COUNTER_NOT_WRITTEN);
}

/* AX = *Transport, BX = *Request. */
static __always_inline int client_started(struct pt_regs *ctx)
{
	struct goroutine_key key;
	struct client_call *old;
	struct probe probe;
	struct scratch *s;

	if (!probe_enter(ctx, &probe) || !probe_goroutine(ctx, &probe))
		return 0;
	key = goroutine_key(&probe, probe.goid);
	old = bpf_map_lookup_elem(&client_calls, &key);
	if (old) {
		/* a site on the stack check runs again when the stack has grown */
		if (old->request == ctx->bx && !old->attempts)
			return 0;
		disarm(old);
		if (old->recorded)
			emit_span_lost(old->span_id, probe.tgid, LOST_ABANDONED);
		bpf_map_delete_elem(&client_calls, &key);
	}
	count(COUNTER_BEGUN_CLIENT);
	s = scratch_claim();
	if (!s) {
		count(COUNTER_LOST_SPAN_MAP_FULL);
		return 0;
	}
	begin_client_call(ctx, &probe, &s->call);
	scratch_release(s);
	return 0;
}

/*
 * Behind the call of persistConn.roundTrip (AX = *Response, BX, CX = error): over unless there is an
 * error, for then the transport may try again. At a RET (SITE_FINAL): over in any case.
 */
static __always_inline int client_ended(struct pt_regs *ctx)
{
	bool failed = ctx->bx != 0;
	struct goroutine_key key;
	struct client_call *found, call;
	struct wire_span *head;
	struct probe probe;
	u8 *record;

	if (failed && !(probe_site_flags(ctx) & SITE_FINAL))
		return 0;
	if (!probe_enter(ctx, &probe) || !probe_goroutine(ctx, &probe))
		return 0;
	key = goroutine_key(&probe, probe.goid);
	found = bpf_map_lookup_elem(&client_calls, &key);
	if (!found) {
		count(COUNTER_END_WITHOUT_START);
		return 0;
	}
	call = *found;
	bpf_map_delete_elem(&client_calls, &key);
	disarm(&call);
	if (!call.attempts)
		count(COUNTER_NO_HTTP1_CONNECTION);
	if (!call.recorded)
		return 0;
	record = bpf_ringbuf_reserve(&ring, CAPTURE_END_BYTES, 0);
	if (!record) {
		emit_span_lost(call.span_id, probe.tgid, LOST_END_RING_FULL);
		return 0;
	}
	head = span_head(record, KIND_SPAN_END, PROBE_CLIENT_END, &probe, call.slot);
	span_ids(head, call.trace_id, call.span_id, call.parent_id, call.trace_flags);
	head->parent = call.parent;
	head->outcome = failed ? OUTCOME_ERROR : OUTCOME_OK;
	head->error_type = failed ? ctx->bx : 0;
	head->attempts = call.attempts;
	__builtin_memcpy(head->peer_address, call.peer_address, sizeof(head->peer_address));
	head->peer_port = call.peer_port;
	head->peer_family = call.peer_family;
	head->header.size =
		plan_capture(ctx, record, call.slot, PROBE_CLIENT_END, failed ? 0 : ctx->ax, false);
	emit_submit(record);
	return 0;
}

#endif
