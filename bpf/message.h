/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * Bytes of an sk_msg: a window on them, the search for the end of a line, and insertion. Loads of the
 * message's pointers are assembly, since clang would merge them into an access to a moved context,
 * which the verifier refuses.
 */
#ifndef TSUNAGI_MESSAGE_H
#define TSUNAGI_MESSAGE_H

#include "counters.h"

/* bytes made readable at a time in a search */
#define WINDOW_BYTES 2048
#define MAX_MESSAGE_WORDS 131072
/* find_line_end */
#define NO_LINE_END (-1)
#define UNREADABLE (-2)

#define EACH_NEWLINE 0x0a0a0a0a0a0a0a0aull

#ifdef __bpf__
#define load_pointer(msg, field)                                                                   \
	({                                                                                         \
		u8 *pointer;                                                                       \
		asm volatile("%0 = *(u64 *)(%1 + %2)"                                              \
			     : "=r"(pointer)                                                       \
			     : "r"(msg), "i"(__builtin_offsetof(struct sk_msg_md, field))          \
			     : "memory");                                                          \
		pointer;                                                                           \
	})
#else
#define load_pointer(msg, field) ((u8 *)(msg)->field)
#endif

static __always_inline u8 *message_data(struct sk_msg_md *msg)
{
	return load_pointer(msg, data);
}

static __always_inline u8 *message_end(struct sk_msg_md *msg)
{
	return load_pointer(msg, data_end);
}

/* Makes [at, at + bytes), or what the message has of it, readable and writable; 0 when that fails. */
static __always_inline u8 *message_at(struct sk_msg_md *msg, u32 at, u32 bytes)
{
	u32 size = msg->size, until = at + bytes;

	if (until > size)
		until = size;
	if (at >= until || bpf_msg_pull_data(msg, at, until, 0))
		return 0;
	return message_data(msg);
}

/* The first 8 bytes, zeroes behind the end. */
static __always_inline u64 message_word(u8 *data, u8 *end)
{
	u64 word = 0;
	u32 i;

	if (data + 8 <= end)
		return *(u64 *)data;
	for (i = 0; i < 7; i++) {
		if (data + i + 1 > end)
			break;
		word |= (u64)data[i] << 8 * i;
	}
	return word;
}

static __always_inline u64 message_cookie(struct sk_msg_md *msg)
{
	struct bpf_sock *sk = msg->sk;
	struct tcp_sock *tcp;

	if (!sk)
		return 0;
	tcp = bpf_skc_to_tcp_sock(sk);
	if (!tcp)
		return 0;
	return tcp->inet_conn.icsk_inet.sk.__sk_common.skc_cookie.counter;
}

struct line_search {
	struct sk_msg_md *msg;
	/* where the readable window begins in the message, and the place in it */
	u32 window;
	u32 at;
	int found;
};

static long line_search_step(u32 index, struct line_search *search)
{
	u8 *data = message_data(search->msg), *end = message_end(search->msg), *place;
	u32 at = search->at, left, i;
	u64 word, hit;

	(void)index;
	if (at > WINDOW_BYTES)
		goto unreadable;
	place = data + at;
	if (place + 8 <= end) {
		word = *(u64 *)place ^ EACH_NEWLINE;
		hit = (word - 0x0101010101010101ull) & ~word & 0x8080808080808080ull;
		if (!hit) {
			search->at = at + 8;
			return 0;
		}
	}
	for (i = 0; i < 8; i++) {
		if (place + i + 1 > end)
			break;
		if (place[i] == '\n') {
			search->found = search->window + at + i + 1;
			return 1;
		}
	}
	search->window += at + i;
	search->at = 0;
	left = search->msg->size - search->window;
	if (search->window >= search->msg->size)
		return 1;
	if (left > WINDOW_BYTES)
		left = WINDOW_BYTES;
	if (!bpf_msg_pull_data(search->msg, search->window, search->window + left, 0))
		return 0;

unreadable:
	search->found = UNREADABLE;
	return 1;
}

/* Offset behind the first '\n' at or after `from`, NO_LINE_END or UNREADABLE. */
__attribute__((noinline)) int find_line_end(struct sk_msg_md *msg, u32 from)
{
	struct line_search search = { .msg = msg, .window = from, .found = NO_LINE_END };

	if (!message_at(msg, from, WINDOW_BYTES))
		return from >= msg->size ? NO_LINE_END : UNREADABLE;
	bpf_loop(MAX_MESSAGE_WORDS, line_search_step, &search, 0);
	return search.found;
}

/* message_insert */
#define MESSAGE_UNCHANGED (-1)
/* holds bytes that are nobody's: it must not be sent */
#define MESSAGE_BROKEN (-2)

/* Inserts `bytes`: TRACEPARENT_LINE_BYTES of `line`, the rest of `more`. 0 when done. */
static __always_inline int message_insert(struct sk_msg_md *msg, u32 at, u32 bytes, const u8 *line,
					  const u8 *more)
{
	u8 *data, *end;
	u32 i;

	if (bpf_msg_push_data(msg, at, bytes, 0))
		return MESSAGE_UNCHANGED;
	if (bpf_msg_pull_data(msg, at, at + bytes, 0))
		goto undo;
	data = message_data(msg);
	end = message_end(msg);
	if (data + TRACEPARENT_LINE_BYTES > end)
		goto undo;
	__builtin_memcpy(data, line, TRACEPARENT_LINE_BYTES);
	if (!more)
		return 0;
	data += TRACEPARENT_LINE_BYTES;
	for (i = 0; i < TRACESTATE_LINE_BYTES; i++) {
		if (data + i + 1 > end)
			break;
		data[i] = more[i];
	}
	return 0;

undo:
	return bpf_msg_pop_data(msg, at, bytes, 0) ? MESSAGE_BROKEN : MESSAGE_UNCHANGED;
}

#endif
