/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * Adopts the client connections that a process opened before it was traced: sockops saw none of
 * them. Used by commands.c.
 */
#ifndef TSUNAGI_BACKFILL_H
#define TSUNAGI_BACKFILL_H

#include "control.h"
#include "kernel.h"

struct backfill {
	uint32_t adopted;
	/* sockets that the kernel did not let into the map, for instance as they are in another
	 * tool's */
	uint32_t failed;
};

bool backfill_run(const struct kernel *kernel, uint32_t pid, struct backfill *result,
		  struct refusal *why);

#endif
