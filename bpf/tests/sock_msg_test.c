// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/*
 * sock_msg.h against requests cut into messages at random: whatever the cuts, exactly the intended
 * lines of the head change and no byte of the body does. A window on a message is memory of its own,
 * so that the address sanitizer sees any access beyond what was made readable.
 */
#include "fake_bpf.h"

#define MAX_MESSAGE 200000

static struct {
	u8 bytes[MAX_MESSAGE];
	u32 size;
	u8 *window;
	u32 from, until;
} message;

static struct sk_msg_md context;
static int refuse_push, refuse_pop, refuse_pull_after_push, pushed;

static void close_window(void)
{
	if (!message.window)
		return;
	memcpy(message.bytes + message.from, message.window, message.until - message.from);
	free(message.window);
	message.window = NULL;
	context.data = context.data_end = NULL;
}

static long fake_pull(struct sk_msg_md *msg, u32 from, u32 until, u64 flags)
{
	(void)flags;
	close_window();
	if (refuse_pull_after_push && pushed)
		return -12;
	if (from >= until || until > message.size)
		return -22;
	message.from = from;
	message.until = until;
	message.window = malloc(until - from);
	memcpy(message.window, message.bytes + from, until - from);
	msg->data = message.window;
	msg->data_end = message.window + (until - from);
	return 0;
}

static long fake_push(struct sk_msg_md *msg, u32 at, u32 bytes, u64 flags)
{
	(void)flags;
	close_window();
	if (refuse_push || at > message.size)
		return -12;
	memmove(message.bytes + at + bytes, message.bytes + at, message.size - at);
	memset(message.bytes + at, '?', bytes);
	message.size += bytes;
	msg->size = message.size;
	pushed = 1;
	return 0;
}

static long fake_pop(struct sk_msg_md *msg, u32 at, u32 bytes, u64 flags)
{
	(void)flags;
	close_window();
	if (refuse_pop || !bytes || at + bytes > message.size || bytes == message.size)
		return -22;
	memmove(message.bytes + at, message.bytes + at + bytes, message.size - at - bytes);
	message.size -= bytes;
	msg->size = message.size;
	return 0;
}

static struct tcp_sock the_socket;

static struct tcp_sock *fake_tcp_sock(void *sk)
{
	(void)sk;
	return &the_socket;
}

#define bpf_msg_pull_data fake_pull
#define bpf_msg_push_data fake_push
#define bpf_msg_pop_data fake_pop
#define bpf_skc_to_tcp_sock fake_tcp_sock

#include "sock_msg.h"

/* A request, what has to become of it, and what did. */
static u8 request[MAX_MESSAGE], expected[MAX_MESSAGE], sent[MAX_MESSAGE];
static u32 request_size, expected_size, sent_size, dropped;

static void put(const char *text, int in_request, int in_expected)
{
	u32 bytes = strlen(text);

	if (in_request) {
		memcpy(request + request_size, text, bytes);
		request_size += bytes;
	}
	if (in_expected) {
		memcpy(expected + expected_size, text, bytes);
		expected_size += bytes;
	}
}

/* Cuts the request at random places, `longest` bytes apart at most, and sends it. */
static void send_request(u32 longest)
{
	static struct bpf_sock sk;
	u32 at = 0, bytes;

	sent_size = dropped = pushed = 0;
	context.sk = &sk;
	while (at < request_size) {
		bytes = 1 + below(longest);
		if (bytes > request_size - at)
			bytes = request_size - at;
		memcpy(message.bytes, request + at, bytes);
		message.size = context.size = bytes;
		if (below(2))
			fake_pull(&context, 0, 1 + below(bytes), 0);
		if (message_sent(&context) == SK_DROP)
			dropped++;
		close_window();
		memcpy(sent + sent_size, message.bytes, message.size);
		sent_size += message.size;
		at += bytes;
	}
}

static const char our_line[] =
	"traceparent: 00-0123456789abcdef0123456789abcdef-fedcba9876543210-01\r\n";
