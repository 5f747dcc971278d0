/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * Uprobes of one ATTACH message: with uprobe_multi one link for each probe program, else one perf
 * event for each site. They sit on the file, so every process that runs it meets them. Used by
 * commands.c; reaper.c takes them down.
 */
#ifndef TSUNAGI_ATTACH_H
#define TSUNAGI_ATTACH_H

#include "control.h"
#include "kernel.h"

struct bpf_link;

struct attachment {
	struct attachment *next;
	uint64_t id;
	uint32_t count;
	/* one of the two for each link */
	struct attached {
		int fd;
		struct bpf_link *perf;
	} links[];
};

struct attachments {
	struct attachment *first;
	uint64_t last_id;
};

/* Attaches all sites or none; returns the attachment's id, or 0 with *why. */
uint64_t attach_sites(struct attachments *attachments, const struct kernel *kernel,
		      const struct wire_attach *message, struct refusal *why);

/* Takes the attachment out of the list, NULL when there is none with that id. */
struct attachment *attach_take(struct attachments *attachments, uint64_t id);

/* May wait for the kernel. */
void attach_close_link(struct attached *link);

/* Its links are closed. */
void attach_free(struct attachment *attachment);

#endif
