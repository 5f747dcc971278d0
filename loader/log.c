// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/* See log.h. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <bpf/libbpf.h>

#include "log.h"

static char captured[16384];
static size_t captured_bytes;
static bool show_all;
/* Where log_line() puts what it has to say, NULL: on stderr. */
static char *diverted;
static size_t diverted_room;

void log_line(const char *format, ...)
{
	char line[1024] = "tsunagi-go: ";
	size_t used = strlen(line);
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(line + used, sizeof(line) - used - 1, format, args);
	va_end(args);
	if (n < 0)
		return;
	if (diverted) {
		snprintf(diverted, diverted_room, "%s", line + used);
		return;
	}
	used += (size_t)n < sizeof(line) - used - 1 ? (size_t)n : sizeof(line) - used - 2;
	line[used++] = '\n';
	if (write(STDERR_FILENO, line, used) < 0)
		return;
}

void log_divert(char *buffer, size_t room)
{
	diverted = buffer;
	diverted_room = room;
	if (buffer)
		*buffer = '\0';
}

/* A verifier log is long and its end tells the reason: the older half goes when the buffer is full.
 */
static int capture(enum libbpf_print_level level, const char *format, va_list args)
{
	size_t room;
	int n;

	if (show_all)
		return vfprintf(stderr, format, args);
	if (level != LIBBPF_WARN)
		return 0;
	if (captured_bytes > sizeof(captured) / 2) {
		size_t half = captured_bytes / 2;

		memmove(captured, captured + half, captured_bytes - half);
		captured_bytes -= half;
	}
	room = sizeof(captured) - captured_bytes;
	n = vsnprintf(captured + captured_bytes, room, format, args);
	if (n > 0)
		captured_bytes += (size_t)n < room ? (size_t)n : room - 1;
	return n;
}

void log_capture_libbpf(bool verbose)
{
	show_all = verbose;
	libbpf_set_print(capture);
}

void log_libbpf(void)
{
	const char *at = captured;
	const char *end = captured + captured_bytes;

	while (at < end) {
		ssize_t n = write(STDERR_FILENO, at, end - at);

		if (n <= 0)
			return;
		at += n;
	}
	captured_bytes = 0;
}
