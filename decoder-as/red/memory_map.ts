/**
 * Where everything lies in the RED stage's memory. The host owns the memory and imports this file too; the module keeps
 * no totals of its own. Every region that texts are copied into is followed by slack, because copies move 16 bytes at a
 * time. src/red/tables_test.ts holds the regions apart.
 */

/** Counters and settings, 8 bytes each; the place is the decoders' too, since both use assembly/status.ts. */
export const STATUS_OFFSET = 1024;

/** Static data of the module. */
export const STATIC_OFFSET = 4096;

/** Attributes of the span at hand, by number; see attributes.ts. */
export const ATTRIBUTES_OFFSET = 12288;
export const ATTRIBUTE_BYTES = 32;
export const MAX_ATTRIBUTES = 64;

/** Descriptors of the hashed tables; see table.ts. */
export const TABLES_OFFSET = 14848;
export const TABLE_BYTES = 48;
export const TABLE_SERIES = 0;
export const TABLE_EDGES = 1;
export const TABLE_LATENCIES = 2;
export const TABLE_ROUTES = 3;
export const TABLE_SEGMENTS = 4;
export const TABLE_COUNT = 5;
export const TABLE_INDEX = 0;
export const TABLE_MASK = 4;
export const TABLE_SLOTS = 8;
export const TABLE_SLOT_BYTES = 12;
export const TABLE_KEY = 16;
export const TABLE_CAPACITY = 20;
export const TABLE_USED = 24;
export const TABLE_FREE = 28;

/** What every slot of a table begins with. */
export const SLOT_STATE = 0;
export const SLOT_EPOCH = 4;
export const SLOT_KEY_BYTES = 8;
export const SLOT_NEXT_FREE = 12;
export const SLOT_HASH = 16;
export const SLOT_START_NS = 24;

/** Texts that are put together for one span. */
export const SCRATCH_KEY_OFFSET = 16384;
export const SCRATCH_ROUTE_OFFSET = 18432;
export const SCRATCH_CLEAN_OFFSET = 20480;
export const SCRATCH_NUMBER_OFFSET = 22528;
/** Segments of the path at hand: u32 address, u32 bytes. */
export const SEGMENTS_OFFSET = 24576;
export const MAX_SEGMENTS = 32;

/** Cost of each pair of letters, 27 by 27; see words.ts. */
export const PAIRS_OFFSET = 28672;
/** u64 bounds in nanoseconds of LATENCY_BUCKETS, then for each power of two the first bucket that can hold it. */
export const LATENCY_BOUNDS_OFFSET = 32768;
export const LATENCY_FIRST_OFFSET = 34816;

/** u64 of five bits a letter for each known word (0: empty), open addressing. */
export const WORDS_OFFSET = 40960;
export const WORD_ENTRIES = 2048;

/** Compiled rules; src/red/rule_tables.ts writes them, each file here that uses a part says how it is laid out. */
export const RULES_OFFSET = 65536;
export const RULES_BYTES = 983040;
export const RULES_DURATION_BOUNDS = 0;
export const RULES_SIZE_BOUNDS = 128;
export const RULES_METRICS = 256;
export const RULES_METRIC_BYTES = 72;
export const RULES_FILTERS = 768;
export const RULES_ROUTES = 776;
export const RULES_KEY_INDEX = 1024;
export const RULES_KEYS = 1280;
export const RULES_KEY_BYTES = 80;
export const RULES_TEXTS = 6400;

/** Processes by id, open addressing: u32 pid, u32 resource, u32 routes, u32 flags (0: empty). */
export const PROCESSES_OFFSET = 1048576;
export const PROCESS_ENTRIES = 32768;
export const PROCESS_TAKEN = 1;
export const PROCESS_TRACES = 2;
export const PROCESS_METRICS = 4;
export const PROCESS_FILTERED = 8;

/** What comes out: u32 pid, u32 address and u32 bytes of a ScopeSpans.spans field in the input or the output. */
export const ROWS_OFFSET = 1572864;
export const ROWS_CAPACITY = 43690;

