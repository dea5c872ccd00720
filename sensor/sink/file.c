/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/sink/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#define FILE_BLOCK (1u << 20)

struct eve_file {
	char *path;
	int fd;
	size_t len;
	char block[FILE_BLOCK];
};

static int
open_append(const char *path)
{
	/* O_NONBLOCK for the open alone: a FIFO nobody reads is an error, not an endless wait
	 * (signals are blocked, so nothing but SIGKILL would end it). */
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK, 0640);

	if (fd >= 0)
		fcntl(fd, F_SETFL, O_APPEND);
	return fd < 0 ? -errno : fd;
}

int
eve_file_open(const char *path, struct eve_file **ret)
{
	struct eve_file *f = malloc(sizeof(*f));

	if (!f)
		return -ENOMEM;
	f->len = 0;
	f->path = strdup(path);
	f->fd = f->path ? open_append(path) : -ENOMEM;
	if (f->fd < 0) {
		int r = f->fd;
		free(f->path);
		free(f);
		return r;
	}
	*ret = f;
	return 0;
}

int
eve_file_flush(struct eve_file *f)
{
	size_t done = 0;
	int r = 0;

	while (done < f->len) {
		ssize_t n = write(f->fd, f->block + done, f->len - done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			r = n < 0 ? -errno : -EIO;
			break;
		}
		done += (size_t)n;
	}
	f->len -= done;
	if (done)
		memmove(f->block, f->block + done, f->len);
	return r;
}

bool
eve_file_line(struct eve_file *f, const struct span *parts, unsigned count)
{
	size_t need = 1;

	for (unsigned i = 0; i < count; i++)
		need += parts[i].len;
	if (need > FILE_BLOCK - f->len)
		(void)eve_file_flush(f);
	if (need > FILE_BLOCK - f->len)
		return false;
	for (unsigned i = 0; i < count; i++) {
		memcpy(f->block + f->len, parts[i].p, parts[i].len);
		f->len += parts[i].len;
	}
	f->block[f->len++] = '\n';
	return true;
}

int
eve_file_reopen(struct eve_file *f)
{
	(void)eve_file_flush(f);
	int fd = open_append(f->path);
	if (fd < 0)
		return fd;
	close(f->fd);
	f->fd = fd;
	return 0;
}

uint64_t
eve_file_close(struct eve_file *f)
{
	if (!f)
		return 0;
	uint64_t lost = 0;

	(void)eve_file_flush(f);
	for (size_t i = 0; i < f->len; i++)
		lost += f->block[i] == '\n';
	if (close(f->fd) < 0 && !lost)
		lost = 1;
	free(f->path);
	free(f);
	return lost;
}