static const char foreign_line[] =
	"Traceparent: 00-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-bbbbbbbbbbbbbbbb-00\r\n";
static const char foreign_rewritten[] =
	"Traceparent: 00-0123456789abcdef0123456789abcdef-fedcba9876543210-01\r\n";

static void put_headers(void)
{
	static const char *const lines[] = {
		"Host: example.org\r\n",
		"User-Agent: Go-http-client/1.1\r\n",
		"Trace: x\r\n",
		"T: \r\n",
		"Tracepare: 00-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-bbbbbbbbbbbbbbbb-00\r\n",
		"X-Traceparent: 00-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-bbbbbbbbbbbbbbbb-00\r\n",
		"Traceparents: x\r\n",
		"Tracestates: x\r\n",
		"Cookie: traceparent: 00-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-bbbbbbbbbbbbbbbb-00\r\n",
	};
	char line[4096];
	u32 count = below(12), i;

	for (i = 0; i < count; i++)
		put(lines[below(sizeof(lines) / sizeof(*lines))], 1, 1);
	if (!below(4)) {
		memcpy(line, "X-Long: ", 8);
		memset(line + 8, 'l', sizeof(line) - 8);
		strcpy(line + 8 + below(sizeof(line) - 16), "\r\n");
		put(line, 1, 1);
	}
}

static struct tracestate state = { .span_id = 7, .line = "tracestate: a=1,b=2\r\n", .bytes = 21 };

/* A random request, and what `action` has to make of it. */
static void make_request(u8 action)
{
	static const char *const methods[] = { "GET",
					       "POST",
					       "A",
					       "PROPFIND",
					       "X-ODD!#$%",
					       "FIFTEENBYTESLON",
					       "SIXTEENBYTESLONG",
					       "LONGERTHANSIXTEENBYTES" };
	const char *method = methods[below(sizeof(methods) / sizeof(*methods))];
	u32 longs = below(8) ? below(40) : below(20000), i;
	u32 bytes = strlen(method);
	char path[20100];

	request_size = expected_size = 0;
	memset(&the_pending, 0, sizeof(the_pending));
	pending_there = 1;
	the_pending.action = action;
	memset(the_pending.method, ' ', METHOD_BYTES);
	memcpy(the_pending.method, method, bytes < METHOD_BYTES ? bytes : METHOD_BYTES);
	the_pending.method_bytes = bytes < METHOD_BYTES ? bytes + 1 : METHOD_BYTES;
	memcpy(the_pending.line, our_line, TRACEPARENT_LINE_BYTES);
	the_pending.owner_span_id = 7;
	the_pending.add_tracestate = action != PENDING_REWRITE && below(2);
	the_tracestate = below(4) ? &state : NULL;

	put(method, 1, 1);
	path[0] = ' ';
	path[1] = '/';
	memset(path + 2, 'p', longs);
	strcpy(path + 2 + longs, " HTTP/1.1\r\n");
	put(path, 1, 1);
	if (action != PENDING_REWRITE) {
		put(our_line, 0, 1);
		if (the_pending.add_tracestate && the_tracestate)
			put((char *)state.line, 0, 1);
	}
	put_headers();
	if (action == PENDING_REWRITE) {
		put(foreign_line, 1, 0);
		put(foreign_rewritten, 0, 1);
	}
	if (action == PENDING_REPLACE) {
		the_pending.remove_tracestate = below(2);
		for (i = 0; i < 1 + below(3); i++) {
			put(below(2) ? foreign_line : "Traceparent: \r\n", 1, 0);
			the_pending.remove++;
			if (!below(3))
				put_headers();
		}
		put("Tracestate: k=v\r\n", 1, !the_pending.remove_tracestate);
		the_pending.remove += the_pending.remove_tracestate;
	}
	put_headers();
	put("\r\n", 1, 1);
	for (i = 0; i < below(20); i++) {
		put("GET / HTTP/1.1\r\nHost: x\r\n", 1, 1);
		put(foreign_line, 1, 1);
		put("Tracestate: k=v\r\n\r\n", 1, 1);
	}
}

