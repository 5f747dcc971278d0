/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * What every probe does first: is the process a target, which decoder slot does the binding use, which
 * goroutine is this. Registers are those of Go's ABIInternal on amd64 (arguments AX BX CX DI ..., R14 =
 * the running g), intact at every site that the service chooses.
 */
#ifndef TSUNAGI_GO_ABI_H
#define TSUNAGI_GO_ABI_H

#include "counters.h"

/* No user address lies below this; stops pointer chases at nil and small integers. */
#define LOWEST_POINTER 4096
/* go_layout: this Go has no such field */
#define NO_FIELD 0xffffffff

struct probe {
	const struct target_config *target;
	const struct go_layout *layout;
	/* running goroutine and time of the probe; 0 until probe_goroutine() */
	u64 goid;
	u64 time_ns;
	u32 tgid;
	u32 slot;
};

/* 0 when nothing is there; for chases that may end in nothing. */
static __always_inline u64 peek_word(u64 address)
{
	u64 word = 0;

	bpf_probe_read_user(&word, sizeof(word), (void *)address);
	return word;
}

/* 0, and counted, when the read fails. */
static __always_inline u64 read_word(u64 address)
{
	u64 word = 0;

	if (bpf_probe_read_user(&word, sizeof(word), (void *)address))
		count(COUNTER_READ_FAULT);
	return word;
}

/* False: not ours, leave at once. Uprobes fire for every process of an executable, so this is the fast way out. */
static __always_inline bool probe_enter(struct pt_regs *ctx, struct probe *probe)
{
	u32 tgid = bpf_get_current_pid_tgid() >> 32;
	u32 binding, slot;
	u32 *found;

	probe->target = bpf_map_lookup_elem(&targets, &tgid);
	if (!probe->target)
		return false;
	binding = (u32)bpf_get_attach_cookie(ctx);
	found = bpf_map_lookup_elem(&bindings, &binding);
	slot = found ? *found : NO_SLOT;
	probe->layout = bpf_map_lookup_elem(&layouts, &slot);
	if (!probe->layout) {
		count(COUNTER_NO_BINDING);
		return false;
	}
	probe->tgid = tgid;
	probe->slot = slot;
	probe->goid = 0;
	probe->time_ns = 0;
	return true;
}

static __always_inline bool probe_goroutine(struct pt_regs *ctx, struct probe *probe)
{
	probe->time_ns = bpf_ktime_get_ns();
	probe->goid = read_word(ctx->r14 + probe->layout->g_goid);
	return probe->goid != 0;
}

static __always_inline u32 probe_site_flags(struct pt_regs *ctx)
{
	return bpf_get_attach_cookie(ctx) >> 32;
}

static __always_inline struct goroutine_key goroutine_key(const struct probe *probe, u64 id)
{
	struct goroutine_key key = { .tgid = probe->tgid, .id = id };

	return key;
}

#endif
