/* SPDX-License-Identifier: Apache-2.0 */
/*
 * smb: the row, and records: NetBIOS session service (RFC 1002 section 4.3), as over port 445.
 *
 *    0       1                     4
 *   +-------+---------------------+----------------------------------------+
 *   | type  | length of what      | 0: a message, ff S M B (SMB 1),        |
 *   |       | follows             | fe S M B (2), fd S M B (encrypted)     |
 *   +-------+---------------------+----------------------------------------+
 *
 * Of each unit a head is taken, whose length the unit itself tells, so that the result does not
 * depend on how the bytes arrive; then its content goes by; then the rest is skipped. A hole
 * inside a record costs what lies in it; behind any other the next record is looked for.
 *
 * Reading order: smb_parse(), step(), unit_step().
 */
#include "sensor/proto/smb.h"

#define NBSS_LEN 4
#define MAGIC_LEN 4
/* The least that can be looked for: NetBIOS header and magic. */
#define RECORD_HEAD_LEN (NBSS_LEN + MAGIC_LEN)

enum nbss_type {
	NBSS_MESSAGE = 0x00,
	NBSS_REQUEST = 0x81,
	NBSS_POSITIVE = 0x82,
	NBSS_KEEP_ALIVE = 0x85,
};

/* 1, 2 or 3 (encrypted, or compressed); 0: none. */
static unsigned
magic_version(struct span bytes)
{
	if (bytes.len < MAGIC_LEN || memcmp(bytes.p + 1, "SMB", 3) != 0)
		return 0;
	switch (bytes.p[0]) {
	case 0xff:
		return 1;
	case 0xfe:
		return 2;
	case 0xfd:
	case 0xfc:
		return 3;
	default:
		return 0;
	}
}

/* A record that begins with a message. */
static bool
is_record(struct span bytes)
{
	struct cursor c = cursor_span(bytes);
	uint8_t type = cursor_u8(&c);
	uint32_t len = cursor_be24(&c);
	return type == NBSS_MESSAGE && len >= SMB1_HEADER_LEN && magic_version(cursor_rest(&c));
}

/* --- Recognition --- */

static ptrdiff_t
record_find(struct span data)
{
	for (size_t at = 0; at + RECORD_HEAD_LEN <= data.len; at++) {
		if (data.p[at] == NBSS_MESSAGE && is_record(span_from(data, at)))
			return (ptrdiff_t)at;
	}
	return -1;
}

/* Whether the message says of itself that it is an answer. */
static bool
is_answer(struct span record)
{
	struct span message = span_from(record, NBSS_LEN);
	unsigned version = magic_version(message);
	if (version == 1)
		return message.len > 9 && message.p[9] & 0x80;
	return version == 2 && message.len > 16 && message.p[16] & 1;
}

static enum proto_verdict
probe_short(struct span data)
{
	if (data.len && data.p[0] == NBSS_REQUEST)
		return data.len < NBSS_LEN || data.p[1] == 0 ? PROTO_MORE : PROTO_NO;
	return data.len && data.p[0] != NBSS_MESSAGE ? PROTO_NO : PROTO_MORE;
}

static enum proto_verdict
smb_probe(const struct proto_probe *probe)
{
	struct span data = probe->data;
	bool is_first = !probe->flow->app || !probe->flow->app->proto;
	if (data.len >= NBSS_LEN && data.p[0] == NBSS_POSITIVE)
		return !is_first && memcmp(data.p + 1, "\0\0", 3) == 0 ? PROTO_YES : PROTO_NO;
	if (data.len < RECORD_HEAD_LEN)
		return probe_short(data);
	struct cursor c = cursor_span(data);
	uint8_t type = cursor_u8(&c);
	uint32_t len = cursor_be24(&c);
	/* Two names of 34 bytes each, the first behind its length. */
	if (type == NBSS_REQUEST)
		return len >= 68 && len <= 600 && data.p[NBSS_LEN] == 32 ? PROTO_YES : PROTO_NO;
	if (!is_record(data)) {
		ptrdiff_t at = probe->flow->is_midstream ? record_find(data) : -1;
		if (at < 0)
			return PROTO_NO;
		data = span_from(data, (size_t)at);
	}
	if (is_first && probe->flow->is_midstream && is_answer(data) &&
	    probe->dir == DIR_TOSERVER)
		return PROTO_YES_REVERSED;
	return PROTO_YES;
}

/* --- Records --- */

static void
content_end(struct app *app, struct smb_stream *s)
{
	smb_sink_close(app, &s->sink);
	s->content_left = 0;
}

/* Lets bytes go by that belong to the record under way. */
static size_t
pass(struct app *app, const struct proto_input *in, struct smb_stream *s, struct span rest)
{
	uint32_t *left = s->content_left ? &s->content_left : &s->skip_left;
	size_t n = *left < rest.len ? *left : rest.len;
	if (s->content_left)
		smb_sink_write(app, &s->head, &s->sink, in->dir, span_sub(rest, 0, n), in->ts);
	bool is_content = left == &s->content_left;
	*left -= (uint32_t)n;
	if (is_content && *left == 0)
		content_end(app, s);
	return n;
}

