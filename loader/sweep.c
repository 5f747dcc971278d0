// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/* See sweep.h. */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "skeleton.h"
#include "maps_abi.h"
#include "sweep.h"

/* Whose entries go, and who is told. */
struct sweep {
	const struct kernel *kernel;
	/* 0: of every process that is no target */
	uint32_t pid;
	/* The process runs on: spans that will get no end are told as lost, and what is not told is counted
	 * here. NULL: its end tells as much. */
	struct stats *stats;
};

static bool concerns(const struct sweep *sweep, uint32_t tgid)
{
	return sweep->pid ? tgid == sweep->pid : !kernel_has_target(sweep->kernel, tgid);
}

/* A key's successor must be known before the key goes, else the walk starts anew. */
static void sweep_keys(const struct sweep *sweep, struct bpf_map *map,
		       void (*drop)(const struct sweep *, int fd, const struct goroutine_key *))
{
	struct goroutine_key keys[2];
	int fd = bpf_map__fd(map);
	int held = 0;
	bool more = bpf_map_get_next_key(fd, NULL, &keys[held]) == 0;

	/* The bound ends a walk that another writer keeps sending back to the start. */
	for (uint32_t left = 2 * bpf_map__max_entries(map); more && left; left--) {
		struct goroutine_key *key = &keys[held];

		held = !held;
		more = bpf_map_get_next_key(fd, key, &keys[held]) == 0;
		if (concerns(sweep, key->tgid))
			drop(sweep, fd, key);
	}
}

static void drop_entry(const struct sweep *sweep, int fd, const struct goroutine_key *key)
{
	(void)sweep;
	bpf_map_delete_elem(fd, key);
}

/* By the queue, which the pump sends behind all records that are in the ring now. */
static void tell_lost(const struct sweep *sweep, uint64_t span_id, uint32_t pid)
{
	struct lost_span lost = { .span_id = span_id, .pid = pid, .reason = LOST_ABANDONED };
	int fd = bpf_map__fd(sweep->kernel->skel->maps.lost_spans);

	if (bpf_map_update_elem(fd, NULL, &lost, BPF_ANY) < 0)
		sweep->stats->own[COUNTER_LOST_QUEUE_FULL]++;
}

/* A span that has ended meanwhile is not found, and none is told twice. */
static void drop_server_span(const struct sweep *sweep, int fd, const struct goroutine_key *key)
{
	struct server_span span;

	if (bpf_map_lookup_and_delete_elem(fd, key, &span) == 0 && sweep->stats && span.recorded)
		tell_lost(sweep, span.span_id, key->tgid);
}

static void drop_client_call(const struct sweep *sweep, int fd, const struct goroutine_key *key)
{
	struct client_call call;

	if (bpf_map_lookup_and_delete_elem(fd, key, &call) == 0 && sweep->stats && call.recorded)
		tell_lost(sweep, call.span_id, key->tgid);
}

static void sweep_pending(const struct sweep *sweep)
{
	struct bpf_map *map = sweep->kernel->skel->maps.pending;
	struct pending value;
	uint64_t keys[2];
	int fd = bpf_map__fd(map);
	int held = 0;
	bool more = bpf_map_get_next_key(fd, NULL, &keys[held]) == 0;

	for (uint32_t left = 2 * bpf_map__max_entries(map); more && left; left--) {
		uint64_t *key = &keys[held];

		held = !held;
		more = bpf_map_get_next_key(fd, key, &keys[held]) == 0;
		if (bpf_map_lookup_elem(fd, key, &value) == 0 && concerns(sweep, value.tgid) &&
		    bpf_map_delete_elem(fd, key) == 0 && sweep->stats)
			sweep->stats->own[COUNTER_NOT_WRITTEN]++;
	}
}

static void sweep_entries(const struct sweep *sweep)
{
	const struct kernel *kernel = sweep->kernel;

	sweep_keys(sweep, kernel->skel->maps.server_spans, drop_server_span);
	sweep_keys(sweep, kernel->skel->maps.client_calls, drop_client_call);
	sweep_keys(sweep, kernel->skel->maps.by_ctx, drop_entry);
	sweep_keys(sweep, kernel->skel->maps.creator_links, drop_entry);
	sweep_keys(sweep, kernel->skel->maps.tracestates, drop_entry);
	sweep_pending(sweep);
}

void sweep_exited(const struct kernel *kernel, uint32_t pid)
{
	struct sweep sweep = { .kernel = kernel, .pid = pid };

	if (bpf_map_delete_elem(bpf_map__fd(kernel->skel->maps.targets), &pid) == 0)
		sweep_entries(&sweep);
}

void sweep_replaced(const struct kernel *kernel, uint32_t pid)
{
	struct sweep sweep = { .kernel = kernel, .pid = pid };

	if (kernel_has_target(kernel, pid))
		sweep_entries(&sweep);
}

void sweep_released(const struct kernel *kernel, struct stats *stats, uint32_t pid)
{
	struct sweep sweep = { .kernel = kernel, .pid = pid, .stats = stats };

	sweep_entries(&sweep);
}

void sweep_missing(const struct kernel *kernel)
{
	int fd = bpf_map__fd(kernel->skel->maps.targets);
	uint32_t pids[2];
	int held = 0;
	bool more = bpf_map_get_next_key(fd, NULL, &pids[held]) == 0;

	for (uint32_t left = 2 * bpf_map__max_entries(kernel->skel->maps.targets); more && left;
	     left--) {
		uint32_t pid = pids[held];

		held = !held;
		more = bpf_map_get_next_key(fd, &pid, &pids[held]) == 0;
		if (kill(pid, 0) < 0 && errno == ESRCH)
			sweep_exited(kernel, pid);
	}
}
