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

/* All of them by one system call: this runs every second, also on an idle machine. */
static bool read_counters(const struct kernel *kernel, __u64 counters[MAX_COUNTERS])
{
	int fd = bpf_map__fd(kernel->skel->maps.counters);
	int cpus = libbpf_num_possible_cpus();
	uint64_t *values = cpus > 0 ? calloc((size_t)MAX_COUNTERS * cpus, sizeof(*values)) : NULL;
	uint32_t keys[MAX_COUNTERS], next, count = MAX_COUNTERS;
	/* ENOENT says that these were the last. */
	bool read =
		values && (bpf_map_lookup_batch(fd, NULL, &next, keys, values, &count, NULL) == 0 ||
			   errno == ENOENT);

	for (uint32_t i = 0; read && i < count; i++) {
		for (int cpu = 0; cpu < cpus; cpu++)
			counters[keys[i]] += values[i * cpus + cpu];
	}
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
		    const struct outbox *outbox, struct wire_stats *record)
{
	*record = (struct wire_stats){
		.realtime_offset_ns = clock_realtime_offset_ns(),
		.records_sent = outbox->records_sent,
		.bytes_sent = outbox->bytes_sent + outbox->fill,
	};
	memcpy(record->counters, stats->own, sizeof(record->counters));
	/* What cannot be read stands as it was. */
	if (!read_counters(kernel, record->counters))
		memcpy(record->counters, stats->sent.counters, sizeof(record->counters));
}

static void send(struct stats *stats, struct outbox *outbox, struct wire_stats *record)
{
	record->cpu_time_ns = clock_read_ns(CLOCK_PROCESS_CPUTIME_ID);
	record->resident_bytes = read_resident_bytes();
	outbox_put_parts(outbox, &record->header, KIND_STATS, sizeof(*record), "", 0);
	stats->sent = *record;
	stats->records_sent = outbox->records_sent;
}

void stats_send(struct stats *stats, const struct kernel *kernel, struct outbox *outbox)
{
	struct wire_stats record;

	collect(stats, kernel, outbox, &record);
	send(stats, outbox, &record);
}

bool stats_tick(struct stats *stats, const struct kernel *kernel, struct outbox *outbox)
{
	struct wire_stats record;
	int64_t step;
	bool lost;

	collect(stats, kernel, outbox, &record);
	step = record.realtime_offset_ns - stats->sent.realtime_offset_ns;
	lost = record.counters[COUNTER_PROCESS_EVENT_LOST] !=
	       stats->sent.counters[COUNTER_PROCESS_EVENT_LOST];
	if (record.records_sent != stats->records_sent || llabs(step) > OFFSET_STEP_NS ||
	    memcmp(record.counters, stats->sent.counters, sizeof(record.counters)) != 0)
		send(stats, outbox, &record);
	return lost;
}
