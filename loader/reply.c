// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/* See reply.h. */
#include <string.h>

#include "reply.h"

static void put(struct outbox *outbox, const struct wire_control *to, uint64_t value, int error,
		const char *text)
{
	struct wire_reply reply = {
		.header.pid = to->pid,
		.value = value,
		.id = to->id,
		.error = error,
		.text_bytes = strlen(text),
	};

	outbox_put_parts(outbox, &reply.header, KIND_REPLY, sizeof(reply), text, reply.text_bytes);
}

void reply_value(struct outbox *outbox, const struct wire_control *to, uint64_t value)
{
	put(outbox, to, value, 0, "");
}

void reply_text(struct outbox *outbox, const struct wire_control *to, uint64_t value,
		const char *text)
{
	put(outbox, to, value, 0, text);
}

void reply_refusal(struct outbox *outbox, const struct wire_control *to, const struct refusal *why)
{
	put(outbox, to, 0, why->error, why->text);
}
