/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * Trace context onto the wire. Runs for every message that is sent on a tracked socket; where `pending`
 * has an entry for it, the next bytes are the head of an HTTP/1 request, in any number of messages.
 * The entry is gone once the head was treated, so no byte of a body is ever looked at.
 */
#ifndef TSUNAGI_SOCK_MSG_H
#define TSUNAGI_SOCK_MSG_H

#include "request_head.h"

/* One of the counters that add up to COUNTER_ARMED, by whoever removes the entry. */
static __always_inline void close_entry(u64 cookie, u32 verdict, u32 action)
{
	if (bpf_map_delete_elem(&pending, &cookie))
		return;
	if (verdict == HEAD_PUSH_FAILED || verdict == HEAD_BROKEN)
		count(COUNTER_PUSH_FAILED);
	else if (verdict == HEAD_LOST)
		count(COUNTER_SPLIT);
	else if (action == PENDING_REWRITE)
		count(COUNTER_REWRITTEN);
	else
		count(COUNTER_INJECTED);
}

static __always_inline int message_sent(struct sk_msg_md *msg)
{
	u64 cookie = message_cookie(msg);
	struct pending *entry = bpf_map_lookup_elem(&pending, &cookie);
	struct head head = { .msg = msg };
	u32 verdict;

	if (!entry)
		return SK_PASS;
	head.entry = *entry;
	verdict = treat_head(&head);
	if (verdict == HEAD_GOES_ON)
		bpf_map_update_elem(&pending, &cookie, &head.entry, BPF_EXIST);
	else
		close_entry(cookie, verdict, head.entry.action);
	return verdict == HEAD_BROKEN ? SK_DROP : SK_PASS;
}

#endif
