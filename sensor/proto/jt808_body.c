/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jt808_body: what a body says, message by message.
 *
 * Fields differ in length between the editions; which one a terminal speaks is in its header.
 * Texts are GBK on the wire and kept as UTF-8.
 */
#include "sensor/proto/jt808.h"

#include "common/cursor.h"
#include "sensor/proto/text_gbk.h"

static struct jt808_text
keep_text(struct jt808_tx *m, struct span gbk)
{
	bool is_bad = false;
	struct jt808_text t = { m->texts_len, 0 };

	t.len = (uint16_t)text_gbk_to_utf8(gbk, m->texts + m->texts_len,
	    JT808_TEXT_MAX - m->texts_len, &is_bad);
	m->texts_len = (uint16_t)(m->texts_len + t.len);
	if (is_bad)
		tx_event(&m->tx, JT808_EVENT_BAD_TEXT);
	return t;
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
	struct jt808_location *l = &m->location;

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
		if (c->is_short || m->param_count == JT808_PARAMS_MAX)
			break;
		m->params[m->param_count++] = (struct jt808_param){ id, (uint16_t)at, len };
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

void
jt808_body_read(struct jt808_tx *m)
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
		tx_event(&m->tx, JT808_EVENT_TRUNCATED_BODY);
}
