/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* The clocks that records carry. Used by outbox, hello and stats. */
#ifndef TSUNAGI_CLOCK_H
#define TSUNAGI_CLOCK_H

#include <stdint.h>
#include <time.h>

static inline uint64_t clock_read_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000000ULL + now.tv_nsec;
}

/* The kernel programs stamp records with this clock (bpf_ktime_get_ns). */
static inline uint64_t clock_monotonic_ns(void)
{
	return clock_read_ns(CLOCK_MONOTONIC);
}

/* Add it to a monotonic stamp for nanoseconds since 1970. The tightest of a few tries: a preemption
 * between the two reads would shift every span. */
static inline int64_t clock_realtime_offset_ns(void)
{
	uint64_t best_gap = UINT64_MAX;
	int64_t offset = 0;

	for (int i = 0; i < 5; i++) {
		uint64_t before = clock_monotonic_ns();
		uint64_t real = clock_read_ns(CLOCK_REALTIME);
		uint64_t gap = clock_monotonic_ns() - before;

		if (gap < best_gap) {
			best_gap = gap;
			offset = (int64_t)(real - before - gap / 2);
		}
	}
	return offset;
}

#endif
