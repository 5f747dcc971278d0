// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/* See outbox.h. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "log.h"
#include "outbox.h"

/* How long a reader may still drain the pipe after it closed our stdin. */
#define GOODBYE_MS 200
#define DRAIN_NS 1000000000ULL
/* Memory that is kept when all is written. */
#define KEEP_BYTES (1 << 20)

/* Pages are taken as they are needed. Returns false after a message. */
static bool make_place(struct outbox *outbox)
{
	outbox->room = mmap(NULL, OUTBOX_ROOM_BYTES, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	outbox->batch_end = OUTBOX_BATCH_BYTES;
	if (outbox->room != MAP_FAILED)
		return true;
	outbox->room = NULL;
	log_line("cannot set %d bytes aside for records: %s (is memory limited?)",
		 OUTBOX_ROOM_BYTES, strerror(errno));
	return false;
}

int outbox_open(struct outbox *outbox, const char *path, int signal_fd, int control_fd)
{
	struct pollfd wait[2] = { { .fd = signal_fd, .events = POLLIN }, { .fd = control_fd } };
	struct stat status;

	outbox->fd = -1;
	outbox->signal_fd = signal_fd;
	outbox->control_fd = control_fd;
	if (!make_place(outbox))
		return EXIT_OUTPUT;
	if (mkfifo(path, 0600) < 0 && errno != EEXIST) {
		log_line("cannot make FIFO \"%s\": %s (its folder must exist and be writable)",
			 path, strerror(errno));
		return EXIT_OUTPUT;
	}
	if (stat(path, &status) == 0 && !S_ISFIFO(status.st_mode)) {
		log_line("cannot write records to \"%s\": not a FIFO (choose another --output)",
			 path);
		return EXIT_OUTPUT;
	}
	/* A blocking open could not be ended by a signal that is only read from a signalfd. */
	while ((outbox->fd = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC)) < 0) {
		if (errno != ENXIO && errno != EINTR) {
			log_line("cannot open FIFO \"%s\": %s (is it yours to write?)", path,
				 strerror(errno));
			return EXIT_OUTPUT;
		}
		if (poll(wait, 2, 2) > 0) {
			outbox->closed = true;
			return EXIT_CLEAN;
		}
	}
	/* Without the privilege for a large pipe the default size also works. */
	fcntl(outbox->fd, F_SETPIPE_SZ, OUTBOX_PIPE_BYTES);
	return EXIT_CLEAN;
}

/* True when the pipe can take more; false when nobody will read it. */
static bool wait_writable(struct outbox *outbox)
{
	struct pollfd wait[3] = {
		{ .fd = outbox->fd, .events = POLLOUT },
		{ .fd = outbox->signal_fd, .events = POLLIN },
		{ .fd = outbox->control_fd },
	};
	bool goodbye = false;

	for (;;) {
		int n = poll(wait, goodbye ? 2 : 3, goodbye ? GOODBYE_MS : -1);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0 || wait[0].revents & POLLERR || wait[1].revents)
			return false;
		if (wait[0].revents & POLLOUT)
			return true;
		goodbye = true;
	}
}

static void forget_written(struct outbox *outbox)
{
	if (outbox->end > KEEP_BYTES)
		madvise(outbox->room + KEEP_BYTES, OUTBOX_ROOM_BYTES - KEEP_BYTES, MADV_DONTNEED);
	outbox->begin = 0;
	outbox->end = 0;
}

void outbox_flush(struct outbox *outbox)
{
	while (outbox_pending(outbox) && !outbox->closed) {
		uint32_t at = outbox->begin % OUTBOX_ROOM_BYTES;
		uint64_t waiting = outbox->end - outbox->begin;
		uint64_t behind = OUTBOX_ROOM_BYTES - at;
		ssize_t n =
			write(outbox->fd, outbox->room + at, waiting < behind ? waiting : behind);

		if (n > 0) {
			outbox->begin += n;
			outbox->bytes_sent += n;
		} else if (errno == EAGAIN) {
			break;
		} else if (errno != EINTR) {
			outbox->closed = true;
		}
	}
	if (!outbox_pending(outbox))
		forget_written(outbox);
	outbox->batch_end = outbox->end + OUTBOX_BATCH_BYTES;
}

bool outbox_pending(const struct outbox *outbox)
{
	return outbox->begin < outbox->end;
}

void outbox_drain(struct outbox *outbox)
{
	struct pollfd wait = { .fd = outbox->fd, .events = POLLOUT };
	uint64_t end_ns = clock_monotonic_ns() + DRAIN_NS;

	outbox_flush(outbox);
	while (outbox_pending(outbox) && !outbox->closed && clock_monotonic_ns() < end_ns &&
	       poll(&wait, 1, GOODBYE_MS) > 0)
		outbox_flush(outbox);
}

/* True when a record of `size` bytes has a place; false when it is dropped. */
static bool make_room(struct outbox *outbox, uint32_t size)
{
	while (!outbox->closed && outbox->end - outbox->begin + size > OUTBOX_ROOM_BYTES) {
		if (outbox->hurry)
			return false;
		outbox->closed = !wait_writable(outbox);
		outbox_flush(outbox);
	}
	return !outbox->closed;
}

static void append(struct outbox *outbox, const void *bytes, uint32_t size)
{
	uint32_t at = outbox->end % OUTBOX_ROOM_BYTES;
	uint32_t behind = OUTBOX_ROOM_BYTES - at;
	uint32_t first = size < behind ? size : behind;

	memcpy(outbox->room + at, bytes, first);
	memcpy(outbox->room, (const unsigned char *)bytes + first, size - first);
	outbox->end += size;
}

static void note_record(struct outbox *outbox)
{
	outbox->records_sent++;
	if (outbox->end >= outbox->batch_end)
		outbox_flush(outbox);
}

void outbox_put(struct outbox *outbox, const void *record, uint32_t size)
{
	if (!make_room(outbox, size))
		return;
	append(outbox, record, size);
	note_record(outbox);
}

void outbox_put_parts(struct outbox *outbox, struct wire_header *head, uint16_t kind,
		      uint32_t head_size, const void *tail, uint32_t tail_size)
{
	static const unsigned char padding[7];
	uint32_t padded = (tail_size + 7) & ~7U;

	if (!make_room(outbox, head_size + padded))
		return;
	head->size = head_size + padded;
	head->kind = kind;
	head->time_ns = clock_monotonic_ns();
	append(outbox, head, head_size);
	append(outbox, tail, tail_size);
	append(outbox, padding, padded - tail_size);
	note_record(outbox);
}

void outbox_close(struct outbox *outbox)
{
	if (outbox->fd >= 0)
		close(outbox->fd);
	if (outbox->room)
		munmap(outbox->room, OUTBOX_ROOM_BYTES);
	outbox->room = NULL;
	outbox->fd = -1;
	outbox->closed = true;
}
