// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/*
 * traceparent.h as plain C: what the W3C Trace Context test suite asks of a parser (level 2), the
 * formatter, and both against each other. Run by `make check`; prints "N passed, N failed".
 */
#include <linux/types.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "maps_abi.h"
#include "traceparent.h"

static unsigned int passed, failed;

static void check(int ok, const char *what, const char *value)
{
	if (ok) {
		passed++;
		return;
	}
	failed++;
	fprintf(stderr, "FAIL %s: %s\n", what, value);
}

/* As the kernel does it: the first 56 bytes of the value, and its length. */
static int parse(const char *value, struct trace_parent *parent)
{
	size_t bytes = strlen(value);
	__u8 text[64] = {};

	memcpy(text, value, bytes > 56 ? 56 : bytes);
	memset(parent, 0, sizeof(*parent));
	return traceparent_parse(text, bytes, parent);
}

#define TRACE "0123456789abcdef0123456789abcdef"
#define PARENT "fedcba9876543210"

static const char *const valid[] = {
	"00-" TRACE "-" PARENT "-00",
	"00-" TRACE "-" PARENT "-01",
	"00-" TRACE "-" PARENT "-03",
	"00-" TRACE "-" PARENT "-ff",
	"00-00000000000000000000000000000001-0000000000000001-01",
	"00-10000000000000000000000000000000-1000000000000000-01",
	"01-" TRACE "-" PARENT "-01",
	"01-" TRACE "-" PARENT "-01-",
	"cc-" TRACE "-" PARENT "-01-what-the-future-will-be-like",
	"fe-" TRACE "-" PARENT "-01-.",
};

static const char *const malformed[] = {
	"",
	"0",
	"00",
	"00-",
	"00-" TRACE "-" PARENT,
	"00-" TRACE "-" PARENT "-",
	"00-" TRACE "-" PARENT "-0",
	"00-" TRACE "-" PARENT "-01-",
	"00-" TRACE "-" PARENT "-01.",
	"00-" TRACE "-" PARENT "-01-what-the-future-will-be-like",
	"cc-" TRACE "-" PARENT "-01.what-the-future-will-be-like",
	"cc-" TRACE "-" PARENT "-010",
	"ff-" TRACE "-" PARENT "-01",
	"ff-" TRACE "-" PARENT "-01-x",
	"00-00000000000000000000000000000000-" PARENT "-01",
	"00-" TRACE "-0000000000000000-01",
	"00-0123456789ABCDEF0123456789abcdef-" PARENT "-01",
	"00-" TRACE "-FEDCBA9876543210-01",
	"00-" TRACE "-" PARENT "-0A",
	"0A-" TRACE "-" PARENT "-01",
	".0-" TRACE "-" PARENT "-01",
	"0.-" TRACE "-" PARENT "-01",
	"00-.123456789abcdef0123456789abcdef-" PARENT "-01",
	"00-0123456789abcdef0123456789abcde.-" PARENT "-01",
	"00-" TRACE "-.edcba9876543210-01",
	"00-" TRACE "-fedcba987654321.-01",
	"00-" TRACE "-" PARENT "-.0",
	"00-" TRACE "-" PARENT "-0.",
	"00-" TRACE "_" PARENT "-01",
	"00_" TRACE "-" PARENT "-01",
	"00-" TRACE "-" PARENT "_01",
	"000-" TRACE "-" PARENT "-01",
	"00-0123456789abcdef0123456789abcde-" PARENT "-01a",
	"00-" TRACE "-fedcba987654321-01a",
	" 00-" TRACE "-" PARENT "-01",
	"00-" TRACE "-" PARENT "-01\t",
};

/* No byte but 0-9 and a-f may stand in for a digit, wherever the digit is. */
static void check_every_byte(void)
{
	static const char good[] = "00-" TRACE "-" PARENT "-01";
	char value[sizeof(good)];
	struct trace_parent parent;
	unsigned int wrong = 0, at, byte;

	for (at = 0; at < sizeof(good) - 1; at++) {
		for (byte = 1; byte < 256; byte++) {
			int is_hex = (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'f');
			int expected = good[at] == '-' ? byte == '-' : is_hex;

			memcpy(value, good, sizeof(good));
			value[at] = byte;
			if (at < 2 && strncmp(value, "ff", 2) == 0)
				expected = 0;
			wrong += parse(value, &parent) != expected;
		}
	}
	check(!wrong, "every byte at every place", "accepted or refused wrongly");
}

static void check_ids(void)
{
	static const __u8 trace_id[16] = { 0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef,
					   0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef };
	static const __u8 parent_id[8] = { 0xfe, 0xdc, 0xba, 0x98, 0x76, 0x54, 0x32, 0x10 };
	struct trace_parent parent;

	check(parse("00-" TRACE "-" PARENT "-a5", &parent), "ids", "refused");
	check(!memcmp(parent.trace_id, trace_id, 16), "trace id", "not in wire order");
	check(!memcmp(&parent.parent_id, parent_id, 8), "parent id", "not in wire order");
	check(parent.flags == 0xa5, "flags", "not 0xa5");
}

static void check_round_trips(void)
{
	struct trace_parent in, out;
	__u8 line[TRACEPARENT_LINE_BYTES + 8];
	char value[TRACEPARENT_TEXT_BYTES + 1];
	unsigned int wrong = 0, i, k;

	srandom(1);
	for (i = 0; i < 20000; i++) {
		__u8 *bytes = (__u8 *)&in;

		memset(&in, 0, sizeof(in));
		for (k = 0; k < 24; k++)
			bytes[k] = random() >> 8;
		in.flags = i & TRACE_FLAGS_KNOWN;
		memset(line, '#', sizeof(line));
		traceparent_format(line, in.trace_id, in.parent_id, in.flags);
		memcpy(value, line + 13, TRACEPARENT_TEXT_BYTES);
		value[TRACEPARENT_TEXT_BYTES] = 0;
		wrong += memcmp(line, "traceparent: 00-", 16) != 0 ||
			 memcmp(line + 68, "\r\n#", 3) != 0;
		wrong += !parse(value, &out) || memcmp(&in, &out, sizeof(in)) != 0;
	}
	check(!wrong, "format then parse", "ids differ");
}

int main(void)
{
	struct trace_parent parent;
	unsigned int i;

	for (i = 0; i < sizeof(valid) / sizeof(*valid); i++)
		check(parse(valid[i], &parent) == 1, "valid but refused", valid[i]);
	for (i = 0; i < sizeof(malformed) / sizeof(*malformed); i++)
		check(parse(malformed[i], &parent) == 0, "malformed but accepted", malformed[i]);
	check_every_byte();
	check_ids();
	check_round_trips();
	printf("bpf/traceparent: %u passed, %u failed\n", passed, failed);
	return failed ? 1 : 0;
}
