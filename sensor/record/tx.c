/* SPDX-License-Identifier: Apache-2.0 */
/* tx: what an application said, a record a transaction, and one for each file it carried. */
#include "sensor/proto/file.h"
#include "sensor/record/recorder.h"

/* The transaction of another protocol that this one carries, or NULL. */
static const struct tx *
inner_of(const struct app *app, const struct tx *tx)
{
	return app->proto->inner_tx ? app->proto->inner_tx(tx) : NULL;
}

static bool
put_inner(struct json *json, const struct app *app, const struct tx *tx)
{
	const struct tx *inner = inner_of(app, tx);
	const struct proto *proto = inner ? proto_get(app->proto->inner_id) : NULL;
	struct json_mark mark = json_mark(json);

	if (!proto)
		return false;
	json_open_object(json, proto->name);
	if (proto->record(app, inner, json)) {
		json_close(json);
		return true;
	}
	json_rewind(json, mark);
	return false;
}

void
record_app(struct json *json, const struct app *app, const struct tx *tx)
{
	const struct proto *proto = app ? app->proto : NULL;

	if (!proto || !tx || !proto->record)
		return;
	struct json_mark mark = json_mark(json);
	json_open_object(json, proto->record_key ? proto->record_key : proto->name);
	if (proto->record(app, tx, json)) {
		json_close(json);
		if (proto->record_beside)
			proto->record_beside(app, tx, json);
	} else {
		json_rewind(json, mark);
	}
	put_inner(json, app, tx);
}

/* The packet at hand when it is of the flow: a flow may also end while another's packet is. */
static const struct packet *
packet_of(const struct recorder *r, const struct app *app)
{
	return r->packet && r->packet->flow == app->flow ? r->packet : NULL;
}

static void
record_tx(struct recorder *r, const struct app *app, const struct tx *tx)
{
	const struct proto *proto = app->proto;
	const struct tx *inner = inner_of(app, tx);
	const char *key = proto->record_key ? proto->record_key : proto->name;
	const char *type = inner ? proto_name(proto->inner_id) : key;
	struct record_ends ends =
	    record_ends_flow(app->flow, tx->is_answer ? DIR_TOCLIENT : DIR_TOSERVER);
	const struct packet *packet = packet_of(r, app);
	struct record_head head = { .class = RECORD_PROTOCOL, .type = type, .ts = tx->last_ns };
	struct json json;

	if (!record_begin(r, &json, &head, app->flow, packet, &ends))
		return;
	json_put_uint(&json, "tx_id", tx->id);
	json_open_object(&json, key);
	if (!proto->record(app, tx, &json)) {
		r->sink.commit(r->sink.arg, &head, 0);
		return;
	}
	json_close(&json);
	if (inner && !put_inner(&json, app, tx)) {
		r->sink.commit(r->sink.arg, &head, 0);
		return;
	}
	if (proto->record_beside)
		proto->record_beside(app, tx, &json);
	if (r->options->has_metadata)
		record_flow_vars(&json, app->flow);
	record_guan(r, &json);
	record_end(r, &json, &head);
}

/* As Suricata: MD5 and SHA-1 only of a file that is whole, SHA-256 of what there was. */
static void
put_hashes(struct json *json, const struct file *file)
{
	const struct proto_hashes *h = &file->hashes;
	unsigned kinds = h->kinds;

	if (file->state != FILE_CLOSED)
		kinds &= PROTO_SHA256;
	if (kinds & PROTO_MD5)
		json_put_hex(json, "md5", span_of(h->md5, sizeof(h->md5)), 0);
	if (kinds & PROTO_SHA1)
		json_put_hex(json, "sha1", span_of(h->sha1, sizeof(h->sha1)), 0);
	if (kinds & PROTO_SHA256)
		json_put_hex(json, "sha256", span_of(h->sha256, sizeof(h->sha256)), 0);
}

static void
put_file(struct json *json, const struct file *file)
{
	static const char *const states[] = { [FILE_OPEN] = "UNKNOWN",
		[FILE_CLOSED] = "CLOSED",
		[FILE_TRUNCATED] = "TRUNCATED" };

	json_put_text(json, "filename", proto_buf_span(&file->name));
	if (file->sid_count) {
		json_open_array(json, "sid");
		for (unsigned i = 0; i < file->sid_count; i++)
			json_put_uint(json, NULL, file->sids[i]);
		json_close(json);
	}
	if (file->magic.len)
		json_put_text(json, "magic", proto_buf_span(&file->magic));
	json_put_bool(json, "gaps", file->body->has_gap);
	json_put_str(json, "state", states[file->state]);
	put_hashes(json, file);
	json_put_bool(json, "stored", file_is_stored(file));
	if (file_is_stored(file))
		json_put_uint(json, "file_id", file->store_id);
	json_put_uint(json, "size", file_size(file));
	json_put_uint(json, "tx_id", file->tx->id);
}

void
record_alert_files(struct json *json, const struct tx *tx, enum dir dir)
{
	if (!tx->files[dir])
		return;
	json_open_array(json, "files");
	for (const struct file *file = tx->files[dir]; file; file = file->next) {
		json_open_object(json, NULL);
		put_file(json, file);
		json_close(json);
	}
	json_close(json);
}

static void
record_file(struct recorder *r, const struct app *app, const struct tx *tx,
    const struct file *file)
{
	/* A file's source is who sent it. */
	struct record_ends ends = record_ends_flow(app->flow, (enum dir)file->dir);
	struct record_head head = { .class = RECORD_PROTOCOL,
		.type = "fileinfo",
		.ts = tx->last_ns };
	struct json json;

	if (!record_begin(r, &json, &head, app->flow, packet_of(r, app), &ends))
		return;
	record_app(&json, app, tx);
	record_app_proto(&json, app->flow);
	json_open_object(&json, "fileinfo");
	put_file(&json, file);
	json_close(&json);
	record_guan(r, &json);
	record_end(r, &json, &head);
}

void
recorder_tx(struct recorder *r, const struct app *app, struct tx *tx)
{
	const struct proto *proto = app->proto;

	if (tx->skip_record)
		return;
	/* What carries nothing is told as what it was before. */
	uint8_t id = proto->kin && !inner_of(app, tx) ? proto->kin : proto->id;
	if (r->options->protocol[id] && proto->record)
		record_tx(r, app, tx);
	if (!r->options->files)
		return;
	for (int dir = 0; dir < 2; dir++)
		for (const struct file *file = tx->files[dir]; file; file = file->next)
			record_file(r, app, tx, file);
}
