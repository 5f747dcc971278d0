/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * `tsunagi-go --check`: tries everything that a start needs, for real, undoes it, and goes on after a
 * failure. Each line of stdout is a JSON object: {"check":NAME,"exit":CODE,"message":TEXT} with the exit
 * code that a start would end with (0: good), or {"fact":NAME,...}. Read by src/doctor; used by
 * go_loader.c.
 */
#ifndef TSUNAGI_DOCTOR_H
#define TSUNAGI_DOCTOR_H

#include "kernel.h"

/* EXIT_CLEAN whatever it found: the lines tell. */
int doctor_run(const struct kernel_options *options);

#endif
