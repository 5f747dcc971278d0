// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/* See reaper.h. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "log.h"
#include "reaper.h"

/* Threads that wait for the kernel at the end; they use next to no CPU. */
#define CLOSERS 16

static void *run(void *argument)
{
	struct reaper *reaper = argument;

	pthread_mutex_lock(&reaper->mutex);
	for (;;) {
		struct reaper_job *job = reaper->waiting;
		uint64_t one = 1;

		if (!job) {
			if (reaper->stopping)
				break;
			pthread_cond_wait(&reaper->wake, &reaper->mutex);
			continue;
		}
		reaper->waiting = job->next;
		pthread_mutex_unlock(&reaper->mutex);
		attach_close(job->attachment);
		pthread_mutex_lock(&reaper->mutex);
		job->next = reaper->finished;
		reaper->finished = job;
		if (write(reaper->event_fd, &one, sizeof(one)) < 0)
			break;
	}
	pthread_mutex_unlock(&reaper->mutex);
	return NULL;
}

bool reaper_start(struct reaper *reaper)
{
	int error;

	pthread_mutex_init(&reaper->mutex, NULL);
	pthread_cond_init(&reaper->wake, NULL);
	reaper->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	error = reaper->event_fd < 0 ? errno : pthread_create(&reaper->thread, NULL, run, reaper);
	reaper->started = error == 0;
	if (error)
		log_line("cannot start the detach thread: %s", strerror(error));
	return reaper->started;
}

bool reaper_submit(struct reaper *reaper, struct attachment *attachment,
		   const struct wire_control *control)
{
	struct reaper_job *job = malloc(sizeof(*job));

	if (!job)
		return false;
	*job = (struct reaper_job){ .attachment = attachment, .control = *control };
	pthread_mutex_lock(&reaper->mutex);
	job->next = reaper->waiting;
	reaper->waiting = job;
	pthread_cond_signal(&reaper->wake);
	pthread_mutex_unlock(&reaper->mutex);
	return true;
}

bool reaper_finished(struct reaper *reaper, struct wire_control *control)
{
	struct reaper_job *job;
	uint64_t count;

	pthread_mutex_lock(&reaper->mutex);
	job = reaper->finished;
	if (job)
		reaper->finished = job->next;
	else if (read(reaper->event_fd, &count, sizeof(count)) < 0)
		count = 0;
	pthread_mutex_unlock(&reaper->mutex);
	if (!job)
		return false;
	*control = job->control;
	free(job);
	return true;
}

static struct attached *next_link(struct reaper *reaper, struct attachments *attachments)
{
	struct attached *link = NULL;

	pthread_mutex_lock(&reaper->mutex);
	for (struct attachment *at = attachments->first; at && !link; at = at->next)
		if (at->count)
			link = &at->links[--at->count];
	pthread_mutex_unlock(&reaper->mutex);
	return link;
}

struct closing {
	struct reaper *reaper;
	struct attachments *attachments;
};

static void *close_links(void *argument)
{
	struct closing *closing = argument;
	struct attached *link;

	while ((link = next_link(closing->reaper, closing->attachments)))
		attach_close_link(link);
	return NULL;
}

/* The waits of the kernel overlap when many threads sit in them at once. */
static void close_all(struct reaper *reaper, struct attachments *attachments)
{
	struct closing closing = { reaper, attachments };
	pthread_t threads[CLOSERS];
	int started = 0;

	while (started < CLOSERS &&
	       pthread_create(&threads[started], NULL, close_links, &closing) == 0)
		started++;
	close_links(&closing);
	while (started > 0)
		pthread_join(threads[--started], NULL);
}

void reaper_stop(struct reaper *reaper, struct attachments *attachments)
{
	struct wire_control ignored;

	if (!reaper->started)
		return;
	if (attachments->first)
		close_all(reaper, attachments);
	while (attachments->first)
		attach_close(attach_take(attachments, attachments->first->id));
	pthread_mutex_lock(&reaper->mutex);
	reaper->stopping = true;
	pthread_cond_signal(&reaper->wake);
	pthread_mutex_unlock(&reaper->mutex);
	pthread_join(reaper->thread, NULL);
	while (reaper_finished(reaper, &ignored))
		continue;
	close(reaper->event_fd);
	reaper->started = false;
}
