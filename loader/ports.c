// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/* See ports.h. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ports.h"

struct inodes {
	unsigned long *values;
	size_t count;
	size_t room;
};

static int compare_inodes(const void *a, const void *b)
{
	unsigned long left = *(const unsigned long *)a, right = *(const unsigned long *)b;

	return (left > right) - (left < right);
}

unsigned long ports_socket_inode(int fd_folder, const char *name)
{
	unsigned long inode = 0;
	char target[64];
	ssize_t bytes = readlinkat(fd_folder, name, target, sizeof(target) - 1);

	if (bytes <= 0)
		return 0;
	target[bytes] = '\0';
	return sscanf(target, "socket:[%lu]", &inode) == 1 ? inode : 0;
}

static bool add_inode(struct inodes *inodes, unsigned long inode)
{
	if (inodes->count == inodes->room) {
		size_t room = inodes->room ? 2 * inodes->room : 64;
		unsigned long *values = realloc(inodes->values, room * sizeof(*values));

		if (!values)
			return false;
		inodes->values = values;
		inodes->room = room;
	}
	inodes->values[inodes->count++] = inode;
	return true;
}

/* Sorted inodes of all sockets that the process holds. */
static bool read_inodes(uint32_t pid, struct inodes *inodes, struct refusal *why)
{
	struct dirent *entry;
	char path[64];
	DIR *folder;

	snprintf(path, sizeof(path), "/proc/%u/fd", pid);
	folder = opendir(path);
	if (!folder)
		return refuse(why, errno,
			      "cannot list the sockets of process %u: %s (needs cap_sys_ptrace)",
			      pid, strerror(errno));
	while ((entry = readdir(folder))) {
		unsigned long inode = ports_socket_inode(dirfd(folder), entry->d_name);

		if (inode && !add_inode(inodes, inode))
			break;
	}
	closedir(folder);
	qsort(inodes->values, inodes->count, sizeof(*inodes->values), compare_inodes);
	return true;
}

static void add_port(struct ports *ports, uint16_t port)
{
	uint32_t at = 0;

	while (at < ports->count && ports->ports[at] < port)
		at++;
	if (ports->count == MAX_PORTS || (at < ports->count && ports->ports[at] == port))
		return;
	memmove(&ports->ports[at + 1], &ports->ports[at],
		(ports->count - at) * sizeof(*ports->ports));
	ports->ports[at] = port;
	ports->count++;
}

/*
 * Fields as in proc_pid_net(5): local address, state 0A = LISTEN, inode. The kernel shows listening sockets
 * before all others (tcp_seq_start() in net/ipv4/tcp_ipv4.c), of which there may be tens of thousands.
 */
static void read_table(uint32_t pid, const char *table, const struct inodes *inodes,
		       struct ports *ports)
{
	char path[64], line[512];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%u/net/%s", pid, table);
	file = fopen(path, "re");
	if (!file)
		return;
	while (fgets(line, sizeof(line), file)) {
		unsigned int port, state;
		unsigned long inode;

		if (sscanf(line, " %*u: %*[0-9A-F]:%x %*[0-9A-F]:%*x %x %*s %*s %*s %*u %*u %lu",
			   &port, &state, &inode) != 3)
			continue;
		if (state != 0x0a)
			break;
		if (bsearch(&inode, inodes->values, inodes->count, sizeof(inode), compare_inodes))
			add_port(ports, port);
	}
	fclose(file);
}

bool ports_read(uint32_t pid, struct ports *ports, struct refusal *why)
{
	struct inodes inodes = { 0 };
	bool read;

	*ports = (struct ports){ 0 };
	read = read_inodes(pid, &inodes, why);
	if (read && inodes.count) {
		read_table(pid, "tcp", &inodes, ports);
		read_table(pid, "tcp6", &inodes, ports);
	}
	free(inodes.values);
	return read;
}

bool ports_include(const struct ports *ports, uint16_t port)
{
	for (uint32_t i = 0; i < ports->count; i++)
		if (ports->ports[i] == port)
			return true;
	return false;
}

void ports_format(const struct ports *ports, char text[MAX_PORTS_TEXT])
{
	size_t used = 0;

	text[0] = '\0';
	for (uint32_t i = 0; i < ports->count; i++)
		used += sprintf(text + used, "%s%u", i ? "," : "", ports->ports[i]);
}
