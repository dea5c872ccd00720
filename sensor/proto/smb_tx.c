/* SPDX-License-Identifier: Apache-2.0 */
/*
 * smb_tx: transactions: a request and its answer, a file from its first to its last byte, or a
 * call through a pipe.
 */
#include "sensor/proto/smb.h"

static unsigned
open_count(const struct app *app)
{
	unsigned count = 0;
	const struct tx *tx;
	TAILQ_FOREACH (tx, &app->txs, link)
		count += !tx->is_done[0] || !tx->is_done[1];
	return count;
}

struct smb_tx *
smb_tx_new_of(struct app *app, enum smb_kind kind, const struct smb_head *head, nsec_t ts)
{
	struct smb_flow *flow = app->state;
	uint32_t max = smb_config_of(app)->max_tx;
	if (flow->is_overrun)
		return NULL;
	/* Most are done with the next answer: count only when there may be too many. */
	if (app->tx_count > max && open_count(app) > max) {
		flow->is_overrun = true;
		smb_event(app, SMB_EVENT_TOO_MANY_TRANSACTIONS);
		return NULL;
	}
	struct smb_tx *tx = (struct smb_tx *)app_tx_new(app, ts);
	if (!tx)
		return NULL;
	tx->kind = (uint8_t)kind;
	tx->head = *head;
	if (kind == SMB_CALL)
		return tx;
	tx_moved(&tx->tx, head->is_answer ? DIR_TOCLIENT : DIR_TOSERVER, SMB_WHOLE, ts);
	return tx;
}

struct smb_tx *
smb_tx_new(struct smb_unit *unit, enum smb_kind kind)
{
	struct smb_tx *tx = smb_tx_new_of(unit->app, kind, &unit->head, unit->ts);
	if (tx) {
		tx_done(&tx->tx, DIR_TOSERVER, unit->ts);
		/* Where nobody will answer, there is nothing to wait for. */
		if (unit->app->flow->is_async)
			tx_done(&tx->tx, DIR_TOCLIENT, unit->ts);
	}
	return tx;
}

struct smb_tx *
smb_tx_find(struct smb_unit *unit)
{
	struct tx *at;
	TAILQ_FOREACH (at, &unit->app->txs, link) {
		struct smb_tx *tx = (struct smb_tx *)at;
		if (tx->kind != SMB_FILE && tx->kind != SMB_CALL &&
		    !at->is_done[DIR_TOCLIENT] && tx->head.version == unit->head.version &&
		    tx->head.command == unit->head.command &&
		    tx->head.message_id == unit->head.message_id)
			return tx;
	}
	return NULL;
}

struct smb_tx *
smb_tx_find_negotiation(struct app *app)
{
	struct tx *at;
	TAILQ_FOREACH (at, &app->txs, link) {
		struct smb_tx *tx = (struct smb_tx *)at;
		if (tx->kind == SMB_NEGOTIATION && !at->is_done[DIR_TOCLIENT])
			return tx;
	}
	return NULL;
}

void
smb_tx_answer(struct smb_unit *unit, struct smb_tx *tx)
{
	tx->has_status = true;
	tx->head.status = unit->head.status;
	tx->head.is_dos = unit->head.is_dos;
	tx_moved(&tx->tx, DIR_TOCLIENT, SMB_WHOLE, unit->ts);
	smb_tx_finish(tx, unit->ts);
}

void
smb_tx_finish(struct smb_tx *tx, nsec_t ts)
{
	tx_done(&tx->tx, DIR_TOSERVER, ts);
	tx_done(&tx->tx, DIR_TOCLIENT, ts);
}

void
smb_event(struct app *app, enum smb_event event)
{
	struct tx *tx = app_tx_last(app);
	if (tx)
		tx_event(tx, event);
}

/* What points at it: the file that it reads or writes, and bytes on their way there. */
static void
file_forget(struct app *app, struct smb_tx *tx)
{
	struct smb_flow *flow = app->state;
	struct smb_entry *open = smb_open_get(flow, &tx->id);
	for (int dir = 0; dir < 2; dir++) {
		if (open && open->files[dir] == tx)
			open->files[dir] = NULL;
		if (flow->stream[dir].sink.file == tx) {
			flow->stream[dir].sink.file = NULL;
			flow->stream[dir].sink.chunk = NULL;
		}
	}
	smb_chunks_free(app, tx);
}

void
smb_tx_free(struct app *app, struct tx *at)
{
	struct smb_tx *tx = (struct smb_tx *)at;
	struct proto_worker *worker = app->worker;
	if (tx->kind == SMB_FILE)
		file_forget(app, tx);
	proto_buf_free(worker, &tx->name);
	proto_buf_free(worker, &tx->other);
	proto_buf_free(worker, &tx->more);
	proto_buf_free(worker, &tx->dialects);
	smb_login_free(app, tx->login);
	dcerpc_call_free(worker, &tx->call);
	smb_pipe_unref(app, tx->pipe);
}
