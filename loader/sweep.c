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

/* A key's successor must be known before the key goes, else the walk starts anew. */
static void sweep_keys(struct bpf_map *map, uint32_t pid)
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
		if (key->tgid == pid)
			bpf_map_delete_elem(fd, key);
	}
}

static void sweep_pending(struct bpf_map *map, uint32_t pid)
{
	struct pending value;
	uint64_t keys[2];
	int fd = bpf_map__fd(map);
	int held = 0;
	bool more = bpf_map_get_next_key(fd, NULL, &keys[held]) == 0;

	for (uint32_t left = 2 * bpf_map__max_entries(map); more && left; left--) {
		uint64_t *key = &keys[held];

		held = !held;
		more = bpf_map_get_next_key(fd, key, &keys[held]) == 0;
		if (bpf_map_lookup_elem(fd, key, &value) == 0 && value.tgid == pid)
			bpf_map_delete_elem(fd, key);
	}
}

static void sweep_entries(const struct kernel *kernel, uint32_t pid)
{
	sweep_keys(kernel->skel->maps.server_spans, pid);
	sweep_keys(kernel->skel->maps.by_ctx, pid);
	sweep_keys(kernel->skel->maps.client_calls, pid);
	sweep_keys(kernel->skel->maps.creator_links, pid);
	sweep_keys(kernel->skel->maps.tracestates, pid);
	sweep_pending(kernel->skel->maps.pending, pid);
}

void sweep_exited(const struct kernel *kernel, uint32_t pid)
{
	if (bpf_map_delete_elem(bpf_map__fd(kernel->skel->maps.targets), &pid) == 0)
		sweep_entries(kernel, pid);
}

void sweep_replaced(const struct kernel *kernel, uint32_t pid)
{
	struct target_config config;

	if (bpf_map_lookup_elem(bpf_map__fd(kernel->skel->maps.targets), &pid, &config) == 0)
		sweep_entries(kernel, pid);
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
