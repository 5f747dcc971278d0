/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * Beginning and end of processes, told at once: the service looks at a new program, the loader sweeps
 * what a dead one left in the maps.
 */
#ifndef TSUNAGI_PROCESS_H
#define TSUNAGI_PROCESS_H

#include <bpf/bpf_core_read.h>
#include "emit.h"

static __always_inline int process_event(u16 kind)
{
	struct wire_process_event *event = bpf_ringbuf_reserve(&ring, sizeof(*event), 0);

	if (!event) {
		count(COUNTER_PROCESS_EVENT_LOST);
		return 0;
	}
	emit_stamp(&event->header, sizeof(*event), kind, bpf_get_current_pid_tgid() >> 32,
		   bpf_ktime_get_ns());
	emit_submit_now(event);
	return 0;
}

/*
 * Every thread comes by; `live` counts those of the group that have not begun to exit. Threads that
 * end together all see 0: the first one tells.
 */
static __always_inline int task_exited(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *task = (void *)ctx->args[0];
	struct exited_process process = {};
	u32 told = 1;

	if (BPF_CORE_READ(task, signal, live.counter))
		return 0;
	process.tgid = BPF_CORE_READ(task, tgid);
	process.start_ns = BPF_CORE_READ(task, group_leader, start_boottime);
	if (bpf_map_update_elem(&exited, &process, &told, BPF_NOEXIST))
		return 0;
	return process_event(KIND_PROCESS_EXIT);
}

#endif
