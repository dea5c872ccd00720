/* SPDX-License-Identifier: Apache-2.0 */
/* jt808_field: what rules see of a message. */
#include "sensor/proto/jt808.h"

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
		ret->bytes = jt808_text(m, m->member);  \
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

NUMBER(get_op_class, true, jt808_op_of(m))

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

#define ROW(field_name_, kind_, get_, help_, example_)                                  \
	{                                                                               \
		.name = field_name_, .help = help_, .example = example_, .kind = kind_, \
		.dirs = DIR_BOTH, .progress = 1, .get = get_                            \
	}

const struct field jt808_fields[] = {
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
	    .names = jt808_op_names,
	    .get = get_op_class },
	{ .name = NULL },
};
