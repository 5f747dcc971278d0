/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* KIND_STATS records: the kernel's counters, the loader's own, and what the loader costs. Used by
 * go_loader.c and commands.c. */
#ifndef TSUNAGI_STATS_H
#define TSUNAGI_STATS_H

#include "kernel.h"
#include "outbox.h"

/* A record and what follows it. */
struct stats_report {
	struct wire_stats stats;
	struct wire_cpu_drops drops[MAX_CPU_DROPS];
};

struct stats {
	/* counted in user space, added to the kernel's */
	uint64_t own[MAX_COUNTERS];
	/* as last sent */
	struct stats_report sent;
	/* value of sent.stats.records_sent after the record itself was counted */
	uint64_t records_sent;
};

void stats_send(struct stats *stats, const struct kernel *kernel, struct outbox *outbox);

/* The same, unless nothing but time went by. True when process events were lost since the last
 * call. */
bool stats_tick(struct stats *stats, const struct kernel *kernel, struct outbox *outbox);

#endif
