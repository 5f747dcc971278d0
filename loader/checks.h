/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* What must hold before anything is loaded, each failure with its own exit code. Used by
 * go_loader.c and doctor.c. */
#ifndef TSUNAGI_CHECKS_H
#define TSUNAGI_CHECKS_H

#include <stdbool.h>

struct check {
	const char *name;
	/* Returns an exit code, after a message that tells the remedy unless it is EXIT_CLEAN. */
	int (*run)(void);
	/* tries something in the kernel, and so tells nothing without the capabilities */
	bool tries;
};

/* In the order of a start; one without name ends them. */
extern const struct check checks[];

/* Up to the first that fails; returns its exit code. */
int checks_run(void);

#endif
