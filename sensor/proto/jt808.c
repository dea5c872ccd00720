/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jt808: frames to transactions. Each message is a transaction of its own, done at once:
 * answers repeat the serial number they answer, and rules that want both use flowbits.
 *
 * What a body says is read once, when the frame is complete, into jt808_tx.
 */
#include "sensor/proto/jt808.h"

#include "sensor/dpi/dpi.h"

/* An unescaped byte takes at most two on the wire. */
#define RAW_MAX (2 * JT808_FRAME_MAX)
/* Bytes without a frame after which a direction is given up. */
#define GIVE_UP_BYTES 2048
/* A terminal's location is recorded at most this often, and whenever its alarms change. */
#define LOCATION_EVERY 10

static const char *const event_names[] = {
#define X(id, name) name,
	JT808_EVENTS(X)
#undef X
	    NULL,
};

struct jt808_flow {
	uint64_t skipped[2]; /* bytes since the last good frame */
	uint32_t last_alarm;
	uint32_t locations;
	bool is_confirmed;
};

/* Whether this location is one of those not told: neither its turn nor a change of alarms. */
static bool
skip_location(struct jt808_flow *f, const struct jt808_tx *m)
{
	if (m->header.id != 0x0200 || !m->location.is_set)
		return false;
	bool is_change = f->locations == 0 || m->location.alarm != f->last_alarm;
	f->last_alarm = m->location.alarm;
	return f->locations++ % LOCATION_EVERY != 0 && !is_change;
}

static void
take_frame(struct app *app, const struct proto_input *in, const struct jt808_header *h,
    bool is_bad_escape)
{
	struct jt808_flow *f = app->state;
	struct jt808_tx *m = (struct jt808_tx *)app_tx_new(app, in->ts);

	if (!f->is_confirmed)
		dpi_flow_overrule(app->flow);
	f->is_confirmed = true;
	if (!m)
		return;
	m->header = *h;
	m->dir = (uint8_t)in->dir;
	m->body_len = (uint16_t)h->body.len;
	memcpy(m->body, h->body.p, h->body.len);
	m->header.body = SPAN_NONE;
	if (is_bad_escape)
		tx_event(&m->tx, JT808_EVENT_INVALID_ESCAPE);
	jt808_body_read(m);
	m->is_location_skipped = skip_location(f, m);
	tx_moved(&m->tx, in->dir, 1, in->ts);
	tx_done(&m->tx, in->dir, in->ts);
	tx_done(&m->tx, in->dir == DIR_TOSERVER ? DIR_TOCLIENT : DIR_TOSERVER, in->ts);
}

/* A frame that is none of ours: told on the newest transaction. */
static void
refuse(struct app *app, enum jt808_event event)
{
	struct tx *tx = app_tx_last(app);

	if (tx)
		tx_event(tx, event);
}

/*
 * One frame at the start of data (which begins with a delimiter). >0: consumed; 0: not whole
 * yet. The closing delimiter is left: it may open the next frame too.
 */
static size_t
parse_frame(struct app *app, const struct proto_input *in, struct span data)
{
	struct jt808_flow *f = app->state;
	uint8_t plain[JT808_FRAME_MAX];
	struct jt808_header h;
	bool is_bad_escape = false;

	ptrdiff_t end = span_chr(span_from(data, 1), JT808_DELIMITER);
	if (end < 0) {
		if (data.len <= RAW_MAX)
			return 0;
		refuse(app, JT808_EVENT_OVERSIZED_FRAME);
		return data.len;
	}
	if (end == 0)
		return 1; /* two delimiters in a row: the second opens */
	struct span raw = span_sub(data, 1, (size_t)end);
	size_t n = jt808_unescape(raw, plain, &is_bad_escape);
	if (n && jt808_header_read(span_of(plain, n), &h)) {
		take_frame(app, in, &h, is_bad_escape);
		f->skipped[in->dir] = 0;
		return (size_t)end + 1;
	}
	/* What we took for a frame may be the gap between two: its end may open the next. */
	refuse(app, n ? JT808_EVENT_INVALID_FRAME : JT808_EVENT_OVERSIZED_FRAME);
	f->skipped[in->dir] += (size_t)end + 1;
	return (size_t)end + 1;
}

static ptrdiff_t
jt808_parse(struct app *app, const struct proto_input *in)
{
	struct jt808_flow *f = app->state;
	struct span data = in->data;
	size_t at = 0;

	while (at < data.len) {
		struct span rest = span_from(data, at);
		ptrdiff_t start = span_chr(rest, JT808_DELIMITER);
		if (start < 0)
			start = (ptrdiff_t)rest.len;
		f->skipped[in->dir] += (size_t)start;
		at += (size_t)start;
		if (at == data.len)
			break;
		size_t n = parse_frame(app, in, span_from(data, at));
		if (n == 0)
			break;
		at += n;
	}
	if (f->skipped[in->dir] > GIVE_UP_BYTES)
		return -1;
	return (ptrdiff_t)at;
}

/*
 * A whole frame: delimiters, check over all of it, and a body length that fits. False positives
 * of random bytes: 2^-8 by the check, 2^-10 by the length, 2^-16 by the delimiters.
 */
static enum proto_verdict
jt808_probe(const struct proto_probe *probe)
{
	uint8_t plain[JT808_FRAME_MAX];
	struct jt808_header h;
	struct span data = probe->data;
	bool is_bad = false;

	if (data.len == 0)
		return PROTO_MORE;
	if (data.p[0] != JT808_DELIMITER)
		return PROTO_NO;
	while (data.len > 1 && data.p[1] == JT808_DELIMITER)
		data = span_from(data, 1);
	ptrdiff_t end = span_chr(span_from(data, 1), JT808_DELIMITER);
	if (end < 0)
		return data.len > RAW_MAX ? PROTO_NO : PROTO_MORE;
	size_t n = jt808_unescape(span_sub(data, 1, (size_t)end), plain, &is_bad);
	if (is_bad || !n || !jt808_header_read(span_of(plain, n), &h))
		return PROTO_NO;
	/* An id of the table convinces; an unknown one needs a second frame, which the parser
	 * will see: here it is enough that the ranges are right. */
	if (jt808_message_name(h.id) || (h.id & 0x7fff) < 0x1fff)
		return PROTO_YES;
	return PROTO_NO;
}

const struct proto proto_jt808 = {
	.name = "jt808",
	.help = "JT/T 808: vehicle terminals and platforms, editions 2011, 2013, 2019",
	.transports = PROTO_TCP | PROTO_UDP,
	.ports = "6207,5015,808",
	.id = PROTO_ID_jt808,
	.max_txs = 64,
	.probe = jt808_probe,
	.state_bytes = sizeof(struct jt808_flow),
	.tx_bytes = sizeof(struct jt808_tx),
	.parse = jt808_parse,
	.fields = jt808_fields,
	.events = event_names,
	.record = jt808_record,
};
