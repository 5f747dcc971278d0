// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/* See pump.h. */
#include <errno.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "skeleton.h"
#include "log.h"
#include "maps_abi.h"
#include "pump.h"
#include "sweep.h"

enum pump_policy {
	/* Between sweeps while there is something to do: the longer, the cheaper for the service. */
	NAP_MS = 40,
	/* Between sweeps that find more than 1/8 of the ring full; after 1/4 there is no nap. */
	SHORT_NAP_MS = 5,
	EMPTY_SWEEPS = 4,
	/* About a millisecond's work: control messages must get their turn however fast records come. */
	MAX_SWEEP_RECORDS = 1024,
};

static void note_process(struct pump *pump, const struct wire_header *header)
{
	if (pump->exited_count == sizeof(pump->exited) / sizeof(*pump->exited))
		return;
	pump->replaced[pump->exited_count] = header->kind == KIND_PROCESS_EXEC;
	pump->exited[pump->exited_count++] = header->pid;
}

static int on_record(void *context, void *record, size_t reserved)
{
	const struct wire_header *header = record;
	struct pump *pump = context;

	/* The programs write sound headers; a reader that trusted a broken one would lose its place
	 * for good. */
	if (header->size < sizeof(*header) || header->size > reserved || header->size % 8)
		return 0;
	outbox_put(pump->outbox, record, header->size);
	pump->moved++;
	pump->moved_bytes += reserved;
	if (header->kind == KIND_PROCESS_EXIT || header->kind == KIND_PROCESS_EXEC)
		note_process(pump, header);
	return pump->moved < MAX_SWEEP_RECORDS ? 0 : -EAGAIN;
}

int pump_open(struct pump *pump, const struct kernel *kernel, struct outbox *outbox)
{
	*pump = (struct pump){
		.kernel = kernel,
		.outbox = outbox,
		.ring_bytes = bpf_map__max_entries(kernel->skel->maps.ring),
	};
	pump->ring = ring_buffer__new(bpf_map__fd(kernel->skel->maps.ring), on_record, pump, NULL);
	if (pump->ring)
		return EXIT_CLEAN;
	log_line("cannot map the ring buffer: %s (is there memory for twice its size?)",
		 strerror(errno));
	return EXIT_RING_BUFFER;
}

static void take_lost(struct pump *pump)
{
	int fd = bpf_map__fd(pump->kernel->skel->maps.lost_spans);

	while (pump->lost_count < PUMP_LOST_BATCH &&
	       bpf_map_lookup_and_delete_elem(fd, NULL, &pump->lost[pump->lost_count]) == 0)
		pump->lost_count++;
}

static void put_lost(struct pump *pump, const struct lost_span *lost)
{
	struct wire_span_lost record = { .header.pid = lost->pid, .reason = lost->reason };

	memcpy(record.span_id, &lost->span_id, sizeof(record.span_id));
	outbox_put_parts(pump->outbox, &record.header, KIND_SPAN_LOST, sizeof(record), "", 0);
}

/*
 * The queue is emptied before the ring and sent when the ring is empty: the start record of every span
 * in the queue was in the ring by then, so the service meets it first.
 */
static uint32_t move(struct pump *pump)
{
	bool emptied;

	pump->moved = 0;
	if (pump->lost_count == 0)
		take_lost(pump);
	emptied = ring_buffer__consume(pump->ring) >= 0;
	pump->cut = !emptied;
	for (; emptied && pump->lost_count > 0; pump->moved++)
		put_lost(pump, &pump->lost[--pump->lost_count]);
	outbox_flush(pump->outbox);
	for (uint32_t i = 0; i < pump->exited_count; i++) {
		if (pump->replaced[i])
			sweep_replaced(pump->kernel, pump->exited[i]);
		else
			sweep_exited(pump->kernel, pump->exited[i]);
	}
	/* Some ends may not have found a place in the list. */
	if (pump->exited_count == sizeof(pump->exited) / sizeof(*pump->exited))
		sweep_missing(pump->kernel);
	pump->exited_count = 0;
	return pump->moved;
}

static void set_sleeping(const struct pump *pump, uint32_t sleeping)
{
	__atomic_store_n(&pump->kernel->skel->bss->sleeping, sleeping, __ATOMIC_SEQ_CST);
}

int pump_sweep(struct pump *pump)
{
	uint64_t burst_bytes;
	uint32_t records;

	set_sleeping(pump, 0);
	records = move(pump);
	if (records == 0 && ++pump->empty_sweeps >= EMPTY_SWEEPS) {
		/* A record submitted between the last sweep and the flag woke nobody. */
		set_sleeping(pump, 1);
		records = move(pump);
		if (records == 0)
			return -1;
		set_sleeping(pump, 0);
	}
	if (records > 0)
		pump->empty_sweeps = 0;
	if (pump->cut)
		return 0;
	burst_bytes = pump->moved_bytes;
	pump->moved_bytes = 0;
	if (burst_bytes > pump->ring_bytes / 4)
		return 0;
	return burst_bytes > pump->ring_bytes / 8 ? SHORT_NAP_MS : NAP_MS;
}

int pump_fd(const struct pump *pump)
{
	return ring_buffer__epoll_fd(pump->ring);
}

void pump_close(struct pump *pump)
{
	ring_buffer__free(pump->ring);
	pump->ring = NULL;
}
