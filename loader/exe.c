// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/* See exe.h. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "exe.h"

/*
 * /proc/PID/exe reaches the very file that runs, also when it was deleted or lies in another mount
 * namespace; a path through /proc/PID/root could by now be another file.
 */
bool exe_send(struct outbox *outbox, const struct wire_read_exe *range, uint64_t *sent,
	      struct refusal *why)
{
	static unsigned char piece[MAX_EXE_DATA_BYTES];
	uint32_t pid = range->control.pid;
	char path[64];
	bool at_end = false;
	bool sound = false;
	int fd;

	*sent = 0;
	snprintf(path, sizeof(path), "/proc/%u/exe", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return refuse(why, errno, "cannot open the executable of process %u: %s", pid,
			      strerror(errno));
	while (!at_end && *sent < range->count) {
		uint64_t rest = range->count - *sent;
		struct wire_exe_data data = {
			.header.pid = pid,
			.offset = range->offset + *sent,
			.id = range->control.id,
		};
		ssize_t bytes =
			pread(fd, piece, rest < sizeof(piece) ? rest : sizeof(piece), data.offset);

		if (bytes < 0) {
			refuse(why, errno, "cannot read the executable of process %u at %llu: %s",
			       pid, (unsigned long long)data.offset, strerror(errno));
			goto cleanup;
		}
		at_end = bytes == 0;
		data.count = bytes;
		if (bytes > 0)
			outbox_put_parts(outbox, &data.header, KIND_EXE_DATA, sizeof(data), piece,
					 bytes);
		*sent += bytes;
	}
	sound = true;

cleanup:
	close(fd);
	return sound;
}
