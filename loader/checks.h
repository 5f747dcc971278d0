/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* What must hold before anything is loaded, each failure with its own exit code. Used by
 * go_loader.c. */
#ifndef TSUNAGI_CHECKS_H
#define TSUNAGI_CHECKS_H

/* Returns an exit code, after a message that tells the remedy unless it is EXIT_CLEAN. */
int checks_run(void);

#endif
