/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * The head of one HTTP/1 request as it passes in any number of messages: finds the end of the request
 * line, puts our lines in behind it, overwrites or removes the application's. Called by sock_msg.h with
 * a copy of the pending entry, in which the state between messages is kept.
 */
#ifndef TSUNAGI_REQUEST_HEAD_H
#define TSUNAGI_REQUEST_HEAD_H

#include "header_map.h"
#include "message.h"

/* "traceparent: " on the wire, as net/http writes it */
#define TRACEPARENT_NAME_BYTES 13
#define MAX_HEAD_LINES 16384

enum head_verdict {
	/* the message is used up, the head is not */
	HEAD_GOES_ON = 0,
	HEAD_DONE = 1,
	/* what was to be changed is not there, or is cut by the message's end */
	HEAD_LOST = 2,
	HEAD_PUSH_FAILED = 3,
	/* a failed insertion could not be undone: the message must be dropped */
	HEAD_BROKEN = 4,
};

struct head {
	struct sk_msg_md *msg;
	struct pending entry;
	u32 at;
	u32 verdict;
};

/* Compares "METHOD " with the message, from what came before on. */
static __always_inline u32 match_method(struct head *head)
{
	u32 matched = head->entry.matched, bytes = head->entry.method_bytes, i;
	u8 *data = message_at(head->msg, 0, METHOD_BYTES), *end;

	if (!data)
		return HEAD_LOST;
	end = message_end(head->msg);
	for (i = 0; i < METHOD_BYTES; i++) {
		if (matched >= bytes)
			break;
		if (data + i + 1 > end)
			break;
		if (data[i] != head->entry.method[matched & (METHOD_BYTES - 1)])
			return HEAD_LOST;
		matched++;
	}
	head->at = i;
	head->entry.matched = matched;
	return matched >= bytes ? HEAD_DONE : HEAD_GOES_ON;
}

/* Puts our lines in at head->at and moves behind them. */
static __always_inline u32 insert_lines(struct head *head)
{
	struct goroutine_key key = { .tgid = head->entry.tgid, .id = head->entry.owner_goid };
	struct tracestate *state = 0;
	u32 bytes = TRACEPARENT_LINE_BYTES;
	int inserted;

	if (head->entry.add_tracestate)
		state = bpf_map_lookup_elem(&tracestates, &key);
	if (state &&
	    (state->span_id != head->entry.owner_span_id || state->bytes > TRACESTATE_LINE_BYTES))
		state = 0;
	if (state)
		bytes += state->bytes;
	inserted = message_insert(head->msg, head->at, bytes, head->entry.line,
				  state ? state->line : 0);
	if (inserted)
		return inserted == MESSAGE_BROKEN ? HEAD_BROKEN : HEAD_PUSH_FAILED;
	head->at += bytes;
	return HEAD_DONE;
}

/* The empty line that closes the head. */
static __always_inline bool head_ends(struct sk_msg_md *msg, u32 at)
{
	u8 *data = message_at(msg, at, 1), *end;

	if (!data)
		return false;
	end = message_end(msg);
	return data + 1 <= end && (data[0] == '\r' || data[0] == '\n');
}

/* Byte `index` of "traceparent: ". */
static __always_inline u8 name_byte(u32 index)
{
	return index < 8 ? WORD_TRACEPAR >> 8 * index
			 : ((u64)WORD_ENT | (u64)':' << 24 | (u64)' ' << 32) >> 8 * (index - 8);
}

/*
 * PENDING_REWRITE: how many bytes of the name of a traceparent line have passed, `matched` of them
 * before this message; -1: the line is another one, or its value could not be read.
 */
__attribute__((noinline)) int match_name(struct sk_msg_md *msg, u32 at, u32 matched)
{
	u8 *data = message_at(msg, at, TRACEPARENT_NAME_BYTES), *end;
	u32 i;

	if (!data)
		return -1;
	end = message_end(msg);
	for (i = 0; i < TRACEPARENT_NAME_BYTES; i++) {
		if (matched >= TRACEPARENT_NAME_BYTES || data + i + 1 > end)
			break;
		if ((data[i] | 0x20) != name_byte(matched))
			return -1;
		matched++;
	}
	return matched;
}

/* Overwrites what this message has of the value behind `done` bytes of it; returns how much is done then. */
__attribute__((noinline)) int overwrite_value(struct sk_msg_md *msg, u32 at, u32 done,
					      const struct pending *entry)
{
	u8 *data = message_at(msg, at, TRACEPARENT_TEXT_BYTES), *end;
	u64 from = done;
	u32 i;

	if (!data || !entry)
		return -1;
	end = message_end(msg);
	for (i = 0; i < TRACEPARENT_TEXT_BYTES; i++) {
		keep_bound(from);
		if (from >= TRACEPARENT_TEXT_BYTES || data + i + 1 > end)
			break;
		data[i] = entry->line[TRACEPARENT_NAME_BYTES + from];
		from++;
	}
	return from;
}

