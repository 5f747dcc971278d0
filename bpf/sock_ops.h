/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * Puts the client sockets of targets, and no others, into the sockhash on which sk_msg runs: the
 * connecting task is known in connect(), the socket may join only once it is established.
 */
#ifndef TSUNAGI_SOCK_OPS_H
#define TSUNAGI_SOCK_OPS_H

#include <bpf/bpf_core_read.h>
#include "counters.h"

static __always_inline void socket_connecting(struct bpf_sock_ops *ops)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	u32 tgid = BPF_CORE_READ(task, tgid), state = TRACKED_CONNECTING;
	u64 cookie;

	if (!bpf_map_lookup_elem(&targets, &tgid))
		return;
	cookie = bpf_get_socket_cookie(ops);
	if (bpf_map_update_elem(&tracked, &cookie, &state, BPF_ANY))
		count(COUNTER_SOCKET_TRACK_FAILED);
}

static __always_inline void socket_connected(struct bpf_sock_ops *ops)
{
	u64 cookie = bpf_get_socket_cookie(ops);
	u32 *state = bpf_map_lookup_elem(&tracked, &cookie);

	if (!state || *state != TRACKED_CONNECTING)
		return;
	if (bpf_sock_hash_update(ops, &sockets, &cookie, BPF_NOEXIST)) {
		count(COUNTER_SOCKET_TRACK_FAILED);
		bpf_map_delete_elem(&tracked, &cookie);
		return;
	}
	*state = TRACKED_IN_HASH;
	count(COUNTER_SOCKETS_TRACKED);
}

static __always_inline int socket_event(struct bpf_sock_ops *ops)
{
	if (ops->op == BPF_SOCK_OPS_TCP_CONNECT_CB)
		socket_connecting(ops);
	else if (ops->op == BPF_SOCK_OPS_ACTIVE_ESTABLISHED_CB)
		socket_connected(ops);
	return 1;
}

#endif
