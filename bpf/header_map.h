/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * Finds Traceparent and Tracestate in a Go http.Header, that is map[string][]string, in any case of
 * letters. Both forms of the map: runtime.hmap (until Go 1.23) and internal/runtime/maps.Map (Swiss,
 * from 1.24); their layout for this key and element type is the same in all versions of each. The
 * walkers are global functions, so that the verifier looks at each once.
 */
#ifndef TSUNAGI_HEADER_MAP_H
#define TSUNAGI_HEADER_MAP_H

#include "go_abi.h"
#include "scratch.h"

#define GROUP_SLOTS 8
/* groups or buckets looked at in one map, 8 headers each */
#define MAX_GROUPS 4096

/* Swiss: 8 control bytes (high bit: no entry), then slots of key (16) and element (24). */
#define SWISS_GROUP_BYTES 328
#define SWISS_SLOT_BYTES 40
/* hmap: 8 bytes of tophash (below 5: no entry), 8 keys, 8 elements, overflow pointer. */
#define BUCKET_BYTES 336
#define BUCKET_ELEMENTS 136
#define BUCKET_OVERFLOW 328
#define MIN_TOPHASH 5
#define HMAP_SAME_SIZE_GROW 8

#define LOWER_CASE 0x2020202020202020ull
/* "tracepar" "ent", "tracesta" "te" */
#define WORD_TRACEPAR 0x7261706563617274ull
#define WORD_ENT 0x746e65u
#define WORD_TRACESTA 0x6174736563617274ull
#define WORD_TE 0x6574u

static __always_inline bool key_matches(u64 key, u64 first, u32 rest, const u32 rest_bytes)
{
	struct {
		u64 first;
		u32 rest;
		u32 reserved;
	} text = {};

	if (bpf_probe_read_user(&text, 8 + rest_bytes, (void *)key)) {
		count(COUNTER_READ_FAULT);
		return false;
	}
	return (text.first | LOWER_CASE) == first &&
	       (text.rest | (rest_bytes == 3 ? 0x202020 : 0x2020)) == rest;
}

/* Adds the values of one key to what was found before: two spellings of a key are two headers on the wire. */
static __always_inline void add_values(struct go_values *values, const u64 *element)
{
	if (!values->count)
		values->data = element[0];
	values->count += element[1];
}

/*
 * Looks through the 8 slots of one group or bucket. A group can reach into a page that Go never
 * touched, where reading it whole fails though every entry is there: then it is read slot by slot.
 */
__attribute__((noinline)) int scan_group(struct scratch *s, u64 address, u32 kind)
{
	bool swiss = kind == MAP_KIND_SWISS;
	bool whole;
	u32 i;

	if (!s)
		return 0;
	whole = !bpf_probe_read_user(s->group, swiss ? SWISS_GROUP_BYTES : BUCKET_BYTES,
				     (void *)address);
	if (!whole && bpf_probe_read_user(s->group, GROUP_SLOTS, (void *)address)) {
		count(COUNTER_READ_FAULT);
		return 0;
	}
	for (i = 0; i < GROUP_SLOTS; i++) {
		u32 key_at = swiss ? 8 + SWISS_SLOT_BYTES * i : 8 + 16 * i;
		u32 element_at = swiss ? 24 + SWISS_SLOT_BYTES * i : BUCKET_ELEMENTS + 24 * i;
		u64 *key = (u64 *)(s->group + key_at), *element = (u64 *)(s->group + element_at);
		u8 control = s->group[i];

		if (swiss ? control & 0x80 : control < MIN_TOPHASH)
			continue;
		if (!whole && (bpf_probe_read_user(key, 16, (void *)(address + key_at)) ||
			       bpf_probe_read_user(element, 16, (void *)(address + element_at)))) {
			count(COUNTER_READ_FAULT);
			continue;
		}
		if (key[1] == 11 && key_matches(key[0], WORD_TRACEPAR, WORD_ENT, 3))
			add_values(&s->traceparent, element);
		else if (key[1] == 10 && key_matches(key[0], WORD_TRACESTA, WORD_TE, 2))
			add_values(&s->tracestate, element);
	}
	return whole;
}

/* A directory of tables, each an array of groups; several entries of it may name the same table. */
struct swiss_walk {
	struct scratch *s;
	u64 directory, tables, table;
	u64 groups, mask, next_group;
};

static long swiss_step(u32 index, struct swiss_walk *walk)
{
	(void)index;
	if (walk->next_group > walk->mask || !walk->groups) {
		struct {
			u64 data, mask;
		} groups = {};
		u64 table;

		if (!walk->tables)
			return 1;
		walk->tables--;
		table = read_word(walk->directory);
		walk->directory += 8;
		if (table == walk->table)
			return 0;
		walk->table = table;
		if (bpf_probe_read_user(&groups, sizeof(groups), (void *)(table + 16)))
			count(COUNTER_READ_FAULT);
		walk->groups = groups.data;
		walk->mask = groups.mask;
		walk->next_group = 0;
		if (!walk->groups)
			return 0;
	}
	scan_group(walk->s, walk->groups + SWISS_GROUP_BYTES * walk->next_group, MAP_KIND_SWISS);
	walk->next_group++;
	return 0;
}

