/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * Keys and values of the maps that the loader reads, writes or sweeps; included by bpf/ and loader/.
 * Every key that belongs to a process begins with its thread group id, so that the entries of a dead
 * process can be found; maps keyed by a socket's cookie hold the id in their value where they need one.
 * Trace and span ids are bytes in wire order, kept in words only so that they compare fast.
 */
#ifndef TSUNAGI_MAPS_ABI_H
#define TSUNAGI_MAPS_ABI_H

#include "wire.h"

enum maps_limit {
	/* bindings: no slot yet */
	NO_SLOT = 0xffffffff,
	TRACEPARENT_TEXT_BYTES = 55,
	/* "traceparent: " + text + "\r\n" */
	TRACEPARENT_LINE_BYTES = 70,
	TRACESTATE_NAME_BYTES = 12,
	/* "tracestate: " + at most MAX_TRACESTATE_BYTES + "\r\n", in whole words */
	TRACESTATE_LINE_BYTES = 272,
	METHOD_BYTES = 16,
};

/* targets, key u32 tgid: which spans of the process are sampled. */
struct target_config {
	/* enum wire_sampler */
	__u8 sampler;
	__u8 parent_based;
	/* spans that are not sampled are captured too */
	__u8 measure;
	__u8 reserved[5];
	__u64 threshold;
};

/* plans, index slot * MAX_PROBES + probe. */
struct capture_plan {
	__u32 count;
	__u32 reserved;
	struct wire_op ops[MAX_PLAN_OPS];
};

/*
 * server_spans, client_calls, tracestates: id = goroutine id; by_ctx: data pointer of a context.Context;
 * creator_links: address of a g.
 */
struct goroutine_key {
	__u32 tgid;
	__u32 reserved;
	__u64 id;
};

/* by_ctx, creator_links: a server span, by the goroutine that owns it; valid while that span lives. */
struct span_ref {
	__u64 goid;
	__u64 span_id;
};

/* server_spans: the request that a goroutine is serving. */
struct server_span {
	__u64 trace_id[2];
	__u64 span_id;
	__u64 parent_id;
	/* data pointer of the request's context */
	__u64 context;
	/* *http.response or the h2 writer */
	__u64 writer;
	__u16 slot;
	__u8 trace_flags;
	/* a start record was sent, so an end record is owed */
	__u8 recorded;
	/* a valid traceparent came in */
	__u8 has_parent;
	__u8 has_tracestate;
	__u8 reserved[2];
};

/* client_calls: the call that a goroutine is making. */
struct client_call {
	__u64 trace_id[2];
	__u64 span_id;
	__u64 parent_id;
	/* server span that the call belongs to: its parent as it came in, and where its tracestate is */
	__u64 remote_parent_id;
	__u64 owner_goid;
	__u64 owner_span_id;
	__u64 request;
	/* the last attempt: *transportRequest, *persistConn and socket cookie, 0 where there is none */
	__u64 attempt_request;
	__u64 attempt_connection;
	__u64 cookie;
	__u8 peer_address[16];
	__u16 peer_port;
	__u16 peer_family;
	__u16 slot;
	__u8 trace_flags;
	__u8 recorded;
	/* enum wire_parent */
	__u8 parent;
	__u8 attempts;
	__u8 has_remote_parent;
	__u8 has_tracestate;
	__u8 reserved[4];
};

/* pending, key u64 cookie: what to do with the head of the next request on a socket. */
enum pending_action {
	/* put our lines after the request line */
	PENDING_INSERT = 0,
	/* overwrite the value of the one traceparent line in place */
	PENDING_REWRITE = 1,
	/* as PENDING_INSERT, then take out `remove` lines of the application's */
	PENDING_REPLACE = 2,
};

/* How much of the head has been seen; a head may come in any number of messages. */
enum pending_phase {
	/* before the end of "METHOD " */
	PHASE_METHOD = 0,
	/* in the request line */
	PHASE_REQUEST_LINE = 1,
	/* at the beginning of a header line, `matched` bytes into it */
	PHASE_LINE = 2,
	/* inside a line that is of no interest */
	PHASE_SKIP = 3,
	/* inside the value that is being overwritten, `matched` bytes of it done */
	PHASE_VALUE = 4,
	/* inside a line that is being removed */
	PHASE_REMOVE = 5,
};

struct pending {
	__u64 span_id;
	__u64 owner_goid;
	__u64 owner_span_id;
	__u32 tgid;
	/* enum pending_action */
	__u8 action;
	/* enum pending_phase */
	__u8 phase;
	__u8 matched;
	__u8 method_bytes;
	/* lines to take out: traceparent lines, and tracestate lines when remove_tracestate */
	__u16 remove;
	__u8 remove_tracestate;
	/* owner_* name an entry of tracestates to be put in */
	__u8 add_tracestate;
	__u8 reserved[4];
	/* "METHOD ", or its first bytes */
	__u8 method[METHOD_BYTES];
	__u8 line[72];
};

/* tracestates: what came in with the request that a goroutine is serving, as the line that goes out. */
struct tracestate {
	__u64 span_id;
	/* of the line, with name and CRLF */
	__u32 bytes;
	__u32 reserved;
	__u8 line[TRACESTATE_LINE_BYTES];
};

/* tracked, key u64 cookie; the loader writes TRACKED_IN_HASH for a socket that it put into `sockets`. */
enum tracked_state {
	TRACKED_CONNECTING = 1,
	TRACKED_IN_HASH = 2,
};

/* lost_spans: stands in for a KIND_SPAN_LOST record that found no room in the ring. */
struct lost_span {
	__u64 span_id;
	__u32 pid;
	/* enum wire_lost_reason */
	__u32 reason;
};

#endif
