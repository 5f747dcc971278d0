// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/* See attach.h. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "attach.h"
#include "closer.h"
#include "uprobe_multi.h"

static uint64_t cookie_of(const struct wire_attach *message, const struct wire_site *site)
{
	return message->binding | (uint64_t)site->flags << 32;
}

/* One link for all sites of each probe. */
static bool attach_multi(struct attachment *attachment, const struct kernel *kernel,
			 const char *path, const struct wire_attach *message, struct refusal *why)
{
	const struct wire_site *sites = (const struct wire_site *)(message + 1);
	uint64_t *offsets = calloc(2 * message->count, sizeof(*offsets));
	uint64_t *cookies = offsets + message->count;
	bool sound = false;

	if (!offsets)
		return refuse(why, ENOMEM, "cannot attach %u sites: %s", message->count,
			      strerror(ENOMEM));
	for (uint32_t probe = 0; probe < MAX_PROBES; probe++) {
		uint32_t count = 0;
		int fd;

		for (uint32_t i = 0; i < message->count; i++) {
			if (sites[i].probe != probe)
				continue;
			offsets[count] = sites[i].file_offset;
			cookies[count++] = cookie_of(message, &sites[i]);
		}
		if (count == 0)
			continue;
		fd = uprobe_multi_create(bpf_program__fd(kernel_probe(kernel, probe)), path,
					 offsets, cookies, count);
		if (fd < 0) {
			refuse(why, -fd,
			       "cannot attach %u sites of probe %u to %s: %s (is the file on this host, are the offsets in its code?)",
			       count, probe, path, strerror(-fd));
			goto cleanup;
		}
		attachment->links[attachment->count++].fd = fd;
	}
	sound = true;

cleanup:
	free(offsets);
	return sound;
}

static bool attach_perf(struct attachment *attachment, const struct kernel *kernel,
			const char *path, const struct wire_attach *message, struct refusal *why)
{
	const struct wire_site *sites = (const struct wire_site *)(message + 1);

	for (uint32_t i = 0; i < message->count; i++) {
		LIBBPF_OPTS(bpf_uprobe_opts, options, .bpf_cookie = cookie_of(message, &sites[i]));
		struct bpf_link *link =
			bpf_program__attach_uprobe_opts(kernel_probe(kernel, sites[i].probe), -1,
							path, sites[i].file_offset, &options);

		if (!link)
			return refuse(why, errno,
				      "cannot attach probe %u at offset %llu of %s: %s (%s)",
				      sites[i].probe, (unsigned long long)sites[i].file_offset,
				      path, strerror(errno),
				      errno == EACCES ? "needs cap_sys_admin, or Linux 6.6"
						      : "is the offset in its code?");
		attachment->links[attachment->count++] =
			(struct attached){ .fd = -1, .perf = link };
	}
	return true;
}

uint64_t attach_sites(struct attachments *attachments, const struct kernel *kernel,
		      const struct wire_attach *message, struct refusal *why)
{
	struct attachment *attachment =
		calloc(1, sizeof(*attachment) + message->count * sizeof(struct attached));
	struct stat status;
	char path[64];
	bool sound;

	if (!attachment) {
		refuse(why, ENOMEM, "cannot attach %u sites: %s", message->count, strerror(ENOMEM));
		return 0;
	}
	snprintf(path, sizeof(path), "/proc/%u/exe", message->control.pid);
	/* access() would ask for the real user, who lacks the capabilities of the file. */
	if (stat(path, &status) < 0)
		sound = refuse(why, ESRCH,
			       "cannot attach to process %u: no such process with an executable",
			       message->control.pid);
	else if (kernel->uprobe_multi)
		sound = attach_multi(attachment, kernel, path, message, why);
	else
		sound = attach_perf(attachment, kernel, path, message, why);
	if (!sound) {
		closer_run(attachment);
		return 0;
	}
	attachment->id = ++attachments->last_id;
	attachment->next = attachments->first;
	attachments->first = attachment;
	return attachment->id;
}

struct attachment *attach_take(struct attachments *attachments, uint64_t id)
{
	struct attachment **at = &attachments->first;

	while (*at && (*at)->id != id)
		at = &(*at)->next;
	if (*at) {
		struct attachment *taken = *at;

		*at = taken->next;
		taken->next = NULL;
		return taken;
	}
	return NULL;
}

void attach_close_link(struct attached *link)
{
	if (link->perf)
		bpf_link__destroy(link->perf);
	else
		close(link->fd);
}

void attach_free(struct attachment *attachment)
{
	free(attachment);
}
