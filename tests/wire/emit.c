// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/*
 * Writes one file for each record and control message of bpf/wire.h, every field with a value of its own,
 * into the folder it is given. wire_test.ts compares them with the committed ones and decodes those, which
 * proves offset, width, sign and byte order of each field between C and TypeScript.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/types.h>

#include "wire.h"

static const char *folder;

/* `tail` follows the struct, padded to 8; the size is written into the first field. */
static void emit(const char *name, void *message, size_t bytes, const void *tail, size_t tail_bytes)
{
	size_t padded = (tail_bytes + 7) & ~(size_t)7;
	unsigned char *buffer = calloc(1, bytes + padded);
	char path[4096];
	FILE *file;

	*(__u32 *)message = bytes + padded;
	memcpy(buffer, message, bytes);
	memcpy(buffer + bytes, tail, tail_bytes);
	snprintf(path, sizeof(path), "%s/%s.bin", folder, name);
	file = fopen(path, "w");
	if (!file || fwrite(buffer, 1, bytes + padded, file) != bytes + padded || fclose(file)) {
		perror(path);
		exit(1);
	}
	free(buffer);
}

#define EMIT(name, message) emit(name, &(message), sizeof(message), "", 0)
#define EMIT_TAIL(name, message, tail) emit(name, &(message), sizeof(message), tail, sizeof(tail))

static struct wire_header header(__u16 kind)
{
	return (struct wire_header){
		.kind = kind,
		.flags = 0xa1a2,
		.time_ns = 0xf1f2f3f4f5f6f7f8,
		.cpu = 0xb1b2b3b4,
		.pid = 0xc1c2c3c4,
	};
}

static struct wire_control control(__u16 kind)
{
	return (struct wire_control){ .kind = kind, .id = 0xd1d2d3d4, .pid = 0xe1e2e3e4 };
}

static void fill(__u8 *bytes, size_t count, __u8 first)
{
	for (size_t i = 0; i < count; i++)
		bytes[i] = first + i;
}

static void emit_records(void)
{
	struct wire_hello hello = {
		.header = header(KIND_HELLO),
		.fingerprint = 0x8182838485868788,
		.realtime_offset_ns = -0x0102030405060708,
		.wire_version = 0x91929394,
		.loader_pid = 0x95969798,
		.features =
			FEATURE_UPROBE_MULTI | FEATURE_FIONREAD_DEFECT | FEATURE_LOCKDOWN_INTEGRITY,
		.cpus = 0x999a9b9c,
	};
	static const char hello_text[] = "6.1.0-x\0node-a\0/sys/fs/cgroup";
	struct wire_span_lost lost = {
		.header = header(KIND_SPAN_LOST),
		.reason = LOST_ABANDONED,
		.reserved = 0x9d9e9fa0,
	};
	struct wire_process_event exited = { .header = header(KIND_PROCESS_EXIT) };
	struct wire_process process = {
		.header = header(KIND_PROCESS),
		.id = 0x81828384,
		.parent_pid = 0x85868788,
		.exe_device = 0x898a8b8c8d8e8f90,
		.exe_inode = 0x9192939495969798,
		.exe_bytes_total = 0x00199a9b9c9d9e9f,
		.exe_modified_ns = 0xa1a2a3a4a5a6a7a8,
		.start_ns = 0xb1b2b3b4b5b6b7b8,
		.exe_bytes = 9,
		.env_bytes = 42,
		.args_bytes = 9,
		.cgroup_bytes = 10,
	};
	static const char process_text[9 + 42 + 9 + 10] =
		"/app/\xc3\xa9"
		"xe"
		"OTEL_SERVICE_NAME=cart\0OTEL_A=b=c\0OTEL_B=\0"
		"exe\0\0--a\0"
		"/docker/ab";
	struct wire_exe_data data = {
		.header = header(KIND_EXE_DATA),
		.offset = 0x0011121314151617,
		.id = 0x81828384,
		.count = 5,
	};
	static const __u8 data_bytes[5] = { 0, 0x80, 0xff, 1, 2 };
	struct wire_reply reply = {
		.header = header(KIND_REPLY),
		.value = 0x0011121314151617,
		.id = 0x81828384,
		.error = 0x85868788,
		.text_bytes = 6,
	};
	struct wire_stats stats = {
		.header = header(KIND_STATS),
		.realtime_offset_ns = -0x1112131415161718,
		.records_sent = 0x0001020304050607,
		.bytes_sent = 0x0011121314151617,
		.cpu_time_ns = 0x0002030405060708,
		.resident_bytes = 0x0003040506070809,
		.cpu_drops = 2,
	};
	static const struct wire_cpu_drops drops[2] = {
		{ .ring_full = 0x0004050607080910, .cpu = 3 },
		{ .ring_full = 5, .cpu = 0xa1a2a3a4 },
	};

	hello.text_bytes = sizeof(hello_text);
	fill(lost.span_id, sizeof(lost.span_id), 0xd0);
	for (int i = 0; i < MAX_COUNTERS; i++)
		stats.counters[i] = 0x0000a00000000000 + 1000 * i;
	EMIT_TAIL("hello", hello, hello_text);
	EMIT("span_lost", lost);
	EMIT("process_exit", exited);
	EMIT_TAIL("process", process, process_text);
	EMIT_TAIL("exe_data", data, data_bytes);
	emit("reply", &reply, sizeof(reply), "sorry!", 6);
	EMIT_TAIL("stats", stats, drops);
}