__attribute__((noinline)) int walk_swiss(struct scratch *s, u64 map)
{
	struct {
		u64 used, seed, directory, tables;
	} head = {};
	struct swiss_walk walk = {};

	if (!s)
		return 0;
	if (bpf_probe_read_user(&head, sizeof(head), (void *)map)) {
		count(COUNTER_READ_FAULT);
		return 0;
	}
	if (!head.used)
		return 0;
	if (!head.tables)
		return scan_group(s, head.directory, MAP_KIND_SWISS);
	walk.s = s;
	walk.directory = head.directory;
	walk.tables = head.tables;
	bpf_loop(MAX_GROUPS, swiss_step, &walk, 0);
	return 0;
}

/* Two arrays of buckets while the map grows: evacuated buckets of the old one look empty. */
struct bucket_walk {
	struct scratch *s;
	u64 buckets, count, next, overflow;
	u64 old_buckets, old_count;
};

static long bucket_step(u32 index, struct bucket_walk *walk)
{
	u64 bucket = walk->overflow;

	(void)index;
	if (!bucket) {
		if (walk->next >= walk->count) {
			if (!walk->old_buckets)
				return 1;
			walk->buckets = walk->old_buckets;
			walk->count = walk->old_count;
			walk->old_buckets = 0;
			walk->next = 0;
		}
		bucket = walk->buckets + BUCKET_BYTES * walk->next;
		walk->next++;
	}
	if (scan_group(walk->s, bucket, MAP_KIND_HMAP))
		walk->overflow = *(u64 *)(walk->s->group + BUCKET_OVERFLOW);
	else
		walk->overflow = peek_word(bucket + BUCKET_OVERFLOW);
	return 0;
}

__attribute__((noinline)) int walk_buckets(struct scratch *s, u64 map)
{
	struct {
		u64 count;
		u8 flags, log2_buckets;
		u16 overflows;
		u32 seed;
		u64 buckets, old_buckets;
	} head = {};
	struct bucket_walk walk = {};
	u32 shift;

	if (!s)
		return 0;
	if (bpf_probe_read_user(&head, sizeof(head), (void *)map)) {
		count(COUNTER_READ_FAULT);
		return 0;
	}
	if (!head.count || !head.buckets)
		return 0;
	shift = head.log2_buckets & 31;
	walk.s = s;
	walk.buckets = head.buckets;
	walk.count = 1ull << shift;
	walk.old_buckets = head.old_buckets;
	walk.old_count = head.flags & HMAP_SAME_SIZE_GROW ? walk.count : walk.count >> 1;
	bpf_loop(MAX_GROUPS, bucket_step, &walk, 0);
	return 0;
}

/*
 * Two words of an object, at offsets `first` and `second`, by one read when they are close: a read of
 * user memory costs about 0.1 us whatever its size. s->group is the buffer.
 */
static __always_inline void read_two_words(struct scratch *s, u64 object, u32 first, u32 second,
					   u64 *one, u64 *two)
{
	u64 distance = second - first, bytes = distance + 8;

	keep_bound(bytes);
	keep_bound(distance);
	if (second > first && bytes <= GROUP_BYTES && distance <= GROUP_BYTES - 8 &&
	    !bpf_probe_read_user(s->group, bytes, (void *)(object + first))) {
		*one = *(u64 *)s->group;
		*two = *(u64 *)(s->group + distance);
		return;
	}
	*one = read_word(object + first);
	*two = read_word(object + second);
}

/* Fills s->traceparent and s->tracestate from the map at `map`, 0 being an empty one. */
static __always_inline void find_trace_headers(struct scratch *s, const struct go_layout *layout,
					       u64 map)
{
	s->traceparent.data = 0;
	s->traceparent.count = 0;
	s->tracestate.data = 0;
	s->tracestate.count = 0;
	if (map < LOWEST_POINTER)
		return;
	if (layout->header_map_kind == MAP_KIND_SWISS)
		walk_swiss(s, map);
	else
		walk_buckets(s, map);
}

/* 1: s->traceparent is exactly one valid value, now in s->parent. */
__attribute__((noinline)) int parse_traceparent(struct scratch *s)
{
	struct {
		u64 data, bytes;
	} text = {};
	u64 length;

	if (!s || s->traceparent.count != 1)
		return 0;
	if (bpf_probe_read_user(&text, sizeof(text), (void *)s->traceparent.data)) {
		count(COUNTER_READ_FAULT);
		return 0;
	}
	length = text.bytes > 56 ? 56 : text.bytes;
	s->text[55] = 0;
	asm volatile("" : "+r"(length));
	if (length > 56 || bpf_probe_read_user(s->text, length, (void *)text.data)) {
		count(COUNTER_READ_FAULT);
		return 0;
	}
	return traceparent_parse(s->text, text.bytes, &s->parent);
}

#endif
