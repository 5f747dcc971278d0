// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/* See closer.h. */
#include <pthread.h>
#include <stdint.h>

#include "closer.h"

enum closer_limit {
	/* They use next to no CPU, and memory only for the stacks. */
	MAX_THREADS = 64,
	STACK_BYTES = 65536,
};

struct closer {
	pthread_mutex_t mutex;
	struct attachment *first;
};

static struct attached *next_link(struct closer *closer)
{
	struct attached *link = NULL;

	pthread_mutex_lock(&closer->mutex);
	for (struct attachment *at = closer->first; at && !link; at = at->next)
		if (at->count)
			link = &at->links[--at->count];
	pthread_mutex_unlock(&closer->mutex);
	return link;
}

static void *run(void *argument)
{
	struct attached *link;

	while ((link = next_link(argument)))
		attach_close_link(link);
	return NULL;
}

void closer_run(struct attachment *first)
{
	struct closer closer = { .mutex = PTHREAD_MUTEX_INITIALIZER, .first = first };
	pthread_t threads[MAX_THREADS];
	pthread_attr_t attributes;
	uint32_t wanted = 0;
	uint32_t started = 0;

	/* This thread closes too. */
	for (struct attachment *at = first; at; at = at->next)
		wanted += at->count;
	wanted = wanted > MAX_THREADS ? MAX_THREADS : wanted ? wanted - 1 : 0;
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, STACK_BYTES);
	while (started < wanted &&
	       pthread_create(&threads[started], &attributes, run, &closer) == 0)
		started++;
	run(&closer);
	while (started > 0)
		pthread_join(threads[--started], NULL);
	pthread_attr_destroy(&attributes);
	while (first) {
		struct attachment *next = first->next;

		attach_free(first);
		first = next;
	}
}
