// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/* See doctor.h. */
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "cgroup.h"
#include "checks.h"
#include "doctor.h"
#include "doctor_others.h"
#include "doctor_uprobe.h"
#include "features.h"
#include "json_line.h"
#include "log.h"

/* What log_line() said of the check that runs. */
static char message[1024];

/* Tells how a check came out; returns `code`. */
static int report(const char *name, int code)
{
	json_begin("check", name);
	json_number("exit", code);
	json_text("message", code == EXIT_CLEAN ? "" : message);
	json_end();
	*message = '\0';
	return code;
}

static void tell_kernel(void)
{
	struct utsname names;

	uname(&names);
	json_begin("fact", "kernel");
	json_text("release", names.release);
	json_text("machine", names.machine);
	json_end();
}

/* How many files may be open; memory of BPF objects is not limited by RLIMIT_MEMLOCK since Linux 5.11. */
static void tell_limits(void)
{
	struct rlimit files = { 0 };

	getrlimit(RLIMIT_NOFILE, &files);
	json_begin("fact", "limits");
	json_number("openFiles", files.rlim_max == RLIM_INFINITY ? -1 : (long long)files.rlim_max);
	json_end();
}

/* Left out where the kernel does not have it. */
static void tell_setting(const char *name, const char *path)
{
	FILE *file = fopen(path, "re");
	int value;

	if (!file)
		return;
	if (fscanf(file, "%d", &value) == 1) {
		json_begin("fact", "setting");
		json_text("name", name);
		json_number("value", value);
		json_end();
	}
	fclose(file);
}

static void tell_lockdown(void)
{
	uint64_t features = features_lockdown();
	const char *mode = "none";

	if (features & FEATURE_LOCKDOWN_CONFIDENTIALITY)
		mode = "confidentiality";
	else if (features & FEATURE_LOCKDOWN_INTEGRITY)
		mode = "integrity";
	else if (access("/sys/kernel/security/lockdown", R_OK) < 0)
		mode = "unknown";
	json_begin("fact", "lockdown");
	json_text("mode", mode);
	json_end();
}

static void tell_features(const struct kernel *kernel)
{
	uint64_t features = features_probe(kernel);

	json_begin("fact", "features");
	json_flag("uprobeMulti", features & FEATURE_UPROBE_MULTI);
	json_flag("sockhash", features & FEATURE_SOCKHASH);
	json_flag("fionreadDefect", features & FEATURE_FIONREAD_DEFECT);
	json_end();
}

static void run_checks(void)
{
	bool permitted = true;

	for (const struct check *check = checks; check->name; check++)
		if ((permitted || !check->tries) &&
		    report(check->name, check->run()) == EXIT_PERMISSION)
			permitted = false;
}

int doctor_run(const struct kernel_options *options)
{
	const char *cgroup = options->cgroup;
	struct kernel kernel = { 0 };
	char root[PATH_MAX];

	log_divert(message, sizeof(message));
	tell_kernel();
	tell_lockdown();
	tell_limits();
	tell_setting("kernel.yama.ptrace_scope", "/proc/sys/kernel/yama/ptrace_scope");
	tell_setting("net.core.bpf_jit_enable", "/proc/sys/net/core/bpf_jit_enable");
	run_checks();
	if (!cgroup && report("cgroup", cgroup_find(root)) == EXIT_CLEAN)
		cgroup = root;
	if (cgroup) {
		json_begin("fact", "cgroup");
		json_text("path", cgroup);
		json_end();
	}
	doctor_others(cgroup);
	if (report("load", kernel_load(&kernel, options)) == EXIT_CLEAN) {
		report("sk-msg", kernel_attach_sock_msg(&kernel));
		if (cgroup)
			report("sockops", kernel_attach_sock_ops(&kernel, cgroup));
		report("processes", kernel_attach_processes(&kernel));
		report("uprobe", doctor_uprobe(&kernel));
		tell_features(&kernel);
	}
	kernel_close(&kernel);
	log_divert(NULL, 0);
	return EXIT_CLEAN;
}
