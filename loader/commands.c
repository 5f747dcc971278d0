// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/* See commands.h. */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "backfill.h"
#include "closer.h"
#include "commands.h"
#include "exe.h"
#include "skeleton.h"
#include "maps_abi.h"
#include "ports.h"
#include "procs.h"
#include "reply.h"
#include "sweep.h"

/* A probe that saw the target before it went has long ended after a whole tick. */
#define RELEASE_TICKS 2

static bool update(const struct bpf_map *map, const void *key, const void *value,
		   struct refusal *why)
{
	if (bpf_map_update_elem(bpf_map__fd(map), key, value, BPF_ANY) == 0)
		return true;
	return refuse(why, errno, "cannot write to map \"%s\": %s", bpf_map__name(map),
		      strerror(errno));
}

static bool set_target(struct commands *commands, const struct wire_target *target,
		       struct refusal *why)
{
	struct target_config config = {
		.sampler = target->sampler,
		.parent_based = target->parent_based,
		.measure = target->measure,
		.threshold = target->threshold,
	};
	const struct bpf_map *targets = commands->kernel->skel->maps.targets;

	if (target->enabled) {
		/* The end of one that has ended already was told, and nobody would take its entry away. */
		if (kill(target->control.pid, 0) < 0 && errno == ESRCH)
			return refuse(why, ESRCH, "cannot trace process %u: no such process",
				      target->control.pid);
		/* What it left was captured before its probes went, and will get no end. */
		if (commands->release_ticks &&
		    !kernel_has_target(commands->kernel, target->control.pid))
			sweep_released(commands->kernel, commands->stats, target->control.pid);
		return update(targets, &target->control.pid, &config, why);
	}
	if (bpf_map_delete_elem(bpf_map__fd(targets), &target->control.pid) < 0)
		return refuse(why, errno, "cannot stop tracing process %u: it is not traced",
			      target->control.pid);
	commands->release_ticks = RELEASE_TICKS;
	return true;
}

static bool set_plan(const struct commands *commands, const struct wire_plan *message,
		     struct refusal *why)
{
	uint32_t index = message->slot * MAX_PROBES + message->probe;
	struct capture_plan plan = { .count = message->count };

	memcpy(plan.ops, message->ops, message->count * sizeof(*plan.ops));
	return update(commands->kernel->skel->maps.plans, &index, &plan, why);
}

static bool detach(struct commands *commands, const struct wire_detach *message,
		   struct refusal *why)
{
	struct attachment *attachment = attach_take(&commands->attachments, message->attachment);

	if (!attachment)
		return refuse(why, ENOENT, "cannot detach %llu: no such attachment",
			      (unsigned long long)message->attachment);
	if (!reaper_submit(&commands->reaper, attachment, &message->control)) {
		closer_run(attachment);
		reply_value(commands->outbox, &message->control, 0);
	}
	return true;
}

static bool backfill(struct commands *commands, const struct wire_control *message,
		     struct refusal *why)
{
	struct backfill result;

	if (!backfill_run(commands->kernel, message->pid, &result, why))
		return false;
	commands->stats->own[COUNTER_SOCKETS_ADOPTED] += result.adopted;
	commands->stats->own[COUNTER_SOCKET_TRACK_FAILED] += result.failed;
	reply_value(commands->outbox, message, result.adopted);
	return true;
}

static bool tell_ports(struct commands *commands, const struct wire_control *message,
		       struct refusal *why)
{
	char text[MAX_PORTS_TEXT];
	struct ports ports;

	if (!ports_read(message->pid, &ports, why))
		return false;
	ports_format(&ports, text);
	reply_text(commands->outbox, message, ports.count, text);
	return true;
}

/* False with *why; else the reply is sent, or will be by commands_finish(). */
static bool serve(struct commands *commands, const struct wire_control *message,
		  struct refusal *why)
{
	const struct kernel *kernel = commands->kernel;
	const struct wire_layout *layout = (const void *)message;
	const struct wire_flip *flip = (const void *)message;
	uint64_t value = 0;
	bool done = false;

	switch (message->kind) {
	case KIND_DETACH:
		return detach(commands, (const void *)message, why);
	case KIND_BACKFILL:
		return backfill(commands, message, why);
	case KIND_PORTS:
		return tell_ports(commands, message, why);
	case KIND_LIST:
		value = procs_list(commands->outbox, message->id);
		done = true;
		break;
	case KIND_DESCRIBE:
		done = procs_describe(commands->outbox, message->id, message->pid, why);
		break;
	case KIND_READ_EXE:
		done = exe_send(commands->outbox, (const void *)message, &value, why);
		break;
	case KIND_ATTACH:
		value = attach_sites(&commands->attachments, kernel, (const void *)message, why);
		done = value != 0;
		break;
	case KIND_TARGET:
		done = set_target(commands, (const void *)message, why);
		break;
	case KIND_PLAN:
		done = set_plan(commands, (const void *)message, why);
		break;
	case KIND_LAYOUT:
		done = update(kernel->skel->maps.layouts, &layout->slot, &layout->layout, why);
		break;
	case KIND_FLIP:
		done = update(kernel->skel->maps.bindings, &flip->binding, &flip->slot, why);
		break;
	case KIND_QUERY_STATS:
		stats_send(commands->stats, kernel, commands->outbox);
		done = true;
		break;
	}
	if (done)
		reply_value(commands->outbox, message, value);
	return done;
}

bool commands_read(struct commands *commands, int fd)
{
	const struct wire_control *message;
	enum control_status status;
	struct refusal why;
	size_t room;
	unsigned char *space = control_space(&commands->reader, &room);
	ssize_t bytes = read(fd, space, room);

	if (bytes <= 0)
		return bytes < 0 && (errno == EINTR || errno == EAGAIN);
	control_filled(&commands->reader, bytes);
	while ((status = control_next(&commands->reader, &message, &why)) != CONTROL_MORE)
		if (status == CONTROL_REFUSED || !serve(commands, message, &why))
			reply_refusal(commands->outbox, message, &why);
	outbox_flush(commands->outbox);
	return true;
}

void commands_tick(struct commands *commands)
{
	if (commands->release_ticks && --commands->release_ticks == 0)
		sweep_released(commands->kernel, commands->stats, 0);
}

void commands_finish(struct commands *commands)
{
	struct wire_control control;

	while (reaper_finished(&commands->reaper, &control))
		reply_value(commands->outbox, &control, 0);
	outbox_flush(commands->outbox);
}
