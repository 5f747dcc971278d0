// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/* See hello.h. */
#include <limits.h>
#include <stdio.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <bpf/libbpf.h>

#include "clock.h"
#include "features.h"
#include "hello.h"
#include "wire.gen.h"

void hello_send(struct outbox *outbox, const struct kernel *kernel, const char *cgroup)
{
	struct wire_hello hello = {
		.fingerprint = WIRE_FINGERPRINT,
		.realtime_offset_ns = clock_realtime_offset_ns(),
		.wire_version = WIRE_VERSION,
		.loader_pid = getpid(),
		.features = features_probe(kernel),
		.cpus = libbpf_num_possible_cpus(),
	};
	char text[PATH_MAX + 256];
	struct utsname names;

	uname(&names);
	hello.text_bytes = snprintf(text, sizeof(text), "%s%c%s%c%s", names.release, '\0',
				    names.nodename, '\0', cgroup) +
			   1;
	outbox_put_parts(outbox, &hello.header, KIND_HELLO, sizeof(hello), text, hello.text_bytes);
	outbox_flush(outbox);
}
