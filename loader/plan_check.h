/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * Checks a capture plan as the kernel's interpreter will run it: every op stays inside the
 * reservation and takes its pointer from bytes that were written before. Used by control.c.
 */
#ifndef TSUNAGI_PLAN_CHECK_H
#define TSUNAGI_PLAN_CHECK_H

#include "control.h"

/* String of a server start that the kernel itself fills. */
#define STRING_TRACESTATE 7

/* The slot is already checked. */
bool plan_check(const struct wire_plan *plan, struct refusal *why);

#endif
