// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/* See doctor_uprobe.h. */
#define _GNU_SOURCE
#include <link.h>
#include <stdint.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/bpf.h>

#include "attach.h"
#include "closer.h"
#include "doctor_uprobe.h"
#include "log.h"

#define HITS 3

static volatile unsigned int calls;

/* What the probe sits on. */
static __attribute__((noinline)) void probed(void)
{
	calls++;
}

/* The first object is the program itself. */
static int find_offset(struct dl_phdr_info *object, size_t size, void *result)
{
	uintptr_t address = (uintptr_t)probed - object->dlpi_addr;

	(void)size;
	for (int i = 0; i < object->dlpi_phnum; i++) {
		const ElfW(Phdr) *segment = &object->dlpi_phdr[i];

		if (segment->p_type == PT_LOAD && address >= segment->p_vaddr &&
		    address - segment->p_vaddr < segment->p_filesz)
			*(uint64_t *)result = address - segment->p_vaddr + segment->p_offset;
	}
	return 1;
}

/* How often the kernel has run the program since statistics are on. */
static uint64_t runs_of(struct bpf_program *program)
{
	struct bpf_prog_info info = { 0 };
	uint32_t size = sizeof(info);

	return bpf_obj_get_info_by_fd(bpf_program__fd(program), &info, &size) < 0 ? 0
										  : info.run_cnt;
}

int doctor_uprobe(const struct kernel *kernel)
{
	struct bpf_program *program = kernel_probe(kernel, PROBE_SERVER_START);
	struct {
		struct wire_attach head;
		struct wire_site site;
	} message = {
		.head.control.pid = getpid(),
		.head.count = 1,
		.site.probe = PROBE_SERVER_START,
	};
	struct attachments attachments = { 0 };
	struct refusal why = { 0 };
	uint64_t before, runs;
	int statistics;

	dl_iterate_phdr(find_offset, &message.site.file_offset);
	if (!attach_sites(&attachments, kernel, &message.head, &why)) {
		log_line("cannot attach a uprobe to the loader itself: %s", why.text);
		return EXIT_KERNEL_FEATURE;
	}
	/* Needs CAP_SYS_ADMIN; without it the hits stay unseen, which proves nothing. */
	statistics = bpf_enable_stats(BPF_STATS_RUN_TIME);
	before = runs_of(program);
	for (int i = 0; i < HITS; i++)
		probed();
	runs = runs_of(program) - before;
	closer_run(attachments.first);
	if (statistics < 0)
		return EXIT_CLEAN;
	close(statistics);
	if (runs >= HITS)
		return EXIT_CLEAN;
	log_line(
		"a uprobe on the loader itself was hit %d times and ran %llu times (CONFIG_UPROBES=y and "
		"CONFIG_BPF_EVENTS=y are needed)",
		HITS, (unsigned long long)runs);
	return EXIT_KERNEL_FEATURE;
}
