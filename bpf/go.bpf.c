// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/*
 * The programs of tsunagi-go; each is one call into the header of its concern. The loader attaches the
 * uprobe programs to the sites that the service names, with cookie = binding | site flags << 32.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "client_arm.h"
#include "process.h"
#include "server.h"
#include "sock_msg.h"
#include "sock_ops.h"

char LICENSE[] SEC("license") = "GPL";

SEC("uprobe")
int server_start(struct pt_regs *ctx)
{
	return server_started(ctx);
}

SEC("uprobe")
int server_end(struct pt_regs *ctx)
{
	return server_ended(ctx, PROBE_SERVER_END);
}

SEC("uprobe")
int server_abort(struct pt_regs *ctx)
{
	return server_aborted(ctx, PROBE_SERVER_ABORT);
}

SEC("uprobe")
int server_end_h2(struct pt_regs *ctx)
{
	return server_ended(ctx, PROBE_SERVER_END_H2);
}

SEC("uprobe")
int server_abort_h2(struct pt_regs *ctx)
{
	return server_aborted(ctx, PROBE_SERVER_ABORT_H2);
}

SEC("uprobe")
int server_end_x_net(struct pt_regs *ctx)
{
	return server_ended(ctx, PROBE_SERVER_END_X_NET);
}

SEC("uprobe")
int server_abort_x_net(struct pt_regs *ctx)
{
	return server_aborted(ctx, PROBE_SERVER_ABORT_X_NET);
}

SEC("uprobe")
int client_start(struct pt_regs *ctx)
{
	return client_started(ctx);
}

SEC("uprobe")
int client_arm(struct pt_regs *ctx)
{
	return client_armed(ctx);
}

SEC("uprobe")
int client_end(struct pt_regs *ctx)
{
	return client_ended(ctx);
}

SEC("uprobe")
int goroutine_start(struct pt_regs *ctx)
{
	return goroutine_started(ctx);
}

SEC("sockops")
int sock_ops(struct bpf_sock_ops *ops)
{
	return socket_event(ops);
}

SEC("sk_msg")
int sock_msg(struct sk_msg_md *msg)
{
	return message_sent(msg);
}

SEC("raw_tp/sched_process_exec")
int process_exec(struct bpf_raw_tracepoint_args *ctx)
{
	(void)ctx;
	return process_event(KIND_PROCESS_EXEC);
}

SEC("raw_tp/sched_process_exit")
int process_exit(struct bpf_raw_tracepoint_args *ctx)
{
	return task_exited(ctx);
}
