// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/* See features.h. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "features.h"
#include "skeleton.h"
#include "maps_abi.h"

/* Two ends of a TCP connection over loopback; false without a loopback interface. */
static bool connect_loopback(int ends[2])
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(address);
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool connected = false;

	ends[0] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ends[1] = -1;
	if (listener >= 0 && ends[0] >= 0 &&
	    bind(listener, (struct sockaddr *)&address, size) == 0 && listen(listener, 1) == 0 &&
	    getsockname(listener, (struct sockaddr *)&address, &size) == 0 &&
	    connect(ends[0], (struct sockaddr *)&address, size) == 0) {
		ends[1] = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		connected = ends[1] >= 0;
	}
	if (listener >= 0)
		close(listener);
	return connected;
}

/*
 * Puts an own socket into the sockhash. Linux 6.6.128, 6.12.75, 6.18.14 and 6.19 brought a defect:
 * FIONREAD answers 0 on such a socket though bytes wait. This is the only network socket that the
 * loader ever opens.
 */
static uint64_t probe_sockhash(const struct kernel *kernel)
{
	int map = bpf_map__fd(kernel->skel->maps.sockets);
	uint64_t features = 0;
	uint64_t value, cookie;
	socklen_t size = sizeof(cookie);
	struct pollfd wait;
	int waiting = 0;
	int ends[2];

	if (!connect_loopback(ends))
		goto cleanup;
	value = ends[1];
	if (getsockopt(ends[1], SOL_SOCKET, SO_COOKIE, &cookie, &size) < 0 ||
	    bpf_map_update_elem(map, &cookie, &value, BPF_NOEXIST) < 0)
		goto cleanup;
	features |= FEATURE_SOCKHASH;
	wait = (struct pollfd){ .fd = ends[1], .events = POLLIN };
	if (send(ends[0], "tsunagi", 7, MSG_NOSIGNAL) == 7 && poll(&wait, 1, 200) == 1 &&
	    ioctl(ends[1], FIONREAD, &waiting) == 0 && waiting == 0)
		features |= FEATURE_FIONREAD_DEFECT;
	bpf_map_delete_elem(map, &cookie);

cleanup:
	if (ends[1] >= 0)
		close(ends[1]);
	if (ends[0] >= 0)
		close(ends[0]);
	return features;
}

/* "none [integrity] confidentiality": the brackets tell the mode. Unknown where securityfs is not
 * mounted. */
uint64_t features_lockdown(void)
{
	FILE *file = fopen("/sys/kernel/security/lockdown", "re");
	uint64_t features = 0;
	char line[128];

	if (!file)
		return 0;
	if (fgets(line, sizeof(line), file)) {
		if (strstr(line, "[integrity]"))
			features = FEATURE_LOCKDOWN_INTEGRITY;
		else if (strstr(line, "[confidentiality]"))
			features = FEATURE_LOCKDOWN_CONFIDENTIALITY;
	}
	fclose(file);
	return features;
}

uint64_t features_probe(const struct kernel *kernel)
{
	return (kernel->uprobe_multi ? FEATURE_UPROBE_MULTI : 0) | probe_sockhash(kernel) |
	       features_lockdown();
}
