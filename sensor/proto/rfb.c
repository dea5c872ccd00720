/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rfb: the handshake of VNC, up to where pictures begin. RFC 6143 section 7.
 *
 *   server                                client
 *   "RFB 003.008\n"                       "RFB 003.008\n"
 *   count(1) types(count)                 type(1)                 from 3.7 on
 *   type(4)                                                       3.3: the server decides
 *   challenge(16)                         response(16)            type 2 alone
 *   result(4) [length(4) reason]                                  3.3, 3.7: not for type 1
 *                                         shared(1)
 *   width(2) height(2) pixels(16) length(4) name
 *
 * What a side sends depends on what the other has said. A side whose turn cannot be told yet
 * waits for the other one.
 */
#include <stdio.h>

#include "common/cursor.h"
#include "sensor/proto/app.h"

#define VERSION_LEN 12
#define SECRET_LEN 16 /* challenge and response */
#define TEXT_MAX 4096 /* name, reason */
#define PIXELS_LEN 16
/* What a side that waits may pile up: more than any handshake has. */
#define WAITING_MAX 8192

enum rfb_security {
	RFB_FAILED = 0,
	RFB_NONE = 1,
	RFB_VNC = 2,
};

enum rfb_result {
	RFB_OK,
	RFB_FAIL,
	RFB_TOO_MANY,
	RFB_UNKNOWN, /* all others */
};

/* The same scale for both sides. */
enum rfb_step {
	RFB_AT_VERSION,
	RFB_AT_SECURITY,
	RFB_AT_SECRET,
	RFB_AT_RESULT,
	RFB_AT_INIT,
	RFB_AT_END,
};

#define RFB_EVENTS(X)                                                 \
	X(MALFORMED_MESSAGE, "malformed_message")                     \
	X(UNIMPLEMENTED_SECURITY_TYPE, "unimplemented_security_type") \
	X(UNKNOWN_SECURITY_RESULT, "unknown_security_result")         \
	X(CONFUSED_STATE, "confused_state")
enum rfb_event {
#define X(id, name) RFB_EVENT_##id,
	RFB_EVENTS(X)
#undef X
};

struct rfb_pixels {
	uint8_t bits, depth, is_big_endian, is_true_colour;
	uint16_t max[3];
	uint8_t shift[3];
};

struct rfb_tx {
	struct tx tx;
	char version[2][8]; /* "003.008", by enum dir of who says it; empty: not yet */
	uint8_t secret[2][SECRET_LEN];
	bool has_secret[2], has_security, has_result, has_client_init, has_server_init;
	uint32_t security, result;
	struct proto_buf reason, name;
	uint8_t shared;
	uint16_t width, height;
	struct rfb_pixels pixels;
};

struct rfb_flow {
	struct rfb_tx *tx;
	bool is_tx_made;
	uint8_t step[2]; /* enum rfb_step */
};

struct feed {
	struct app *app;
	struct rfb_flow *flow;
	struct rfb_tx *tx;
	enum dir dir;
	nsec_t ts;
};

/* --- Recognition --- */

static bool
is_version(struct span s)
{
	static const char form[] = "RFB 000.000\n";
	for (size_t i = 0; i < s.len && i < VERSION_LEN; i++) {
		bool is_right = form[i] == '0' ? s.p[i] >= '0' && s.p[i] <= '9'
					       : s.p[i] == (uint8_t)form[i];
		if (!is_right)
			return false;
	}
	return true;
}

static enum proto_verdict
rfb_probe(const struct proto_probe *probe)
{
	if (!is_version(probe->data))
		return PROTO_NO;
	return probe->data.len >= VERSION_LEN ? PROTO_YES : PROTO_MORE;
}

/* --- Handshake --- */

/* > 0: consumed; 0: needs more, or the other side; < 0: not RFB. */
typedef ptrdiff_t step_fn(struct feed *feed, struct cursor c);

