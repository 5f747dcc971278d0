/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Where the cgroup v2 tree is mounted. Used by go_loader.c and doctor.c. */
#ifndef TSUNAGI_CGROUP_H
#define TSUNAGI_CGROUP_H

#include <limits.h>

/* Path of the first cgroup2 mount in /proc/self/mountinfo. Returns an exit code, after a message unless
 * it is EXIT_CLEAN. */
int cgroup_find(char path[PATH_MAX]);

#endif
