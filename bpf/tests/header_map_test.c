// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/*
 * header_map.h and read_tracestate() against maps laid out as Go's runtimes do: Swiss groups and
 * tables, hmap buckets with overflow and in mid-growth, groups whose end lies in memory that is not there.
 */
#include "fake_bpf.h"

#include <sys/mman.h>

#include "server.h"

struct go_string {
	const char *data;
	u64 bytes;
};

struct go_slice {
	const struct go_string *data;
	u64 count, capacity;
};

struct swiss_slot {
	struct go_string key;
	struct go_slice values;
};

struct swiss_group {
	u8 control[8];
	struct swiss_slot slots[8];
};

struct swiss_table {
	u64 words[2];
	struct swiss_group *groups;
	u64 mask;
};

struct swiss_map {
	u64 used, seed;
	void *directory;
	u64 tables, depth;
};

struct bucket {
	u8 tophash[8];
	struct go_string keys[8];
	struct go_slice values[8];
	struct bucket *overflow;
};

struct hmap {
	u64 count;
	u8 flags, log2_buckets;
	u16 overflows;
	u32 seed;
	struct bucket *buckets, *old_buckets;
};

static struct scratch scratch;
static const struct go_layout swiss = { .header_map_kind = MAP_KIND_SWISS };
static const struct go_layout hmap = { .header_map_kind = MAP_KIND_HMAP };
static const char parent[] = "00-0123456789abcdef0123456789abcdef-fedcba9876543210-01";

static struct go_string string(const char *text)
{
	return (struct go_string){ text, strlen(text) };
}

static struct go_slice one(const char *text)
{
	static struct go_string values[256];
	static u32 used;
	struct go_string *value = &values[used++ % 256];

	*value = string(text);
	return (struct go_slice){ value, 1, 1 };
}

static struct swiss_group *new_groups(u32 count)
{
	struct swiss_group *groups = calloc(count, sizeof(*groups));
	u32 i;

	for (i = 0; i < count; i++)
		memset(groups[i].control, 0x80, 8);
	return groups;
}

static void set_slot(struct swiss_group *group, u32 slot, const char *key, const char *value)
{
	group->control[slot] = 0x11;
	group->slots[slot].key = string(key);
	group->slots[slot].values = one(value);
}

static void set_bucket(struct bucket *bucket, u32 slot, const char *key, const char *value)
{
	bucket->tophash[slot] = MIN_TOPHASH + 3;
	bucket->keys[slot] = string(key);
	bucket->values[slot] = one(value);
}

/* Values of Traceparent and Tracestate that are found. */
static int found(const struct go_layout *layout, const void *map, u64 parents, u64 states)
{
	memset(counted, 0, sizeof(counted));
	memset(&scratch, 0, sizeof(scratch));
	find_trace_headers(&scratch, layout, (u64)map);
	return scratch.traceparent.count == parents && scratch.tracestate.count == states;
}

static int parsed(void)
{
	return parse_traceparent(&scratch) && scratch.parent.parent_id == 0x1032547698badcfeull;
}

static void test_swiss_small(void)
{
	struct swiss_group *group = new_groups(1);
	struct swiss_map map = { .used = 8, .directory = group };
	u32 i;

	check(found(&swiss, NULL, 0, 0), "a nil map has no headers");
	for (i = 0; i < 8; i++) {
		memset(group->control, 0x80, 8);
		set_slot(group, i, "Traceparent", parent);
		set_slot(group, (i + 1) % 8, "Tracestate", "a=b");
		set_slot(group, (i + 2) % 8, "User-Agent", "x");
		set_slot(group, (i + 3) % 8, "X-Traceid-0", "x");
		check(found(&swiss, &map, 1, 1) && parsed(), "both are found in any slot");
	}
	group->control[7] = 0xfe;
	check(found(&swiss, &map, 0, 1), "a deleted slot is no header");
	map.used = 0;
	check(found(&swiss, &map, 0, 0), "nor is one of an empty map");
	map.used = 8;
	set_slot(group, 3, "traceparent", parent);
	set_slot(group, 4, "TRACEPARENT", parent);
	check(found(&swiss, &map, 2, 1) && !parsed(),
	      "two spellings are two headers, and no valid one");
	map.directory = (void *)0x10;
	check(found(&swiss, &map, 0, 0) && counted[COUNTER_READ_FAULT] == 1,
	      "a group that cannot be read is a fault");
	free(group);
}

static void test_swiss_tables(void)
{
	struct swiss_table tables[2] = {};
	void *directory[4] = { &tables[0], &tables[0], &tables[0], &tables[1] };
	struct swiss_map map = { .used = 900, .directory = directory, .tables = 4 };
	u32 i;

	for (i = 0; i < 2; i++) {
		tables[i].groups = new_groups(64);
		tables[i].mask = 63;
	}
	set_slot(&tables[0].groups[63], 7, "Tracestate", "a=b");
	set_slot(&tables[1].groups[63], 7, "Traceparent", parent);
	check(found(&swiss, &map, 1, 1) && parsed(), "the last group of the last table is reached");
	set_slot(&tables[0].groups[0], 0, "traceparent", parent);
	check(found(&swiss, &map, 2, 1),
	      "a table that the directory names thrice is looked at once");
	map.tables = 1;
	check(found(&swiss, &map, 1, 1), "a directory of one table");
	tables[0].mask = ~0ull;
	check(!found(&swiss, &map, 9, 9), "a hostile mask ends");
	map.tables = ~0ull;
	directory[0] = NULL;
	check(!found(&swiss, &map, 9, 9), "a hostile directory ends");
	for (i = 0; i < 2; i++)
		free(tables[i].groups);
}

