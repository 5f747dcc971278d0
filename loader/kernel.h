/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * The loaded BPF object and what is attached once for all processes: the socket programs and the
 * process tracepoints. Uprobes are attach.c's. Nothing is pinned, so the end of the loader, however
 * it comes, takes everything along. Used by all files that touch a map.
 */
#ifndef TSUNAGI_KERNEL_H
#define TSUNAGI_KERNEL_H

#include <stdbool.h>
#include <stdint.h>

#include <linux/types.h>

#include "wire.h"

struct bpf_link;
struct bpf_program;
struct go_bpf;

struct kernel {
	struct go_bpf *skel;
	struct bpf_link *sock_ops;
	struct bpf_link *process_exec;
	struct bpf_link *process_exit;
	/* uprobes by one link for many sites (Linux 6.6 or later) */
	bool uprobe_multi;
	bool sock_msg_attached;
};

struct kernel_options {
	const char *cgroup;
	uint32_t ring_bytes;
	bool perf_uprobes;
};

/* Loads and attaches: the four steps below in order, up to the first that fails. Returns an exit code;
 * kernel_close() is due in any case. */
int kernel_open(struct kernel *kernel, const struct kernel_options *options);

/* Each returns an exit code, after a message unless it is EXIT_CLEAN; the others need kernel_load(). */
int kernel_load(struct kernel *kernel, const struct kernel_options *options);
int kernel_attach_sock_msg(struct kernel *kernel);
int kernel_attach_sock_ops(struct kernel *kernel, const char *cgroup);
/* What tells of programs that begin and processes that end. */
int kernel_attach_processes(struct kernel *kernel);

void kernel_close(struct kernel *kernel);

/* Whether spans of the process are captured. */
bool kernel_has_target(const struct kernel *kernel, uint32_t pid);

struct bpf_program *kernel_probe(const struct kernel *kernel, enum wire_probe probe);

#endif
