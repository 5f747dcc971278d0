/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* JSON objects on stdout, one a line: json_begin(), fields, json_end(). Used by doctor.c and
 * doctor_others.c. */
#ifndef TSUNAGI_JSON_LINE_H
#define TSUNAGI_JSON_LINE_H

#include <stdbool.h>

/* The first field says what the line is about. */
void json_begin(const char *name, const char *value);

/* Bytes that are no UTF-8 go out as they are. */
void json_text(const char *name, const char *value);

void json_number(const char *name, long long value);

void json_flag(const char *name, bool value);

/* The line is written when this returns. */
void json_end(void);

#endif
