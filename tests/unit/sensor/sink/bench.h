/* SPDX-License-Identifier: Apache-2.0 */
/* bench: what the tests of this folder share: folders of their own, and cmocka's includes. */
#ifndef GUAN_TEST_SINK_BENCH_H
#define GUAN_TEST_SINK_BENCH_H

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static inline void
folder_make(char path[64])
{
	strcpy(path, "/tmp/guan-sink-XXXXXX");
	assert_non_null(mkdtemp(path));
}

static inline int
folder_drop_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	return remove(path);
}

static inline void
folder_drop(const char *path)
{
	assert_int_equal(nftw(path, folder_drop_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

/* The whole file, with a NUL behind it; the caller frees. */
static inline char *
file_read(const char *path, size_t *ret_len)
{
	struct stat st;
	int fd = open(path, O_RDONLY);
	assert_true(fd >= 0 && fstat(fd, &st) == 0);
	char *bytes = malloc((size_t)st.st_size + 1);
	assert_non_null(bytes);
	assert_int_equal(read(fd, bytes, (size_t)st.st_size), st.st_size);
	close(fd);
	bytes[st.st_size] = '\0';
	if (ret_len)
		*ret_len = (size_t)st.st_size;
	return bytes;
}

static inline void
file_write(const char *path, const void *bytes, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, len), len);
	close(fd);
}

/* A disk that is full from that size of a file on; 0: no more. */
static inline void
disk_limit(uint64_t bytes)
{
	struct rlimit limit;

	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = bytes ? bytes : limit.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

#endif
