/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * The creator link: a goroutine inherits the server span that its creator works for. Called where
 * runtime.newproc1 sets the newborn's status: AX = new g, BX = its old status, R14 = g0, whose m runs
 * the creator. Keyed by the address of the g, since its goid is not set yet in Go until 1.23; every
 * birth writes or clears the entry, so a g that is used again is never stale.
 */
#ifndef TSUNAGI_GOROUTINE_H
#define TSUNAGI_GOROUTINE_H

#include "go_abi.h"

/* The span that `ref` names, or 0 when its request is over. */
static __always_inline struct server_span *live_span(const struct probe *probe,
						     const struct span_ref *ref)
{
	struct goroutine_key key = goroutine_key(probe, ref->goid);
	struct server_span *span = bpf_map_lookup_elem(&server_spans, &key);

	return span && span->span_id == ref->span_id ? span : 0;
}

static __always_inline int goroutine_started(struct pt_regs *ctx)
{
	struct goroutine_key newborn, key;
	struct span_ref link = {};
	struct server_span *span;
	struct span_ref *inherited;
	struct probe probe;
	u64 creator;

	if (!probe_enter(ctx, &probe) || (u32)ctx->bx != probe.layout->g_dead)
		return 0;
	newborn = goroutine_key(&probe, ctx->ax);
	creator = read_word(read_word(ctx->r14 + probe.layout->g_m) + probe.layout->m_curg);
	if (creator) {
		link.goid = read_word(creator + probe.layout->g_goid);
		key = goroutine_key(&probe, link.goid);
		span = bpf_map_lookup_elem(&server_spans, &key);
		if (span) {
			link.span_id = span->span_id;
		} else {
			key = goroutine_key(&probe, creator);
			inherited = bpf_map_lookup_elem(&creator_links, &key);
			if (inherited && live_span(&probe, inherited))
				link = *inherited;
		}
	}
	if (link.span_id) {
		if (bpf_map_update_elem(&creator_links, &newborn, &link, BPF_ANY))
			count(COUNTER_LINK_MAP_FULL);
	} else if (bpf_map_lookup_elem(&creator_links, &newborn)) {
		bpf_map_delete_elem(&creator_links, &newborn);
	}
	return 0;
}

#endif
