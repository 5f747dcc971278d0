/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * count(): one more of an enum wire_counter. Per CPU, so no cache line is shared, and atomic all the
 * same: programs are preemptible, and the accounting has to be exact.
 */
#ifndef TSUNAGI_COUNTERS_H
#define TSUNAGI_COUNTERS_H

#include "maps.h"

/* Keeps clang from checking one copy of a value and using another, whose bound the verifier does not know. */
#define keep_bound(value) asm volatile("" : "+r"(value))

static __always_inline void count(u32 counter)
{
	u64 *value = bpf_map_lookup_elem(&counters, &counter);

	if (value)
		__sync_fetch_and_add(value, 1);
}

#endif