static ptrdiff_t
broken(struct feed *feed, enum rfb_event why)
{
	tx_event(&feed->tx->tx, why);
	return -1;
}

static void
advance(struct feed *feed, enum rfb_step step)
{
	feed->flow->step[feed->dir] = (uint8_t)step;
	tx_moved(&feed->tx->tx, feed->dir, (uint8_t)step, feed->ts);
	if (step == RFB_AT_END)
		tx_done(&feed->tx->tx, feed->dir, feed->ts);
}

/* The version that both use: the client has the last word. -1: not said yet. */
static int
minor_of(const struct rfb_tx *tx)
{
	const char *v = tx->version[DIR_TOSERVER];
	if (!v[0])
		return -1;
	int minor = (v[4] - '0') * 100 + (v[5] - '0') * 10 + (v[6] - '0');
	return minor < 7 ? 3 : minor;
}

static ptrdiff_t
step_version(struct feed *feed, struct cursor c)
{
	struct span line = cursor_bytes(&c, VERSION_LEN);
	if (c.is_short)
		return 0;
	if (!is_version(line))
		return broken(feed, RFB_EVENT_MALFORMED_MESSAGE);
	memcpy(feed->tx->version[feed->dir], line.p + 4, 7);
	advance(feed, RFB_AT_SECURITY);
	return VERSION_LEN;
}

/* Nothing that follows can be read. */
static void
leave(struct feed *feed)
{
	advance(feed, RFB_AT_END);
	feed->flow->step[!feed->dir] = RFB_AT_END;
	tx_done(&feed->tx->tx, !feed->dir, feed->ts);
}

static void
choose(struct feed *feed, uint32_t security)
{
	feed->tx->has_security = true;
	feed->tx->security = security;
	if (security == RFB_NONE || security == RFB_VNC) {
		advance(feed, security == RFB_VNC ? RFB_AT_SECRET : RFB_AT_RESULT);
		return;
	}
	tx_event(&feed->tx->tx, RFB_EVENT_UNIMPLEMENTED_SECURITY_TYPE);
	leave(feed);
}

/* length(4) text; what is over the limit is no name and no reason. */
static ptrdiff_t
take_text(struct feed *feed, struct cursor c, struct proto_buf *ret)
{
	uint32_t len = cursor_be32(&c);
	if (c.is_short)
		return 0;
	if (len > TEXT_MAX)
		return broken(feed, RFB_EVENT_MALFORMED_MESSAGE);
	struct span text = cursor_bytes(&c, len);
	if (c.is_short)
		return 0;
	(void)proto_buf_append(feed->app->worker, ret, text, TEXT_MAX);
	return (ptrdiff_t)cursor_pos(&c);
}

static ptrdiff_t
take_reason(struct feed *feed, struct cursor c, size_t before)
{
	cursor_skip(&c, before);
	struct cursor at = cursor_span(cursor_rest(&c));
	ptrdiff_t used = c.is_short ? 0 : take_text(feed, at, &feed->tx->reason);
	if (used <= 0)
		return used;
	leave(feed);
	return used + (ptrdiff_t)before;
}

static ptrdiff_t
server_security(struct feed *feed, struct cursor c)
{
	int minor = minor_of(feed->tx);
	struct cursor at = c;
	if (minor < 0)
		return 0;
	if (minor == 3) {
		uint32_t security = cursor_be32(&at);
		if (at.is_short)
			return 0;
		if (security == RFB_FAILED)
			return take_reason(feed, c, 4);
		choose(feed, security);
		return 4;
	}
	uint8_t count = cursor_u8(&at);
	if (at.is_short)
		return 0;
	if (count == 0)
		return take_reason(feed, c, 1);
	cursor_skip(&at, count);
	if (at.is_short)
		return 0;
	advance(feed, RFB_AT_SECRET);
	return 1 + count;
}

