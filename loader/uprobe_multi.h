/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * Uprobe links for many sites at once, by the bpf() call itself: libbpf 1.1 does not know them. Two
 * hundred such probes go in 0.1 s, where as many perf_event probes take half a minute. Used by
 * kernel.c and attach.c.
 */
#ifndef TSUNAGI_UPROBE_MULTI_H
#define TSUNAGI_UPROBE_MULTI_H

#include <stdbool.h>
#include <stdint.h>

/* BPF_TRACE_UPROBE_MULTI of include/uapi/linux/bpf.h in Linux 6.6. */
#define UPROBE_MULTI_ATTACH_TYPE 48

bool uprobe_multi_supported(void);

/* Returns a link's file descriptor or -errno. `path` must be a regular file. */
int uprobe_multi_create(int program_fd, const char *path, const uint64_t *offsets,
			const uint64_t *cookies, uint32_t count);

#endif
