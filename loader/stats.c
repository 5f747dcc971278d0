// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/* See stats.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "clock.h"
#include "skeleton.h"
#include "stats.h"

/* A clock step of less than this is not worth a record of its own. */
#define OFFSET_STEP_NS 1000000

/* Counts of one counter, a number for each CPU. */
static void add_counts(struct stats_report *report, uint32_t counter, const uint64_t *counts,
		       int cpus)
{
	uint32_t *filled = &report->stats.cpu_drops;

	for (int cpu = 0; cpu < cpus; cpu++) {
		report->stats.counters[counter] += counts[cpu];
		if (counter != COUNTER_LOST_RING_FULL || !counts[cpu] || *filled == MAX_CPU_DROPS)
			continue;
		report->drops[(*filled)++] = (struct wire_cpu_drops){
			.ring_full = counts[cpu],
			.cpu = cpu,
		};
	}
}

/* All of them by one system call: this runs again and again, also on an idle machine. */
static bool read_counters(const struct kernel *kernel, struct stats_report *report)
{
	int fd = bpf_map__fd(kernel->skel->maps.counters);
	int cpus = libbpf_num_possible_cpus();
	uint64_t *values = cpus > 0 ? calloc((size_t)MAX_COUNTERS * cpus, sizeof(*values)) : NULL;
	uint32_t keys[MAX_COUNTERS], next, count = MAX_COUNTERS;
	/* ENOENT says that these were the last. */
	bool read =
		values && (bpf_map_lookup_batch(fd, NULL, &next, keys, values, &count, NULL) == 0 ||
			   errno == ENOENT);

	for (uint32_t i = 0; read && i < count; i++)
		add_counts(report, keys[i], values + (size_t)i * cpus, cpus);
	free(values);
	return read;
}

static uint64_t read_resident_bytes(void)
{
	FILE *file = fopen("/proc/self/statm", "re");
	unsigned long pages = 0;

	if (!file)
		return 0;
	if (fscanf(file, "%*u %lu", &pages) != 1)
		pages = 0;
	fclose(file);
	return (uint64_t)pages * sysconf(_SC_PAGESIZE);
}

static void collect(const struct stats *stats, const struct kernel *kernel,
		    const struct outbox *outbox, struct stats_report *report)
{
	*report = (struct stats_report){ 0 };
	memcpy(report->stats.counters, stats->own, sizeof(stats->own));
	/* What cannot be read stands as it was. */
	if (!read_counters(kernel, report))
		*report = stats->sent;
	report->stats.realtime_offset_ns = clock_realtime_offset_ns();
	report->stats.records_sent = outbox->records_sent;
	report->stats.bytes_sent = outbox->bytes_sent + outbox->end - outbox->begin;
}

static void send(struct stats *stats, struct outbox *outbox, struct stats_report *report)
{
	struct wire_stats *record = &report->stats;

	record->cpu_time_ns = clock_read_ns(CLOCK_PROCESS_CPUTIME_ID);
	record->resident_bytes = read_resident_bytes();
	outbox_put_parts(outbox, &record->header, KIND_STATS, sizeof(*record), report->drops,
			 record->cpu_drops * sizeof(report->drops[0]));
	stats->sent = *report;
	stats->records_sent = outbox->records_sent;
}

void stats_send(struct stats *stats, const struct kernel *kernel, struct outbox *outbox)
{
	struct stats_report report;

	collect(stats, kernel, outbox, &report);
	send(stats, outbox, &report);
}

bool stats_tick(struct stats *stats, const struct kernel *kernel, struct outbox *outbox)
{
	struct stats_report report;
	const __u64 *counters = report.stats.counters;
	const struct wire_stats *sent = &stats->sent.stats;
	int64_t step;
	bool lost;

	collect(stats, kernel, outbox, &report);
	step = report.stats.realtime_offset_ns - sent->realtime_offset_ns;
	lost = counters[COUNTER_PROCESS_EVENT_LOST] != sent->counters[COUNTER_PROCESS_EVENT_LOST];
	if (report.stats.records_sent != stats->records_sent || llabs(step) > OFFSET_STEP_NS ||
	    memcmp(counters, sent->counters, sizeof(sent->counters)) != 0)
		send(stats, outbox, &report);
	return lost;
}
