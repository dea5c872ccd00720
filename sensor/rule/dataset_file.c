/* SPDX-License-Identifier: Apache-2.0 */
/* The files of data sets: a value a line, read when the set is made, written at reload and end.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base64.h"
#include "sensor/rule/address.h"
#include "sensor/rule/dataset_private.h"

/* --- Reading --- */

static bool
hex_read(struct span text, uint8_t *out, size_t len)
{
	if (text.len != len * 2)
		return false;
	for (size_t i = 0; i < len; i++) {
		char digits[4] = { '0', 'x', (char)text.p[2 * i], (char)text.p[2 * i + 1] };
		uint64_t value;
		if (!args_uint(span_of(digits, 4), 255, &value))
			return false;
		out[i] = (uint8_t)value;
	}
	return true;
}

bool
dataset_value_read(const struct dataset *set, struct span text, uint8_t *buf, struct span *ret)
{
	struct addr addr;
	uint8_t version;
	bool is_bad = false;
	switch ((enum dataset_type)set->type) {
	case DATASET_STRING:
		*ret = span_of(buf,
		    base64_decode(text, BASE64_STRICT, buf, DATASET_VALUE_MAX, &is_bad));
		return !is_bad;
	case DATASET_MD5:
		*ret = span_of(buf, 16);
		return hex_read(text, buf, 16);
	case DATASET_SHA256:
		*ret = span_of(buf, 32);
		return hex_read(text, buf, 32);
	case DATASET_IPV4:
	case DATASET_IP:
		if (!addr_parse(text, &addr, &version))
			return false;
		memcpy(buf, addr.b, 16);
		*ret = span_of(buf, version == 4 ? 4 : 16);
		return version == 4 || set->type == DATASET_IP;
	case DATASET_NONE:
		break;
	}
	return false;
}

/* NULL: taken; else what is wrong with the line. */
static const char *
line_read(struct dataset *set, struct span line, uint8_t *buf)
{
	struct span text, reputation, bytes;
	uint64_t number = 0;
	uint8_t form[16];
	args_cut(line, ',', &text, &reputation);
	if ((set->has_reputation && !args_uint(reputation, UINT16_MAX, &number)) ||
	    !dataset_value_read(set, text, buf, &bytes) ||
	    !dataset_value_form(set, bytes, form, &bytes))
		return "not a value of the set's type";
	struct value *value = value_new(bytes, SPAN(""));
	enum value_added added = VALUE_NO_ROOM;
	if (value) {
		value->reputation = (uint16_t)number;
		added = value_set_add(&set->values, value);
	}
	if (added != VALUE_ADDED)
		value_free(value);
	return added == VALUE_NO_ROOM ? "no room within the set's memcap" : NULL;
}

int
dataset_file_open(struct rule_parser *parser, const char *path, FILE **ret_file)
{
	FILE *file = fopen(path, "re");
	if (!file)
		return rule_error(parser, NULL, "%s: cannot be read: %s", path,
		    strerror(errno));
	struct stat st;
	if (fstat(fileno(file), &st) < 0 || !S_ISREG(st.st_mode)) {
		fclose(file);
		return rule_error(parser, NULL, "%s: is no file of values", path);
	}
	*ret_file = file;
	return 0;
}

int
dataset_file_read(struct rule_parser *parser, struct dataset *set, const char *path)
{
	FILE *file;
	int r = dataset_file_open(parser, path, &file);
	if (r < 0)
		return r;
	char *line = NULL;
	size_t cap = 0;
	unsigned number = 0;
	uint8_t *buf = malloc(DATASET_VALUE_MAX + 1);
	for (ssize_t n; buf && r == 0 && (n = getline(&line, &cap, file)) >= 0;) {
		struct span text = args_trim(span_of(line, (size_t)n));
		number++;
		if (!text.len || text.p[0] == '#')
			continue;
		const char *wrong = line_read(set, text, buf);
		if (wrong)
			r = rule_error(parser, NULL, "%s:%u: %s", path, number, wrong);
	}
	if (!buf || (r == 0 && ferror(file)))
		r = rule_error(parser, NULL, "%s: cannot be read to its end", path);
	free(buf);
	free(line);
	fclose(file);
	return r;
}

/* --- Writing --- */

static void
hex_write(FILE *out, struct span bytes)
{
	for (size_t i = 0; i < bytes.len; i++)
		fprintf(out, "%02x", bytes.p[i]);
}

static void
base64_write(FILE *out, struct span bytes)
{
	char text[64];
	while (bytes.len) {
		struct span piece = span_sub(bytes, 0, 48);
		base64_encode(piece, text);
		fwrite(text, 1, base64_encoded_len(piece.len), out);
		bytes = span_from(bytes, piece.len);
	}
}

/* An address of IPv4 as one, also in a set of both. */
static void
address_write(FILE *out, struct span bytes)
{
	static const uint8_t mapped[DATASET_MAPPED_LEN] = { [10] = 0xff, [11] = 0xff };
	char text[INET6_ADDRSTRLEN] = "";
	if (bytes.len == 16 && memcmp(bytes.p, mapped, sizeof(mapped)) == 0)
		bytes = span_from(bytes, sizeof(mapped));
	inet_ntop(bytes.len == 4 ? AF_INET : AF_INET6, bytes.p, text, sizeof(text));
	fputs(text, out);
}

static void
value_write(const struct dataset *set, FILE *out, const struct value *value)
{
	switch ((enum dataset_type)set->type) {
	case DATASET_STRING:
		base64_write(out, value_bytes(value));
		break;
	case DATASET_MD5:
	case DATASET_SHA256:
		hex_write(out, value_bytes(value));
		break;
	case DATASET_IPV4:
	case DATASET_IP:
		address_write(out, value_bytes(value));
		break;
	case DATASET_NONE:
		break;
	}
	if (set->has_reputation)
		fprintf(out, ",%u", value->reputation);
	fputc('\n', out);
}

/* The whole file in memory, so that no worker waits for a disk. The caller frees *ret_text. */
static int
set_text(struct dataset *set, char **ret_text, size_t *ret_len)
{
	FILE *out = open_memstream(ret_text, ret_len);
	if (!out)
		return -ENOMEM;
	pthread_rwlock_rdlock(&set->lock);
	for (size_t i = 0; i < set->values.cap; i++)
		if (set->values.entries[i].value)
			value_write(set, out, set->values.entries[i].value);
	pthread_rwlock_unlock(&set->lock);
	bool is_bad = ferror(out);
	is_bad |= fclose(out) != 0;
	return is_bad ? -ENOMEM : 0;
}

static int
file_put(const char *path, const char *text, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0640);
	if (fd < 0)
		return -errno;
	int r = 0;
	while (len && r == 0) {
		ssize_t n = write(fd, text, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			r = -errno;
		else
			text += n, len -= (size_t)n;
	}
	if (r == 0 && fsync(fd) < 0)
		r = -errno;
	if (close(fd) < 0 && r == 0)
		r = -errno;
	return r;
}

int
dataset_file_write(struct dataset *set, const char *path)
{
	char *text = NULL, *fresh = NULL;
	size_t len = 0;
	int r = set_text(set, &text, &len);
	if (r == 0 && asprintf(&fresh, "%s.new", path) < 0) {
		fresh = NULL;
		r = -ENOMEM;
	}
	if (r == 0)
		r = file_put(fresh, text, len);
	if (r == 0 && rename(fresh, path) < 0)
		r = -errno;
	if (r < 0 && fresh)
		(void)unlink(fresh);
	free(fresh);
	free(text);
	return r;
}
