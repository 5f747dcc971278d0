/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* The command line. Used by go_loader.c. */
#ifndef TSUNAGI_ARGS_H
#define TSUNAGI_ARGS_H

#include <stdbool.h>
#include <stdint.h>

struct args {
	/* FIFO for records */
	const char *output;
	/* a cgroup v2 folder, or NULL for the root of the mounted one */
	const char *cgroup;
	/* 0: as built into the BPF object */
	uint32_t ring_bytes;
	/* perf_event uprobes even where the kernel has uprobe_multi */
	bool perf_uprobes;
	/* tell what this machine can do, and end */
	bool check;
	bool verbose;
	bool help;
};

/* False after a message about what is wrong. */
bool args_parse(int argc, char **argv, struct args *args);

void args_print_help(void);

#endif