static int body_is_whole(void)
{
	u32 i, head = 0;

	for (i = 0; i + 4 <= request_size && !head; i++)
		if (!memcmp(request + i, "\r\n\r\n", 4))
			head = i;
	return sent_size >= request_size - head && !memcmp(sent + sent_size - (request_size - head),
							   request + head, request_size - head);
}

static int as_expected(void)
{
	return sent_size == expected_size && !memcmp(sent, expected, sent_size);
}

static void test_action(u8 action, u32 counter, const char *name)
{
	static const u32 longest[] = { 1, 3, 20, 100, 1000, 5000, MAX_MESSAGE / 2 };
	u32 wrong = 0, touched = 0, uncounted = 0, split = 0, i;
	char what[200];

	for (i = 0; i < 4000; i++) {
		make_request(action);
		memset(counted, 0, sizeof(counted));
		send_request(longest[below(sizeof(longest) / sizeof(*longest))]);
		uncounted += pending_there || counted[counter] + counted[COUNTER_SPLIT] != 1;
		touched += !body_is_whole();
		if (counted[COUNTER_SPLIT])
			split++;
		else
			wrong += !as_expected();
	}
	snprintf(what, sizeof(what),
		 "%s: %u wrong, %u bodies touched, %u not counted once, %u split", name, wrong,
		 touched, uncounted, split);
	check(!wrong && !touched && !uncounted, what);
	snprintf(what, sizeof(what), "%s: %u split", name, split);
	check(action == PENDING_REPLACE || !split, what);
}

static void test_not_a_head(void)
{
	make_request(PENDING_INSERT);
	memset(counted, 0, sizeof(counted));
	request[0] = '\x16';
	send_request(1000);
	check(sent_size == request_size && !memcmp(sent, request, sent_size) && !pending_there &&
		      counted[COUNTER_SPLIT] == 1,
	      "bytes that are no head of the armed request pass untouched, and end the wait");
}

static void test_push_refused(void)
{
	make_request(PENDING_INSERT);
	memset(counted, 0, sizeof(counted));
	refuse_push = 1;
	send_request(1000);
	refuse_push = 0;
	check(sent_size == request_size && !memcmp(sent, request, sent_size) && !pending_there &&
		      counted[COUNTER_PUSH_FAILED] == 1,
	      "a refused push leaves the request as it was, and is counted");
}

static void test_unreadable_push(void)
{
	make_request(PENDING_INSERT);
	memset(counted, 0, sizeof(counted));
	refuse_pull_after_push = 1;
	send_request(1000);
	check(sent_size == request_size && !memcmp(sent, request, sent_size) && !dropped &&
		      counted[COUNTER_PUSH_FAILED] == 1,
	      "an insertion that cannot be written is taken back");
	make_request(PENDING_INSERT);
	refuse_pop = 1;
	send_request(1000);
	check(dropped == 1 && !pending_there && counted[COUNTER_PUSH_FAILED] == 2,
	      "one that cannot be taken back either drops the message");
	refuse_pull_after_push = refuse_pop = 0;
}

static void test_nothing_pending(void)
{
	make_request(PENDING_INSERT);
	pending_there = 0;
	send_request(1000);
	check(sent_size == request_size && !memcmp(sent, request, sent_size),
	      "a socket without an entry is left alone");
}

int main(void)
{
	srandom(1);
	test_action(PENDING_INSERT, COUNTER_INJECTED, "insert");
	test_action(PENDING_REWRITE, COUNTER_REWRITTEN, "rewrite");
	test_action(PENDING_REPLACE, COUNTER_INJECTED, "replace");
	test_not_a_head();
	test_push_refused();
	test_unreadable_push();
	test_nothing_pending();
	return finish("sock_msg");
}
