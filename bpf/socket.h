/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * From a Go net.Conn to the kernel's socket: interface -> *net.TCPConn -> *net.netFD -> descriptor ->
 * file of the current task -> struct sock. Offsets inside package net are the same in Go 1.17 to 1.27.
 */
#ifndef TSUNAGI_SOCKET_H
#define TSUNAGI_SOCKET_H

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include "go_abi.h"

#define AF_INET 2
#define AF_INET6 10
#define SOCK_STREAM 1
#define S_IFMT 0170000
#define S_IFSOCK 0140000
#define NO_DESCRIPTOR 0xffffffff
/* words of an unknown net.Conn that are tried as an embedded one */
#define WRAPPER_WORDS 8

/* The head of net.netFD: poll.FD (Sysfd at 16), family at 56, sotype at 64. */
struct go_net_fd {
	u64 lock[2];
	u64 descriptor;
	u64 rest[4];
	u64 family;
	u64 type;
};

/*
 * The descriptor in the netFD that *holder points to. Told by its shape, a TCP family and SOCK_STREAM
 * where they must be, so that no symbol of the executable is needed.
 */
static __always_inline u32 descriptor_in(u64 holder)
{
	struct go_net_fd fd = {};
	u64 address = peek_word(holder);

	if (address < LOWEST_POINTER || bpf_probe_read_user(&fd, sizeof(fd), (void *)address))
		return NO_DESCRIPTOR;
	if ((fd.family != AF_INET && fd.family != AF_INET6) || fd.type != SOCK_STREAM)
		return NO_DESCRIPTOR;
	return (u32)fd.descriptor;
}

/* `connection` is the data pointer of a net.Conn: a *net.TCPConn, or a struct that embeds one (tls.Conn does). */
static __always_inline u32 connection_descriptor(u64 connection)
{
	u32 descriptor = descriptor_in(connection);
	u32 i;

	for (i = 1; i <= WRAPPER_WORDS && descriptor == NO_DESCRIPTOR; i++)
		descriptor = descriptor_in(peek_word(connection + 8 * i));
	return descriptor;
}

static __always_inline struct sock *descriptor_socket(u32 descriptor)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct fdtable *table;
	struct file *file = 0;
	struct socket *socket;

	if (descriptor == NO_DESCRIPTOR)
		return 0;
	table = BPF_CORE_READ(task, files, fdt);
	if (descriptor >= BPF_CORE_READ(table, max_fds))
		return 0;
	bpf_probe_read_kernel(&file, sizeof(file), BPF_CORE_READ(table, fd) + descriptor);
	if (!file || (BPF_CORE_READ(file, f_inode, i_mode) & S_IFMT) != S_IFSOCK)
		return 0;
	socket = BPF_CORE_READ(file, private_data);
	return BPF_CORE_READ(socket, sk);
}

static __always_inline u64 socket_cookie(struct sock *sk)
{
	return BPF_CORE_READ(sk, __sk_common.skc_cookie.counter);
}

/* The far side; an IPv4 address in IPv6 clothes is told as IPv4. */
static __always_inline void socket_peer(struct sock *sk, struct client_call *call)
{
	u16 family = BPF_CORE_READ(sk, __sk_common.skc_family);
	u32 words[4] = {};

	__builtin_memset(call->peer_address, 0, sizeof(call->peer_address));
	call->peer_family = 0;
	call->peer_port = bpf_ntohs(BPF_CORE_READ(sk, __sk_common.skc_dport));
	if (family == AF_INET) {
		words[0] = BPF_CORE_READ(sk, __sk_common.skc_daddr);
	} else if (family == AF_INET6) {
		BPF_CORE_READ_INTO(&words, sk, __sk_common.skc_v6_daddr);
		if (!words[0] && !words[1] && words[2] == bpf_htonl(0xffff)) {
			words[0] = words[3];
			words[2] = 0;
			words[3] = 0;
			family = AF_INET;
		}
	} else {
		return;
	}
	call->peer_family = family;
	__builtin_memcpy(call->peer_address, words, sizeof(words));
}

#endif
