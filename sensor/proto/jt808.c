/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jt808: frames to transactions. Each message is a transaction of its own, done at once:
 * answers repeat the serial number they answer, and rules that want both use flowbits.
 *
 * What a body says is read once, when the frame is complete, into jt808_tx; texts are kept as
 * UTF-8. Phone numbers, plates and authentication codes are personal or secret: rules see them
 * whole, records only in part (the rule of the sector's protocol notes, §1).
 *
 * Sources: JT/T 808-2011, -2013 and -2019 as public implementations read them.
 */
#include "sensor/proto/jt808.h"

#include "common/cursor.h"
#include "sensor/dpi/dpi.h"
#include "sensor/proto/app.h"
#include "sensor/proto/text_gbk.h"

#define DELIMITER 0x7e
#define ESCAPE 0x7d
#define PROPERTY_LENGTH 0x03ff
#define PROPERTY_PART 0x2000
#define PROPERTY_2019 0x4000
#define TEXT_MAX 768
#define PARAMS_MAX 32
/* An unescaped byte takes at most two on the wire. */
#define RAW_MAX (2 * JT808_FRAME_MAX)
/* Bytes without a frame after which a direction is given up. */
#define GIVE_UP_BYTES 2048
/* A terminal's location is recorded at most this often, and whenever its alarms change. */
#define LOCATION_EVERY 10

enum jt808_event {
	EVENT_INVALID_ESCAPE,
	EVENT_INVALID_FRAME,
	EVENT_OVERSIZED_FRAME,
	EVENT_TRUNCATED_BODY,
	EVENT_BAD_TEXT,
};

static const char *const event_names[] = { "invalid_escape", "invalid_frame", "oversized_frame",
	"truncated_body", "bad_text", NULL };

struct param {
	uint32_t id;
	uint16_t at; /* in the body */
	uint8_t len;
};

struct text {
	uint16_t at, len; /* in texts[] */
};

struct location {
	uint32_t alarm, status, lat, lon;
	uint16_t altitude, speed, course;
	bool is_set;
};

struct jt808_tx {
	struct tx tx;
	struct jt808_header header;
	uint8_t dir;
	bool has_result, has_command, is_location_skipped;
	uint8_t result, firmware_type;
	bool has_firmware_type;
	char command[4]; /* the word of 8105, decimal */
	struct text auth_code, plate, terminal_id, imei, server, url, text, firmware_version;
	struct location location;
	struct param params[PARAMS_MAX];
	uint16_t param_count;
	uint16_t texts_len;
	uint16_t body_len;
	uint8_t body[1024];
	char texts[TEXT_MAX];
};

struct jt808_flow {
	uint64_t skipped[2]; /* bytes since the last good frame */
	uint32_t last_alarm;
	uint32_t locations;
	bool is_confirmed;
};

/* --- Messages --- */

struct message {
	uint16_t id;
	uint8_t op;
	const char *name;
};

static const struct message messages[] = {
	{ 0x0001, JT808_OP_REPORT, "terminal_general_reply" },
	{ 0x0002, JT808_OP_REPORT, "heartbeat" },
	{ 0x0003, JT808_OP_AUTH, "terminal_logout" },
	{ 0x0004, JT808_OP_READ, "time_request" },
	{ 0x0005, JT808_OP_REPORT, "terminal_resend_request" },
	{ 0x0100, JT808_OP_AUTH, "terminal_register" },
	{ 0x0102, JT808_OP_AUTH, "terminal_authenticate" },
	{ 0x0104, JT808_OP_REPORT, "parameters_reply" },
	{ 0x0107, JT808_OP_REPORT, "attributes_reply" },
	{ 0x0108, JT808_OP_REPORT, "upgrade_result" },
	{ 0x0200, JT808_OP_REPORT, "location_report" },
	{ 0x0201, JT808_OP_REPORT, "location_reply" },
	{ 0x0301, JT808_OP_REPORT, "event_report" },
	{ 0x0302, JT808_OP_REPORT, "question_reply" },
	{ 0x0303, JT808_OP_REPORT, "information_order" },
	{ 0x0500, JT808_OP_REPORT, "vehicle_control_reply" },
	{ 0x0608, JT808_OP_REPORT, "area_reply" },
	{ 0x0700, JT808_OP_REPORT, "recorder_upload" },
	{ 0x0701, JT808_OP_REPORT, "waybill_report" },
	{ 0x0702, JT808_OP_REPORT, "driver_report" },
	{ 0x0704, JT808_OP_REPORT, "location_batch" },
	{ 0x0705, JT808_OP_REPORT, "can_upload" },
	{ 0x0800, JT808_OP_REPORT, "media_event" },
	{ 0x0801, JT808_OP_FILE, "media_upload" },
	{ 0x0802, JT808_OP_REPORT, "media_search_reply" },
	{ 0x0805, JT808_OP_REPORT, "camera_reply" },
	{ 0x0900, JT808_OP_REPORT, "passthrough_up" },
	{ 0x0901, JT808_OP_REPORT, "compressed_report" },
	{ 0x0a00, JT808_OP_AUTH, "terminal_rsa_key" },
	{ 0x1003, JT808_OP_REPORT, "video_attributes" },
	{ 0x1005, JT808_OP_REPORT, "passenger_flow" },
	{ 0x1205, JT808_OP_REPORT, "video_resource_list" },
	{ 0x1206, JT808_OP_REPORT, "video_upload_done" },
	{ 0x8001, JT808_OP_REPORT, "platform_general_reply" },
	{ 0x8003, JT808_OP_REPORT, "platform_resend_request" },
	{ 0x8004, JT808_OP_CONFIG, "time_reply" },
	{ 0x8100, JT808_OP_AUTH, "register_reply" },
	{ 0x8103, JT808_OP_CONFIG, "set_parameters" },
	{ 0x8104, JT808_OP_READ, "read_parameters" },
	{ 0x8105, JT808_OP_CONTROL, "terminal_control" },
	{ 0x8106, JT808_OP_READ, "read_some_parameters" },
	{ 0x8107, JT808_OP_READ, "read_attributes" },
	{ 0x8108, JT808_OP_FIRMWARE, "upgrade_package" },
	{ 0x8201, JT808_OP_READ, "location_query" },
	{ 0x8202, JT808_OP_CONTROL, "location_tracking" },
	{ 0x8203, JT808_OP_CONTROL, "confirm_alarm" },
	{ 0x8204, JT808_OP_READ, "link_check" },
	{ 0x8300, JT808_OP_WRITE, "text_message" },
	{ 0x8301, JT808_OP_WRITE, "event_menu" },
	{ 0x8302, JT808_OP_WRITE, "question" },
	{ 0x8303, JT808_OP_WRITE, "information_menu" },
	{ 0x8304, JT808_OP_WRITE, "information_service" },
	{ 0x8400, JT808_OP_CONTROL, "call_back" },
	{ 0x8401, JT808_OP_CONFIG, "phone_book" },
	{ 0x8500, JT808_OP_CONTROL, "vehicle_control" },
	{ 0x8600, JT808_OP_CONFIG, "set_circle" },
	{ 0x8601, JT808_OP_CONFIG, "delete_circle" },
	{ 0x8602, JT808_OP_CONFIG, "set_rectangle" },
	{ 0x8603, JT808_OP_CONFIG, "delete_rectangle" },
	{ 0x8604, JT808_OP_CONFIG, "set_polygon" },
	{ 0x8605, JT808_OP_CONFIG, "delete_polygon" },
	{ 0x8606, JT808_OP_CONFIG, "set_route" },
	{ 0x8607, JT808_OP_CONFIG, "delete_route" },
	{ 0x8608, JT808_OP_READ, "area_query" },
	{ 0x8700, JT808_OP_READ, "read_recorder" },
	{ 0x8701, JT808_OP_CONFIG, "write_recorder" },
	{ 0x8702, JT808_OP_READ, "driver_query" },
	{ 0x8800, JT808_OP_REPORT, "media_reply" },
	{ 0x8801, JT808_OP_CONTROL, "take_photo" },
	{ 0x8802, JT808_OP_READ, "media_search" },
	{ 0x8803, JT808_OP_FILE, "media_fetch" },
	{ 0x8804, JT808_OP_CONTROL, "record_audio" },
	{ 0x8805, JT808_OP_FILE, "media_fetch_one" },
	{ 0x8900, JT808_OP_WRITE, "passthrough_down" },
	{ 0x8a00, JT808_OP_AUTH, "platform_rsa_key" },
	{ 0x9003, JT808_OP_READ, "video_attributes_query" },
	{ 0x9101, JT808_OP_CONTROL, "video_live" },
	{ 0x9102, JT808_OP_CONTROL, "video_live_control" },
	{ 0x9201, JT808_OP_CONTROL, "video_playback" },
	{ 0x9202, JT808_OP_CONTROL, "video_playback_control" },
	{ 0x9205, JT808_OP_READ, "video_resource_query" },
	{ 0x9206, JT808_OP_FILE, "video_upload" },
	{ 0x9207, JT808_OP_CONTROL, "video_upload_control" },
};

static const struct message *
message_find(uint16_t id)
{
	size_t low = 0, high = sizeof(messages) / sizeof(messages[0]);

	while (low < high) {
		size_t mid = (low + high) / 2;
		if (messages[mid].id < id)
			low = mid + 1;
		else
			high = mid;
	}
	return low < sizeof(messages) / sizeof(messages[0]) && messages[low].id == id
		   ? &messages[low]
		   : NULL;
}

const char *
jt808_message_name(uint16_t id)
{
	const struct message *m = message_find(id);

	return m ? m->name : NULL;
}

enum jt808_op
jt808_message_op(uint16_t id)
{
	const struct message *m = message_find(id);

	return m ? (enum jt808_op)m->op : id >= 0x8000 ? JT808_OP_CONTROL : JT808_OP_REPORT;
}

/* --- Frames --- */

size_t
jt808_unescape(struct span raw, uint8_t out[JT808_FRAME_MAX], bool *ret_is_bad)
{
	struct cursor c = cursor_span(raw);
	size_t n = 0;

	while (cursor_left(&c)) {
		uint8_t b = cursor_u8(&c);
		if (n == JT808_FRAME_MAX)
			return 0;
		if (b == ESCAPE) {
			uint8_t code = cursor_u8(&c);
			if (code == 0x02)
				b = DELIMITER;
			else if (code != 0x01)
				*ret_is_bad = true;
		}
		out[n++] = b;
	}
	return n;
}

static bool
read_phone(struct cursor *c, size_t bytes, char phone[21])
{
	struct span bcd = cursor_bytes(c, bytes);
	size_t n = 0;

	for (size_t i = 0; i < bcd.len * 2; i++) {
		uint8_t digit = i % 2 ? bcd.p[i / 2] & 15 : bcd.p[i / 2] >> 4;
		if (digit > 9)
			return false;
		if (n == 0 && digit == 0 && i + 1 < bcd.len * 2)
			continue;
		phone[n++] = (char)('0' + digit);
	}
	phone[n] = '\0';
	return bcd.len > 0;
}

bool
jt808_header_read(struct span frame, struct jt808_header *ret)
{
	struct cursor c = cursor_span(frame);
	struct jt808_header h = { 0 };
	uint8_t check = 0;

	for (size_t i = 0; i < frame.len; i++)
		check ^= frame.p[i];
	if (check != 0 || frame.len < 13)
		return false;
	h.id = cursor_be16(&c);
	h.properties = cursor_be16(&c);
	h.encryption = h.properties >> 10 & 7;
	h.is_2019 = h.properties & PROPERTY_2019;
	if (h.is_2019)
		h.version = cursor_u8(&c);
	if (!read_phone(&c, h.is_2019 ? 10 : 6, h.phone))
		return false;
	h.serial = cursor_be16(&c);
	if (h.properties & PROPERTY_PART) {
		h.part_total = cursor_be16(&c);
		h.part_index = cursor_be16(&c);
	}
	h.body = cursor_bytes(&c, h.properties & PROPERTY_LENGTH);
	if (c.is_short || cursor_left(&c) != 1)
		return false;
	*ret = h;
	return true;
}

/* --- Bodies --- */

static struct text
keep_text(struct jt808_tx *m, struct span gbk)
{
	bool is_bad = false;
	struct text t = { m->texts_len, 0 };

	t.len = (uint16_t)text_gbk_to_utf8(gbk, m->texts + m->texts_len,
	    TEXT_MAX - m->texts_len, &is_bad);
	m->texts_len = (uint16_t)(m->texts_len + t.len);
	if (is_bad)
		tx_event(&m->tx, EVENT_BAD_TEXT);
	return t;
}

static struct span
text_span(const struct jt808_tx *m, struct text t)
{
	return span_of(m->texts + t.at, t.len);
}

static void
read_register(struct jt808_tx *m, struct cursor *c)
{
	/* Province, county, maker, model, terminal id, colour, plate: lengths by edition; the
	 * edition of 2011 has a shorter model, told apart by what is left. */
	cursor_skip(c, 4);
	cursor_skip(c, m->header.is_2019 ? 11 : 5);
	size_t model = m->header.is_2019 ? 30 : cursor_left(c) >= 28 + 4 ? 20 : 8;
	cursor_skip(c, model);
	m->terminal_id = keep_text(m, cursor_bytes(c, m->header.is_2019 ? 30 : 7));
	cursor_skip(c, 1);
	m->plate = keep_text(m, cursor_rest(c));
}

static void
read_authenticate(struct jt808_tx *m, struct cursor *c)
{
	if (!m->header.is_2019) {
		m->auth_code = keep_text(m, cursor_rest(c));
		return;
	}
	uint8_t len = cursor_u8(c);
	m->auth_code = keep_text(m, cursor_bytes(c, len));
	m->imei = keep_text(m, cursor_bytes(c, 15));
}

static void
read_location(struct jt808_tx *m, struct cursor *c)
{
	struct location *l = &m->location;

	l->alarm = cursor_be32(c);
	l->status = cursor_be32(c);
	l->lat = cursor_be32(c);
	l->lon = cursor_be32(c);
	l->altitude = cursor_be16(c);
	l->speed = cursor_be16(c);
	l->course = cursor_be16(c);
	cursor_skip(c, 6);
	l->is_set = !c->is_short;
}

static bool
is_server_param(uint32_t id)
{
	return id == 0x0013 || id == 0x0017;
}

static void
read_parameters(struct jt808_tx *m, struct cursor *c)
{
	uint8_t count = cursor_u8(c);

	for (unsigned i = 0; i < count && !c->is_short; i++) {
		uint32_t id = cursor_be32(c);
		uint8_t len = cursor_u8(c);
		size_t at = cursor_pos(c);
		struct span value = cursor_bytes(c, len);
		if (c->is_short || m->param_count == PARAMS_MAX)
			break;
		m->params[m->param_count++] = (struct param){ id, (uint16_t)at, len };
		if (is_server_param(id) && !m->server.len)
			m->server = keep_text(m, value);
	}
}

/* The n-th text between semicolons. */
static struct span
part_of(struct span text, unsigned n)
{
	for (; n; n--) {
		ptrdiff_t at = span_chr(text, ';');
		if (at < 0)
			return SPAN_NONE;
		text = span_from(text, (size_t)at + 1);
	}
	ptrdiff_t end = span_chr(text, ';');
	return end < 0 ? text : span_sub(text, 0, (size_t)end);
}

/*
 * 8105: word 1 upgrades from a URL; word 2 connects to another server: control or main or
 * code;APN...;address;TCP;UDP;...
 */
static void
read_control(struct jt808_tx *m, struct cursor *c)
{
	uint8_t word = cursor_u8(c);
	struct span rest = cursor_rest(c);
	size_t at = 0;

	m->has_command = true;
	if (word >= 100)
		m->command[at++] = (char)('0' + word / 100);
	if (word >= 10)
		m->command[at++] = (char)('0' + word / 10 % 10);
	m->command[at] = (char)('0' + word % 10);
	if (word == 1) {
		m->url = keep_text(m, part_of(rest, 0));
	} else if (word == 2) {
		/* The address is the fifth text; the first tells which link is meant. */
		struct span server = part_of(rest, 4);
		m->server = keep_text(m, server);
	}
}

static void
read_upgrade(struct jt808_tx *m, struct cursor *c)
{
	m->firmware_type = cursor_u8(c);
	m->has_firmware_type = !c->is_short;
	cursor_skip(c, m->header.is_2019 ? 11 : 5);
	uint8_t len = cursor_u8(c);
	m->firmware_version = keep_text(m, cursor_bytes(c, len));
}

static void
read_body(struct jt808_tx *m)
{
	struct cursor c = cursor_of(m->body, m->body_len);

	/* Ciphertext, and the later parts of a message, have no fields of their own. */
	if (m->header.encryption || m->header.part_index > 1)
		return;
	switch (m->header.id) {
	case 0x0001:
	case 0x8001:
		cursor_skip(&c, 4);
		m->result = cursor_u8(&c);
		m->has_result = !c.is_short;
		break;
	case 0x0100:
		read_register(m, &c);
		break;
	case 0x0102:
		read_authenticate(m, &c);
		break;
	case 0x0200:
		read_location(m, &c);
		break;
	case 0x0201:
		cursor_skip(&c, 2);
		read_location(m, &c);
		break;
	case 0x0104:
		cursor_skip(&c, 2);
		read_parameters(m, &c);
		break;
	case 0x8100:
		cursor_skip(&c, 2);
		m->result = cursor_u8(&c);
		m->has_result = !c.is_short;
		m->auth_code = keep_text(m, cursor_rest(&c));
		break;
	case 0x8103:
		read_parameters(m, &c);
		break;
	case 0x8105:
		read_control(m, &c);
		break;
	case 0x8108:
		read_upgrade(m, &c);
		break;
	case 0x8300:
		cursor_skip(&c, m->header.is_2019 ? 2 : 1);
		m->text = keep_text(m, cursor_rest(&c));
		break;
	case 0x9101:
	case 0x9201:
	case 0x9206: {
		uint8_t len = cursor_u8(&c);
		m->server = keep_text(m, cursor_bytes(&c, len));
		break;
	}
	default:
		break;
	}
	if (c.is_short)
		tx_event(&m->tx, EVENT_TRUNCATED_BODY);
}

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
		tx_event(&m->tx, EVENT_INVALID_ESCAPE);
	read_body(m);
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

	ptrdiff_t end = span_chr(span_from(data, 1), DELIMITER);
	if (end < 0) {
		if (data.len <= RAW_MAX)
			return 0;
		refuse(app, EVENT_OVERSIZED_FRAME);
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
	refuse(app, n ? EVENT_INVALID_FRAME : EVENT_OVERSIZED_FRAME);
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
		ptrdiff_t start = span_chr(rest, DELIMITER);
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
	if (data.p[0] != DELIMITER)
		return PROTO_NO;
	while (data.len > 1 && data.p[1] == DELIMITER)
		data = span_from(data, 1);
	ptrdiff_t end = span_chr(span_from(data, 1), DELIMITER);
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

/* --- What rules see --- */

#define GETTER(name)                                                               \
	static bool name(const struct app *app, const struct tx *tx, enum dir dir, \
	    unsigned index, struct arena *scratch, struct field_value *ret)

static const struct jt808_tx *
of(const struct tx *tx, enum dir dir)
{
	const struct jt808_tx *m = (const struct jt808_tx *)tx;

	return m->dir == dir ? m : NULL;
}

#define NUMBER(name, condition, value)                  \
	GETTER(name)                                    \
	{                                               \
		const struct jt808_tx *m = of(tx, dir); \
		(void)app, (void)scratch;               \
		if (!m || index || !(condition))        \
			return false;                   \
		ret->number = (value);                  \
		return true;                            \
	}

#define TEXT(name, member)                              \
	GETTER(name)                                    \
	{                                               \
		const struct jt808_tx *m = of(tx, dir); \
		(void)app, (void)scratch;               \
		if (!m || index || !m->member.len)      \
			return false;                   \
		ret->bytes = text_span(m, m->member);   \
		ret->is_final = true;                   \
		return true;                            \
	}

NUMBER(get_msg_id, true, m->header.id)
NUMBER(get_version, true, m->header.is_2019 ? 2019 : 2013)
NUMBER(get_serial, true, m->header.serial)
NUMBER(get_encrypted, true, m->header.encryption != 0)
NUMBER(get_result, m->has_result, m->result)
NUMBER(get_firmware_type, m->has_firmware_type, m->firmware_type)
NUMBER(get_alarm, m->location.is_set, m->location.alarm)
NUMBER(get_status, m->location.is_set, m->location.status)
NUMBER(get_lat, m->location.is_set, m->location.lat)
NUMBER(get_lon, m->location.is_set, m->location.lon)
NUMBER(get_speed, m->location.is_set, m->location.speed)
TEXT(get_auth_code, auth_code)
TEXT(get_plate, plate)
TEXT(get_terminal_id, terminal_id)
TEXT(get_imei, imei)
TEXT(get_server, server)
TEXT(get_url, url)
TEXT(get_text, text)

static enum jt808_op
op_of(const struct jt808_tx *m)
{
	/* Word 1 of terminal control fetches new firmware. */
	if (m->header.id == 0x8105 && m->has_command && strcmp(m->command, "1") == 0)
		return JT808_OP_FIRMWARE;
	return jt808_message_op(m->header.id);
}

NUMBER(get_op_class, true, op_of(m))

GETTER(get_phone)
{
	const struct jt808_tx *m = of(tx, dir);

	(void)app, (void)scratch;
	if (!m || index)
		return false;
	ret->bytes = span_str(m->header.phone);
	ret->is_final = true;
	return true;
}

GETTER(get_command)
{
	const struct jt808_tx *m = of(tx, dir);

	(void)app, (void)scratch;
	if (!m || index || !m->has_command)
		return false;
	ret->bytes = span_str(m->command);
	ret->is_final = true;
	return true;
}

GETTER(get_param_id)
{
	const struct jt808_tx *m = of(tx, dir);

	(void)app, (void)scratch;
	if (!m || index >= m->param_count)
		return false;
	ret->number = m->params[index].id;
	return true;
}

GETTER(get_param_value)
{
	const struct jt808_tx *m = of(tx, dir);

	(void)app, (void)scratch;
	if (!m || index >= m->param_count)
		return false;
	ret->bytes =
	    span_sub(span_of(m->body, m->body_len), m->params[index].at, m->params[index].len);
	ret->is_final = true;
	return true;
}

GETTER(get_payload)
{
	const struct jt808_tx *m = of(tx, dir);

	(void)app, (void)scratch;
	if (!m || index || (m->header.id != 0x0900 && m->header.id != 0x8900))
		return false;
	ret->bytes = span_of(m->body, m->body_len);
	ret->is_final = true;
	return true;
}

static const struct field_name op_names[] = {
	{ "read", JT808_OP_READ },
	{ "write", JT808_OP_WRITE },
	{ "control", JT808_OP_CONTROL },
	{ "firmware", JT808_OP_FIRMWARE },
	{ "config", JT808_OP_CONFIG },
	{ "auth", JT808_OP_AUTH },
	{ "file", JT808_OP_FILE },
	{ "report", JT808_OP_REPORT },
	{ NULL, 0 },
};

#define ROW(field_name_, kind_, get_, help_, example_)                                  \
	{                                                                               \
		.name = field_name_, .help = help_, .example = example_, .kind = kind_, \
		.dirs = DIR_BOTH, .progress = 1, .get = get_                            \
	}

static const struct field fields[] = {
	ROW("jt808.msg_id", FIELD_UINT, get_msg_id,
	    "message id; 0x8000 and above: the platform", "jt808.msg_id:0x8105"),
	ROW("jt808.version", FIELD_UINT, get_version,
	    "edition of the standard: 2013 (with 2011) or 2019", "jt808.version:2019"),
	ROW("jt808.phone", FIELD_BYTES, get_phone,
	    "terminal's phone number, leading zeros dropped",
	    "jt808.phone; content:\"138\"; startswith"),
	ROW("jt808.serial", FIELD_UINT, get_serial, "serial number of the message",
	    "jt808.serial:>100"),
	ROW("jt808.encrypted", FIELD_UINT, get_encrypted, "1 when the body is encrypted",
	    "jt808.encrypted:1"),
	ROW("jt808.result", FIELD_UINT, get_result, "result of a general or register reply",
	    "jt808.result:>0"),
	ROW("jt808.auth_code", FIELD_BYTES, get_auth_code, "authentication code, sent or given",
	    "jt808.auth_code; content:\"admin\""),
	ROW("jt808.plate", FIELD_BYTES, get_plate, "plate or VIN of a registration, UTF-8",
	    "jt808.plate; content:\"A\""),
	ROW("jt808.terminal_id", FIELD_BYTES, get_terminal_id, "terminal id of a registration",
	    "jt808.terminal_id; content:\"0000\""),
	ROW("jt808.imei", FIELD_BYTES, get_imei, "IMEI of an authentication (2019)",
	    "jt808.imei; content:\"86\"; startswith"),
	ROW("jt808.param_id", FIELD_UINT, get_param_id,
	    "parameter ids set or told; any of them", "jt808.param_id:0x13"),
	ROW("jt808.param_value", FIELD_MULTI, get_param_value, "parameter values, as sent",
	    "jt808.param_value; content:\"10.\""),
	ROW("jt808.command", FIELD_BYTES, get_command,
	    "word of a terminal control (0x8105), decimal",
	    "jt808.command; content:\"2\"; bsize:1"),
	ROW("jt808.server", FIELD_BYTES, get_server, "server a terminal is told to use",
	    "jt808.server; content:\"10.9.8.7\""),
	ROW("jt808.url", FIELD_BYTES, get_url, "where a terminal is told to fetch firmware",
	    "jt808.url; content:\"http://\"; startswith"),
	ROW("jt808.text", FIELD_BYTES, get_text, "text shown or spoken to the driver, UTF-8",
	    "jt808.text; content:\"http\""),
	ROW("jt808.firmware_type", FIELD_UINT, get_firmware_type, "kind of an upgrade package",
	    "jt808.firmware_type:0"),
	ROW("jt808.alarm", FIELD_UINT, get_alarm, "alarm bits of a location", "jt808.alarm:>0"),
	ROW("jt808.status", FIELD_UINT, get_status, "status bits of a location",
	    "jt808.status:>0"),
	ROW("jt808.lat", FIELD_UINT, get_lat, "latitude, millionths of a degree",
	    "jt808.lat:0"),
	ROW("jt808.lon", FIELD_UINT, get_lon, "longitude, millionths of a degree",
	    "jt808.lon:0"),
	ROW("jt808.speed", FIELD_UINT, get_speed, "speed, tenths of km/h", "jt808.speed:>1200"),
	ROW("jt808.payload", FIELD_BYTES, get_payload, "data passed through (0x0900, 0x8900)",
	    "jt808.payload; content:\"jndi\""),
	{ .name = "jt808.op_class",
	    .help = "what kind of operation the message is",
	    .example = "jt808.op_class:control",
	    .kind = FIELD_ENUM,
	    .dirs = DIR_BOTH,
	    .progress = 1,
	    .names = op_names,
	    .get = get_op_class },
	{ .name = NULL },
};

/* --- Record --- */

/* All but the last four digits of a phone number are hidden. */
static void
put_phone(struct json *json, const char *phone)
{
	char masked[24];
	size_t n = strlen(phone);

	for (size_t i = 0; i < n; i++)
		masked[i] = i + 4 < n ? '*' : phone[i];
	json_put_text(json, "phone", span_of(masked, n));
}

/* The first three characters of a plate stay: province and city. */
static void
put_plate(struct json *json, struct span plate)
{
	char masked[64];
	size_t at = 0;
	unsigned characters = 0;

	for (size_t i = 0; i < plate.len && at + 4 < sizeof(masked); i++) {
		bool is_first_byte = (plate.p[i] & 0xc0) != 0x80;
		characters += is_first_byte;
		if (characters <= 3)
			masked[at++] = (char)plate.p[i];
		else if (is_first_byte)
			masked[at++] = '*';
	}
	json_put_text(json, "plate", span_of(masked, at));
}

static void
put_text(struct json *json, const char *key, const struct jt808_tx *m, struct text t)
{
	if (t.len)
		json_put_text(json, key, text_span(m, t));
}

static void
put_location(struct json *json, const struct location *l)
{
	/* Bits 2 and 3 of the status turn to south and west. */
	double lat = (double)l->lat / 1e6 * (l->status & 4 ? -1 : 1);
	double lon = (double)l->lon / 1e6 * (l->status & 8 ? -1 : 1);

	json_put_uint(json, "alarm", l->alarm);
	json_put_uint(json, "status", l->status);
	json_put_double(json, "lat", lat, 6);
	json_put_double(json, "lon", lon, 6);
	json_put_uint(json, "altitude", l->altitude);
	json_put_double(json, "speed", (double)l->speed / 10, 1);
	json_put_uint(json, "course", l->course);
}

static void
put_params(struct json *json, const struct jt808_tx *m)
{
	if (!m->param_count)
		return;
	json_open_array(json, "param_id");
	for (unsigned i = 0; i < m->param_count; i++)
		json_put_uint(json, NULL, m->params[i].id);
	json_close(json);
}

static bool
jt808_record(const struct app *app, const struct tx *tx, struct json *json)
{
	const struct jt808_tx *m = (const struct jt808_tx *)tx;
	const struct jt808_header *h = &m->header;
	const char *name = jt808_message_name(h->id);

	(void)app;
	if (m->is_location_skipped && !tx->has_alert && !tx->events)
		return false;
	json_put_uint(json, "msg_id", h->id);
	json_put_str(json, "msg_name", name ? name : "unknown");
	json_put_str(json, "direction", h->id >= 0x8000 ? "down" : "up");
	json_put_str(json, "op_class", op_names[op_of(m)].name);
	json_put_uint(json, "version", h->is_2019 ? 2019 : 2013);
	put_phone(json, h->phone);
	json_put_uint(json, "serial", h->serial);
	json_put_bool(json, "encrypted", h->encryption != 0);
	if (h->part_total) {
		json_open_object(json, "subpacket");
		json_put_uint(json, "total", h->part_total);
		json_put_uint(json, "index", h->part_index);
		json_close(json);
	}
	if (m->has_result)
		json_put_uint(json, "result", m->result);
	if (m->auth_code.len)
		json_put_uint(json, "auth_code_length", m->auth_code.len);
	if (m->plate.len)
		put_plate(json, text_span(m, m->plate));
	put_text(json, "terminal_id", m, m->terminal_id);
	put_text(json, "imei", m, m->imei);
	if (m->has_command)
		json_put_str(json, "command", m->command);
	put_text(json, "server", m, m->server);
	put_text(json, "url", m, m->url);
	put_text(json, "text", m, m->text);
	if (m->has_firmware_type)
		json_put_uint(json, "firmware_type", m->firmware_type);
	put_text(json, "firmware_version", m, m->firmware_version);
	put_params(json, m);
	if (m->location.is_set)
		put_location(json, &m->location);
	return true;
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
	.fields = fields,
	.events = event_names,
	.record = jt808_record,
};
