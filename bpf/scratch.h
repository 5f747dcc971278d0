/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * Working memory for programs whose needs exceed the 512-byte stack. Uprobe programs are preemptible,
 * so a per-CPU buffer could be overwritten half-way: a block is claimed by an atomic exchange instead.
 */
#ifndef TSUNAGI_SCRATCH_H
#define TSUNAGI_SCRATCH_H

#include "counters.h"
#include "traceparent.h"

#define SCRATCH_BLOCKS 512
#define SCRATCH_TRIES 8
/* the larger of a Swiss group (328) and an hmap bucket (336) of map[string][]string */
#define GROUP_BYTES 336

/* A Go []string. */
struct go_values {
	u64 data;
	u64 count;
};

struct scratch {
	u32 busy;
	u32 reserved;
	u8 group[GROUP_BYTES];
	struct go_values traceparent;
	struct go_values tracestate;
	/* text of a traceparent, 56 bytes of it */
	u8 text[64];
	struct trace_parent parent;
	union {
		struct server_span span;
		struct client_call call;
	};
	struct pending pending;
	struct tracestate out;
	/* a value is copied to out.line before its end is checked against the others' */
	u8 overrun[MAX_TRACESTATE_BYTES];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, SCRATCH_BLOCKS);
	__type(key, u32);
	__type(value, struct scratch);
} scratch_blocks SEC(".maps");

static __always_inline struct scratch *scratch_claim(void)
{
	u32 first = bpf_get_smp_processor_id() * SCRATCH_TRIES;
	u32 i;

	for (i = 0; i < SCRATCH_TRIES; i++) {
		u32 index = (first + i) % SCRATCH_BLOCKS;
		struct scratch *block = bpf_map_lookup_elem(&scratch_blocks, &index);

		if (block && __sync_val_compare_and_swap(&block->busy, 0, 1) == 0)
			return block;
	}
	return 0;
}

static __always_inline void scratch_release(struct scratch *block)
{
	__sync_lock_test_and_set(&block->busy, 0);
}

#endif
