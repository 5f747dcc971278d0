/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * Lines for people on stderr, and the exit codes by which the service tells failures apart
 * (src/loader/exit_reason.ts has the same list). Used by every file of the loader.
 */
#ifndef TSUNAGI_LOG_H
#define TSUNAGI_LOG_H

#include <stdbool.h>
#include <stddef.h>

enum exit_code {
	EXIT_CLEAN = 0,
	EXIT_USAGE = 2,
	EXIT_PERMISSION = 3,
	EXIT_KERNEL_FEATURE = 4,
	EXIT_CGROUP = 5,
	EXIT_INTERNAL = 6,
	EXIT_BTF = 7,
	EXIT_RING_BUFFER = 8,
	EXIT_LOAD_REFUSED = 9,
	EXIT_OUTPUT = 10,
	EXIT_PID_NAMESPACE = 11,
};

/* Writes "tsunagi-go: <message>\n". */
void log_line(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* From now on the newest message goes into `buffer`, without "tsunagi-go: " and newline; NULL: to stderr
 * again. */
void log_divert(char *buffer, size_t room);

/* Keeps libbpf's warnings for log_libbpf(); with `verbose` they are written as they come. */
void log_capture_libbpf(bool verbose);

/* Writes what libbpf said since log_capture_libbpf(), for a failure whose reason only libbpf knows.
 */
void log_libbpf(void);

#endif
