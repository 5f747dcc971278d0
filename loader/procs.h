/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * What /proc tells of processes, for LIST and DESCRIBE: the service has no access to it. Kernel
 * threads and zombies have no executable and are left out. Used by commands.c.
 */
#ifndef TSUNAGI_PROCS_H
#define TSUNAGI_PROCS_H

#include "control.h"
#include "outbox.h"

/* Sends a KIND_PROCESS record for every process; returns their number. */
uint32_t procs_list(struct outbox *outbox, uint32_t id);

/* Sends one; false with *why when there is no such process or it has no executable. */
bool procs_describe(struct outbox *outbox, uint32_t id, uint32_t pid, struct refusal *why);

#endif
