// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/* See reaper.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "closer.h"
#include "log.h"
#include "reaper.h"

static void close_jobs(struct reaper_job *jobs)
{
	struct attachment *first = NULL;

	for (struct reaper_job *job = jobs; job; job = job->next) {
		job->attachment->next = first;
		first = job->attachment;
	}
	closer_run(first);
}

static void finish_jobs(struct reaper *reaper, struct reaper_job *jobs)
{
	struct reaper_job **end = &reaper->finished;

	while (*end)
		end = &(*end)->next;
	*end = jobs;
	eventfd_write(reaper->event_fd, 1);
}

static void *run(void *argument)
{
	struct reaper *reaper = argument;

	pthread_mutex_lock(&reaper->mutex);
	while (reaper->waiting || !reaper->stopping) {
		struct reaper_job *jobs = reaper->waiting;

		if (!jobs) {
			pthread_cond_wait(&reaper->wake, &reaper->mutex);
			continue;
		}
		reaper->waiting = NULL;
		pthread_mutex_unlock(&reaper->mutex);
		close_jobs(jobs);
		pthread_mutex_lock(&reaper->mutex);
		finish_jobs(reaper, jobs);
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
	eventfd_t count;

	pthread_mutex_lock(&reaper->mutex);
	job = reaper->finished;
	if (job)
		reaper->finished = job->next;
	else
		eventfd_read(reaper->event_fd, &count);
	pthread_mutex_unlock(&reaper->mutex);
	if (!job)
		return false;
	*control = job->control;
	free(job);
	return true;
}

void reaper_stop(struct reaper *reaper, struct attachments *attachments)
{
	struct wire_control ignored;

	if (!reaper->started)
		return;
	closer_run(attachments->first);
	attachments->first = NULL;
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
