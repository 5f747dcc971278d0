/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Attaches a probe to a function of the loader itself, runs into it and takes it away. Used by
 * doctor.c. */
#ifndef TSUNAGI_DOCTOR_UPROBE_H
#define TSUNAGI_DOCTOR_UPROBE_H

#include "kernel.h"

/* Returns an exit code, after a message unless it is EXIT_CLEAN. */
int doctor_uprobe(const struct kernel *kernel);

#endif
