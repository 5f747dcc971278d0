/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * Records into the ring buffer. Waking the loader for each costs the traced program several times what
 * the record costs, so records go in silently; the loader sets `sleeping` before it blocks, and the
 * next record wakes it once. Process events always wake it.
 */
#ifndef TSUNAGI_EMIT_H
#define TSUNAGI_EMIT_H

#include "counters.h"

/* Set by the loader before it waits (then it looks at the ring once more), cleared by the first record. */
volatile u32 sleeping = 0;

static __always_inline void emit_stamp(struct wire_header *header, u32 size, u16 kind, u32 pid,
				       u64 time_ns)
{
	header->size = size;
	header->kind = kind;
	header->flags = 0;
	header->time_ns = time_ns;
	header->cpu = bpf_get_smp_processor_id();
	header->pid = pid;
}

static __always_inline void emit_wake_up(void)
{
	void *nothing = bpf_ringbuf_reserve(&ring, 8, 0);

	sleeping = 0;
	count(COUNTER_WAKEUPS);
	if (nothing)
		bpf_ringbuf_discard(nothing, BPF_RB_FORCE_WAKEUP);
}

/* The second look at `sleeping` closes the gap in which the loader fell asleep before the commit. */
static __always_inline void emit_submit(void *record)
{
	count(COUNTER_RECORDS);
	if (sleeping) {
		sleeping = 0;
		count(COUNTER_WAKEUPS);
		bpf_ringbuf_submit(record, BPF_RB_FORCE_WAKEUP);
		return;
	}
	bpf_ringbuf_submit(record, BPF_RB_NO_WAKEUP);
	if (sleeping)
		emit_wake_up();
}

static __always_inline void emit_submit_now(void *record)
{
	count(COUNTER_RECORDS);
	count(COUNTER_WAKEUPS);
	bpf_ringbuf_submit(record, BPF_RB_FORCE_WAKEUP);
}

/* A span with a start record that will get no end: told in the ring, or in a queue when that is full. */
static __always_inline void emit_span_lost(u64 span_id, u32 pid, u32 reason)
{
	struct wire_span_lost *record = bpf_ringbuf_reserve(&ring, sizeof(*record), 0);
	struct lost_span lost = { .span_id = span_id, .pid = pid, .reason = reason };

	if (!record) {
		if (bpf_map_push_elem(&lost_spans, &lost, 0))
			count(COUNTER_LOST_QUEUE_FULL);
		return;
	}
	emit_stamp(&record->header, sizeof(*record), KIND_SPAN_LOST, pid, bpf_ktime_get_ns());
	*(u64 *)record->span_id = span_id;
	record->reason = reason;
	record->reserved = 0;
	emit_submit(record);
}

#endif