/** Rows as decoders write them: u32 pid, u32 bytes, then one ScopeSpans.spans field. */
export const INPUT_OFFSET = 2097152;
export const INPUT_BYTES = 4194304;
/** Spans that got a route, written anew. Any one has room in an empty output. */
export const OUTPUT_OFFSET = 6356992;
export const OUTPUT_BYTES = 4259840;

/** Spans that wait for the other side of their call: heads of chains, then a ring of entries. */
export const PENDING_HEADS_OFFSET = 10682368;
export const PENDING_OFFSET = 10715136;
export const PENDING_ENTRIES = 8192;
export const PENDING_BYTES = 224;

/** A histogram: u64 count, u64 sum, 16 u64 buckets, 16 exemplars (trace id, span id, u64 value, u64 time). */
export const HISTOGRAM_SUM = 8;
export const HISTOGRAM_BUCKETS = 16;
export const HISTOGRAM_EXEMPLARS = 144;
export const EXEMPLAR_BYTES = 40;
export const HISTOGRAM_BYTES = 784;
export const MAX_BUCKETS = 16;

/** Key: u32 client, u32 server, u8 overflow, peer. */
export const EDGE_REQUESTS = 32;
export const EDGE_FAILED = 40;
export const EDGE_CLIENT = 48;
export const EDGE_SERVER = 832;
/** u32 for each of LATENCY_BUCKETS, as the server measured where it is traced, else as the client did. */
export const EDGE_LATENCIES = 1616;
export const EDGE_KEY = 2640;
export const EDGE_BYTES = 2816;
export const EDGE_CAPACITY = 2049;
export const EDGE_INDEX_ENTRIES = 8192;
export const EDGE_INDEX_OFFSET = 12550144;
export const EDGES_OFFSET = 12615680;
export const MAX_PEER_BYTES = 128;

/** Latencies by route. Key: u32 resource, u8 failed, u8 overflow, u8 method bytes, method, route. */
export const LATENCY_COUNT = 32;
export const LATENCY_SUM = 40;
export const LATENCY_COUNTS = 48;
export const LATENCY_KEY = 1072;
export const LATENCY_BYTES = 1408;
export const LATENCY_REGULAR = 2048;
export const LATENCY_CAPACITY = 2560;
export const LATENCY_INDEX_ENTRIES = 8192;
export const LATENCY_INDEX_OFFSET = 18481152;
export const LATENCIES_OFFSET = 18546688;

/** Routes that the heuristic found. Key: u32 resource, u64 hash of the route; hash 0 holds the count of the resource. */
export const ROUTE_COUNT = 32;
export const ROUTE_KEY = 40;
export const ROUTE_BYTES = 64;
export const ROUTE_CAPACITY = 8192;
export const ROUTE_INDEX_ENTRIES = 16384;
export const ROUTE_INDEX_OFFSET = 22151168;
export const ROUTES_OFFSET = 22282240;

/** Tree of path segments. Key: u32 parent slot + 1 (0: a root), then the segment, or the resource of a root. */
export const SEGMENT_CHILDREN = 32;
export const SEGMENT_COLLAPSED = 36;
export const SEGMENT_KEY = 40;
export const SEGMENT_BYTES = 128;
export const SEGMENT_CAPACITY = 8192;
export const SEGMENT_INDEX_ENTRIES = 16384;
export const SEGMENT_INDEX_OFFSET = 22806528;
export const SEGMENT_SLOTS_OFFSET = 22937600;
export const MAX_SEGMENT_TEXT_BYTES = 64;

/** Key: u8 metric, u8 overflow, u32 resource, attributes. The slots are the last region, so that it can grow. */
export const SERIES_HISTOGRAM = 32;
export const SERIES_KEY = 816;
export const SERIES_KEY_BYTES = 704;
export const SERIES_BYTES = 1536;
export const SERIES_MAX_INDEX_ENTRIES = 262144;
export const SERIES_INDEX_OFFSET = 23986176;
export const SERIES_OFFSET = 26083328;
/** Series beside the budgets of the metrics, for what overflows. */
export const SERIES_OVERFLOWING = 2048;
/** Budgets of all metrics and the overflowing ones fill at most half of the index. */
export const MAX_SERIES_LIMIT = 20000;