static ptrdiff_t
take_secret(struct feed *feed, struct cursor c)
{
	struct span secret = cursor_bytes(&c, SECRET_LEN);
	if (c.is_short)
		return 0;
	memcpy(feed->tx->secret[feed->dir], secret.p, SECRET_LEN);
	feed->tx->has_secret[feed->dir] = true;
	advance(feed, feed->dir == DIR_TOSERVER ? RFB_AT_INIT : RFB_AT_RESULT);
	return SECRET_LEN;
}

static ptrdiff_t
server_secret(struct feed *feed, struct cursor c)
{
	if (!feed->tx->has_security)
		return 0;
	if (feed->tx->security == RFB_VNC)
		return take_secret(feed, c);
	feed->flow->step[feed->dir] = RFB_AT_RESULT;
	return 0;
}

static ptrdiff_t
server_result(struct feed *feed, struct cursor c)
{
	struct rfb_tx *tx = feed->tx;
	struct cursor at = c;
	int minor = minor_of(tx);
	if (tx->security == RFB_NONE && minor < 8) {
		feed->flow->step[feed->dir] = RFB_AT_INIT;
		return 0;
	}
	uint32_t result = cursor_be32(&at);
	if (at.is_short)
		return 0;
	/* Told once, though a reason may still be on its way. */
	if (!tx->has_result) {
		tx->has_result = true;
		tx->result = result;
		if (result >= RFB_UNKNOWN)
			tx_event(&tx->tx, RFB_EVENT_UNKNOWN_SECURITY_RESULT);
		tx_moved(&tx->tx, feed->dir, RFB_AT_INIT, feed->ts);
	}
	if (result == RFB_OK) {
		advance(feed, RFB_AT_INIT);
		return 4;
	}
	if (minor >= 8)
		return take_reason(feed, c, 4);
	leave(feed);
	return 4;
}

static ptrdiff_t
server_init(struct feed *feed, struct cursor c)
{
	struct rfb_tx *tx = feed->tx;
	uint16_t width = cursor_be16(&c), height = cursor_be16(&c);
	struct cursor p = cursor_sub(&c, PIXELS_LEN);
	if (c.is_short)
		return 0;
	struct rfb_pixels pixels = { .bits = cursor_u8(&p), .depth = 0 };
	pixels.depth = cursor_u8(&p);
	pixels.is_big_endian = cursor_u8(&p);
	pixels.is_true_colour = cursor_u8(&p);
	for (int i = 0; i < 3; i++)
		pixels.max[i] = cursor_be16(&p);
	for (int i = 0; i < 3; i++)
		pixels.shift[i] = cursor_u8(&p);
	size_t before = cursor_pos(&c);
	ptrdiff_t used = take_text(feed, cursor_span(cursor_rest(&c)), &tx->name);
	if (used <= 0)
		return used;
	tx->has_server_init = true;
	tx->width = width;
	tx->height = height;
	tx->pixels = pixels;
	advance(feed, RFB_AT_END);
	return (ptrdiff_t)before + used;
}

static ptrdiff_t
client_security(struct feed *feed, struct cursor c)
{
	int minor = minor_of(feed->tx);
	if (minor == 3) {
		if (!feed->tx->has_security)
			return 0;
		feed->flow->step[feed->dir] =
		    feed->tx->security == RFB_VNC ? RFB_AT_SECRET : RFB_AT_INIT;
		return 0;
	}
	uint8_t security = cursor_u8(&c);
	if (c.is_short)
		return 0;
	choose(feed, security);
	if (security == RFB_NONE)
		feed->flow->step[feed->dir] = RFB_AT_INIT;
	return 1;
}

static ptrdiff_t
client_init(struct feed *feed, struct cursor c)
{
	uint8_t shared = cursor_u8(&c);
	if (c.is_short)
		return 0;
	feed->tx->has_client_init = true;
	feed->tx->shared = shared;
	advance(feed, RFB_AT_END);
	return 1;
}

static step_fn *const steps[2][RFB_AT_END] = {
	[DIR_TOSERVER] = { step_version, client_security, take_secret, client_init,
	    client_init },
	[DIR_TOCLIENT] = { step_version, server_security, server_secret, server_result,
	    server_init },
};

