/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/sink/segment_reader.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

void
segment_reader_init(struct segment_reader *r)
{
	r->segment = NULL;
	r->fd = -1;
}

int
segment_reader_open(struct segment_reader *r, struct segment *segment)
{
	segment_reader_close(r);
	r->fd = open(segment->path, O_RDONLY | O_CLOEXEC);
	if (r->fd < 0)
		return -errno;
	r->segment = segment;
	r->at = SEGMENT_HEADER;
	r->len = r->pos = 0;
	return 0;
}

void
segment_reader_close(struct segment_reader *r)
{
	if (r->fd >= 0)
		close(r->fd);
	segment_reader_init(r);
}

/* Moves what is left to the front and reads more behind it. */
static int
fill(struct segment_reader *r)
{
	r->at += r->pos;
	r->len -= r->pos;
	memmove(r->bytes, r->bytes + r->pos, r->len);
	r->pos = 0;
	uint64_t from = r->at + r->len;
	uint64_t left = r->segment->bytes - from;
	size_t want = sizeof(r->bytes) - r->len;
	if (left < want)
		want = (size_t)left;
	ssize_t n;
	do
		n = want ? pread(r->fd, r->bytes + r->len, want, (off_t)from) : 0;
	while (n < 0 && errno == EINTR);
	if (n <= 0)
		return n < 0 ? -errno : -EBADMSG;
	r->len += (size_t)n;
	return 0;
}

int
segment_reader_next(struct segment_reader *r, struct spool_record *ret)
{
	for (;;) {
		ptrdiff_t n = segment_record_read(span_of(r->bytes + r->pos, r->len - r->pos),
		    r->segment->epoch, ret);
		if (n > 0) {
			r->pos += (size_t)n;
			return 0;
		}
		int error = n < 0 ? -EBADMSG : fill(r);
		if (error < 0)
			return error;
	}
}