/* PENDING_REWRITE at the beginning of a line, or inside the name of one. */
static __always_inline void step_name(struct head *head)
{
	int matched = match_name(head->msg, head->at, head->entry.matched);

	if (matched < 0) {
		head->entry.phase = PHASE_SKIP;
		return;
	}
	head->at += matched - head->entry.matched;
	head->entry.matched = matched;
	if (matched >= TRACEPARENT_NAME_BYTES) {
		head->entry.phase = PHASE_VALUE;
		head->entry.matched = 0;
	}
}

static __always_inline void step_value(struct head *head)
{
	int done = overwrite_value(head->msg, head->at, head->entry.matched, &head->entry);

	if (done < 0) {
		head->verdict = HEAD_LOST;
		return;
	}
	head->at += done - head->entry.matched;
	head->entry.matched = done;
	if (done >= TRACEPARENT_TEXT_BYTES)
		head->verdict = HEAD_DONE;
}

/* PENDING_REPLACE: is this a line to be removed? One whose name is cut can not be taken back any more. */
static __always_inline void classify_line(struct head *head)
{
	u32 left = head->msg->size - head->at, second = 0;
	u8 *data = message_at(head->msg, head->at, 16), *end;
	u64 first, mask;

	if (!data) {
		head->verdict = HEAD_LOST;
		return;
	}
	end = message_end(head->msg);
	head->entry.phase = PHASE_SKIP;
	first = message_word(data, end) | LOWER_CASE;
	if (left < 12) {
		mask = left < 8 ? (1ull << 8 * left) - 1 : ~0ull;
		if (!((first ^ WORD_TRACEPAR) & mask) || !((first ^ WORD_TRACESTA) & mask))
			head->verdict = HEAD_LOST;
		return;
	}
	if (data + 12 <= end)
		second = *(u32 *)(data + 8);
	if (first == WORD_TRACEPAR && (second | 0x202020) == (WORD_ENT | ':' << 24))
		head->entry.phase = PHASE_REMOVE;
	if (head->entry.remove_tracestate && first == WORD_TRACESTA &&
	    ((second | 0x2020) & 0xffffff) == (WORD_TE | ':' << 16))
		head->entry.phase = PHASE_REMOVE;
}

/* Takes the rest of a line out; a message must not become empty, so one that is all of it stays. */
static __always_inline void remove_line(struct head *head, int line_end)
{
	u32 size = head->msg->size, until = line_end < 0 ? size : (u32)line_end;

	if ((head->at == 0 && until == size) || until <= head->at ||
	    bpf_msg_pop_data(head->msg, head->at, until - head->at, 0)) {
		head->verdict = HEAD_LOST;
		return;
	}
	if (line_end < 0)
		return;
	head->entry.phase = PHASE_LINE;
	if (!--head->entry.remove)
		head->verdict = HEAD_DONE;
}

/* One line, or what this message has of it; 1 when the message or the head is at its end. */
static long head_step(u32 index, struct head *head)
{
	int line_end;

	(void)index;
	if (head->at >= head->msg->size)
		return 1;
	if (head->entry.phase == PHASE_LINE) {
		if (!head->entry.matched && head_ends(head->msg, head->at))
			head->verdict = HEAD_LOST;
		else if (head->entry.action == PENDING_REWRITE)
			step_name(head);
		else
			classify_line(head);
		return head->verdict != HEAD_GOES_ON;
	}
	if (head->entry.phase == PHASE_VALUE) {
		step_value(head);
		return head->verdict != HEAD_GOES_ON;
	}
	line_end = find_line_end(head->msg, head->at);
	if (line_end < NO_LINE_END) {
		head->verdict = HEAD_LOST;
		return 1;
	}
	if (head->entry.phase == PHASE_REMOVE) {
		remove_line(head, line_end);
		return line_end < 0 || head->verdict != HEAD_GOES_ON;
	}
	if (line_end < 0)
		return 1;
	head->at = line_end;
	head->entry.phase = PHASE_LINE;
	head->entry.matched = 0;
	return 0;
}

/* Advances through the head as far as this message goes. */
static __always_inline u32 treat_head(struct head *head)
{
	u32 verdict;
	int line_end;

	if (head->entry.phase == PHASE_METHOD) {
		verdict = match_method(head);
		if (verdict != HEAD_DONE)
			return verdict;
		head->entry.phase = PHASE_REQUEST_LINE;
	}
	if (head->entry.phase == PHASE_REQUEST_LINE) {
		line_end = find_line_end(head->msg, head->at);
		if (line_end < 0)
			return line_end == NO_LINE_END ? HEAD_GOES_ON : HEAD_LOST;
		head->at = line_end;
		if (head->entry.action != PENDING_REWRITE) {
			verdict = insert_lines(head);
			if (verdict != HEAD_DONE || head->entry.action == PENDING_INSERT)
				return verdict;
		}
		head->entry.phase = PHASE_LINE;
		head->entry.matched = 0;
	}
	bpf_loop(MAX_HEAD_LINES, head_step, head, 0);
	return head->verdict;
}

#endif