/* --- Feeding --- */

static ptrdiff_t
rfb_parse(struct app *app, const struct proto_input *in)
{
	struct rfb_flow *flow = app->state;
	struct span rest = in->data;
	uint8_t *step = &flow->step[in->dir];
	if (!flow->is_tx_made) {
		flow->is_tx_made = true;
		flow->tx = (struct rfb_tx *)app_tx_new(app, in->ts);
	}
	if (!flow->tx)
		return (ptrdiff_t)in->data.len;
	struct feed feed = { app, flow, flow->tx, in->dir, in->ts };
	if (in->gap_bytes && *step != RFB_AT_END) {
		*step = RFB_AT_END;
		tx_done(&feed.tx->tx, in->dir, in->ts);
	}
	while (rest.len && *step != RFB_AT_END) {
		uint8_t before = *step;
		ptrdiff_t used = steps[in->dir][before](&feed, cursor_span(rest));
		if (used == 0 && *step == before) {
			if (rest.len > WAITING_MAX)
				used = broken(&feed, RFB_EVENT_CONFUSED_STATE);
			else
				return (ptrdiff_t)(in->data.len - rest.len);
		}
		if (used < 0) {
			*step = RFB_AT_END;
			tx_done(&feed.tx->tx, in->dir, in->ts);
			return -1;
		}
		rest = span_from(rest, (size_t)used);
	}
	return (ptrdiff_t)in->data.len;
}

static void
rfb_tx_free(struct app *app, struct tx *tx)
{
	struct rfb_flow *flow = app->state;
	struct rfb_tx *rfb = (struct rfb_tx *)tx;
	if (flow->tx == rfb)
		flow->tx = NULL;
	proto_buf_free(app->worker, &rfb->name);
	proto_buf_free(app->worker, &rfb->reason);
}

/* --- What rules see --- */

#define GETTER(function)                                                               \
	static bool function(const struct app *app, const struct tx *tx, enum dir dir, \
	    unsigned index, struct arena *scratch, struct field_value *ret)

GETTER(get_name)
{
	const struct rfb_tx *rfb = (const struct rfb_tx *)tx;
	ret->bytes = proto_buf_span(&rfb->name);
	return rfb->has_server_init;
}

GETTER(get_security)
{
	const struct rfb_tx *rfb = (const struct rfb_tx *)tx;
	ret->number = rfb->security;
	return rfb->has_security;
}

GETTER(get_result)
{
	const struct rfb_tx *rfb = (const struct rfb_tx *)tx;
	ret->number = rfb->result < RFB_UNKNOWN ? rfb->result : RFB_UNKNOWN;
	return rfb->has_result;
}

static const struct field_name result_names[] = { { "ok", RFB_OK }, { "fail", RFB_FAIL },
	{ "toomany", RFB_TOO_MANY }, { "unknown", RFB_UNKNOWN }, { NULL, 0 } };

static const struct field fields[] = {
	{ .name = "rfb.name",
	    .help = "name of the desktop",
	    .example = "rfb.name; content:\"QEMU\";",
	    .kind = FIELD_BYTES,
	    .dirs = DIR_BIT(DIR_TOCLIENT),
	    .progress = RFB_AT_END,
	    .get = get_name },
	{ .name = "rfb.secresult",
	    .help = "how logging in ended",
	    .example = "rfb.secresult:fail;",
	    .kind = FIELD_ENUM,
	    .dirs = DIR_BIT(DIR_TOCLIENT),
	    .progress = RFB_AT_INIT,
	    .names = result_names,
	    .get = get_result },
	{ .name = "rfb.sectype",
	    .help = "how the client logs in: 1 not at all, 2 VNC's own way",
	    .example = "rfb.sectype:1;",
	    .kind = FIELD_UINT,
	    .dirs = DIR_BOTH,
	    .progress = RFB_AT_SECURITY,
	    .get = get_security },
	{ .name = NULL },
};

