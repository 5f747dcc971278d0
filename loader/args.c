// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/* See args.h. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "args.h"
#include "log.h"

static const struct option options[] = {
	{ "output", required_argument, NULL, 'o' },
	{ "cgroup", required_argument, NULL, 'c' },
	{ "ring-bytes", required_argument, NULL, 'r' },
	{ "perf-uprobes", no_argument, NULL, 'p' },
	{ "check", no_argument, NULL, 'k' },
	{ "verbose", no_argument, NULL, 'v' },
	{ "help", no_argument, NULL, 'h' },
	{ 0 },
};

/* The kernel wants a power of two that is a multiple of the page size. */
static bool parse_ring_bytes(const char *text, uint32_t *ring_bytes)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	if (*text == '\0' || *end != '\0' || value < (unsigned long)sysconf(_SC_PAGESIZE) ||
	    value > 1UL << 30 || (value & (value - 1))) {
		log_line(
			"cannot use --ring-bytes %s: must be a power of two from the page size to 1 GiB",
			text);
		return false;
	}
	*ring_bytes = value;
	return true;
}

bool args_parse(int argc, char **argv, struct args *args)
{
	int option;

	*args = (struct args){ 0 };
	while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		switch (option) {
		case 'o':
			args->output = optarg;
			break;
		case 'c':
			args->cgroup = optarg;
			break;
		case 'r':
			if (!parse_ring_bytes(optarg, &args->ring_bytes))
				return false;
			break;
		case 'p':
			args->perf_uprobes = true;
			break;
		case 'k':
			args->check = true;
			break;
		case 'v':
			args->verbose = true;
			break;
		case 'h':
			args->help = true;
			return true;
		default:
			return false;
		}
	}
	if (optind < argc) {
		log_line("cannot use argument \"%s\": only options are known, see --help",
			 argv[optind]);
		return false;
	}
	if (!args->output && !args->check) {
		log_line("cannot start: --output FIFO is missing, see --help");
		return false;
	}
	return true;
}

void args_print_help(void)
{
	puts("Usage: tsunagi-go --output FIFO [options]\n"
	     "Loads the Go probes, writes records to FIFO and takes control messages on stdin.\n"
	     "Started by the tsunagi service; ends when stdin closes.\n"
	     "\n"
	     "  --output FIFO       where records go; made (0600) when absent\n"
	     "  --cgroup PATH       cgroup v2 folder whose sockets are watched (default: the root)\n"
	     "  --ring-bytes N      size of the ring buffer, a power of two (default: 8 MiB)\n"
	     "  --perf-uprobes      use perf_event uprobes even where uprobe_multi exists\n"
	     "  --check             try everything that a start needs, tell it on stdout and end\n"
	     "  --verbose           show what libbpf says\n"
	     "  --help");
}
