/* SPDX-License-Identifier: Apache-2.0 */
/*
 * smb_file: contents of files, read or written in pieces that name their offset.
 *
 * Clients have several reads and writes under way, so that pieces may come in another order
 * than they lie in the file: one that lies ahead waits until what is before it has come, within
 * limits, or until the file is closed: then the file has a hole.
 */
#include "sensor/proto/smb.h"

struct smb_chunk {
	struct smb_chunk *next;
	uint64_t offset;
	struct proto_buf bytes;
};

/* --- Pieces that came too early --- */

static void
chunk_free(struct app *app, struct smb_chunk *chunk)
{
	proto_buf_free(app->worker, &chunk->bytes);
	proto_dealloc(app->worker, chunk, sizeof(*chunk));
}

void
smb_chunks_free(struct app *app, struct smb_tx *tx)
{
	while (tx->chunks) {
		struct smb_chunk *next = tx->chunks->next;
		chunk_free(app, tx->chunks);
		tx->chunks = next;
	}
	tx->chunk_count = tx->chunk_bytes = 0;
}

static struct smb_chunk *
chunk_new(struct app *app, struct smb_tx *tx, uint64_t offset)
{
	enum dir dir = (enum dir)tx->file->dir;
	if (tx->chunk_count >= smb_config_of(app)->max_queue_count[dir]) {
		tx_event(&tx->tx, dir == DIR_TOSERVER ? SMB_EVENT_WRITE_QUEUE_CNT_EXCEEDED
						      : SMB_EVENT_READ_QUEUE_CNT_EXCEEDED);
		return NULL;
	}
	struct smb_chunk *chunk = proto_alloc(app->worker, sizeof(*chunk));
	if (!chunk)
		return NULL;
	struct smb_chunk **at = &tx->chunks;
	while (*at && (*at)->offset <= offset)
		at = &(*at)->next;
	*chunk = (struct smb_chunk){ .next = *at, .offset = offset };
	*at = chunk;
	tx->chunk_count++;
	return chunk;
}

/* False: it is full. */
static bool
chunk_add(struct app *app, struct smb_tx *tx, struct smb_chunk *chunk, struct span bytes)
{
	enum dir dir = (enum dir)tx->file->dir;
	uint32_t max = smb_config_of(app)->max_queue_bytes[dir];
	if (bytes.len > max - tx->chunk_bytes) {
		tx_event(&tx->tx, dir == DIR_TOSERVER ? SMB_EVENT_WRITE_QUEUE_SIZE_EXCEEDED
						      : SMB_EVENT_READ_QUEUE_SIZE_EXCEEDED);
		return false;
	}
	if (!proto_buf_append(app->worker, &chunk->bytes, bytes, max))
		return false;
	tx->chunk_bytes += (uint32_t)bytes.len;
	return true;
}

/* Writes what waits and now follows; at the end of the file, all of it. */
static void
chunks_write(struct app *app, struct smb_tx *tx, bool is_end)
{
	while (tx->chunks && (is_end || tx->chunks->offset <= file_size(tx->file))) {
		struct smb_chunk *chunk = tx->chunks;
		tx->chunks = chunk->next;
		tx->chunk_count--;
		tx->chunk_bytes -= chunk->bytes.len;
		file_write(app, tx->file, chunk->offset, proto_buf_span(&chunk->bytes));
		chunk_free(app, chunk);
	}
}

/* --- Where content goes --- */

bool
smb_id_is_related(const struct smb_id *id)
{
	for (size_t i = 0; i < SMB_ID_LEN; i++) {
		if (id->b[i] != 0xff)
			return false;
	}
	return true;
}

struct span
smb_name_of(struct smb_unit *unit, const struct smb_id *id)
{
	const struct smb_entry *open = smb_open_get(unit->flow, id);
	struct tx *at;
	if (open && open->name.len)
		return proto_buf_span(&open->name);
	if (!smb_id_is_related(id))
		return SPAN_NONE;
	TAILQ_FOREACH_REVERSE(at, &unit->app->txs, tx_list, link)
	{
		const struct smb_tx *tx = (const struct smb_tx *)at;
		if (tx->kind == SMB_CREATION)
			return proto_buf_span(&tx->name);
	}
	return SPAN_NONE;
}

void
smb_open_note(struct smb_unit *unit, const struct smb_tx *tx)
{
	struct smb_entry *open = smb_open_get(unit->flow, &tx->id);
	const struct smb_entry *tree = smb_tree_get(unit->flow, &tx->head);
	if (open && open->name.len) /* a number that is used again: what it meant is over */
		smb_file_close(unit, &tx->id);
	open = smb_open_make(unit->app, &tx->id);
	if (!open)
		return;
	open->is_pipe = tree && tree->is_pipe;
	(void)proto_buf_append(unit->app->worker, &open->name, proto_buf_span(&tx->name),
	    SMB_TEXT_MAX);
}

