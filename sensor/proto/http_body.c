/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http_body: from the bytes of a message to what rules look at.
 *
 * Transfer coding is off already (http_parse.c). Here content encodings come off, and what is
 * left goes to the body's window and, for a form, to its parts. A body that is a file has a
 * name: from Content-Disposition, else the path that was asked for.
 */
#include "sensor/proto/http.h"

/* --- Content encoding --- */

struct encodings {
	enum encoding list[INFLATE_LAYERS_MAX];
	unsigned count, named, lzma;
};

/* One word of Content-Encoding. False: stop reading. */
static bool
add_encoding(struct app *app, struct http_tx *tx, enum dir dir, struct encodings *all,
    struct span word)
{
	const struct http_config *config = http_config(app);
	if (++all->named > config->max_layers || all->count == INFLATE_LAYERS_MAX) {
		tx_event(&tx->tx, HTTP_EVENT_TOO_MANY_ENCODING_LAYERS);
		return false;
	}
	enum encoding encoding = ENCODING_NONE;
	bool is_exact = true;
	if (http_nozero_has(word, "gzip")) {
		encoding = ENCODING_GZIP;
		is_exact = http_nozero_eq(word, "gzip") || http_nozero_eq(word, "x-gzip");
	} else if (http_nozero_has(word, "deflate")) {
		encoding = ENCODING_DEFLATE;
		is_exact = http_nozero_eq(word, "deflate") || http_nozero_eq(word, "x-deflate");
	} else if (http_nozero_eq(word, "lzma")) {
		encoding = ENCODING_LZMA;
		if (++all->lzma > config->max_lzma_layers) {
			tx_event(&tx->tx, dir == DIR_TOSERVER
					      ? HTTP_EVENT_REQUEST_TOO_MANY_LZMA_LAYERS
					      : HTTP_EVENT_RESPONSE_TOO_MANY_LZMA_LAYERS);
			return false;
		}
	} else if (http_nozero_eq(word, "br")) {
		encoding = ENCODING_BROTLI;
	} else {
		is_exact = http_nozero_eq(word, "inflate") || http_nozero_eq(word, "none") ||
			   http_nozero_eq(word, "identity");
	}
	if (!is_exact)
		tx_event(&tx->tx, HTTP_EVENT_ABNORMAL_CE_HEADER);
	if (encoding != ENCODING_NONE)
		all->list[all->count++] = encoding;
	return true;
}

static void
open_inflate(struct app *app, struct http_tx *tx, enum dir dir)
{
	struct http_message *message = &tx->message[dir];
	struct span value = http_header_value(message, "content-encoding", NULL);
	struct encodings all = { 0 };
	while (value.len) {
		size_t n = 0;
		while (n < value.len && value.p[n] != ',' && value.p[n] != ' ')
			n++;
		struct span word = span_sub(value, 0, n);
		value = span_from(value, n + 1);
		if (word.len && !add_encoding(app, tx, dir, &all, word))
			break;
	}
	if (all.count)
		message->inflate =
		    inflate_new(app->worker, &http_config(app)->inflate, all.list, all.count);
}

/* --- Files --- */

struct file *
http_file_begin(struct app *app, struct http_tx *tx, enum dir dir, struct span name)
{
	if (name.len > FILE_NAME_MAX)
		tx_event(&tx->tx, HTTP_EVENT_FILE_NAME_TOO_LONG);
	return file_begin(app, &tx->tx, dir, name, &http_config(app)->body[dir]);
}

/* The body has a byte, or a hole: if it is a file at all, it begins here. */
static void
open_file(struct app *app, struct http_tx *tx, enum dir dir)
{
	struct http_message *message = &tx->message[dir];
	if (!message->carries_file)
		return;
	message->carries_file = false;
	bool has_name = false;
	struct span name = http_disposition_name(
	    http_header_value(message, "content-disposition", NULL), &has_name);
	if (!has_name)
		name = span_sub(proto_buf_span(&tx->uri_norm), 0, tx->path_len);
	message->file = http_file_begin(app, tx, dir, name);
	if (message->file)
		message->file->body = &message->body;
}

/* --- The way of the bytes --- */

