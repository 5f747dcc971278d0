// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/* See outbox.h. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "log.h"
#include "outbox.h"

/* How long a reader may still drain the pipe after it closed our stdin. */
#define GOODBYE_MS 200

int outbox_open(struct outbox *outbox, const char *path, int signal_fd, int control_fd)
{
	struct pollfd wait[2] = { { .fd = signal_fd, .events = POLLIN }, { .fd = control_fd } };
	struct stat status;

	outbox->fd = -1;
	outbox->signal_fd = signal_fd;
	outbox->control_fd = control_fd;
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

	if (outbox->hurry)
		return false;
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

void outbox_flush(struct outbox *outbox)
{
	uint32_t done = 0;

	while (done < outbox->fill && !outbox->closed) {
		ssize_t n = write(outbox->fd, outbox->batch + done, outbox->fill - done);

		if (n > 0)
			done += n;
		else if (errno == EAGAIN)
			outbox->closed = !wait_writable(outbox);
		else if (errno != EINTR)
			outbox->closed = true;
	}
	outbox->bytes_sent += done;
	outbox->fill = 0;
}

void outbox_put(struct outbox *outbox, const void *record, uint32_t size)
{
	if (outbox->closed)
		return;
	memcpy(outbox->batch + outbox->fill, record, size);
	outbox->fill += size;
	outbox->records_sent++;
	if (outbox->fill >= OUTBOX_BATCH_BYTES)
		outbox_flush(outbox);
}

void outbox_put_parts(struct outbox *outbox, struct wire_header *head, uint16_t kind,
		      uint32_t head_size, const void *tail, uint32_t tail_size)
{
	uint32_t padded = (tail_size + 7) & ~7U;
	unsigned char *at = outbox->batch + outbox->fill;

	if (outbox->closed)
		return;
	head->size = head_size + padded;
	head->kind = kind;
	head->time_ns = clock_monotonic_ns();
	memcpy(at, head, head_size);
	memcpy(at + head_size, tail, tail_size);
	memset(at + head_size + tail_size, 0, padded - tail_size);
	outbox->fill += head->size;
	outbox->records_sent++;
	if (outbox->fill >= OUTBOX_BATCH_BYTES)
		outbox_flush(outbox);
}

void outbox_close(struct outbox *outbox)
{
	if (outbox->fd >= 0)
		close(outbox->fd);
	outbox->fd = -1;
	outbox->closed = true;
}
