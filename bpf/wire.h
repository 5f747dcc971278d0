/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * The only definition of what crosses a border: ring buffer record = pipe frame (kernel -> loader ->
 * service) and control message (service -> loader). Included by bpf/ and loader/; scripts/gen_wire.ts
 * turns its BTF into wire.gen.ts and wire.gen.h. Everything is little-endian, sizes are multiples of 8,
 * padding is explicit. Kinds and fields are only appended; a removed kind keeps its number.
 */
#ifndef TSUNAGI_WIRE_H
#define TSUNAGI_WIRE_H

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the wire format is little-endian"
#endif

#pragma clang diagnostic push
#pragma clang diagnostic error "-Wpadded"

enum wire_limit {
	WIRE_VERSION = 1,
	/* Longest record of any kind; a reader that sees a larger size has lost its place. */
	MAX_RECORD_BYTES = 131072,
	/* Payload bytes of one EXE_DATA record. */
	MAX_EXE_DATA_BYTES = 65536,
	MAX_SLOTS = 256,
	MAX_BINDINGS = 1024,
	MAX_PLAN_OPS = 24,
	MAX_STRINGS = 8,
	MAX_TRACESTATE_BYTES = 256,
	/* Longest string that a plan may capture; see OP_STRING. */
	MAX_STRING_BYTES = 512,
	/* CPUs in one STATS record; see struct wire_cpu_drops. */
	MAX_CPU_DROPS = 256,
	/* Ring reservation of a start and of an end record (head, payload, registers). */
	CAPTURE_START_BYTES = 1792,
	CAPTURE_END_BYTES = 768,
};

/* 1-63 are records (to the service), 64-127 control messages (to the loader). */
enum wire_kind {
	KIND_HELLO = 1,
	KIND_SPAN_START = 2,
	KIND_SPAN_END = 3,
	KIND_SPAN_LOST = 4,
	KIND_PROCESS_EXEC = 5,
	KIND_PROCESS_EXIT = 6,
	KIND_PROCESS = 7,
	KIND_EXE_DATA = 8,
	KIND_REPLY = 9,
	KIND_STATS = 10,

	KIND_LIST = 64,
	KIND_DESCRIBE = 65,
	KIND_READ_EXE = 66,
	KIND_ATTACH = 67,
	KIND_DETACH = 68,
	KIND_TARGET = 69,
	KIND_PLAN = 70,
	KIND_LAYOUT = 71,
	KIND_FLIP = 72,
	KIND_BACKFILL = 73,
	KIND_QUERY_STATS = 74,
	KIND_PORTS = 75,
};

/* Probe programs; also the index of a plan inside a slot. */
enum wire_probe {
	/* net/http.serverHandler.ServeHTTP */
	PROBE_SERVER_START = 0,
	/* net/http.(*response).finishRequest */
	PROBE_SERVER_END = 1,
	/* net/http.(*conn).serve.func1: a handler that panicked or hijacked, a connection that was cut */
	PROBE_SERVER_ABORT = 2,
	/* net/http.(*http2responseWriter).handlerDone */
	PROBE_SERVER_END_H2 = 3,
	/* net/http.(*http2serverConn).runHandler.func1 */
	PROBE_SERVER_ABORT_H2 = 4,
	/* net/http.(*Transport).roundTrip */
	PROBE_CLIENT_START = 5,
	/* net/http.(*persistConn).roundTrip: puts the header into the pending map, captures nothing */
	PROBE_CLIENT_ARM = 6,
	/* a conditional jump after the call of persistConn.roundTrip, or a RET of Transport.roundTrip */
	PROBE_CLIENT_END = 7,
	/* the calls of runtime.casgstatus in runtime.newproc1 */
	PROBE_GOROUTINE = 8,
	/* golang.org/x/net/http2.(*responseWriter).handlerDone; a slot may have no plan for this module's
	 * version, then nothing of the answer is captured (OUTCOME_UNSEEN) */
	PROBE_SERVER_END_X_NET = 9,
	/* golang.org/x/net/http2.(*serverConn).runHandler.func1 */
	PROBE_SERVER_ABORT_X_NET = 10,
	MAX_PROBES = 11,
};

/* Upper half of an attach cookie; the lower half is the binding. */
enum wire_site_flag {
	/* PROBE_CLIENT_END: the call is over whatever the registers say (a RET). */
	SITE_FINAL = 1,
};

