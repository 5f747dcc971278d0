// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/* See checks.h. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/bpf.h>
#include <linux/capability.h>

#include "checks.h"
#include "log.h"

/* PROC_PID_INIT_INO of include/linux/proc_ns.h. */
#define INITIAL_PID_NAMESPACE 0xeffffffcU

static bool read_effective(uint64_t *effective)
{
	FILE *file = fopen("/proc/self/status", "re");
	char line[256];
	bool found = false;

	if (!file)
		return false;
	while (!found && fgets(line, sizeof(line), file)) {
		unsigned long long value;

		found = sscanf(line, "CapEff: %llx", &value) == 1;
		if (found)
			*effective = value;
	}
	fclose(file);
	return found;
}

static int check_capabilities(void)
{
	/* CAP_SYS_ADMIN stands in for the first two, as it did before they were split off
	 * (Linux 5.8). */
	static const struct {
		int number;
		bool in_sys_admin;
		const char *name;
	} needed[] = {
		{ CAP_BPF, true, "cap_bpf" },
		{ CAP_PERFMON, true, "cap_perfmon" },
		{ CAP_NET_ADMIN, false, "cap_net_admin" },
		{ CAP_SYS_PTRACE, false, "cap_sys_ptrace" },
		{ CAP_DAC_READ_SEARCH, false, "cap_dac_read_search" },
	};
	char missing[128] = "";
	uint64_t effective;

	if (!read_effective(&effective)) {
		log_line("cannot read /proc/self/status: %s (mount procfs)", strerror(errno));
		return EXIT_INTERNAL;
	}
	for (size_t i = 0; i < sizeof(needed) / sizeof(*needed); i++) {
		bool admin = needed[i].in_sys_admin && effective >> CAP_SYS_ADMIN & 1;

		if (effective >> needed[i].number & 1 || admin)
			continue;
		if (*missing)
			strcat(missing, ",");
		strcat(missing, needed[i].name);
	}
	if (*missing) {
		log_line(
			"cannot start: no %s (run as root, or: setcap cap_bpf,cap_perfmon,cap_net_admin,cap_sys_ptrace,cap_dac_read_search+ep tsunagi-go)",
			missing);
		return EXIT_PERMISSION;
	}
	return EXIT_CLEAN;
}

/* The kernel programs speak of processes by their ids in the initial namespace; /proc must do so too. */
static int check_pid_namespace(void)
{
	struct stat status;

	if (stat("/proc/self/ns/pid", &status) == 0 && status.st_ino != INITIAL_PID_NAMESPACE) {
		log_line(
			"cannot start: not in the initial pid namespace (give the container the host's: hostPID: true, docker --pid=host)");
		return EXIT_PID_NAMESPACE;
	}
	return EXIT_CLEAN;
}

static int check_btf(void)
{
	if (faccessat(AT_FDCWD, "/sys/kernel/btf/vmlinux", R_OK, AT_EACCESS) == 0)
		return EXIT_CLEAN;
	log_line(
		"cannot read /sys/kernel/btf/vmlinux: %s (a kernel built with CONFIG_DEBUG_INFO_BTF=y is needed, and sysfs must be mounted)",
		strerror(errno));
	return EXIT_BTF;
}

static int check_ring_buffer(void)
{
	if (libbpf_probe_bpf_map_type(BPF_MAP_TYPE_RINGBUF, NULL) == 1)
		return EXIT_CLEAN;
	log_line("cannot start: the kernel has no BPF ring buffer (Linux 5.8 or later is needed)");
	return EXIT_RING_BUFFER;
}

static int check_sockhash(void)
{
	if (libbpf_probe_bpf_map_type(BPF_MAP_TYPE_SOCKHASH, NULL) == 1)
		return EXIT_CLEAN;
	log_line(
		"cannot start: the kernel has no BPF sockhash (CONFIG_NET, CONFIG_BPF_STREAM_PARSER=y are needed)");
	return EXIT_KERNEL_FEATURE;
}

static int check_helper(enum bpf_prog_type type, enum bpf_func_id helper, const char *what)
{
	if (libbpf_probe_bpf_helper(type, helper, NULL) == 1)
		return EXIT_CLEAN;
	log_line("cannot start: the kernel has no %s (Linux 5.15 or later is needed)", what);
	return EXIT_KERNEL_FEATURE;
}

static int check_cookies(void)
{
	return check_helper(BPF_PROG_TYPE_KPROBE, BPF_FUNC_get_attach_cookie, "probe cookies");
}

static int check_push_data(void)
{
	return check_helper(BPF_PROG_TYPE_SK_MSG, BPF_FUNC_msg_push_data,
			    "msg_push_data for sk_msg programs");
}

const struct check checks[] = {
	{ .name = "capabilities", .run = check_capabilities },
	{ .name = "pid-namespace", .run = check_pid_namespace },
	{ .name = "btf", .run = check_btf },
	{ .name = "ring-buffer", .run = check_ring_buffer, .tries = true },
	{ .name = "sockhash", .run = check_sockhash, .tries = true },
	{ .name = "probe-cookies", .run = check_cookies, .tries = true },
	{ .name = "push-data", .run = check_push_data, .tries = true },
	{ .name = NULL },
};

int checks_run(void)
{
	int code = EXIT_CLEAN;

	for (const struct check *check = checks; check->name && code == EXIT_CLEAN; check++)
		code = check->run();
	return code;
}
