/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * The BPF helpers that the unit tests need, in user space, so that the kernel half's own headers run
 * under the address sanitizer. A test includes this first and the header that it tests afterwards.
 */
#ifndef TSUNAGI_FAKE_BPF_H
#define TSUNAGI_FAKE_BPF_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "maps.h"

static unsigned int passed, failed;

static void check(int ok, const char *what)
{
	if (ok) {
		passed++;
		return;
	}
	failed++;
	fprintf(stderr, "FAIL %s\n", what);
}

static int finish(const char *name)
{
	printf("bpf/%s: %u passed, %u failed\n", name, passed, failed);
	return failed ? 1 : 0;
}

static u32 below(u32 limit)
{
	return limit ? (u32)random() % limit : 0;
}

/* Like the helper: all or nothing, and zeroes when it fails. */
static long fake_probe_read(void *to, u32 bytes, const void *from)
{
	struct iovec local = { to, bytes }, remote = { (void *)from, bytes };

	if (!bytes || process_vm_readv(getpid(), &local, 1, &remote, 1, 0) == (ssize_t)bytes)
		return 0;
	memset(to, 0, bytes);
	return -14;
}

static long fake_loop(u32 times, long (*step)(u32, void *), void *context)
{
	u32 i;

	for (i = 0; i < times; i++)
		if (step(i, context))
			break;
	return i;
}

static u64 counted[MAX_COUNTERS];
static struct capture_plan the_plan;
static struct pending the_pending;
static int pending_there;
static struct tracestate *the_tracestate;

static void *fake_lookup(const void *map, const void *key)
{
	if (map == (const void *)&counters)
		return &counted[*(const u32 *)key];
	if (map == (const void *)&plans)
		return &the_plan;
	if (map == (const void *)&pending)
		return pending_there ? &the_pending : NULL;
	if (map == (const void *)&tracestates)
		return the_tracestate;
	return NULL;
}

static long fake_update(const void *map, const void *key, const void *value, u64 flags)
{
	(void)key;
	(void)flags;
	if (map != (const void *)&pending || !pending_there)
		return -2;
	the_pending = *(const struct pending *)value;
	return 0;
}

static long fake_delete(const void *map, const void *key)
{
	(void)key;
	if (map != (const void *)&pending || !pending_there)
		return -2;
	pending_there = 0;
	return 0;
}

#define bpf_probe_read_user fake_probe_read
#define bpf_probe_read_kernel fake_probe_read
#define bpf_loop(times, step, context, flags)                                                      \
	fake_loop(times, (long (*)(u32, void *))(step), context)
#define bpf_map_lookup_elem fake_lookup
#define bpf_map_update_elem fake_update
#define bpf_map_delete_elem fake_delete

#endif
