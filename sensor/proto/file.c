/* SPDX-License-Identifier: Apache-2.0 */
/* file: the files of a transaction, from their first byte to their record; see file.h. */
#include "sensor/proto/file.h"

#include "sensor/proto/file_digest.h"
#include "sensor/proto/file_magic.h"

/* As Suricata looks at files of protocols that have no options of their own. */
static const struct body_options usual_options = {
	.limit = 100000,
	.min_bytes = 32768,
	.step_bytes = 4096,
};

/* --- Storing --- */

static void
store_lose(struct app *app, struct file *file)
{
	if (file->store_id)
		app->worker->file_sink->end(app->worker->file_sink->arg, file->store_id, NULL);
	if (file->store == FILE_STORE_YES)
		app->worker->counters.files_unstored++;
	file->store = FILE_STORE_LOST;
	file->store_id = 0;
}

static void
store_send(struct app *app, struct file *file, struct span bytes)
{
	const struct file_sink *sink = app->worker->file_sink;
	if (bytes.len && !sink->put(sink->arg, file->store_id, bytes))
		store_lose(app, file);
}

/* Sends what there is of it: all of that must still be in the window. */
static void
store_open(struct app *app, struct file *file)
{
	const struct file_sink *sink = app->worker->file_sink;
	const struct body *body = file->body;
	bool is_all_there = body->offset == 0 && body->buf.len == body->total;
	file->store_id = is_all_there ? sink->begin(sink->arg) : 0;
	if (file->store_id)
		store_send(app, file, proto_buf_span(&body->buf));
	else
		store_lose(app, file);
}

static void
store_begin(struct app *app, struct file *file)
{
	const struct proto_worker *worker = app->worker;
	if (!worker->file_sink)
		return;
	if (worker->file_sink->is_forced ||
	    (app->store_dirs | file->tx->store_dirs) & DIR_BIT(file->dir))
		file->store = FILE_STORE_YES;
	else if (worker->file_needs & PROTO_STORE)
		file->store = FILE_STORE_MAYBE;
}

/* Bytes that will be appended. The window alone keeps a file of which nobody knows yet. */
static void
store_append(struct app *app, struct file *file, struct span bytes)
{
	if (file->store != FILE_STORE_YES && file->store != FILE_STORE_MAYBE)
		return;
	uint32_t limit = file->options->limit ? file->options->limit : BODY_WINDOW_BYTES;
	bool fits = !file->body->is_final && bytes.len <= limit - file->body->buf.len;
	if (!file->store_id && (file->store == FILE_STORE_YES || !fits))
		store_open(app, file);
	if (file->store_id)
		store_send(app, file, bytes);
}

void
file_store(struct app *app, struct file *file, uint32_t sid)
{
	const struct proto_worker *worker = app->worker;
	if (!worker->file_sink)
		return;
	bool is_known = false;
	for (unsigned i = 0; i < file->sid_count; i++)
		is_known |= file->sids[i] == sid;
	if (sid && !is_known && file->sid_count < FILE_SIDS_MAX)
		file->sids[file->sid_count++] = sid;
	if (file->store == FILE_STORE_YES || file->store == FILE_STORE_LOST)
		return;
	file->store = FILE_STORE_YES;
	if (!file->store_id && file_size(file))
		store_open(app, file);
}

void
file_store_tx(struct tx *tx, uint8_t dirs)
{
	tx->store_dirs |= dirs;
}

void
file_store_flow(struct app *app, uint8_t dirs)
{
	app->store_dirs |= dirs;
}

/* --- A file's life --- */

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
		.digest = file_digest_new(app->worker, app->worker->file_needs & PROTO_HASHES),
		.wants_magic = app->worker->file_needs & PROTO_MAGIC,
	};
	*at = file;
	store_begin(app, file);
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

/* Longer answers are of no use: rules look for their first words. */
#define MAGIC_TEXT_MAX 512

/* Asks once, of the same bytes for any split: as many as are looked at, or all there are. */
static void
magic_ask(struct app *app, struct file *file)
{
	struct proto_worker *worker = app->worker;
	file->wants_magic = false;
	if (file->body->offset)
		return;
	if (!worker->magic)
		worker->magic = file_magic_new();
	struct span head = span_sub(proto_buf_span(&file->body->buf), 0, MAGIC_BYTES);
	(void)proto_buf_append(worker, &file->magic, file_magic_of(worker->magic, head),
	    MAGIC_TEXT_MAX);
}

static void
append(struct app *app, struct file *file, struct span bytes)
{
	store_append(app, file, bytes);
	body_append(app->worker, file->body, file->options, bytes);
	file_digest_update(file->digest, bytes);
}

void
file_append(struct app *app, struct file *file, struct span bytes)
{
	if (!file || file->state != FILE_OPEN || bytes.len == 0)
		return;
	file->tx->has_moved = true;
	uint64_t size = file_size(file);
	if (file->wants_magic && size + bytes.len >= MAGIC_BYTES) {
		/* In two steps, as one alone may push the first bytes out of the window. */
		size_t head = size < MAGIC_BYTES ? (size_t)(MAGIC_BYTES - size) : 0;
		append(app, file, span_sub(bytes, 0, head));
		magic_ask(app, file);
		bytes = span_from(bytes, head);
	}
	append(app, file, bytes);
}

void
file_gap(struct app *app, struct file *file, uint64_t bytes)
{
	if (!file || file->state != FILE_OPEN || bytes == 0)
		return;
	if (file->wants_magic)
		magic_ask(app, file);
	/* The window goes with the hole; what stood in it may still be asked for. */
	if (file->store == FILE_STORE_MAYBE && !file->store_id && file_size(file))
		store_open(app, file);
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
	if (file->wants_magic)
		magic_ask(app, file);
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

/* A file without a kind is one of which it is not known yet, or never will be. */
bool
file_get_magic(const struct app *app, const struct tx *tx, enum dir dir, unsigned index,
    struct arena *scratch, struct field_value *ret)
{
	for (const struct file *file = tx->files[dir]; file; file = file->next) {
		if (file->magic.len == 0 && file->state != FILE_OPEN)
			continue;
		if (index--)
			continue;
		ret->bytes = proto_buf_span(&file->magic);
		ret->offset = 0;
		ret->is_final = true;
		return file->magic.len > 0;
	}
	return false;
}

void
file_end_all(struct app *app, struct tx *tx)
{
	for (int dir = 0; dir < 2; dir++)
		for (struct file *file = tx->files[dir]; file; file = file->next)
			file_end(app, file, false);
}

/* Now, as rules had their say until here. */
static void
store_end(struct app *app, struct file *file)
{
	const struct file_sink *sink = app->worker->file_sink;
	bool is_kept = file->store == FILE_STORE_YES && file->hashes.kinds & PROTO_SHA256;
	if (file->store_id)
		sink->end(sink->arg, file->store_id, is_kept ? file->hashes.sha256 : NULL);
}

void
file_free_all(struct app *app, struct tx *tx)
{
	for (int dir = 0; dir < 2; dir++) {
		struct file *file = tx->files[dir];
		tx->files[dir] = NULL;
		while (file) {
			struct file *next = file->next;
			store_end(app, file);
			file_digest_drop(app->worker, file->digest);
			proto_buf_free(app->worker, &file->name);
			proto_buf_free(app->worker, &file->magic);
			body_free(app->worker, &file->own);
			proto_dealloc(app->worker, file, sizeof(*file));
			file = next;
		}
	}
}
