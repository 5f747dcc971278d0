/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * Ring buffer -> outbox, record by record, unchanged. The kernel programs submit without a wake-up
 * (one costs the traced process 8 us); the pump sweeps every few milliseconds while records come,
 * and asks for one wake-up through the `sleeping` flag when none do. Used by go_loader.c.
 */
#ifndef TSUNAGI_PUMP_H
#define TSUNAGI_PUMP_H

#include "kernel.h"
#include "maps_abi.h"
#include "outbox.h"

struct ring_buffer;

enum pump_limit {
	/* Spans told as lost in one sweep; the rest waits in its queue for the next. */
	PUMP_LOST_BATCH = 256,
};

struct pump {
	const struct kernel *kernel;
	struct outbox *outbox;
	struct ring_buffer *ring;
	/* sweeps in a row that found nothing */
	uint32_t empty_sweeps;
	/* records of this sweep; it ended before the ring was empty */
	uint32_t moved;
	bool cut;
	/* room that records took in the ring since it was empty last */
	uint64_t moved_bytes;
	uint64_t ring_bytes;
	/* taken from the kernel's queue, to be sent when the ring is empty */
	uint32_t lost_count;
	struct lost_span lost[PUMP_LOST_BATCH];
	/* processes whose end or change of program came by in this sweep */
	uint32_t exited_count;
	uint32_t exited[64];
	bool replaced[64];
};

/* Returns an exit code. */
int pump_open(struct pump *pump, const struct kernel *kernel, struct outbox *outbox);

/* Moves all that is there and flushes. Returns after how many milliseconds to sweep again, or -1:
 * asleep, the next record makes pump_fd() readable. */
int pump_sweep(struct pump *pump);

/* To be polled only while pump_sweep() returned -1. */
int pump_fd(const struct pump *pump);

void pump_close(struct pump *pump);

#endif