enum wire_op_code {
	OP_END = 0,
	/* Copy `length` bytes from *(u64 *)(capture + source) + add to the cursor; the cursor moves on. */
	OP_READ = 1,
	/* (pointer, length) at capture + source: copy at most `length` bytes; string_bytes[string] = n. */
	OP_STRING = 2,
	/* OP_READ that leaves the cursor where it is: scratch for the next ops, never sent. */
	OP_PEEK = 3,
};

/* Registers in a capture, as indices of its register file. */
enum wire_register {
	REG_AX = 0,
	REG_BX = 1,
	REG_CX = 2,
	REG_DI = 3,
	REG_SI = 4,
	REG_R8 = 5,
	REG_R9 = 6,
	REG_R10 = 7,
	REG_R11 = 8,
	REG_SP = 9,
	/* R14, the running g */
	REG_G = 10,
	/* The object a probe speaks of: server start *http.Request, server end *http.response (or the h2
	 * writer), client start *http.Request, client end *http.Response or 0. Plans start from here. */
	REG_OBJECT = 11,
	MAX_REGISTERS = 12,
};

enum wire_parent {
	PARENT_NONE = 0,
	PARENT_REMOTE = 1,
	PARENT_GOROUTINE = 2,
	PARENT_CONTEXT = 3,
	PARENT_CREATOR = 4,
	PARENT_GOID = 5,
};

enum wire_outcome {
	OUTCOME_OK = 0,
	/* client: RoundTrip returned an error */
	OUTCOME_ERROR = 1,
	/* server: the handler panicked */
	OUTCOME_PANIC = 2,
	/* server: the handler took the connection over */
	OUTCOME_HIJACKED = 3,
	/* server: over, but the answer could not be looked at: the slot has no plan for the probe */
	OUTCOME_UNSEEN = 4,
};

enum wire_map_kind {
	MAP_KIND_HMAP = 1,
	MAP_KIND_SWISS = 2,
};

/* Why a span that had a start record will get no end. */
enum wire_lost_reason {
	/* The end found no room in the ring buffer. */
	LOST_END_RING_FULL = 1,
	/* The goroutine began another call without an end of this one. */
	LOST_ABANDONED = 2,
};

struct wire_header {
	/* whole record, a multiple of 8 */
	__u32 size;
	__u16 kind;
	__u16 flags;
	/* CLOCK_MONOTONIC */
	__u64 time_ns;
	__u32 cpu;
	/* thread group as the initial pid namespace sees it; 0 where none is meant */
	__u32 pid;
};

/*
 * KIND_SPAN_START and KIND_SPAN_END. In the kernel it is the head of a capture: payload bytes follow it,
 * and the register file closes the reservation, beyond `size`, so it never leaves the kernel. Ids are
 * bytes in wire order. Op sources are offsets from the head.
 */
struct wire_span {
	struct wire_header header;
	__u8 trace_id[16];
	__u8 span_id[8];
	__u8 parent_id[8];
	__u64 goid;
	__u16 slot;
	__u8 probe;
	__u8 trace_flags;
	/* enum wire_parent */
	__u8 parent;
	/* enum wire_outcome, end only */
	__u8 outcome;
	/* client end: times a connection was tried */
	__u8 attempts;
	/* bit i: string i was cut at its op's length */
	__u8 truncated;
	__u16 string_bytes[8];
	/* client end: the connection's far side; family 0 when no connection was used */
	__u8 peer_address[16];
	__u16 peer_port;
	__u16 peer_family;
	__u32 reserved;
	/* client end with OUTCOME_ERROR: type word of the error interface */
	__u64 error_type;
};

struct wire_span_lost {
	struct wire_header header;
	__u8 span_id[8];
	/* enum wire_lost_reason */
	__u32 reason;
	__u32 reserved;
};

/* KIND_PROCESS_EXEC and KIND_PROCESS_EXIT: header.pid says it all. */
struct wire_process_event {
	struct wire_header header;
};