/* --- EVE --- */

static void
put_version(struct json *json, const char *key, const char *version)
{
	if (!version[0])
		return;
	json_open_object(json, key);
	json_put_text(json, "major", span_of(version, 3));
	json_put_text(json, "minor", span_of(version + 4, 3));
	json_close(json);
}

static void
put_secret(struct json *json, const char *key, const struct rfb_tx *tx, enum dir dir)
{
	if (tx->has_secret[dir])
		json_put_hex(json, key, span_of(tx->secret[dir], SECRET_LEN), 0);
}

static void
put_authentication(struct json *json, const struct rfb_tx *tx)
{
	static const char *const results[] = { "OK", "FAIL", "TOOMANY" };
	json_open_object(json, "authentication");
	if (tx->has_security)
		json_put_uint(json, "security_type", tx->security);
	if (tx->has_secret[0] || tx->has_secret[1]) {
		json_open_object(json, "vnc");
		put_secret(json, "challenge", tx, DIR_TOCLIENT);
		put_secret(json, "response", tx, DIR_TOSERVER);
		json_close(json);
	}
	if (tx->has_result) {
		char text[32];
		snprintf(text, sizeof(text), "UNKNOWN (%u)", tx->result);
		json_put_str(json, "security_result",
		    tx->result < RFB_UNKNOWN ? results[tx->result] : text);
	}
	json_close(json);
}

static void
put_framebuffer(struct json *json, const struct rfb_tx *tx)
{
	const struct rfb_pixels *p = &tx->pixels;
	json_open_object(json, "framebuffer");
	json_put_uint(json, "width", tx->width);
	json_put_uint(json, "height", tx->height);
	json_put_text(json, "name", proto_buf_span(&tx->name));
	json_open_object(json, "pixel_format");
	json_put_uint(json, "bits_per_pixel", p->bits);
	json_put_uint(json, "depth", p->depth);
	json_put_bool(json, "big_endian", p->is_big_endian);
	json_put_bool(json, "true_color", p->is_true_colour);
	json_put_uint(json, "red_max", p->max[0]);
	json_put_uint(json, "green_max", p->max[1]);
	json_put_uint(json, "blue_max", p->max[2]);
	json_put_uint(json, "red_shift", p->shift[0]);
	json_put_uint(json, "green_shift", p->shift[1]);
	json_put_uint(json, "blue_shift", p->shift[2]);
	json_close(json);
	json_close(json);
}

static bool
rfb_record(const struct app *app, const struct tx *tx, struct json *json)
{
	const struct rfb_tx *rfb = (const struct rfb_tx *)tx;
	put_version(json, "server_protocol_version", rfb->version[DIR_TOCLIENT]);
	put_version(json, "client_protocol_version", rfb->version[DIR_TOSERVER]);
	put_authentication(json, rfb);
	if (rfb->reason.len)
		json_put_text(json, "server_security_failure_reason",
		    proto_buf_span(&rfb->reason));
	if (rfb->has_client_init)
		json_put_bool(json, "screen_shared", rfb->shared);
	if (rfb->has_server_init)
		put_framebuffer(json, rfb);
	return true;
}

static const char *const event_names[] = {
#define X(id, name) name,
	RFB_EVENTS(X)
#undef X
	    NULL,
};

const struct proto proto_rfb = {
	.name = "rfb",
	.help = "RFB (VNC): versions, how the client logs in, name of the desktop",
	.transports = PROTO_TCP,
	.ports = "5900-5906",
	.id = PROTO_ID_rfb,
	.max_txs = 1,
	.has_single_alerts = true,
	.probe = rfb_probe,
	.state_bytes = sizeof(struct rfb_flow),
	.tx_bytes = sizeof(struct rfb_tx),
	.parse = rfb_parse,
	.tx_free = rfb_tx_free,
	.fields = fields,
	.events = event_names,
	.record = rfb_record,
};
