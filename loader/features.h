/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Facts of this kernel that the service shows or acts on (enum wire_feature), found by trying. Used
 * by hello.c and doctor.c. */
#ifndef TSUNAGI_FEATURES_H
#define TSUNAGI_FEATURES_H

#include "kernel.h"

uint64_t features_probe(const struct kernel *kernel);

/* FEATURE_LOCKDOWN_*, or 0. */
uint64_t features_lockdown(void);

#endif