/* First record of a loader's life. A string follows: kernel release, NUL, host name, NUL, cgroup v2 mount, NUL. */
struct wire_hello {
	struct wire_header header;
	__u64 fingerprint;
	/* add to time_ns for nanoseconds since 1970 */
	__s64 realtime_offset_ns;
	__u32 wire_version;
	__u32 loader_pid;
	/* enum wire_feature */
	__u64 features;
	__u32 cpus;
	__u32 text_bytes;
};

enum wire_feature {
	FEATURE_UPROBE_MULTI = 1,
	FEATURE_SOCKHASH = 2,
	/* ioctl(FIONREAD) answers 0 for a socket in a sockhash (kernel defect) */
	FEATURE_FIONREAD_DEFECT = 4,
	FEATURE_LOCKDOWN_INTEGRITY = 8,
	FEATURE_LOCKDOWN_CONFIDENTIALITY = 16,
};

/*
 * Answer to LIST (one for each process) and DESCRIBE. Four texts follow: the executable's path
 * (exe_bytes), OTEL_* variables of its environment, each "NAME=value" and NUL (env_bytes), its arguments,
 * each with NUL but for one that was cut (args_bytes), and the path of its cgroup (cgroup_bytes).
 */
struct wire_process {
	struct wire_header header;
	__u32 id;
	__u32 parent_pid;
	__u64 exe_device;
	__u64 exe_inode;
	__u64 exe_bytes_total;
	__u64 exe_modified_ns;
	/* since boot */
	__u64 start_ns;
	__u32 exe_bytes;
	__u32 env_bytes;
	__u32 args_bytes;
	__u32 cgroup_bytes;
};

/* A piece of an executable; `count` bytes follow, then zeroes up to a multiple of 8. */
struct wire_exe_data {
	struct wire_header header;
	__u64 offset;
	__u32 id;
	__u32 count;
};

/*
 * The one answer to every control message. A text follows: reason and remedy (UTF-8) when error is not 0;
 * for PORTS the TCP ports on which the process listens, in decimal, with commas.
 */
struct wire_reply {
	struct wire_header header;
	/* ATTACH: attachment id. BACKFILL: sockets adopted. READ_EXE: bytes sent. LIST: processes sent. */
	__u64 value;
	__u32 id;
	/* errno or 0 */
	__u32 error;
	__u32 text_bytes;
	__u32 reserved;
};

/* Index into wire_stats.counters. begun = exported + sampled out + lost + in flight + queued. */
enum wire_counter {
	COUNTER_BEGUN_SERVER = 0,
	COUNTER_BEGUN_CLIENT = 1,
	COUNTER_SAMPLED_OUT = 2,
	/* spans lost before their start record was sent */
	COUNTER_LOST_RING_FULL = 3,
	COUNTER_LOST_SPAN_MAP_FULL = 4,
	/* faults that cost no span */
	COUNTER_END_WITHOUT_START = 5,
	COUNTER_LOST_QUEUE_FULL = 6,
	COUNTER_READ_FAULT = 7,
	COUNTER_NO_BINDING = 8,
	COUNTER_PROCESS_EVENT_LOST = 9,
	COUNTER_LINK_MAP_FULL = 10,
	/* incoming context */
	COUNTER_TRACEPARENT_ACCEPTED = 11,
	COUNTER_TRACEPARENT_MALFORMED = 12,
	COUNTER_TRACESTATE_TOO_LONG = 13,
	/* parents of client calls */
	COUNTER_PARENT_GOROUTINE = 14,
	COUNTER_PARENT_CONTEXT = 15,
	COUNTER_PARENT_CREATOR = 16,
	COUNTER_PARENT_GOID = 17,
	COUNTER_PARENT_NONE = 18,
	/* propagation: armed = injected + rewritten + not_written + split + push_failed */
	COUNTER_ARMED = 19,
	COUNTER_INJECTED = 20,
	COUNTER_REWRITTEN = 21,
	COUNTER_NOT_WRITTEN = 22,
	COUNTER_SPLIT = 23,
	COUNTER_PUSH_FAILED = 24,
	/* calls that were not armed, and why */
	COUNTER_OWN_HEADER = 25,
	COUNTER_TLS = 26,
	COUNTER_NO_SOCKET = 27,
	COUNTER_UNTRACKED = 28,
	COUNTER_NO_HTTP1_CONNECTION = 29,
	COUNTER_PENDING_MAP_FULL = 30,
	/* sockets */
	COUNTER_SOCKETS_TRACKED = 31,
	COUNTER_SOCKET_TRACK_FAILED = 32,
	COUNTER_SOCKETS_ADOPTED = 33,
	/* ring buffer */
	COUNTER_RECORDS = 34,
	COUNTER_WAKEUPS = 35,
	MAX_COUNTERS = 36,
};

