// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/* See backfill.h. */
#define _GNU_SOURCE
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "backfill.h"
#include "skeleton.h"
#include "ports.h"

static int get_option(int fd, int level, int option, void *value, socklen_t size)
{
	return getsockopt(fd, level, option, value, &size);
}

/* An established TCP connection whose near port is none on which the process listens. */
static bool is_client(int fd, const struct ports *listening)
{
	struct sockaddr_storage address = { 0 };
	socklen_t size = sizeof(address);
	struct tcp_info info = { 0 };
	int protocol = 0;
	uint16_t port;

	if (get_option(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, sizeof(protocol)) < 0 ||
	    protocol != IPPROTO_TCP ||
	    get_option(fd, IPPROTO_TCP, TCP_INFO, &info, sizeof(info)) < 0 ||
	    info.tcpi_state != TCP_ESTABLISHED ||
	    getsockname(fd, (struct sockaddr *)&address, &size) < 0)
		return false;
	if (address.ss_family == AF_INET)
		port = ((struct sockaddr_in *)&address)->sin_port;
	else if (address.ss_family == AF_INET6)
		port = ((struct sockaddr_in6 *)&address)->sin6_port;
	else
		return false;
	return !ports_include(listening, ntohs(port));
}

static void adopt(const struct kernel *kernel, int fd, struct backfill *result)
{
	int tracked = bpf_map__fd(kernel->skel->maps.tracked);
	int sockets = bpf_map__fd(kernel->skel->maps.sockets);
	uint32_t state = TRACKED_IN_HASH;
	uint64_t value = fd;
	uint64_t cookie;

	if (get_option(fd, SOL_SOCKET, SO_COOKIE, &cookie, sizeof(cookie)) < 0)
		return;
	if (bpf_map_update_elem(sockets, &cookie, &value, BPF_NOEXIST) == 0) {
		bpf_map_update_elem(tracked, &cookie, &state, BPF_ANY);
		result->adopted++;
	} else if (errno != EEXIST) {
		result->failed++;
	}
}

bool backfill_run(const struct kernel *kernel, uint32_t pid, struct backfill *result,
		  struct refusal *why)
{
	struct ports listening;
	struct dirent *entry;
	DIR *folder = NULL;
	bool done = false;
	char path[64];
	int process;

	*result = (struct backfill){ 0 };
	if (!ports_read(pid, &listening, why))
		return false;
	process = syscall(SYS_pidfd_open, pid, 0);
	if (process < 0)
		return refuse(why, errno, "cannot open process %u: %s", pid, strerror(errno));
	snprintf(path, sizeof(path), "/proc/%u/fd", pid);
	folder = opendir(path);
	if (!folder) {
		refuse(why, errno, "cannot list the sockets of process %u: %s", pid,
		       strerror(errno));
		goto cleanup;
	}
	while ((entry = readdir(folder))) {
		int fd;

		if (!isdigit((unsigned char)entry->d_name[0]) ||
		    !ports_socket_inode(dirfd(folder), entry->d_name))
			continue;
		fd = syscall(SYS_pidfd_getfd, process, atoi(entry->d_name), 0);
		if (fd < 0 && errno == EPERM) {
			refuse(why, EPERM,
			       "cannot take the sockets of process %u: %s (needs cap_sys_ptrace; ptrace_scope 3 forbids it)",
			       pid, strerror(EPERM));
			goto cleanup;
		}
		if (fd < 0)
			continue;
		if (is_client(fd, &listening))
			adopt(kernel, fd, result);
		close(fd);
	}
	done = true;

cleanup:
	if (folder)
		closedir(folder);
	close(process);
	return done;
}
