// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/* See kernel.h. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "skeleton.h"
#include "kernel.h"
#include "log.h"
#include "maps_abi.h"
#include "uprobe_multi.h"

struct bpf_program *kernel_probe(const struct kernel *kernel, enum wire_probe probe)
{
	switch (probe) {
	case PROBE_SERVER_START:
		return kernel->skel->progs.server_start;
	case PROBE_SERVER_END:
		return kernel->skel->progs.server_end;
	case PROBE_SERVER_ABORT:
		return kernel->skel->progs.server_abort;
	case PROBE_SERVER_END_H2:
		return kernel->skel->progs.server_end_h2;
	case PROBE_SERVER_ABORT_H2:
		return kernel->skel->progs.server_abort_h2;
	case PROBE_CLIENT_START:
		return kernel->skel->progs.client_start;
	case PROBE_CLIENT_ARM:
		return kernel->skel->progs.client_arm;
	case PROBE_CLIENT_END:
		return kernel->skel->progs.client_end;
	case PROBE_GOROUTINE:
		return kernel->skel->progs.goroutine_start;
	case PROBE_SERVER_END_X_NET:
		return kernel->skel->progs.server_end_x_net;
	case PROBE_SERVER_ABORT_X_NET:
		return kernel->skel->progs.server_abort_x_net;
	case MAX_PROBES:
		break;
	}
	return NULL;
}

/* A new array holds zeroes, and slot 0 is a real one. */
static int clear_bindings(const struct kernel *kernel)
{
	uint32_t none = NO_SLOT;

	for (uint32_t binding = 0; binding < MAX_BINDINGS; binding++) {
		if (bpf_map_update_elem(bpf_map__fd(kernel->skel->maps.bindings), &binding, &none,
					BPF_ANY) < 0) {
			log_line("cannot write to map \"bindings\": %s", strerror(errno));
			return EXIT_INTERNAL;
		}
	}
	return EXIT_CLEAN;
}

int kernel_load(struct kernel *kernel, const struct kernel_options *options)
{
	int error;

	kernel->skel = go_bpf__open();
	if (!kernel->skel) {
		log_line("cannot open the BPF object: %s", strerror(errno));
		log_libbpf();
		return EXIT_INTERNAL;
	}
	kernel->uprobe_multi = !options->perf_uprobes && uprobe_multi_supported();
	for (int probe = 0; kernel->uprobe_multi && probe < MAX_PROBES; probe++)
		bpf_program__set_expected_attach_type(kernel_probe(kernel, probe),
						      UPROBE_MULTI_ATTACH_TYPE);
	if (options->ring_bytes)
		bpf_map__set_max_entries(kernel->skel->maps.ring, options->ring_bytes);
	error = go_bpf__load(kernel->skel);
	if (error == -EPERM) {
		log_line(
			"cannot load the BPF programs: %s (run as root or with cap_bpf,cap_perfmon,cap_net_admin; kernel lockdown=confidentiality forbids it)",
			strerror(-error));
		return EXIT_PERMISSION;
	}
	if (error) {
		log_line(
			"cannot load the BPF programs: %s (the kernel's verifier or maps refused; its words follow)",
			strerror(-error));
		log_libbpf();
		return EXIT_LOAD_REFUSED;
	}
	return clear_bindings(kernel);
}

int kernel_attach_sock_msg(struct kernel *kernel)
{
	if (bpf_prog_attach(bpf_program__fd(kernel->skel->progs.sock_msg),
			    bpf_map__fd(kernel->skel->maps.sockets), BPF_SK_MSG_VERDICT, 0) < 0) {
		log_line(
			"cannot attach the sk_msg program to its socket map: %s (cap_net_admin is needed)",
			strerror(errno));
		return EXIT_KERNEL_FEATURE;
	}
	kernel->sock_msg_attached = true;
	return EXIT_CLEAN;
}

int kernel_attach_sock_ops(struct kernel *kernel, const char *cgroup)
{
	int cgroup_fd = open(cgroup, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int code = EXIT_CLEAN;

	if (cgroup_fd < 0) {
		log_line(
			"cannot open cgroup \"%s\": %s (a cgroup v2 mount is needed, see --cgroup)",
			cgroup, strerror(errno));
		return EXIT_CGROUP;
	}
	kernel->sock_ops = bpf_program__attach_cgroup(kernel->skel->progs.sock_ops, cgroup_fd);
	if (!kernel->sock_ops) {
		log_line(
			"cannot attach the sockops program to cgroup \"%s\": %s (must be cgroup v2; cap_net_admin and CONFIG_CGROUP_BPF=y are needed)",
			cgroup, strerror(errno));
		code = EXIT_CGROUP;
	}
	close(cgroup_fd);
	return code;
}

static int attach_tracepoint(struct bpf_program *program, const char *name, struct bpf_link **link)
{
	*link = bpf_program__attach_raw_tracepoint(program, name);
	if (*link)
		return EXIT_CLEAN;
	log_line(
		"cannot attach to tracepoint \"%s\": %s (cap_perfmon and a kernel with CONFIG_TRACEPOINTS=y are needed)",
		name, strerror(errno));
	return EXIT_KERNEL_FEATURE;
}

int kernel_attach_processes(struct kernel *kernel)
{
	int code = attach_tracepoint(kernel->skel->progs.process_exec, "sched_process_exec",
				     &kernel->process_exec);

	if (code == EXIT_CLEAN)
		code = attach_tracepoint(kernel->skel->progs.process_exit, "sched_process_exit",
					 &kernel->process_exit);
	return code;
}

int kernel_open(struct kernel *kernel, const struct kernel_options *options)
{
	int code = kernel_load(kernel, options);

	if (code == EXIT_CLEAN)
		code = kernel_attach_sock_msg(kernel);
	if (code == EXIT_CLEAN)
		code = kernel_attach_sock_ops(kernel, options->cgroup);
	if (code == EXIT_CLEAN)
		code = kernel_attach_processes(kernel);
	return code;
}

void kernel_close(struct kernel *kernel)
{
	bpf_link__destroy(kernel->process_exit);
	bpf_link__destroy(kernel->process_exec);
	bpf_link__destroy(kernel->sock_ops);
	if (kernel->sock_msg_attached)
		bpf_prog_detach2(bpf_program__fd(kernel->skel->progs.sock_msg),
				 bpf_map__fd(kernel->skel->maps.sockets), BPF_SK_MSG_VERDICT);
	if (kernel->skel)
		go_bpf__destroy(kernel->skel);
	*kernel = (struct kernel){ 0 };
}

bool kernel_has_target(const struct kernel *kernel, uint32_t pid)
{
	struct target_config config;

	return bpf_map_lookup_elem(bpf_map__fd(kernel->skel->maps.targets), &pid, &config) == 0;
}
