/* SPDX-License-Identifier: Apache-2.0 */
/*
 * smb_pipe: named pipes: their contents are PDUs of DCERPC, each call a transaction.
 *
 * A PDU may come in several reads and writes; one that is longer than a PDU can be is dropped
 * with all that waits.
 */
#include "sensor/proto/smb.h"

#define PDU_MAX UINT16_MAX

struct smb_pipe {
	unsigned refs;
	struct dcerpc_binding binding;
	struct proto_buf waiting[2]; /* a PDU that is not whole yet, by enum dir */
};

struct smb_pipe *
smb_pipe_new(struct app *app)
{
	struct smb_pipe *pipe = proto_alloc(app->worker, sizeof(*pipe));
	if (pipe)
		*pipe = (struct smb_pipe){ .refs = 1 };
	return pipe;
}

struct smb_pipe *
smb_pipe_ref(struct smb_pipe *pipe)
{
	if (pipe)
		pipe->refs++;
	return pipe;
}

void
smb_pipe_unref(struct app *app, struct smb_pipe *pipe)
{
	if (!pipe || --pipe->refs)
		return;
	dcerpc_binding_free(app->worker, &pipe->binding);
	proto_buf_free(app->worker, &pipe->waiting[0]);
	proto_buf_free(app->worker, &pipe->waiting[1]);
	proto_dealloc(app->worker, pipe, sizeof(*pipe));
}

const struct dcerpc_binding *
smb_pipe_binding(const struct smb_pipe *pipe)
{
	return &pipe->binding;
}

/* The oldest call of the pipe that waits for this side. */
static struct smb_tx *
call_find(struct app *app, const struct smb_pipe *pipe, enum dir dir, uint32_t id)
{
	struct tx *at;
	TAILQ_FOREACH (at, &app->txs, link) {
		struct smb_tx *tx = (struct smb_tx *)at;
		if (tx->kind == SMB_CALL && tx->pipe == pipe && tx->call.id == id &&
		    !at->is_done[dir])
			return tx;
	}
	return NULL;
}

static struct smb_tx *
call_new(struct app *app, struct smb_pipe *pipe, const struct smb_head *head, uint32_t id,
    nsec_t ts)
{
	struct smb_tx *tx = smb_tx_new_of(app, SMB_CALL, head, ts);
	if (!tx)
		return NULL;
	tx->pipe = smb_pipe_ref(pipe);
	tx->call.id = id;
	tx->call.is_piped = true;
	return tx;
}

static void
call_update(struct smb_tx *tx, const struct smb_head *head, enum dir dir, bool is_one_sided,
    nsec_t ts)
{
	const struct dcerpc_side *side = &tx->call.side[dir];
	tx_moved(&tx->tx, dir, side->is_whole ? DCERPC_WHOLE : DCERPC_BEGUN, ts);
	if (side->is_whole)
		tx_done(&tx->tx, dir, ts);
	if (dir == DIR_TOSERVER) {
		if (side->is_whole && is_one_sided)
			tx_done(&tx->tx, DIR_TOCLIENT, ts);
		return;
	}
	tx->has_status = true;
	tx->head.status = head->status;
	tx->head.is_dos = head->is_dos;
	if (side->is_whole) {
		tx_moved(&tx->tx, DIR_TOSERVER, DCERPC_WHOLE, ts);
		tx_done(&tx->tx, DIR_TOSERVER, ts);
	}
}

static void
pdu_take(struct app *app, struct smb_pipe *pipe, const struct smb_head *head, enum dir dir,
    const struct dcerpc_pdu *pdu, struct span whole, nsec_t ts)
{
	struct smb_tx *tx = NULL;
	bool goes_on = pdu->type == DCERPC_REQUEST && !(pdu->flags & DCERPC_FIRST_FRAG);
	if (dcerpc_is_request(pdu->type) != (dir == DIR_TOSERVER))
		return;
	if (pdu->type == DCERPC_BIND || pdu->type == DCERPC_ALTER_CONTEXT)
		dcerpc_bind(app->worker, &pipe->binding, pdu, whole);
	else if (pdu->type == DCERPC_BINDACK || pdu->type == DCERPC_ALTER_CONTEXT_RESP)
		dcerpc_bind_ack(&pipe->binding, pdu, whole);
	else if (pdu->type != DCERPC_REQUEST && pdu->type != DCERPC_RESPONSE &&
		 pdu->type != DCERPC_FAULT && pdu->type != DCERPC_BINDNAK)
		return;
	if (dir == DIR_TOCLIENT || goes_on)
		tx = call_find(app, pipe, dir, pdu->call_id);
	if (!tx)
		tx = call_new(app, pipe, head, pdu->call_id, ts);
	if (!tx)
		return;
	dcerpc_call_take(app->worker, &tx->call, dir, pdu, whole, smb_config_of(app)->stub_max);
	call_update(tx, head, dir, app->flow->is_async, ts);
}

void
smb_pipe_write(struct app *app, struct smb_pipe *pipe, const struct smb_head *head,
    enum dir dir, struct span bytes, nsec_t ts)
{
	struct proto_buf *waiting = &pipe->waiting[dir];
	struct dcerpc_pdu pdu;
	if (!proto_buf_append(app->worker, waiting, bytes, 2 * PDU_MAX)) {
		proto_buf_free(app->worker, waiting);
		return;
	}
	size_t at = 0;
	while (waiting->len - at >= DCERPC_HEADER_LEN) {
		struct span rest = span_from(proto_buf_span(waiting), at);
		if (!dcerpc_pdu_read(rest, &pdu)) {
			at = waiting->len;
			break;
		}
		if (rest.len < pdu.len)
			break;
		pdu_take(app, pipe, head, dir, &pdu, span_sub(rest, 0, pdu.len), ts);
		at += pdu.len;
	}
	waiting->len -= (uint32_t)at;
	if (waiting->len)
		memmove(waiting->p, waiting->p + at, waiting->len);
	else
		proto_buf_free(app->worker, waiting);
}

void
smb_pipe_reset(struct app *app, struct smb_pipe *pipe, enum dir dir)
{
	proto_buf_free(app->worker, &pipe->waiting[dir]);
}

void
smb_pipe_content(struct smb_unit *unit, const struct smb_id *id)
{
	struct smb_entry *open = smb_open_make(unit->app, id);
	if (!open)
		return;
	open->is_pipe = true;
	if (!open->pipe)
		open->pipe = smb_pipe_new(unit->app);
	unit->sink = (struct smb_sink){ .pipe = smb_pipe_ref(open->pipe) };
}
