// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/* See cgroup.h. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cgroup.h"
#include "log.h"

/* mountinfo writes blank, tab, newline and backslash as \ooo (proc_pid_mountinfo(5)). */
static void unescape(const char *text, char path[PATH_MAX])
{
	size_t used = 0;

	while (*text && used < PATH_MAX - 1) {
		unsigned int value;

		if (*text == '\\' && sscanf(text, "\\%3o", &value) == 1) {
			path[used++] = (char)value;
			text += 4;
		} else {
			path[used++] = *text++;
		}
	}
	path[used] = '\0';
}

static bool find(char path[PATH_MAX])
{
	FILE *file = fopen("/proc/self/mountinfo", "re");
	char *line = NULL;
	size_t room = 0;
	bool found = false;

	if (!file)
		return false;
	while (!found && getline(&line, &room, file) > 0) {
		char point[PATH_MAX];
		const char *type = strstr(line, " - cgroup2 ");

		found = type && sscanf(line, "%*s %*s %*s %*s %4095s", point) == 1;
		if (found)
			unescape(point, path);
	}
	free(line);
	fclose(file);
	return found;
}

int cgroup_find(char path[PATH_MAX])
{
	if (find(path))
		return EXIT_CLEAN;
	log_line(
		"cannot find a cgroup v2 mount in /proc/self/mountinfo (mount one, or name a folder with --cgroup)");
	return EXIT_CGROUP;
}
