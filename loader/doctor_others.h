/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * Facts about other users of BPF: socket programs, which decide over the same connections as ours,
 * processes that hold uprobes, and loaders that run. Must run before own programs are loaded, as it
 * cannot tell them apart. Used by doctor.c.
 */
#ifndef TSUNAGI_DOCTOR_OTHERS_H
#define TSUNAGI_DOCTOR_OTHERS_H

/* `cgroup` is that of the sockops program, or NULL. */
void doctor_others(const char *cgroup);

#endif
