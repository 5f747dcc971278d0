// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/* See procs.h. */
#define _GNU_SOURCE
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "procs.h"

enum procs_limit {
	/* Of one process; what is beyond is left out. */
	MAX_ENVIRON_BYTES = 1 << 20,
	MAX_ENV_BYTES = 32768,
	/* Of the arguments; the rest is cut off. */
	MAX_ARGS_BYTES = 2048,
	/* A longer path of a cgroup is left out. */
	MAX_CGROUP_BYTES = PATH_MAX,
};

struct texts {
	char bytes[PATH_MAX + MAX_ENV_BYTES + MAX_ARGS_BYTES + MAX_CGROUP_BYTES];
	uint32_t used;
};

/* Values of OTEL_*_HEADERS are credentials of the process, of no use to the service. */
static bool is_wanted(const char *variable)
{
	const char *equals = strchr(variable, '=');
	size_t name_bytes = equals ? (size_t)(equals - variable) : 0;

	if (strncmp(variable, "OTEL_", 5) != 0 || !equals)
		return false;
	return name_bytes < 8 || strncmp(equals - 8, "_HEADERS", 8) != 0;
}

static void put_variable(struct texts *texts, uint32_t limit, const char *variable)
{
	size_t bytes = strlen(variable) + 1;

	if (!is_wanted(variable) || texts->used + bytes > limit)
		return;
	memcpy(texts->bytes + texts->used, variable, bytes);
	texts->used += bytes;
}

/* A process may rewrite its environment: nothing is assumed but that it is some bytes. */
static void read_environment(uint32_t pid, struct texts *texts)
{
	uint32_t limit = texts->used + MAX_ENV_BYTES;
	size_t room = 0, total = 0;
	char path[64], *variable = NULL;
	ssize_t bytes;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%u/environ", pid);
	file = fopen(path, "re");
	if (!file)
		return;
	while (total < MAX_ENVIRON_BYTES && (bytes = getdelim(&variable, &room, '\0', file)) > 0) {
		total += bytes;
		put_variable(texts, limit, variable);
	}
	free(variable);
	fclose(file);
}

static void read_arguments(uint32_t pid, struct texts *texts)
{
	char path[64];
	ssize_t bytes;
	int fd;

	snprintf(path, sizeof(path), "/proc/%u/cmdline", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	bytes = read(fd, texts->bytes + texts->used, MAX_ARGS_BYTES);
	close(fd);
	if (bytes > 0)
		texts->used += bytes;
}

/*
 * The path of the line "0::PATH" (cgroup v2), unless that is the root, where container runtimes still use
 * v1: then the first of the lines "N:CONTROLLERS:PATH" that names another one. See cgroups(7).
 */
static void read_cgroup(uint32_t pid, struct texts *texts)
{
	size_t room = 0, found = 0;
	char path[64], *line = NULL;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%u/cgroup", pid);
	file = fopen(path, "re");
	if (!file)
		return;
	while (getline(&line, &room, file) > 0) {
		bool unified = strncmp(line, "0::", 3) == 0;
		char *controllers = strchr(line, ':');
		char *name = controllers ? strchr(controllers + 1, ':') : NULL;
		size_t length;

		if (!name)
			continue;
		name++;
		length = strcspn(name, "\n");
		if (length > MAX_CGROUP_BYTES || length < 2 || (found && !unified))
			continue;
		memcpy(texts->bytes + texts->used, name, length);
		found = length;
	}
	texts->used += found;
	free(line);
	fclose(file);
}

/* Parent and start time: fields 4 and 22 of proc_pid_stat(5), counted from the last ")" of the
 * name. */
static bool read_stat(uint32_t pid, struct wire_process *process)
{
	char path[64], text[1024];
	unsigned long long ticks;
	ssize_t bytes;
	char *name_end;
	int fd;

	snprintf(path, sizeof(path), "/proc/%u/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	bytes = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (bytes <= 0)
		return false;
	text[bytes] = '\0';
	name_end = strrchr(text, ')');
	if (!name_end ||
	    sscanf(name_end + 1,
		   " %*c %u %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %llu",
		   &process->parent_pid, &ticks) != 2)
		return false;
	process->start_ns = ticks * (1000000000ULL / sysconf(_SC_CLK_TCK));
	return true;
}

/* How much it appended. */
static uint32_t append(struct texts *texts, uint32_t pid,
		       void (*read_text)(uint32_t pid, struct texts *texts))
{
	uint32_t before = texts->used;

	read_text(pid, texts);
	return texts->used - before;
}

/* False with errno set. */
static bool send_process(struct outbox *outbox, uint32_t id, uint32_t pid)
{
	static struct texts texts;
	struct wire_process process = { .header.pid = pid, .id = id };
	struct stat status;
	char path[64];
	ssize_t bytes;

	snprintf(path, sizeof(path), "/proc/%u/exe", pid);
	bytes = readlink(path, texts.bytes, PATH_MAX);
	if (bytes < 0 || stat(path, &status) < 0)
		return false;
	if (!read_stat(pid, &process)) {
		errno = ESRCH;
		return false;
	}
	process.exe_device = status.st_dev;
	process.exe_inode = status.st_ino;
	process.exe_bytes_total = status.st_size;
	process.exe_modified_ns = status.st_mtim.tv_sec * 1000000000ULL + status.st_mtim.tv_nsec;
	process.exe_bytes = texts.used = bytes;
	process.env_bytes = append(&texts, pid, read_environment);
	process.args_bytes = append(&texts, pid, read_arguments);
	process.cgroup_bytes = append(&texts, pid, read_cgroup);
	outbox_put_parts(outbox, &process.header, KIND_PROCESS, sizeof(process), texts.bytes,
			 texts.used);
	return true;
}

uint32_t procs_list(struct outbox *outbox, uint32_t id)
{
	DIR *folder = opendir("/proc");
	struct dirent *entry;
	uint32_t count = 0;

	if (!folder)
		return 0;
	while ((entry = readdir(folder)))
		if (isdigit((unsigned char)entry->d_name[0]))
			count += send_process(outbox, id, strtoul(entry->d_name, NULL, 10));
	closedir(folder);
	return count;
}

bool procs_describe(struct outbox *outbox, uint32_t id, uint32_t pid, struct refusal *why)
{
	if (send_process(outbox, id, pid))
		return true;
	if (errno == ENOENT || errno == ESRCH)
		return refuse(why, ESRCH,
			      "cannot describe process %u: no such process with an executable",
			      pid);
	return refuse(why, errno, "cannot describe process %u: %s (needs cap_sys_ptrace)", pid,
		      strerror(errno));
}
