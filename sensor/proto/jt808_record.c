/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jt808_record: the EVE object "jt808".
 *
 * Phone numbers, plates and authentication codes are personal or secret: rules see them whole,
 * records only in part (the rule of the sector's protocol notes, §1).
 */
#include "sensor/proto/jt808.h"

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
put_text(struct json *json, const char *key, const struct jt808_tx *m, struct jt808_text t)
{
	if (t.len)
		json_put_text(json, key, jt808_text(m, t));
}

static void
put_location(struct json *json, const struct jt808_location *l)
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

bool
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
	json_put_str(json, "op_class", jt808_op_names[jt808_op_of(m)].name);
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
		put_plate(json, jt808_text(m, m->plate));
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
