/* SPDX-License-Identifier: Apache-2.0 */
#include "collector/store/datadir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

int
datadir_make(const char *path, char *error, size_t error_size)
{
	struct stat st;
	if (mkdir(path, 0700) == 0)
		return 0;
	if (errno != EEXIST) {
		snprintf(error, error_size, "data folder %s: %s", path, strerror(errno));
		return -1;
	}
	if (stat(path, &st) < 0 || !S_ISDIR(st.st_mode)) {
		snprintf(error, error_size, "data folder %s: not a folder", path);
		return -1;
	}
	return 0;
}

int
datadir_lock(const char *path, char *error, size_t error_size)
{
	char file[4096];
	if (snprintf(file, sizeof(file), "%s/lock", path) >= (int)sizeof(file)) {
		snprintf(error, error_size, "the path of the data folder is too long");
		return -1;
	}
	int fd = open(file, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0) {
		snprintf(error, error_size, "%s: %s", file, strerror(errno));
		return -1;
	}
	char pid[24] = "";
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		ssize_t n = read(fd, pid, sizeof(pid) - 1);
		pid[n > 0 ? strcspn(pid, "\n") : 0] = '\0';
		snprintf(error, error_size,
		    "data folder %s is in use by another collector (process %s)", path,
		    pid[0] ? pid : "unknown");
		close(fd);
		return -1;
	}
	int n = snprintf(pid, sizeof(pid), "%ld\n", (long)getpid());
	if (ftruncate(fd, 0) < 0 || pwrite(fd, pid, (size_t)n, 0) != n) {
		/* The number is for people; a full disk must not keep the collector from
		 * starting, since showing what is stored still works. */
		return fd;
	}
	return fd;
}
