// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/* See json_line.h. */
#include <stdio.h>

#include "json_line.h"

static void put_string(const char *text)
{
	putchar('"');
	for (const char *at = text; *at; at++) {
		unsigned char byte = *at;

		if (byte == '"' || byte == '\\')
			printf("\\%c", byte);
		else if (byte < 0x20 || byte == 0x7f)
			printf("\\u%04x", byte);
		else
			putchar(byte);
	}
	putchar('"');
}

void json_begin(const char *name, const char *value)
{
	putchar('{');
	put_string(name);
	putchar(':');
	put_string(value);
}

static void put_name(const char *name)
{
	putchar(',');
	put_string(name);
	putchar(':');
}

void json_text(const char *name, const char *value)
{
	put_name(name);
	put_string(value);
}

void json_number(const char *name, long long value)
{
	put_name(name);
	printf("%lld", value);
}

void json_flag(const char *name, bool value)
{
	put_name(name);
	fputs(value ? "true" : "false", stdout);
}

void json_end(void)
{
	puts("}");
	fflush(stdout);
}
