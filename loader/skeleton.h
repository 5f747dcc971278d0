/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* The generated skeleton of bpf/go.bpf.c, which speaks of the kernel's integer names. Used by all
 * files that touch a map or a program. */
#ifndef TSUNAGI_SKELETON_H
#define TSUNAGI_SKELETON_H

#include <linux/types.h>

typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __u64 u64;

#include "go.skel.h"

#endif
