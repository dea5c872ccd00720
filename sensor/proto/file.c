/* SPDX-License-Identifier: Apache-2.0 */
/* file: the files of a transaction, from their first byte to their record; see file.h. */
#include "sensor/proto/file.h"

#include "sensor/proto/file_digest.h"

/* As Suricata looks at files of protocols that have no options of their own. */
static const struct body_options usual_options = {
	.limit = 100000,
	.min_bytes = 32768,
	.step_bytes = 4096,
};

struct file *
file_begin(struct app *app, struct tx *tx, enum dir dir, struct span name,
    const struct body_options *options)
{
	unsigned count = 0;
	struct file **at = &tx->files[dir];
	for (; *at; at = &(*at)->next)
		count++;
	if (count >= FILES_MAX) {
		app->worker->counters.files_shed++;
		return NULL;
	}
	struct file *file = proto_alloc(app->worker, sizeof(*file));
	if (!file)
		return NULL;
	*file = (struct file){
		.tx = tx,
		.dir = (uint8_t)dir,
		.body = &file->own,
		.options = options ? options : &usual_options,
		.digest = file_digest_new(app->worker, app->worker->options->hashes),
	};
	*at = file;
	tx->has_moved = true;
	file_name_add(app, file, name);
	return file;
}

void
file_name_add(struct app *app, struct file *file, struct span piece)
{
	if (file)
		(void)proto_buf_append(app->worker, &file->name, piece, FILE_NAME_MAX);
}

void
file_append(struct app *app, struct file *file, struct span bytes)
{
	if (!file || file->state != FILE_OPEN || bytes.len == 0)
		return;
	body_append(app->worker, file->body, file->options, bytes);
	file_digest_update(file->digest, bytes);
	file->tx->has_moved = true;
}

void
file_gap(struct app *app, struct file *file, uint64_t bytes)
{
	if (!file || file->state != FILE_OPEN || bytes == 0)
		return;
	body_gap(app->worker, file->body, bytes);
	file->tx->has_moved = true;
}

void
file_write(struct app *app, struct file *file, uint64_t offset, struct span bytes)
{
	if (!file)
		return;
	uint64_t size = file_size(file);
	if (offset > size) {
		/* No file is that large: the offset is a lie, and the size must not wrap. */
		if (offset > INT64_MAX)
			return;
		file_gap(app, file, offset - size);
	} else if (size - offset >= bytes.len) {
		return;
	} else {
		bytes = span_from(bytes, (size_t)(size - offset));
	}
	file_append(app, file, bytes);
}

void
file_end(struct app *app, struct file *file, bool is_whole)
{
	if (!file || file->state != FILE_OPEN)
		return;
	body_finish(file->body);
	file_digest_finish(app->worker, file->digest, &file->hashes);
	file->digest = NULL;
	file->state = is_whole && !file->body->has_gap ? FILE_CLOSED : FILE_TRUNCATED;
	file->tx->has_moved = true;
}

struct file *
file_at(const struct tx *tx, enum dir dir, unsigned index)
{
	struct file *file = tx->files[dir];
	while (file && index--)
		file = file->next;
	return file;
}

/*
 * Empty files show nothing and must not hide those behind them; a file of which nothing is to
 * be seen yet does hide them, so that numbers do not change while the list grows.
 */
bool
file_get_data(const struct app *app, const struct tx *tx, enum dir dir, unsigned index,
    struct arena *scratch, struct field_value *ret)
{
	for (const struct file *file = tx->files[dir]; file; file = file->next) {
		if (file->state != FILE_OPEN && file_size(file) == 0)
			continue;
		if (index-- == 0)
			return body_get(file->body, ret);
	}
	return false;
}

bool
file_get_name(const struct app *app, const struct tx *tx, enum dir dir, unsigned index,
    struct arena *scratch, struct field_value *ret)
{
	const struct file *file = file_at(tx, dir, index);
	if (!file)
		return false;
	ret->bytes = proto_buf_span(&file->name);
	ret->offset = 0;
	ret->is_final = true;
	return true;
}

void
file_end_all(struct app *app, struct tx *tx)
{
	for (int dir = 0; dir < 2; dir++)
		for (struct file *file = tx->files[dir]; file; file = file->next)
			file_end(app, file, false);
}

void
file_free_all(struct app *app, struct tx *tx)
{
	for (int dir = 0; dir < 2; dir++) {
		struct file *file = tx->files[dir];
		tx->files[dir] = NULL;
		while (file) {
			struct file *next = file->next;
			file_digest_drop(app->worker, file->digest);
			proto_buf_free(app->worker, &file->name);
			body_free(app->worker, &file->own);
			proto_dealloc(app->worker, file, sizeof(*file));
			file = next;
		}
	}
}
