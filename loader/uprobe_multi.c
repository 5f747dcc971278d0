// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/* See uprobe_multi.h. */
#define _GNU_SOURCE
#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <linux/bpf.h>

#include "uprobe_multi.h"

/* link_create and its uprobe_multi member of union bpf_attr (Linux 6.6). */
struct link_create {
	uint32_t program_fd;
	uint32_t target_fd;
	uint32_t attach_type;
	uint32_t link_flags;
	uint64_t path;
	uint64_t offsets;
	uint64_t ref_counter_offsets;
	uint64_t cookies;
	uint32_t count;
	uint32_t flags;
	uint32_t pid;
	uint32_t reserved;
};

int uprobe_multi_create(int program_fd, const char *path, const uint64_t *offsets,
			const uint64_t *cookies, uint32_t count)
{
	struct link_create create = {
		.program_fd = program_fd,
		.attach_type = UPROBE_MULTI_ATTACH_TYPE,
		.path = (uintptr_t)path,
		.offsets = (uintptr_t)offsets,
		.cookies = (uintptr_t)cookies,
		.count = count,
	};
	int fd = syscall(SYS_bpf, BPF_LINK_CREATE, &create, sizeof(create));

	return fd < 0 ? -errno : fd;
}

/* A kernel that knows such links gets as far as the path and refuses "/" with EBADF, as libbpf's
 * own test does. */
bool uprobe_multi_supported(void)
{
	LIBBPF_OPTS(bpf_prog_load_opts, options, .expected_attach_type = UPROBE_MULTI_ATTACH_TYPE);
	struct bpf_insn program[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	uint64_t offset = 0;
	int program_fd = bpf_prog_load(BPF_PROG_TYPE_KPROBE, NULL, "GPL", program, 2, &options);
	int link_fd;

	if (program_fd < 0)
		return false;
	link_fd = uprobe_multi_create(program_fd, "/", &offset, NULL, 1);
	if (link_fd >= 0)
		close(link_fd);
	close(program_fd);
	return link_fd == -EBADF;
}