static void emit_span(void)
{
	struct wire_span span = {
		.header = header(KIND_SPAN_END),
		.goid = 0x8182838485868788,
		.slot = 0x898a,
		.probe = 0x8b,
		.trace_flags = 0x8c,
		.parent = 0x8d,
		.outcome = 0x8e,
		.attempts = 0x8f,
		.truncated = 0x90,
		.peer_port = 0x9192,
		.peer_family = 0x9394,
		.reserved = 0x95969798,
		.error_type = 0x999a9b9c9d9e9fa0,
	};
	static const __u8 payload[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };

	fill(span.trace_id, sizeof(span.trace_id), 0x10);
	fill(span.span_id, sizeof(span.span_id), 0x30);
	fill(span.parent_id, sizeof(span.parent_id), 0x40);
	fill(span.peer_address, sizeof(span.peer_address), 0x50);
	for (int i = 0; i < 8; i++)
		span.string_bytes[i] = 0xf000 + i;
	EMIT_TAIL("span", span, payload);
}

static void emit_controls(void)
{
	struct wire_control list = control(KIND_LIST);
	struct wire_read_exe read = { control(KIND_READ_EXE), 0x0011121314151617, 0x00018283 };
	struct wire_attach attach = { control(KIND_ATTACH), 0x81828384, 2 };
	static const struct wire_site sites[2] = {
		{ 0x0011121314151617, 0x85868788, 0x898a8b8c },
		{ 0x0012131415161718, 0x8d8e8f90, 0x91929394 },
	};
	struct wire_detach detach = { control(KIND_DETACH), 0x0011121314151617 };
	struct wire_target target = {
		control(KIND_TARGET), 1, SAMPLER_RATIO, 1, 1, { 0 }, 0x8182838485868788,
	};
	struct wire_plan plan = { control(KIND_PLAN),
				  0x81828384,
				  0x8586,
				  2,
				  {
					  { 0x87, 0x88, 0x898a, 0x8b8c, 0x8d8e },
					  { 0x97, 0x98, 0x999a, 0x9b9c, 0x9d9e },
				  } };
	struct wire_layout layout = { control(KIND_LAYOUT), 0x81828384, 0, { 0 } };
	struct wire_flip flip = { control(KIND_FLIP), 0x81828384, 0x85868788 };

	for (size_t i = 0; i < sizeof(layout.layout) / 4; i++)
		((__u32 *)&layout.layout)[i] = 0xf0000000 + i;
	EMIT("control_list", list);
	EMIT("control_read_exe", read);
	EMIT_TAIL("control_attach", attach, sites);
	EMIT("control_detach", detach);
	EMIT("control_target", target);
	EMIT("control_plan", plan);
	EMIT("control_layout", layout);
	EMIT("control_flip", flip);
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fputs("usage: emit FOLDER\n", stderr);
		return 2;
	}
	folder = argv[1];
	emit_records();
	emit_span();
	emit_controls();
	return 0;
}
