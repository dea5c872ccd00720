/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/sink/segment.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "common/cursor.h"
#include "common/log.h"

#define MAGIC "GUANSPL1"
#define RECORD_HEADER 8
#define RECORD_FIXED 10 /* sequence, class, type length */

static void
put32(uint8_t *p, uint32_t v)
{
	for (unsigned i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> 8 * i);
}

static void
put64(uint8_t *p, uint64_t v)
{
	for (unsigned i = 0; i < 8; i++)
		p[i] = (uint8_t)(v >> 8 * i);
}

int
segment_write(int fd, const void *bytes, size_t len)
{
	const uint8_t *p = bytes;

	while (len) {
		ssize_t n = write(fd, p, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

struct segment *
segment_new(const struct spool_folder *folder, uint64_t epoch, uint64_t first)
{
	size_t size = strlen(folder->path) + 64;
	struct segment *s = calloc(1, sizeof(*s) + size);

	if (!s)
		return NULL;
	s->epoch = epoch;
	s->first = first;
	snprintf(s->path, size, "%s/%010llu-%020llu.spool", folder->path,
	    (unsigned long long)epoch, (unsigned long long)first);
	return s;
}

void
segment_set_aside(struct segment *s, const char *why)
{
	char aside[4096 + 64];

	snprintf(aside, sizeof(aside), "%s.aside", s->path);
	s->is_aside = true;
	if (rename(s->path, aside) == 0)
		log_error("%s: %s; kept as %s, its records are not sent", s->path, why, aside);
	else
		log_error("%s: %s; its records are not sent", s->path, why);
}

static int
header_write(int fd, const struct segment *s)
{
	uint8_t header[SEGMENT_HEADER];

	memcpy(header, MAGIC, 8);
	put64(header + 8, s->epoch);
	put64(header + 16, s->first);
	return segment_write(fd, header, sizeof(header));
}

int
segment_create(struct segment *s, nsec_t now)
{
	int fd = open(s->path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0640);

	if (fd < 0)
		return -errno;
	int r = header_write(fd, s);
	if (r < 0) {
		close(fd);
		unlink(s->path);
		return r;
	}
	s->bytes = SEGMENT_HEADER;
	s->born = now;
	return fd;
}

/* --- Records --- */

size_t
segment_record_put(uint8_t *at, size_t room, const struct spool_record *record, uint8_t class,
    const struct span *json, unsigned parts)
{
	size_t len = RECORD_FIXED + record->type.len;

	for (unsigned i = 0; i < parts; i++)
		len += json[i].len;
	if (len > SEGMENT_RECORD_MAX || record->type.len > 255 || RECORD_HEADER + len > room)
		return 0;
	uint8_t *body = at + RECORD_HEADER, *p = body + RECORD_FIXED;
	put64(body, record->sequence);
	body[8] = class;
	body[9] = (uint8_t)record->type.len;
	memcpy(p, record->type.p, record->type.len);
	p += record->type.len;
	for (unsigned i = 0; i < parts; i++) {
		memcpy(p, json[i].p, json[i].len);
		p += json[i].len;
	}
	put32(at, (uint32_t)len);
	put32(at + 4, (uint32_t)crc32(0, body, (uInt)len));
	return RECORD_HEADER + len;
}

ptrdiff_t
segment_record_read(struct span bytes, uint64_t epoch, struct spool_record *ret)
{
	struct cursor c = cursor_span(bytes);
	uint32_t len = cursor_le32(&c);
	uint32_t crc = cursor_le32(&c);

	if (c.is_short)
		return 0;
	if (len < RECORD_FIXED || len > SEGMENT_RECORD_MAX)
		return -1;
	struct span body = cursor_bytes(&c, len);
	if (c.is_short)
		return 0;
	if (crc32(0, body.p, (uInt)body.len) != crc)
		return -1;
	struct cursor b = cursor_span(body);
	ret->epoch = epoch;
	ret->sequence = cursor_le64(&b);
	cursor_skip(&b, 1);
	ret->type = cursor_bytes(&b, cursor_u8(&b));
	ret->json = cursor_rest(&b);
	return b.is_short ? -1 : (ptrdiff_t)(RECORD_HEADER + len);
}

/* --- After a crash --- */

/* The next good record at or behind at, whose number is above last; size when there is none. */
static size_t
record_find(const uint8_t *map, size_t at, size_t size, uint64_t epoch, uint64_t last,
    struct spool_record *ret)
{
	for (; at + RECORD_HEADER + RECORD_FIXED <= size; at++)
		if (segment_record_read(span_of(map + at, size - at), epoch, ret) > 0 &&
		    ret->sequence > last)
			return at;
	return size;
}

/*
 * Behind a damaged record good ones may follow: they get a segment of their own, as the numbers
 * of a segment have no gaps. Renamed into place whole, before the damaged one is cut.
 */
static int
salvage(const struct spool_folder *folder, uint64_t epoch, uint64_t first, struct span records)
{
	const char *temporary = "salvage";
	struct segment *s = segment_new(folder, epoch, first);
	int fd = openat(folder->fd, temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
	int r = !s ? -ENOMEM : fd < 0 ? -errno : 0;

	if (r == 0)
		r = header_write(fd, s);
	if (r == 0)
		r = segment_write(fd, records.p, records.len);
	if (r == 0 && fsync(fd) < 0)
		r = -errno;
	if (fd >= 0)
		close(fd);
	if (r == 0 && renameat(folder->fd, temporary, AT_FDCWD, s->path) < 0)
		r = -errno;
	if (r < 0)
		unlinkat(folder->fd, temporary, 0);
	free(s);
	return r;
}

/* Counts the good records at the start of map; returns the offset behind them. */
static size_t
records_count(struct segment *s, struct span map)
{
	size_t at = SEGMENT_HEADER;
	struct spool_record r;

	while (at < map.len) {
		ptrdiff_t n =
		    segment_record_read(span_sub(map, at, map.len - at), s->epoch, &r);
		if (n <= 0 || r.sequence != s->first + s->count)
			break;
		s->count++;
		at += (size_t)n;
	}
	return at;
}

/* Whether the header says what the name does: then the bytes behind it are records. */
static bool
header_is_right(const struct segment *s, struct span map)
{
	struct cursor c = cursor_span(map);
	struct span magic = cursor_bytes(&c, 8);

	return magic.len == 8 && memcmp(magic.p, MAGIC, 8) == 0 &&
	       cursor_le64(&c) == s->epoch && cursor_le64(&c) == s->first;
}

/* The file of s, of size bytes, is mapped: what it holds, and where to cut it. */
static int
recover_map(const struct spool_folder *folder, struct segment *s, struct span map,
    uint64_t *ret_next, uint64_t *ret_damaged)
{
	struct spool_record good;
	size_t at = records_count(s, map);
	uint64_t next = s->first + s->count;
	size_t again = record_find(map.p, at, map.len, s->epoch, next - 1, &good);

	s->bytes = at;
	if (again == map.len)
		return 0;
	*ret_next = good.sequence;
	*ret_damaged = good.sequence - next;
	return salvage(folder, s->epoch, good.sequence, span_sub(map, again, map.len - again));
}

int
segment_recover(const struct spool_folder *folder, struct segment *s, uint64_t *ret_next,
    uint64_t *ret_damaged)
{
	int fd = open(s->path, O_RDWR | O_CLOEXEC);
	struct stat st;

	*ret_next = *ret_damaged = 0;
	s->is_closed = true;
	if (fd < 0)
		return -errno;
	int r = fstat(fd, &st) < 0 ? -errno : 0;
	if (r == 0 && st.st_size > (off_t)2 * SEGMENT_MAX)
		segment_set_aside(s, "longer than any segment");
	if (r < 0 || s->is_aside || st.st_size <= SEGMENT_HEADER) {
		close(fd);
		return r;
	}
	size_t size = (size_t)st.st_size;
	uint8_t *map = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
	r = map == MAP_FAILED ? -errno : 0;
	if (r == 0) {
		if (header_is_right(s, span_of(map, size)))
			r = recover_map(folder, s, span_of(map, size), ret_next, ret_damaged);
		else
			segment_set_aside(s, "no segment of this spool, or of a later version");
		munmap(map, size);
	}
	if (r == 0 && !s->is_aside && s->bytes < size && ftruncate(fd, (off_t)s->bytes) < 0)
		r = -errno;
	close(fd);
	return r;
}

/* --- The folder --- */

static int
by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int
is_segment(const struct dirent *e)
{
	size_t n = strlen(e->d_name);

	return n == 37 && strcmp(e->d_name + n - 6, ".spool") == 0;
}

int
segment_each(const struct spool_folder *folder, segment_each_fn *each, void *arg)
{
	struct dirent **names;
	int n = scandir(folder->path, &names, is_segment, by_name);
	int r = n < 0 ? -errno : 0;

	for (int i = 0; i < n; i++) {
		unsigned long long epoch, first;
		if (r == 0 &&
		    sscanf(names[i]->d_name, "%10llu-%20llu.spool", &epoch, &first) == 2)
			r = each(arg, epoch, first);
		free(names[i]);
	}
	if (n >= 0)
		free(names);
	return r;
}