/* > 0: consumed; 0: needs more. */
static size_t
unit_step(struct app *app, const struct proto_input *in, struct smb_stream *s, struct span rest)
{
	unsigned version = magic_version(rest);
	struct smb_unit unit = {
		.app = app,
		.flow = app->state,
		.dir = in->dir,
		.ts = in->ts,
	};
	uint32_t least = version == 2 ? SMB2_HEADER_LEN : SMB1_HEADER_LEN;
	if (s->record_left < least)
		version = 3;
	else if (rest.len < least)
		return 0;
	if (version == 1)
		unit.len = smb1_unit_len(rest, s->record_left);
	else if (version == 2)
		unit.len = smb2_unit_len(rest, s->record_left);
	if (unit.len == 0) {
		/* Encrypted, or nothing that we read. */
		if (version == 0)
			smb_event(app, SMB_EVENT_MALFORMED_DATA);
		s->skip_left = s->record_left;
		s->record_left = 0;
		return pass(app, in, s, rest);
	}
	uint32_t need = version == 1 ? smb1_need(rest, unit.len) : smb2_need(rest, unit.len);
	if (rest.len < need)
		return 0;
	unit.bytes = span_sub(rest, 0, need);
	if (version == 1)
		smb1_take(&unit);
	else
		smb2_take(&unit, &s->head);
	s->head = unit.head;
	s->record_left -= unit.len;
	/* Contents that begin within the head that was read are shown again. */
	bool has_content = unit.content_len && unit.content_at < unit.len &&
			   unit.content_at <= need && (unit.sink.file || unit.sink.pipe);
	if (!has_content) {
		smb_sink_close(app, &unit.sink);
		s->skip_left = unit.len - need;
		return need;
	}
	uint32_t room = unit.len - unit.content_at;
	s->content_left = unit.content_len < room ? unit.content_len : room;
	s->skip_left = room - s->content_left;
	s->sink = unit.sink;
	return unit.content_at;
}

/* > 0: consumed; 0: needs more. */
static size_t
step(struct app *app, const struct proto_input *in, struct span rest)
{
	struct smb_flow *flow = app->state;
	struct smb_stream *s = &flow->stream[in->dir];
	if (s->content_left || s->skip_left)
		return pass(app, in, s, rest);
	if (s->is_lost) {
		ptrdiff_t at = record_find(rest);
		s->is_lost = at < 0;
		if (at > 0)
			return (size_t)at;
		if (at < 0)
			return rest.len < RECORD_HEAD_LEN ? 0
							  : rest.len - (RECORD_HEAD_LEN - 1);
	}
	if (s->record_left)
		return unit_step(app, in, s, rest);
	if (rest.len < NBSS_LEN)
		return 0;
	struct cursor c = cursor_span(rest);
	uint8_t type = cursor_u8(&c);
	uint32_t len = cursor_be24(&c);
	if (type != NBSS_MESSAGE && (type < NBSS_REQUEST || type > NBSS_KEEP_ALIVE)) {
		smb_event(app, SMB_EVENT_MALFORMED_DATA);
		s->is_lost = true;
		return 1;
	}
	if (type == NBSS_MESSAGE)
		s->record_left = len;
	else
		s->skip_left = len;
	return NBSS_LEN;
}

/* Bytes that nobody will see: what we know of them is where the record ends. */
static void
gap(struct app *app, struct smb_stream *s, enum dir dir, uint64_t bytes)
{
	uint64_t content = bytes < s->content_left ? bytes : s->content_left;
	if (content) {
		smb_sink_skip(app, &s->sink, content);
		if (s->sink.pipe)
			smb_pipe_reset(app, s->sink.pipe, dir);
		s->content_left -= (uint32_t)content;
		if (s->content_left == 0)
			content_end(app, s);
		bytes -= content;
	}
	uint64_t skip = bytes < s->skip_left ? bytes : s->skip_left;
	s->skip_left -= (uint32_t)skip;
	bytes -= skip;
	if (bytes == 0)
		return;
	/* A unit's head has a hole: the rest of its record is not read. */
	if (s->record_left >= bytes) {
		s->skip_left = s->record_left - (uint32_t)bytes;
	} else {
		s->is_lost = true;
	}
	s->record_left = 0;
}

static ptrdiff_t
smb_parse(struct app *app, const struct proto_input *in)
{
	struct smb_flow *flow = app->state;
	struct span rest = in->data;
	if (in->gap_bytes)
		gap(app, &flow->stream[in->dir], in->dir, in->gap_bytes);
	while (rest.len) {
		if (flow->is_overrun)
			return -1;
		size_t used = step(app, in, rest);
		if (used == 0)
			break;
		rest = span_from(rest, used);
	}
	return flow->is_overrun ? -1 : (ptrdiff_t)(in->data.len - rest.len);
}

static void
smb_close(struct app *app)
{
	struct smb_flow *flow = app->state;
	for (int dir = 0; dir < 2; dir++)
		smb_pipe_unref(app, flow->stream[dir].sink.pipe);
	smb_table_free(app);
}

static const char *const event_names[] = {
#define X(id, name) name,
	SMB_EVENTS(X)
#undef X
	    NULL,
};

const struct proto proto_smb = {
	.name = "smb",
	.help = "SMB 1, 2 and 3: logins, shares, files, calls through named pipes",
	.transports = PROTO_TCP,
	.ports = "139,445",
	.id = PROTO_ID_smb,
	.max_txs = 1024,
	.probe = smb_probe,
	.state_bytes = sizeof(struct smb_flow),
	.tx_bytes = sizeof(struct smb_tx),
	.close = smb_close,
	.tx_free = smb_tx_free,
	.parse = smb_parse,
	.fields = smb_fields,
	.events = event_names,
	.record = smb_record,
	.configure = smb_configure,
};
