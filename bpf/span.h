/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * What server and client spans share: fresh ids, the sampling decision (taken before anything is sent,
 * so that the flags on the wire are true), and the head of a capture record.
 */
#ifndef TSUNAGI_SPAN_H
#define TSUNAGI_SPAN_H

#include "emit.h"
#include "go_abi.h"
#include "plan.h"
#include "traceparent.h"

/* string_bytes index of a server start's tracestate; no plan uses it */
#define STRING_TRACESTATE (MAX_STRINGS - 1)

/* Eight random bytes that are not all zero. */
static __always_inline u64 random_id(void)
{
	u64 id = (u64)bpf_get_prandom_u32() << 32 | bpf_get_prandom_u32();

	return id ? id : 1;
}

/* Samplers of the OpenTelemetry specification; `parent_sampled` is -1 where there is no parent. */
static __always_inline bool sample(const struct target_config *target, const u64 *trace_id,
				   int parent_sampled)
{
	if (target->parent_based && parent_sampled >= 0)
		return parent_sampled;
	if (target->sampler == SAMPLER_ALWAYS_ON)
		return true;
	if (target->sampler == SAMPLER_RATIO)
		return __builtin_bswap64(trace_id[1]) >> 1 < target->threshold;
	return false;
}

/* A zeroed head; the ids are the caller's to copy. */
static __always_inline struct wire_span *span_head(u8 *record, u16 kind, u32 probe_index,
						   const struct probe *probe, u32 slot)
{
	struct wire_span *span = (struct wire_span *)record;

	__builtin_memset(span, 0, sizeof(*span));
	emit_stamp(&span->header, 0, kind, probe->tgid, probe->time_ns);
	span->goid = probe->goid;
	span->slot = slot;
	span->probe = probe_index;
	return span;
}

static __always_inline void span_ids(struct wire_span *span, const u64 *trace_id, u64 span_id,
				     u64 parent_id, u8 flags)
{
	((u64 *)span->trace_id)[0] = trace_id[0];
	((u64 *)span->trace_id)[1] = trace_id[1];
	*(u64 *)span->span_id = span_id;
	*(u64 *)span->parent_id = parent_id;
	span->trace_flags = flags;
}

#endif
