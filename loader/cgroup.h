/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Where the cgroup v2 tree is mounted. Used by go_loader.c. */
#ifndef TSUNAGI_CGROUP_H
#define TSUNAGI_CGROUP_H

#include <limits.h>
#include <stdbool.h>

/* Path of the first cgroup2 mount in /proc/self/mountinfo; false when there is none. */
bool cgroup_find(char path[PATH_MAX]);

#endif
