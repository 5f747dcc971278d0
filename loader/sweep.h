/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * Removes from the maps what a process left there when it ended, became another program or is no target
 * any more. Used by pump.c for processes whose end was seen, by commands.c for those that are released,
 * and by go_loader.c at a tick when such a record may have been lost.
 */
#ifndef TSUNAGI_SWEEP_H
#define TSUNAGI_SWEEP_H

#include "kernel.h"
#include "stats.h"

/* The process is gone: it is no target any more and its entries go. Nothing happens when it was
 * none. */
void sweep_exited(const struct kernel *kernel, uint32_t pid);

/* The process runs another program now: it stays a target, its entries go. */
void sweep_replaced(const struct kernel *kernel, uint32_t pid);

/*
 * The process (0: every one that is no target) runs on without being traced: its entries go, and spans in
 * flight are told as lost. To be called when no probe runs any more that saw it as a target, else what
 * such a probe leaves stays behind.
 */
void sweep_released(const struct kernel *kernel, struct stats *stats, uint32_t pid);

/* sweep_exited() for each target that does not exist. */
void sweep_missing(const struct kernel *kernel);

#endif
