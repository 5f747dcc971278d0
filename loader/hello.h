/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* The first record. Used by go_loader.c. */
#ifndef TSUNAGI_HELLO_H
#define TSUNAGI_HELLO_H

#include "kernel.h"
#include "outbox.h"

void hello_send(struct outbox *outbox, const struct kernel *kernel, const char *cgroup);

#endif
