/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * One attempt of a client call on one HTTP/1 connection, net/http.(*persistConn).roundTrip: finds the
 * socket and leaves in `pending` what sk_msg shall do when the head of the request passes. Go hands the
 * request to its writer only inside this function, and a connection to the next call only when all of
 * the request before it was written, so the next bytes on the socket are the head.
 */
#ifndef TSUNAGI_CLIENT_ARM_H
#define TSUNAGI_CLIENT_ARM_H

#include "client.h"
#include "header_map.h"
#include "socket.h"

/* The first bytes of the head, by which sk_msg knows it: the method, "GET" when empty, and a space. */
static __always_inline void read_method(struct pending *entry, u64 request, u32 offset)
{
	struct {
		u64 data, bytes;
	} text = {};
	u64 length;

	if (bpf_probe_read_user(&text, sizeof(text), (void *)(request + offset)))
		count(COUNTER_READ_FAULT);
	__builtin_memset(entry->method, ' ', METHOD_BYTES);
	if (!text.bytes) {
		__builtin_memcpy(entry->method, "GET ", 4);
		entry->method_bytes = 4;
		return;
	}
	length = text.bytes > METHOD_BYTES ? METHOD_BYTES : text.bytes;
	keep_bound(length);
	if (length > METHOD_BYTES || bpf_probe_read_user(entry->method, length, (void *)text.data))
		count(COUNTER_READ_FAULT);
	entry->method_bytes = length < METHOD_BYTES ? length + 1 : METHOD_BYTES;
}

/*
 * What the request's own headers ask for: nothing there -> insert; the incoming one passed on as it
 * came (a reverse proxy) -> rewrite; malformed or several -> replace. False: a valid one of the
 * application's own, which is left alone.
 */
static __always_inline bool choose_action(struct scratch *s, const struct probe *probe,
					  const struct client_call *call, u64 request)
{
	struct pending *entry = &s->pending;

	find_trace_headers(s, probe->layout, read_word(request + probe->layout->request_header));
	entry->remove = 0;
	entry->remove_tracestate = false;
	entry->add_tracestate = call->has_tracestate && !s->tracestate.count;
	entry->action = PENDING_INSERT;
	if (!s->traceparent.count)
		return true;
	if (parse_traceparent(s)) {
		/* what a later version has behind our 55 bytes must not stay */
		entry->action = s->text[TRACEPARENT_TEXT_BYTES] ? PENDING_REPLACE : PENDING_REWRITE;
		entry->remove = 1;
		entry->add_tracestate = false;
		return call->has_remote_parent && s->parent.parent_id == call->remote_parent_id &&
		       s->parent.trace_id[0] == call->trace_id[0] &&
		       s->parent.trace_id[1] == call->trace_id[1];
	}
	entry->action = PENDING_REPLACE;
	entry->remove_tracestate = s->tracestate.count != 0;
	entry->remove = s->traceparent.count + s->tracestate.count;
	entry->add_tracestate = call->has_tracestate;
	return true;
}

/* True when a pending entry was made; otherwise the reason is counted. */
static __always_inline bool arm(struct scratch *s, const struct probe *probe,
				struct client_call *call, u64 connection, u64 request)
{
	const struct go_layout *layout = probe->layout;
	struct pending *entry = &s->pending, *old;
	u64 cookie = 0, conn, tls;
	struct sock *sk;
	u32 *state;

	read_two_words(s, connection, layout->persist_conn_conn + 8, layout->persist_conn_tls_state,
		       &conn, &tls);
	sk = descriptor_socket(connection_descriptor(conn));
	if (sk) {
		socket_peer(sk, call);
		cookie = socket_cookie(sk);
	}
	if (tls) {
		count(COUNTER_TLS);
		return false;
	}
	if (!cookie) {
		count(COUNTER_NO_SOCKET);
		return false;
	}
	state = bpf_map_lookup_elem(&tracked, &cookie);
	if (!state || *state != TRACKED_IN_HASH) {
		count(COUNTER_UNTRACKED);
		return false;
	}
	if (!choose_action(s, probe, call, request)) {
		count(COUNTER_OWN_HEADER);
		return false;
	}
	entry->span_id = call->span_id;
	entry->owner_goid = call->owner_goid;
	entry->owner_span_id = call->owner_span_id;
	entry->tgid = probe->tgid;
	entry->phase = PHASE_METHOD;
	entry->matched = 0;
	read_method(entry, request, layout->request_method);
	traceparent_format(entry->line, call->trace_id, call->span_id, call->trace_flags);
	old = bpf_map_lookup_elem(&pending, &cookie);
	if (old && !bpf_map_delete_elem(&pending, &cookie))
		count(COUNTER_NOT_WRITTEN);
	if (bpf_map_update_elem(&pending, &cookie, entry, BPF_ANY)) {
		count(COUNTER_PENDING_MAP_FULL);
		return false;
	}
	call->cookie = cookie;
	count(COUNTER_ARMED);
	return true;
}

/* AX = *persistConn, BX = *transportRequest, whose first field is the *Request. */
static __always_inline int client_armed(struct pt_regs *ctx)
{
	u64 connection = ctx->ax, attempt = ctx->bx;
	struct goroutine_key key;
	struct client_call *call;
	struct probe probe;
	struct scratch *s;

	if (!probe_enter(ctx, &probe) || !probe_goroutine(ctx, &probe))
		return 0;
	key = goroutine_key(&probe, probe.goid);
	call = bpf_map_lookup_elem(&client_calls, &key);
	if (!call)
		return 0;
	/* a site on the stack check runs again when the stack has grown */
	if (call->attempts && call->attempt_connection == connection &&
	    call->attempt_request == attempt)
		return 0;
	disarm(call);
	call->cookie = 0;
	call->attempt_connection = connection;
	call->attempt_request = attempt;
	if (call->attempts < 255)
		call->attempts++;
	s = scratch_claim();
	if (!s) {
		count(COUNTER_NO_SOCKET);
		return 0;
	}
	arm(s, &probe, call, connection,
	    read_word(attempt + probe.layout->transport_request_request));
	scratch_release(s);
	return 0;
}

#endif
