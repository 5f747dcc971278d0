/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* TCP ports on which a process listens, for PORTS and to tell its client sockets apart. Used by
 * commands.c and backfill.c. */
#ifndef TSUNAGI_PORTS_H
#define TSUNAGI_PORTS_H

#include "control.h"

enum ports_limit {
	MAX_PORTS = 256,
	/* "65535," each */
	MAX_PORTS_TEXT = MAX_PORTS * 6 + 1,
};

struct ports {
	uint32_t count;
	/* ascending, each once */
	uint16_t ports[MAX_PORTS];
};

bool ports_read(uint32_t pid, struct ports *ports, struct refusal *why);

bool ports_include(const struct ports *ports, uint16_t port);

void ports_format(const struct ports *ports, char text[MAX_PORTS_TEXT]);

/* Inode of the socket that /proc/PID/fd/NAME is, else 0. */
unsigned long ports_socket_inode(int fd_folder, const char *name);

#endif
