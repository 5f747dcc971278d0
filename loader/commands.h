/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Does what control messages ask for; each gets exactly one reply. Used by go_loader.c. */
#ifndef TSUNAGI_COMMANDS_H
#define TSUNAGI_COMMANDS_H

#include "control.h"
#include "kernel.h"
#include "outbox.h"
#include "reaper.h"
#include "stats.h"

struct commands {
	const struct kernel *kernel;
	struct outbox *outbox;
	struct stats *stats;
	struct attachments attachments;
	struct reaper reaper;
	struct control_reader reader;
	/* ticks until what released targets left in the maps goes; 0: nothing is left */
	uint32_t release_ticks;
};

/* Reads what stdin has and serves it. False at its end. */
bool commands_read(struct commands *commands, int fd);

/* To be called every second while release_ticks is not 0. */
void commands_tick(struct commands *commands);

/* Replies to each DETACH whose probes are gone by now. */
void commands_finish(struct commands *commands);

#endif