/*
 * Sent every second when something changed, and in answer to QUERY_STATS. Totals since the loader began.
 * `cpu_drops` struct wire_cpu_drops follow: one for each CPU whose COUNTER_LOST_RING_FULL is not 0, the
 * first MAX_CPU_DROPS of them.
 */
struct wire_stats {
	struct wire_header header;
	__s64 realtime_offset_ns;
	/* records and bytes handed to the pipe */
	__u64 records_sent;
	__u64 bytes_sent;
	__u64 cpu_time_ns;
	__u64 resident_bytes;
	__u64 counters[36];
	__u32 cpu_drops;
	__u32 reserved;
};

/* What one CPU adds to COUNTER_LOST_RING_FULL. */
struct wire_cpu_drops {
	__u64 ring_full;
	__u32 cpu;
	__u32 reserved;
};

/* Head of every control message. `id` comes back in the reply; pid is the process meant, or 0. */
struct wire_control {
	__u32 size;
	__u16 kind;
	__u16 flags;
	__u32 id;
	__u32 pid;
};

struct wire_read_exe {
	struct wire_control control;
	__u64 offset;
	__u64 count;
};

struct wire_site {
	/* in the file, not in memory */
	__u64 file_offset;
	/* enum wire_probe */
	__u32 probe;
	/* enum wire_site_flag */
	__u32 flags;
};

/* Attach `count` sites of the process's executable; struct wire_site records follow. Undone by DETACH. */
struct wire_attach {
	struct wire_control control;
	__u32 binding;
	__u32 count;
};

struct wire_detach {
	struct wire_control control;
	__u64 attachment;
};

enum wire_sampler {
	SAMPLER_ALWAYS_ON = 0,
	SAMPLER_ALWAYS_OFF = 1,
	SAMPLER_RATIO = 2,
};

/* Trace the process (or stop: enabled 0). Sent before ATTACH; the loader forgets it when the process exits. */
struct wire_target {
	struct wire_control control;
	__u8 enabled;
	/* enum wire_sampler, for spans without a parent, or for all when parent_based is 0 */
	__u8 sampler;
	__u8 parent_based;
	/* 1: spans that the sampler leaves out are sent all the same, with the sampled bit of trace_flags 0, and
	 * not counted as COUNTER_SAMPLED_OUT: who measures requests drops them */
	__u8 measure;
	__u8 reserved[4];
	/* SAMPLER_RATIO: sampled when the last 8 bytes of the trace id, big-endian, >> 1, are below it */
	__u64 threshold;
};

struct wire_op {
	/* enum wire_op_code */
	__u8 code;
	__u8 string;
	__u16 source;
	__u16 add;
	__u16 length;
};

/* The plan of one probe of a slot. `count` 0 clears it: the probe captures nothing but the head. */
struct wire_plan {
	struct wire_control control;
	__u32 slot;
	/* enum wire_probe */
	__u16 probe;
	__u16 count;
	struct wire_op ops[24];
};

/* What the kernel itself must know of a Go version: byte offsets, 0xffffffff where there is no such field. */
struct go_layout {
	__u32 g_goid;
	__u32 g_parent_goid;
	__u32 g_m;
	__u32 m_curg;
	__u32 request_ctx;
	__u32 request_header;
	__u32 request_method;
	__u32 transport_request_request;
	__u32 persist_conn_conn;
	__u32 persist_conn_tls_state;
	__u32 response_conn;
	__u32 conn_hijacked;
	/* enum wire_map_kind of http.Header */
	__u32 header_map_kind;
	/* status of a newborn goroutine when newproc1 calls casgstatus */
	__u32 g_dead;
};

struct wire_layout {
	struct wire_control control;
	__u32 slot;
	__u32 reserved;
	struct go_layout layout;
};

/* Binding -> slot, one store: every probe of the binding captures by the new slot from then on. */
struct wire_flip {
	struct wire_control control;
	__u32 binding;
	__u32 slot;
};

#pragma clang diagnostic pop
#endif
