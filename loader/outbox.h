/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * The pipe to the service: gathers records and writes them in batches of about 256 KiB. What a full
 * pipe does not take is kept, so that the ring buffer is emptied also while the service is busy;
 * when that place is full too the caller waits (the ring buffer then fills, and the kernel counts
 * what it has no room for), but never past the end of the service or a signal. Used by everything
 * that sends a record.
 */
#ifndef TSUNAGI_OUTBOX_H
#define TSUNAGI_OUTBOX_H

#include <stdbool.h>
#include <stdint.h>

#include <linux/types.h>

#include "wire.h"

enum outbox_limit {
	OUTBOX_BATCH_BYTES = 262144,
	OUTBOX_PIPE_BYTES = 1 << 20,
	/* Records are a fraction of what the ring buffer sets aside for them. */
	OUTBOX_ROOM_BYTES = 1 << 24,
};

struct outbox {
	int fd;
	/* readable when a signal asks the loader to end */
	int signal_fd;
	/* hung up when the service is gone */
	int control_fd;
	/* the reader is gone or the loader was told to end: records are dropped from now on */
	bool closed;
	/* closing down: a full pipe is not waited for */
	bool hurry;
	uint64_t records_sent;
	uint64_t bytes_sent;
	/* What waits: positions that count on past the end of the room and begin anew when it is
	 * empty. */
	uint64_t begin;
	uint64_t end;
	/* where the next batch is full */
	uint64_t batch_end;
	unsigned char *room;
};

/* Makes the FIFO when absent and waits for its reader. Returns an exit code, EXIT_CLEAN when open;
 * also EXIT_CLEAN with `closed` set when the wait was ended by a signal or the end of stdin. */
int outbox_open(struct outbox *outbox, const char *path, int signal_fd, int control_fd);

/* One whole record; size is its header.size. */
void outbox_put(struct outbox *outbox, const void *record, uint32_t size);

/* Record of `head_size` bytes plus `tail_size` bytes, padded to 8; fills header.size, time_ns and
 * kind. */
void outbox_put_parts(struct outbox *outbox, struct wire_header *head, uint16_t kind,
		      uint32_t head_size, const void *tail, uint32_t tail_size);

/* Writes what the pipe takes now. */
void outbox_flush(struct outbox *outbox);

/* Whether something waits for room in the pipe: then flush when it has some. */
bool outbox_pending(const struct outbox *outbox);

/* Writes all that is left to a service that reads on, within a second. */
void outbox_drain(struct outbox *outbox);

void outbox_close(struct outbox *outbox);

#endif
