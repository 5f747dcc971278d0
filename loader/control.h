/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * Control messages from stdin: cuts the byte stream into messages and refuses those that are not
 * sound, before anything acts on them. Knows no kernel state. Used by commands.c; tested by
 * tests/control_test.c.
 */
#ifndef TSUNAGI_CONTROL_H
#define TSUNAGI_CONTROL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/types.h>

#include "maps_abi.h"

enum control_limit {
	MAX_CONTROL_BYTES = 65536,
	MAX_SITES = 4000,
	/* Longest range of one READ_EXE. */
	MAX_READ_BYTES = 4 << 20,
};

/* Why a message is refused: an errno and a sentence for the reply. */
struct refusal {
	int error;
	char text[240];
};

struct control_reader {
	size_t start;
	size_t end;
	/* bytes of a refused message that are still to come */
	uint64_t skip;
	/* head of the last message that was refused for its size */
	struct wire_control refused;
	unsigned char bytes[2 * MAX_CONTROL_BYTES];
};

enum control_status {
	/* more bytes are needed */
	CONTROL_MORE,
	/* *message is whole and sound; it lives until the next call of control_space() */
	CONTROL_MESSAGE,
	/* *message is the head of an unsound one, *why the reason */
	CONTROL_REFUSED,
};

/* Where the next read may put bytes, and how many. Never 0. */
unsigned char *control_space(struct control_reader *reader, size_t *bytes);

/* `bytes` were put there. */
void control_filled(struct control_reader *reader, size_t bytes);

enum control_status control_next(struct control_reader *reader, const struct wire_control **message,
				 struct refusal *why);

/* Sets *why; returns false so that a check can end with it. */
bool refuse(struct refusal *why, int error, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