/** 64 KiB pages that the module itself asks for; the host adds those of the series. */
export const MEMORY_PAGES = 398;
export const MEMORY_MAX_PAGES = 4096;

/** Rows that came out of the last `run`. */
export const WORD_ROWS = 0;
/** Written by the host before each call: nanoseconds since 1970, and those of a clock that only goes forward. */
export const WORD_NOW_NS = 1;
export const WORD_ELAPSED_NS = 2;
/** Of all hashes; set once. */
export const WORD_SEED = 3;
/** Counts snapshots: a slot that changes takes it over. */
export const WORD_EPOCH = 4;
export const WORD_MAX_SERIES = 5;
/** Bits FEATURE_*. */
export const WORD_FEATURES = 6;
/** Counts what makes a snapshot differ from the one before. */
export const WORD_CHANGES = 7;
export const WORD_SPANS = 8;
export const WORD_SAMPLED_OUT = 9;
export const WORD_IGNORED = 10;
export const WORD_FILTERED = 11;
export const WORD_NOT_EXPORTED = 12;
export const WORD_UNREADABLE = 13;
export const WORD_UNMEASURED = 14;
/** Measurements that overflowed: six metrics, edges, latencies. */
export const WORD_OVERFLOWED = 16;
export const WORD_OVERFLOWED_EDGES = 22;
export const WORD_OVERFLOWED_LATENCIES = 23;
/** In use: series of six metrics, overflowing series, regular latencies. */
export const WORD_SERIES = 24;
export const WORD_SERIES_OVERFLOWING = 30;
export const WORD_LATENCIES = 31;
/** Ring of pending spans: entries ever added, entries ever removed. */
export const WORD_PENDING_ADDED = 32;
export const WORD_PENDING_REMOVED = 33;
export const WORD_EDGES = 34;

export const FEATURE_SERIES = 1;
export const FEATURE_EDGES = 2;

/** Numbers of the attributes that the stage itself reads. */
export const ATTRIBUTE_METHOD = 0;
export const ATTRIBUTE_STATUS = 1;
export const ATTRIBUTE_ROUTE = 2;
export const ATTRIBUTE_SCHEME = 3;
export const ATTRIBUTE_PATH = 4;
export const ATTRIBUTE_FULL_URL = 5;
export const ATTRIBUTE_SERVER_ADDRESS = 6;
export const ATTRIBUTE_REQUEST_SIZE = 7;
export const ATTRIBUTE_RESPONSE_SIZE = 8;
export const ATTRIBUTE_COUNT = 9;

/** Texts in keys are cut to this length, at a character. */
export const MAX_TEXT_BYTES = 255;
/** Routes that the heuristic may find in one process. */
export const MAX_HEURISTIC_ROUTES = 200;
/** Values of one segment before it collapses. */
export const MAX_SEGMENT_VALUES = 10;
/** Segments that heuristic and tree look at. */
export const MAX_ROUTE_SEGMENTS = 8;

/** RouteRules.unmatched */
export const UNMATCHED_UNSET = 0;
export const UNMATCHED_PATH = 1;
export const UNMATCHED_WILDCARD = 2;
export const UNMATCHED_HEURISTIC = 3;
export const UNMATCHED_LOW_CARDINALITY = 4;
/** RouteRules.ignoreMode, bits. */
export const IGNORE_TRACES = 1;
export const IGNORE_METRICS = 2;
/** Kinds of pattern segments, the most specific first; a run is any number of segments, none included. */
export const SEGMENT_LITERAL = 0;
export const SEGMENT_GLOB = 1;
export const SEGMENT_ANY = 2;
export const SEGMENT_RUN = 3;
/** Marks in globs: bytes that UTF-8 has not. */
export const GLOB_RUN = 0xff;
export const GLOB_ONE = 0xfe;
export const GLOB_CLASS = 0xfd;
export const GLOB_NOT_CLASS = 0xfc;
