/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* The one answer to each control message. Used by commands.c. */
#ifndef TSUNAGI_REPLY_H
#define TSUNAGI_REPLY_H

#include "control.h"
#include "outbox.h"

void reply_value(struct outbox *outbox, const struct wire_control *to, uint64_t value);

void reply_text(struct outbox *outbox, const struct wire_control *to, uint64_t value,
		const char *text);

void reply_refusal(struct outbox *outbox, const struct wire_control *to, const struct refusal *why);

#endif
