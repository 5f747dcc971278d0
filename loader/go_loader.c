// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/*
 * tsunagi-go: the privileged half of Tsunagi. Loads and attaches the BPF object, copies its records
 * to a pipe, and does what the service asks for on stdin. Parses no ELF, no configuration and no
 * network input.
 */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "args.h"
#include "cgroup.h"
#include "checks.h"
#include "clock.h"
#include "commands.h"
#include "doctor.h"
#include "hello.h"
#include "kernel.h"
#include "log.h"
#include "outbox.h"
#include "pump.h"
#include "stats.h"
#include "sweep.h"

#define TICK_NS 1000000000ULL
/* On an idle machine the time between two ticks doubles up to this. */
#define IDLE_TICK_NS (4 * TICK_NS)
#define LOADER_NICE (-10)

static struct outbox outbox = { .fd = -1 };
static struct kernel kernel;
static struct pump pump;
static struct stats stats;
static struct commands commands = { .kernel = &kernel, .outbox = &outbox, .stats = &stats };

/* Signals come as readable bytes, so that no wait can miss one. Returns -1 after a message. */
static int open_signals(void)
{
	sigset_t set;
	int fd;

	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_CLOEXEC);
	if (fd < 0)
		log_line("cannot open a signalfd: %s", strerror(errno));
	return fd;
}

/* Returns the time to the next one, given that from the last. */
static uint64_t tick(uint64_t pause_ns)
{
	uint64_t sent = outbox.records_sent;

	if (stats_tick(&stats, &kernel, &outbox))
		sweep_missing(&kernel);
	commands_tick(&commands);
	outbox_flush(&outbox);
	if (outbox.records_sent != sent || commands.release_ticks)
		return TICK_NS;
	return pause_ns < IDLE_TICK_NS ? 2 * pause_ns : IDLE_TICK_NS;
}

/* Until a signal, the end of stdin or the loss of the reader. */
static void serve(int signal_fd)
{
	struct pollfd wait[] = {
		{ .fd = signal_fd, .events = POLLIN },
		{ .fd = STDIN_FILENO, .events = POLLIN },
		{ .fd = commands.reaper.event_fd, .events = POLLIN },
		{ .fd = outbox.fd },
		{ .fd = pump_fd(&pump), .events = POLLIN },
	};
	uint64_t pause_ns = TICK_NS, last_tick_ns = clock_monotonic_ns();

	while (!outbox.closed) {
		int nap_ms = pump_sweep(&pump);
		uint64_t now_ns = clock_monotonic_ns();

		if (now_ns >= last_tick_ns + pause_ns) {
			pause_ns = tick(pause_ns);
			last_tick_ns = now_ns;
		}
		wait[3].events = outbox_pending(&outbox) ? POLLOUT : 0;
		if (nap_ms >= 0)
			poll(wait, 4, nap_ms);
		else if (poll(wait, 5, (last_tick_ns + pause_ns - now_ns) / 1000000 + 1) == 0)
			continue;
		pause_ns = TICK_NS;
		if (wait[0].revents || wait[3].revents & POLLERR)
			return;
		if (wait[1].revents && !commands_read(&commands, STDIN_FILENO))
			return;
		if (wait[2].revents)
			commands_finish(&commands);
	}
}

/* Probes go first; what they wrote until then still reaches a service that reads on. */
static void stop(void)
{
	reaper_stop(&commands.reaper, &commands.attachments);
	outbox.hurry = true;
	if (pump.ring) {
		while (pump_sweep(&pump) == 0 && !outbox.closed)
			;
		stats_send(&stats, &kernel, &outbox);
		outbox_drain(&outbox);
	}
	pump_close(&pump);
	kernel_close(&kernel);
	outbox_close(&outbox);
}

/*
 * A late sweep loses records when the ring is full, and a late flip keeps a swap waiting; neither takes
 * more than a hundredth of a CPU.
 */
static void raise_priority(void)
{
	if (setpriority(PRIO_PROCESS, 0, LOADER_NICE) < 0)
		log_line("cannot run at nice %d: %s (harmless; give it CAP_SYS_NICE)", LOADER_NICE,
			 strerror(errno));
}

static struct kernel_options kernel_options(const struct args *args)
{
	return (struct kernel_options){
		.cgroup = args->cgroup,
		.ring_bytes = args->ring_bytes,
		.perf_uprobes = args->perf_uprobes,
	};
}

static int run(const struct args *args, int signal_fd)
{
	struct kernel_options options = kernel_options(args);
	char root[PATH_MAX];
	int code = checks_run();

	if (code != EXIT_CLEAN)
		return code;
	if (!options.cgroup) {
		code = cgroup_find(root);
		options.cgroup = root;
	}
	if (code == EXIT_CLEAN)
		code = kernel_open(&kernel, &options);
	if (code == EXIT_CLEAN)
		code = pump_open(&pump, &kernel, &outbox);
	if (code == EXIT_CLEAN && !reaper_start(&commands.reaper))
		code = EXIT_INTERNAL;
	if (code == EXIT_CLEAN)
		code = outbox_open(&outbox, args->output, signal_fd, STDIN_FILENO);
	if (code == EXIT_CLEAN && !outbox.closed) {
		hello_send(&outbox, &kernel, options.cgroup);
		serve(signal_fd);
	}
	stop();
	return code;
}

int main(int argc, char **argv)
{
	struct args args;
	int signal_fd;

	if (!args_parse(argc, argv, &args))
		return EXIT_USAGE;
	if (args.help) {
		args_print_help();
		return EXIT_CLEAN;
	}
	log_capture_libbpf(args.verbose);
	if (args.check) {
		struct kernel_options options = kernel_options(&args);

		return doctor_run(&options);
	}
	signal_fd = open_signals();
	if (signal_fd < 0)
		return EXIT_INTERNAL;
	raise_priority();
	return run(&args, signal_fd);
}
