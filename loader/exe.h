/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Byte ranges of a process's executable, for READ_EXE. Used by commands.c. */
#ifndef TSUNAGI_EXE_H
#define TSUNAGI_EXE_H

#include "control.h"
#include "outbox.h"

/* Sends the range in KIND_EXE_DATA records; *sent is less than asked for only at the end of the
 * file. */
bool exe_send(struct outbox *outbox, const struct wire_read_exe *range, uint64_t *sent,
	      struct refusal *why);

#endif