static struct smb_tx *
file_new(struct smb_unit *unit, struct smb_entry *open, const struct smb_id *id)
{
	struct app *app = unit->app;
	struct span unknown = unit->dir == DIR_TOCLIENT ? SPAN("<unknown>") : SPAN_NONE;
	struct span known = smb_name_of(unit, id);
	struct span name = known.len ? known : unknown;
	const struct smb_entry *tree = smb_tree_get(unit->flow, &unit->head);
	struct smb_tx *tx = smb_tx_new_of(app, SMB_FILE, &unit->head, unit->ts);
	if (!tx)
		return NULL;
	tx->id = *id;
	tx->has_status = true;
	tx->head.status = SMB_STATUS_SUCCESS;
	tx->head.message_id = 0;
	(void)proto_buf_append(app->worker, &tx->name, name, SMB_TEXT_MAX);
	if (tree)
		(void)proto_buf_append(app->worker, &tx->other, proto_buf_span(&tree->name),
		    SMB_TEXT_MAX);
	tx->file = file_begin(app, &tx->tx, unit->dir, name, NULL);
	open->files[unit->dir] = tx;
	return tx;
}

static bool
is_pipe(const struct smb_unit *unit, const struct smb_id *id, struct span probe)
{
	const struct smb_entry *open = smb_open_get(unit->flow, id);
	const struct smb_entry *tree = smb_tree_get(unit->flow, &unit->head);
	struct dcerpc_pdu pdu;
	if (tree)
		return tree->is_pipe;
	if (open && (open->is_pipe || open->name.len))
		return open->is_pipe;
	return dcerpc_pdu_read(probe, &pdu);
}

/* Whether so much at once is more than anyone may ask for. */
static bool
is_too_large(struct smb_unit *unit)
{
	uint32_t agreed =
	    unit->dir == DIR_TOSERVER ? unit->flow->max_write : unit->flow->max_read;
	uint32_t allowed = smb_config_of(unit->app)->max_size[unit->dir];
	if ((!agreed || unit->content_len <= agreed) &&
	    (!allowed || unit->content_len <= allowed))
		return false;
	smb_event(unit->app, unit->dir == DIR_TOSERVER ? SMB_EVENT_WRITE_REQUEST_TOO_LARGE
						       : SMB_EVENT_READ_RESPONSE_TOO_LARGE);
	return true;
}

void
smb_content_begin(struct smb_unit *unit, const struct smb_id *id, uint64_t offset,
    struct span probe)
{
	if (is_too_large(unit))
		return;
	if (is_pipe(unit, id, probe)) {
		smb_pipe_content(unit, id);
		return;
	}
	struct smb_entry *open = smb_open_make(unit->app, id);
	if (!open)
		return;
	struct smb_tx *tx = open->files[unit->dir];
	if (!tx)
		tx = file_new(unit, open, id);
	if (!tx || !tx->file)
		return;
	if (offset < file_size(tx->file))
		tx_event(&tx->tx, SMB_EVENT_FILE_OVERLAP);
	unit->sink = (struct smb_sink){ .file = tx,
		.offset = offset,
		.is_direct = offset <= file_size(tx->file) };
}

void
smb_sink_write(struct app *app, const struct smb_head *head, struct smb_sink *sink,
    enum dir dir, struct span bytes, nsec_t ts)
{
	struct smb_tx *tx = sink->file;
	if (sink->pipe)
		smb_pipe_write(app, sink->pipe, head, dir, bytes, ts);
	if (!tx)
		return;
	tx->tx.last_ns = ts;
	if (sink->is_direct) {
		file_write(app, tx->file, sink->offset, bytes);
	} else {
		if (!sink->chunk)
			sink->chunk = chunk_new(app, tx, sink->offset);
		if (!sink->chunk || !chunk_add(app, tx, sink->chunk, bytes)) {
			sink->file = NULL;
			return;
		}
	}
	sink->offset += bytes.len;
}

void
smb_sink_skip(struct app *app, struct smb_sink *sink, uint64_t bytes)
{
	sink->offset += bytes;
	sink->chunk = NULL; /* what follows is a piece of its own */
}

void
smb_sink_close(struct app *app, struct smb_sink *sink)
{
	if (sink->file)
		chunks_write(app, sink->file, false);
	smb_pipe_unref(app, sink->pipe);
	*sink = (struct smb_sink){ 0 };
}

void
smb_content_take(struct smb_unit *unit)
{
	struct span there = span_sub(unit->bytes, unit->content_at, unit->content_len);
	/* What does not end here is taken as it comes by. */
	if (there.len < unit->content_len && unit->bytes.len < unit->len)
		return;
	smb_sink_write(unit->app, &unit->head, &unit->sink, unit->dir, there, unit->ts);
	smb_sink_close(unit->app, &unit->sink);
	unit->content_len = 0;
}

/* --- Closing --- */

void
smb_file_finish(struct app *app, struct smb_tx *tx, bool is_whole)
{
	if (tx->file)
		chunks_write(app, tx, true);
	file_end(app, tx->file, is_whole);
}

void
smb_file_close(struct smb_unit *unit, const struct smb_id *id)
{
	struct smb_flow *flow = unit->flow;
	struct smb_entry *open = smb_open_get(flow, id);
	if (!open)
		return;
	for (int dir = 0; dir < 2; dir++) {
		struct smb_tx *tx = open->files[dir];
		struct smb_sink *sink = &flow->stream[dir].sink;
		if (!tx)
			continue;
		bool is_under_way = sink->file == tx;
		if (is_under_way)
			*sink = (struct smb_sink){ 0 };
		smb_file_finish(unit->app, tx, !is_under_way);
		tx_moved(&tx->tx, (enum dir)dir, SMB_WHOLE, unit->ts);
		smb_tx_finish(tx, unit->ts);
	}
	smb_entry_drop(unit->app, open);
}