void
http_body_begin(struct app *app, struct http_tx *tx, enum dir dir)
{
	if (!tx)
		return;
	open_inflate(app, tx, dir);
	if (dir == DIR_TOCLIENT) {
		tx->message[dir].carries_file = true;
		return;
	}
	if (tx->method_id == HTTP_METHOD_POST) {
		struct span type = http_header_value(&tx->message[dir], "content-type", NULL);
		if (http_nozero_has(type, "multipart/form-data"))
			tx->multipart = http_multipart_new(app, tx, type);
	}
	bool is_upload = tx->method_id == HTTP_METHOD_POST || tx->method_id == HTTP_METHOD_PUT;
	tx->message[dir].carries_file = is_upload && !tx->multipart;
}

struct entity {
	struct app *app;
	struct http_tx *tx;
	enum dir dir;
};

static bool
entity_bytes(void *arg, struct span bytes)
{
	struct entity *entity = arg;
	struct http_tx *tx = entity->tx;
	struct http_message *message = &tx->message[entity->dir];
	message->entity_bytes += bytes.len;
	open_file(entity->app, tx, entity->dir);
	if (message->file)
		file_append(entity->app, message->file, bytes);
	else
		body_append(entity->app->worker, &message->body,
		    &http_config(entity->app)->body[entity->dir], bytes);
	if (entity->dir == DIR_TOSERVER && tx->multipart)
		http_multipart_push(entity->app, tx, tx->multipart, bytes);
	return true;
}

static void
raise_problems(struct http_tx *tx, const struct http_message *message)
{
	unsigned problems = inflate_problems(message->inflate);
	if (problems & INFLATE_BROKEN)
		tx_event(&tx->tx, HTTP_EVENT_GZIP_DECOMPRESSION_FAILED);
	if (problems & INFLATE_BOMB)
		tx_event(&tx->tx, HTTP_EVENT_COMPRESSION_BOMB);
	if (problems & INFLATE_LZMA_MEMORY)
		tx_event(&tx->tx, HTTP_EVENT_LZMA_MEMLIMIT_REACHED);
}

void
http_body_push(struct app *app, struct http_tx *tx, enum dir dir, struct span bytes, nsec_t ts)
{
	if (!tx || bytes.len == 0)
		return;
	struct http_message *message = &tx->message[dir];
	struct entity entity = { app, tx, dir };
	message->wire_bytes += bytes.len;
	if (message->inflate) {
		inflate_push(message->inflate, bytes, entity_bytes, &entity);
		raise_problems(tx, message);
	} else if (!message->is_undecodable) {
		entity_bytes(&entity, bytes);
	}
	tx_moved(&tx->tx, dir, HTTP_BODY, ts);
}

void
http_body_gap(struct app *app, struct http_tx *tx, enum dir dir, uint64_t bytes, nsec_t ts)
{
	if (!tx)
		return;
	struct http_message *message = &tx->message[dir];
	message->wire_bytes += bytes;
	if (message->inflate) {
		/* No decoder finds its way again behind a hole. */
		struct entity entity = { app, tx, dir };
		inflate_finish(message->inflate, entity_bytes, &entity);
		inflate_free(message->inflate);
		message->inflate = NULL;
		message->is_undecodable = true;
		message->body.has_gap = true;
		body_finish(&message->body);
	} else if (!message->is_undecodable) {
		message->entity_bytes += bytes;
		open_file(app, tx, dir);
		if (message->file)
			file_gap(app, message->file, bytes);
		else
			body_gap(app->worker, &message->body, bytes);
	}
	if (dir == DIR_TOSERVER && tx->multipart)
		http_multipart_end(app, tx, tx->multipart);
	tx_moved(&tx->tx, dir, HTTP_BODY, ts);
}

void
http_body_end(struct app *app, struct http_tx *tx, enum dir dir)
{
	struct http_message *message = &tx->message[dir];
	struct entity entity = { app, tx, dir };
	if (message->inflate) {
		inflate_finish(message->inflate, entity_bytes, &entity);
		raise_problems(tx, message);
		inflate_free(message->inflate);
		message->inflate = NULL;
	}
	if (dir == DIR_TOSERVER && tx->multipart)
		http_multipart_end(app, tx, tx->multipart);
	file_end(app, message->file, !message->is_cut_short);
	body_finish(&message->body);
}
