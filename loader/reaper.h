/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * Takes attachments down in a background thread: the kernel waits for all CPUs at each, and records
 * must flow meanwhile. Used by commands.c (DETACH) and go_loader.c (the end).
 */
#ifndef TSUNAGI_REAPER_H
#define TSUNAGI_REAPER_H

#include <pthread.h>
#include <stdbool.h>

#include "attach.h"

struct reaper_job {
	struct reaper_job *next;
	struct attachment *attachment;
	/* head of the DETACH message, for its reply */
	struct wire_control control;
};

struct reaper {
	/* readable while reaper_finished() has something */
	int event_fd;
	bool started;
	bool stopping;
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t wake;
	struct reaper_job *waiting;
	struct reaper_job *finished;
};

/* False after a message. */
bool reaper_start(struct reaper *reaper);

/* Takes the attachment over; false (out of memory) leaves it with the caller. */
bool reaper_submit(struct reaper *reaper, struct attachment *attachment,
		   const struct wire_control *control);

/* The head of a DETACH message whose probes are gone, each once; false when there is none. */
bool reaper_finished(struct reaper *reaper, struct wire_control *control);

/* Takes down all in the list, many at a time, and what still waits; ends the thread. */
void reaper_stop(struct reaper *reaper, struct attachments *attachments);

#endif
