// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/* See doctor_others.h. */
#define _GNU_SOURCE
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <linux/bpf.h>

#include "doctor_others.h"
#include "json_line.h"

#define LOADER_NAME "tsunagi-go"

enum others_limit {
	/* What is beyond is left out. */
	MAX_PROGRAMS = 64,
	MAX_CGROUP_PROGRAMS = 64,
};

/* A program that may decide over sockets, and who holds it: pid 0 for one that is only pinned. */
struct socket_program {
	uint32_t id;
	uint32_t type;
	uint32_t pid;
	bool in_cgroup;
	char name[BPF_OBJ_NAME_LEN];
};

struct others {
	struct socket_program programs[MAX_PROGRAMS];
	uint32_t count;
};

static const char *type_name(uint32_t type)
{
	switch (type) {
	case BPF_PROG_TYPE_SK_MSG:
		return "sk_msg";
	case BPF_PROG_TYPE_SK_SKB:
		return "sk_skb";
	case BPF_PROG_TYPE_SOCK_OPS:
		return "sock_ops";
	}
	return NULL;
}

/* False with errno set when the kernel does not let us look. */
static bool list_programs(struct others *others)
{
	uint32_t id = 0;

	while (others->count < MAX_PROGRAMS && bpf_prog_get_next_id(id, &id) == 0) {
		struct bpf_prog_info info = { 0 };
		uint32_t size = sizeof(info);
		int fd = bpf_prog_get_fd_by_id(id);

		if (fd < 0)
			continue;
		if (bpf_obj_get_info_by_fd(fd, &info, &size) == 0 && type_name(info.type)) {
			struct socket_program *program = &others->programs[others->count++];

			*program = (struct socket_program){ .id = id, .type = info.type };
			memcpy(program->name, info.name, sizeof(program->name));
			program->name[sizeof(program->name) - 1] = '\0';
		}
		close(fd);
	}
	return others->count == MAX_PROGRAMS || errno == ENOENT;
}

static void mark_cgroup(struct others *others, const char *cgroup)
{
	uint32_t ids[MAX_CGROUP_PROGRAMS], count = MAX_CGROUP_PROGRAMS;
	int fd = open(cgroup, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return;
	if (bpf_prog_query(fd, BPF_CGROUP_SOCK_OPS, 0, NULL, ids, &count) == 0)
		for (uint32_t i = 0; i < others->count; i++)
			for (uint32_t j = 0; j < count; j++)
				others->programs[i].in_cgroup |= others->programs[i].id == ids[j];
	close(fd);
}

static void read_name(uint32_t pid, char name[64])
{
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%u/comm", pid);
	file = fopen(path, "re");
	*name = '\0';
	if (!file)
		return;
	if (fgets(name, 64, file))
		name[strcspn(name, "\n")] = '\0';
	fclose(file);
}

static void note_holder(struct others *others, uint32_t program, uint32_t pid)
{
	for (uint32_t i = 0; i < others->count; i++)
		if (others->programs[i].id == program && !others->programs[i].pid)
			others->programs[i].pid = pid;
}

/* An open program or link: fdinfo names the program, and a link's type. Returns the uprobes it stands
 * for. */
static uint32_t look_at_bpf(struct others *others, uint32_t pid, const char *fd)
{
	char path[64], line[256];
	bool uprobes = false;
	uint32_t program;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%u/fdinfo/%.16s", pid, fd);
	file = fopen(path, "re");
	if (!file)
		return 0;
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "prog_id: %u", &program) == 1)
			note_holder(others, program, pid);
		uprobes |= strncmp(line, "link_type:\tuprobe_multi", 23) == 0;
	}
	fclose(file);
	return uprobes;
}

static uint32_t look_at_perf_event(uint32_t pid, const char *fd, char path[PATH_MAX])
{
	uint32_t bytes = PATH_MAX, program, type;
	__u64 offset, address;

	if (bpf_task_fd_query(pid, atoi(fd), 0, path, &bytes, &program, &type, &offset, &address) <
		    0 ||
	    (type != BPF_FD_TYPE_UPROBE && type != BPF_FD_TYPE_URETPROBE))
		return 0;
	return 1;
}

/* Finds the holders of programs and tells of the uprobes that the process holds. */
static void look_at_process(struct others *others, uint32_t pid)
{
	char path[PATH_MAX], example[PATH_MAX] = "", name[64];
	uint32_t links = 0, events = 0;
	struct dirent *entry;
	DIR *folder;

	snprintf(path, sizeof(path), "/proc/%u/fd", pid);
	folder = opendir(path);
	if (!folder)
		return;
	while ((entry = readdir(folder))) {
		char target[64];
		ssize_t bytes =
			readlinkat(dirfd(folder), entry->d_name, target, sizeof(target) - 1);

		if (bytes <= 0)
			continue;
		target[bytes] = '\0';
		if (strncmp(target, "anon_inode:bpf", 14) == 0)
			links += look_at_bpf(others, pid, entry->d_name);
		else if (strcmp(target, "anon_inode:[perf_event]") == 0 &&
			 look_at_perf_event(pid, entry->d_name, path)) {
			events++;
			strcpy(example, path);
		}
	}
	closedir(folder);
	if (!links && !events)
		return;
	read_name(pid, name);
	json_begin("fact", "uprobes");
	json_number("pid", pid);
	json_text("name", name);
	json_number("links", links);
	json_number("events", events);
	json_text("example", example);
	json_end();
}

static void walk_processes(struct others *others)
{
	DIR *folder = opendir("/proc");
	struct dirent *entry;

	if (!folder)
		return;
	while ((entry = readdir(folder))) {
		uint32_t pid = strtoul(entry->d_name, NULL, 10);
		char name[64];

		if (!isdigit((unsigned char)entry->d_name[0]) || pid == (uint32_t)getpid())
			continue;
		look_at_process(others, pid);
		read_name(pid, name);
		if (strcmp(name, LOADER_NAME) != 0)
			continue;
		json_begin("fact", "loader");
		json_number("pid", pid);
		json_end();
	}
	closedir(folder);
}

void doctor_others(const char *cgroup)
{
	static struct others others;
	bool listed = list_programs(&others);
	int error = errno;

	if (cgroup)
		mark_cgroup(&others, cgroup);
	walk_processes(&others);
	for (uint32_t i = 0; i < others.count; i++) {
		const struct socket_program *program = &others.programs[i];
		char name[64] = "";

		if (program->pid)
			read_name(program->pid, name);
		json_begin("fact", "socket-program");
		json_number("id", program->id);
		json_text("type", type_name(program->type));
		json_text("program", program->name);
		json_number("pid", program->pid);
		json_text("name", name);
		json_flag("inCgroup", program->in_cgroup);
		json_end();
	}
	json_begin("fact", "others");
	json_flag("listed", listed);
	json_text("error", listed ? "" : strerror(error));
	json_end();
}