/* A group that begins `bytes` before a page that is not there. */
static void *at_edge(u32 bytes)
{
	u32 page = sysconf(_SC_PAGESIZE);
	u8 *memory =
		mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	mprotect(memory + page, page, PROT_NONE);
	return memory + page - bytes;
}

static void test_edges(void)
{
	struct swiss_group *group = at_edge(8 + 3 * SWISS_SLOT_BYTES);
	struct swiss_map map = { .used = 2, .directory = group };
	struct bucket *bucket = at_edge(BUCKET_ELEMENTS + 3 * 24);
	struct hmap old = { .count = 2, .buckets = bucket };

	memset(group->control, 0x80, 8);
	set_slot(group, 0, "Tracestate", "a=b");
	set_slot(group, 2, "Traceparent", parent);
	check(found(&swiss, &map, 1, 1) && parsed() && !counted[COUNTER_READ_FAULT],
	      "a Swiss group whose end is not there is read slot by slot");
	group->control[5] = 1;
	check(found(&swiss, &map, 1, 1) && counted[COUNTER_READ_FAULT] == 1,
	      "a slot that is not there is a fault");
	set_bucket(bucket, 0, "Tracestate", "a=b");
	set_bucket(bucket, 2, "Traceparent", parent);
	check(found(&hmap, &old, 1, 1) && parsed() && !counted[COUNTER_READ_FAULT],
	      "so is a bucket");
}

static void test_buckets(void)
{
	struct bucket *buckets = calloc(8, sizeof(*buckets)), *olds = calloc(8, sizeof(*olds));
	struct bucket overflow[2] = {};
	struct hmap map = { .count = 40, .log2_buckets = 3, .buckets = buckets };

	set_bucket(&buckets[7], 7, "Traceparent", parent);
	check(found(&hmap, &map, 1, 0) && parsed(), "the last slot of the last bucket");
	buckets[0].overflow = &overflow[0];
	overflow[0].overflow = &overflow[1];
	set_bucket(&overflow[1], 5, "Tracestate", "a=b");
	check(found(&hmap, &map, 1, 1), "an overflow bucket of an overflow bucket");
	buckets[7].tophash[7] = 0;
	map.old_buckets = olds;
	set_bucket(&olds[3], 1, "Traceparent", parent);
	check(found(&hmap, &map, 1, 1), "an old bucket while the map grows");
	olds[3].tophash[1] = 2;
	check(found(&hmap, &map, 0, 1), "but not what was evacuated from it");
	set_bucket(&olds[7], 1, "Traceparent", parent);
	check(found(&hmap, &map, 0, 1), "the old array has half as many buckets");
	map.flags = HMAP_SAME_SIZE_GROW;
	check(found(&hmap, &map, 1, 1), "or as many, when it grows at the same size");
	map.count = 0;
	check(found(&hmap, &map, 0, 0), "an empty map");
	map.count = 1;
	map.log2_buckets = 255;
	buckets[7].overflow = &buckets[7];
	check(!found(&hmap, &map, 9, 9), "a ring of overflow buckets ends");
	free(buckets);
	free(olds);
}

static int state_is(u64 count, const struct go_string *values, const char *expected)
{
	memset(&scratch, 0, sizeof(scratch));
	memset(counted, 0, sizeof(counted));
	scratch.tracestate = (struct go_values){ (u64)values, count };
	if (!read_tracestate(&scratch))
		return !expected;
	return expected && scratch.out.bytes == strlen(expected) + 14 &&
	       !memcmp(scratch.out.line, "tracestate: ", 12) &&
	       !memcmp(scratch.out.line + 12, expected, strlen(expected)) &&
	       !memcmp(scratch.out.line + 12 + strlen(expected), "\r\n", 2);
}

static void test_tracestate(void)
{
	char longest[MAX_TRACESTATE_BYTES + 2];
	struct go_string values[5] = { string("a=1"), string(""), string("b=2"), string("c=3"),
				       string("d=4") };

	memset(longest, 'x', sizeof(longest));
	longest[MAX_TRACESTATE_BYTES] = 0;
	check(state_is(0, values, NULL), "no tracestate");
	check(state_is(1, values, "a=1"), "one value");
	check(state_is(4, values, "a=1,b=2,c=3"), "several values are joined, empty ones left out");
	check(state_is(1, values + 1, NULL) && !counted[COUNTER_TRACESTATE_TOO_LONG],
	      "an empty one");
	check(state_is(5, values, NULL) && counted[COUNTER_TRACESTATE_TOO_LONG] == 1,
	      "too many values");
	values[1] = string(longest);
	check(state_is(1, values + 1, longest), "256 bytes");
	check(state_is(2, values, NULL) && counted[COUNTER_TRACESTATE_TOO_LONG] == 1,
	      "more than 256 bytes in all");
	longest[MAX_TRACESTATE_BYTES] = 'x';
	longest[MAX_TRACESTATE_BYTES + 1] = 0;
	values[1] = string(longest);
	check(state_is(1, values + 1, NULL) && counted[COUNTER_TRACESTATE_TOO_LONG] == 1,
	      "257 bytes");
	values[1].data = (char *)0x10;
	values[1].bytes = 5;
	check(state_is(2, values, NULL) && counted[COUNTER_READ_FAULT] == 1,
	      "one that cannot be read");
}

int main(void)
{
	test_swiss_small();
	test_swiss_tables();
	test_edges();
	test_buckets();
	test_tracestate();
	return finish("header_map");
}
