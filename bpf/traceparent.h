/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * The W3C traceparent header (Trace Context level 2): text to ids and back, eight hex digits a step.
 * No BPF helper and no kernel type in here, so that bpf/tests compiles it as plain user code.
 */
#ifndef TSUNAGI_TRACEPARENT_H
#define TSUNAGI_TRACEPARENT_H

#define EACH_BYTE 0x0101010101010101ull
#define TRACE_FLAG_SAMPLED 1
/* flags that level 2 defines: sampled and random trace id */
#define TRACE_FLAGS_KNOWN 3

struct trace_parent {
	__u64 trace_id[2];
	__u64 parent_id;
	__u8 flags;
	__u8 reserved[7];
};

static inline __attribute__((always_inline)) __u64 load_word(const __u8 *at)
{
	__u64 word;

	__builtin_memcpy(&word, at, 8);
	return word;
}

static inline __attribute__((always_inline)) void store_word(__u8 *at, __u64 word)
{
	__builtin_memcpy(at, &word, 8);
}

/* One nibble in each byte -> its lower-case hex digit. */
static inline __attribute__((always_inline)) __u64 nibbles_to_hex(__u64 nibbles)
{
	__u64 is_letter = ((nibbles + 6 * EACH_BYTE) >> 4) & EACH_BYTE;

	return nibbles + '0' * EACH_BYTE + ('a' - '0' - 10) * is_letter;
}

/* Eight lower-case hex digits -> four bytes in wire order; *bad gets bits when there is anything else. */
static inline __attribute__((always_inline)) __u64 hex_to_bytes(__u64 text, __u64 *bad)
{
	__u64 is_letter = (text >> 6) & EACH_BYTE;
	__u64 nibbles = (text & 0x0f * EACH_BYTE) + 9 * is_letter;
	__u64 bytes;

	*bad |= (nibbles & 0xf0 * EACH_BYTE) | (nibbles_to_hex(nibbles & 0x0f * EACH_BYTE) ^ text);
	bytes = (nibbles << 4 | nibbles >> 8) & 0x00ff00ff00ff00ffull;
	bytes = (bytes | bytes >> 8) & 0x0000ffff0000ffffull;
	return (bytes | bytes >> 16) & 0xffffffffull;
}

/* Four bytes in wire order -> eight hex digits. */
static inline __attribute__((always_inline)) __u64 bytes_to_hex(__u64 bytes)
{
	__u64 spread = bytes & 0xffffffffull;

	spread = (spread | spread << 16) & 0x0000ffff0000ffffull;
	spread = (spread | spread << 8) & 0x00ff00ff00ff00ffull;
	return nibbles_to_hex((spread >> 4 & 0x000f000f000f000full) |
			      (spread & 0x000f000f000f000full) << 8);
}

/*
 * `text` holds the first 56 bytes of a header value (zeroes behind its end) that is `bytes` long.
 * Returns 1 when it is valid: version 00 of exactly 55 bytes, or a higher one but ff that has nothing
 * or '-' behind them; lower case; ids that are not all zeroes.
 */
static inline __attribute__((always_inline)) int traceparent_parse(const __u8 *text, __u64 bytes,
								   struct trace_parent *parent)
{
	__u64 bad = 0;
	__u64 version, flags;

	if (bytes < 55)
		return 0;
	if (text[2] != '-' || text[35] != '-' || text[52] != '-')
		return 0;
	version = hex_to_bytes((load_word(text) & 0xffff) | 0x3030303030300000ull, &bad) & 0xff;
	if (version == 0xff)
		return 0;
	if (bytes > 55 && (version == 0 || text[55] != '-'))
		return 0;
	parent->trace_id[0] = hex_to_bytes(load_word(text + 3), &bad);
	parent->trace_id[0] |= hex_to_bytes(load_word(text + 11), &bad) << 32;
	parent->trace_id[1] = hex_to_bytes(load_word(text + 19), &bad);
	parent->trace_id[1] |= hex_to_bytes(load_word(text + 27), &bad) << 32;
	parent->parent_id = hex_to_bytes(load_word(text + 36), &bad);
	parent->parent_id |= hex_to_bytes(load_word(text + 44), &bad) << 32;
	flags = hex_to_bytes(load_word(text + 47) >> 48 | 0x3030303030300000ull, &bad);
	parent->flags = flags & 0xff;
	if (bad)
		return 0;
	return (parent->trace_id[0] | parent->trace_id[1]) != 0 && parent->parent_id != 0;
}

/* Writes "traceparent: 00-...\r\n", TRACEPARENT_LINE_BYTES of it. */
static inline __attribute__((always_inline)) void
traceparent_format(__u8 *line, const __u64 *trace_id, __u64 span_id, __u8 flags)
{
	__builtin_memcpy(line, "traceparent: 00-", 16);
	store_word(line + 16, bytes_to_hex(trace_id[0]));
	store_word(line + 24, bytes_to_hex(trace_id[0] >> 32));
	store_word(line + 32, bytes_to_hex(trace_id[1]));
	store_word(line + 40, bytes_to_hex(trace_id[1] >> 32));
	line[48] = '-';
	store_word(line + 49, bytes_to_hex(span_id));
	store_word(line + 57, bytes_to_hex(span_id >> 32));
	line[65] = '-';
	line[66] = '0';
	line[67] = '0' + (flags & TRACE_FLAGS_KNOWN);
	line[68] = '\r';
	line[69] = '\n';
}

#endif
