/* SPDX-License-Identifier: Apache-2.0 */
/*
 * modbus: Modbus/TCP.
 *
 *    0               2               4               6       7
 *   +---------------+---------------+---------------+-------+----------+------
 *   | transaction   | protocol = 0  | length        | unit  | function | data
 *   +---------------+---------------+---------------+-------+----------+------
 *
 * length counts from unit on. A request opens a transaction; the response with its
 * transaction number and unit completes it. Direction decides which is which, as both look
 * alike.
 */
#include "sensor/proto/modbus.h"

#include "common/cursor.h"
#include "sensor/proto/app.h"

#define MBAP_BYTES 7
#define LENGTH_MIN 2
#define LENGTH_MAX 254
#define PROBE_BYTES 8

enum modbus_event {
	EVENT_INVALID_PROTOCOL_ID,
	EVENT_UNSOLICITED_RESPONSE,
	EVENT_INVALID_LENGTH,
	EVENT_INVALID_UNIT_IDENTIFIER,
	EVENT_INVALID_FUNCTION_CODE,
	EVENT_INVALID_VALUE,
	EVENT_INVALID_EXCEPTION_CODE,
	EVENT_VALUE_MISMATCH,
	EVENT_FLOODED,
};

static const char *const event_names[] = { "invalid_protocol_id", "unsolicited_response",
	"invalid_length", "invalid_unit_identifier", "invalid_function_code", "invalid_value",
	"invalid_exception_code", "value_mismatch", "flooded", NULL };

struct modbus_tx {
	struct tx tx;
	struct modbus_pdu pdu[2]; /* by enum dir */
};

struct function {
	uint8_t number;
	uint8_t access;
	const char *name;
};

static const struct function functions[] = {
	{ 1, MODBUS_READ | MODBUS_COILS, "RdCoils" },
	{ 2, MODBUS_READ | MODBUS_DISCRETES, "RdDiscreteInputs" },
	{ 3, MODBUS_READ | MODBUS_HOLDING, "RdHoldRegs" },
	{ 4, MODBUS_READ | MODBUS_INPUT, "RdInputRegs" },
	{ 5, MODBUS_WRITE | MODBUS_COILS | MODBUS_SINGLE, "WrSingleCoil" },
	{ 6, MODBUS_WRITE | MODBUS_HOLDING | MODBUS_SINGLE, "WrSingleReg" },
	{ 7, 0, "RdExcStatus" },
	{ 8, 0, "Diagnostic" },
	{ 9, 0, "Program484" },
	{ 10, 0, "Poll484" },
	{ 11, 0, "GetCommEventCtr" },
	{ 12, 0, "GetCommEventLog" },
	{ 13, 0, "ProgramController" },
	{ 14, 0, "PollController" },
	{ 15, MODBUS_WRITE | MODBUS_COILS | MODBUS_MULTIPLE, "WrMultCoils" },
	{ 16, MODBUS_WRITE | MODBUS_HOLDING | MODBUS_MULTIPLE, "WrMultRegs" },
	{ 17, 0, "ReportServerID" },
	{ 18, 0, "Program884" },
	{ 19, 0, "ResetCommLink" },
	{ 20, 0, "RdFileRec" },
	{ 21, 0, "WrFileRec" },
	{ 22, MODBUS_WRITE | MODBUS_HOLDING, "MaskWrReg" },
	{ 23, MODBUS_READ | MODBUS_WRITE | MODBUS_HOLDING | MODBUS_MULTIPLE, "RdWrMultRegs" },
	{ 24, 0, "RdFIFOQueue" },
	{ 43, 0, "MEI" },
};

static const struct function *
function_find(uint8_t number)
{
	for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++)
		if (functions[i].number == number)
			return &functions[i];
	return NULL;
}

static uint8_t
category_of(const struct modbus_pdu *p)
{
	uint8_t f = p->function;

	if (f == 9 || f == 10 || f == 13 || f == 14 || f == 41 || f == 42 || f == 90 ||
	    f == 91 || f == 125 || f == 126 || f == 127 || f == 18 || f == 19)
		return MODBUS_RESERVED;
	if ((f >= 65 && f <= 72) || (f >= 100 && f <= 110))
		return MODBUS_USER_DEFINED;
	if (f == 8 && p->has_subfunction && (p->subfunction == 19 || p->subfunction > 20))
		return MODBUS_RESERVED;
	if (f == 43 && p->has_subfunction && p->subfunction != 13 && p->subfunction != 14)
		return MODBUS_RESERVED;
	return function_find(f) ? MODBUS_PUBLIC_ASSIGNED : MODBUS_PUBLIC_UNASSIGNED;
}

/* Bytes that quantity coils or registers take. */
static size_t
bytes_of(const struct modbus_pdu *p, uint16_t quantity)
{
	return p->access & (MODBUS_COILS | MODBUS_DISCRETES) ? (quantity + 7u) / 8
							     : (size_t)quantity * 2;
}

static void
take_values(struct modbus_pdu *p, struct cursor *c, size_t announced)
{
	if (announced != cursor_left(c))
		p->errors |= MODBUS_ERROR_DATA_LENGTH;
	p->values_at = (uint8_t)cursor_pos(c);
	p->values_len = (uint8_t)(announced < cursor_left(c) ? announced : cursor_left(c));
	cursor_skip(c, p->values_len);
}

static void
read_request(struct modbus_pdu *p, struct cursor *c)
{
	if (p->access & MODBUS_READ) {
		p->has_read = true;
		p->read_address = cursor_be16(c);
		p->read_quantity = cursor_be16(c);
		unsigned max = p->access & (MODBUS_COILS | MODBUS_DISCRETES) ? 2000 : 125;
		if (p->read_quantity == 0 || p->read_quantity > max)
			p->errors |= MODBUS_ERROR_DATA_VALUE;
	}
	if (!(p->access & MODBUS_WRITE))
		return;
	p->has_write = true;
	p->write_address = cursor_be16(c);
	p->write_quantity = 1;
	if (p->access & MODBUS_MULTIPLE) {
		p->write_quantity = cursor_be16(c);
		uint8_t count = cursor_u8(c);
		if (p->write_quantity == 0 || count != bytes_of(p, p->write_quantity))
			p->errors |= MODBUS_ERROR_DATA_VALUE;
		take_values(p, c, count);
	} else {
		take_values(p, c, p->function == 22 ? 4 : 2);
		struct cursor v = cursor_of(p->data + p->values_at, p->values_len);
		uint16_t value = cursor_be16(&v);
		if (p->function == 5 && value != 0 && value != 0xff00)
			p->errors |= MODBUS_ERROR_DATA_VALUE;
	}
}

static void
read_response(struct modbus_pdu *p, struct cursor *c)
{
	if (p->access & MODBUS_READ) {
		p->has_read = true;
		take_values(p, c, cursor_u8(c));
	} else if (p->access & MODBUS_WRITE) {
		p->has_write = true;
		p->write_address = cursor_be16(c);
		if (p->access & MODBUS_MULTIPLE)
			p->write_quantity = cursor_be16(c);
		else
			take_values(p, c, p->function == 22 ? 4 : 2);
	}
}

static void
read_pdu(struct modbus_pdu *p, struct cursor c, bool is_response)
{
	p->is_set = true;
	p->is_response = is_response;
	p->transaction = cursor_be16(&c);
	p->protocol = cursor_be16(&c);
	cursor_skip(&c, 2);
	p->unit = cursor_u8(&c);
	p->function_raw = cursor_u8(&c);
	p->function = p->function_raw & 0x7f;
	struct span rest = span_sub(cursor_rest(&c), 0, MODBUS_PDU_MAX);
	p->len = (uint8_t)rest.len;
	memcpy(p->data, rest.p, rest.len);
	c = cursor_of(p->data, p->len);
	const struct function *f = function_find(p->function);
	p->access = f ? f->access : 0;
	if (p->protocol != 0)
		p->errors |= MODBUS_ERROR_PROTO_ID;
	if (p->function == 0)
		p->errors |= MODBUS_ERROR_FUNC_CODE;
	if (p->function_raw & 0x80) {
		p->is_exception = true;
		p->exception = cursor_u8(&c);
		if (!is_response)
			p->errors |= MODBUS_ERROR_FUNC_CODE;
		if (p->exception == 0 || p->exception > 11 || p->exception == 7 ||
		    p->exception == 9)
			p->errors |= MODBUS_ERROR_EXC_CODE;
	} else if (p->function == 8) {
		p->has_subfunction = true;
		p->subfunction = cursor_be16(&c);
	} else if (p->function == 43) {
		p->has_subfunction = true;
		p->subfunction = cursor_u8(&c);
	} else if (is_response) {
		read_response(p, &c);
	} else {
		read_request(p, &c);
	}
	if (c.is_short)
		p->errors |= MODBUS_ERROR_DATA_LENGTH;
	p->category = category_of(p);
}

static void
raise_events(struct tx *tx, const struct modbus_pdu *p)
{
	if (p->errors & MODBUS_ERROR_PROTO_ID)
		tx_event(tx, EVENT_INVALID_PROTOCOL_ID);
	if (p->errors & MODBUS_ERROR_DATA_LENGTH)
		tx_event(tx, EVENT_INVALID_LENGTH);
	if (p->errors & MODBUS_ERROR_FUNC_CODE)
		tx_event(tx, EVENT_INVALID_FUNCTION_CODE);
	if (p->errors & MODBUS_ERROR_DATA_VALUE)
		tx_event(tx, EVENT_INVALID_VALUE);
	if (p->errors & MODBUS_ERROR_EXC_CODE)
		tx_event(tx, EVENT_INVALID_EXCEPTION_CODE);
}

/* The open request that a response answers. */
static struct modbus_tx *
find_request(struct app *app, const struct modbus_pdu *response)
{
	struct tx *tx;

	TAILQ_FOREACH (tx, &app->txs, link) {
		struct modbus_tx *m = (struct modbus_tx *)tx;
		const struct modbus_pdu *q = &m->pdu[DIR_TOSERVER];
		if (q->is_set && !m->pdu[DIR_TOCLIENT].is_set &&
		    q->transaction == response->transaction && q->unit == response->unit)
			return m;
	}
	return NULL;
}

static void
take_message(struct app *app, const struct proto_input *in, struct cursor c)
{
	struct modbus_pdu p = { 0 };
	struct modbus_tx *m = NULL;
	bool is_response = in->dir == DIR_TOCLIENT;

	read_pdu(&p, c, is_response);
	if (is_response)
		m = find_request(app, &p);
	bool is_unsolicited = is_response && !m;
	if (!m)
		m = (struct modbus_tx *)app_tx_new(app, in->ts);
	if (!m)
		return;
	m->pdu[in->dir] = p;
	if (is_unsolicited) {
		tx_event(&m->tx, EVENT_UNSOLICITED_RESPONSE);
		tx_done(&m->tx, DIR_TOSERVER, in->ts);
	} else if (is_response && !p.is_exception &&
		   m->pdu[DIR_TOSERVER].function != p.function) {
		tx_event(&m->tx, EVENT_VALUE_MISMATCH);
	}
	raise_events(&m->tx, &p);
	tx_moved(&m->tx, in->dir, 1, in->ts);
	tx_done(&m->tx, in->dir, in->ts);
}

static ptrdiff_t
modbus_parse(struct app *app, const struct proto_input *in)
{
	struct cursor c = cursor_span(in->data);

	if (in->gap_bytes)
		return -1; /* message borders are lost */
	while (cursor_left(&c) >= MBAP_BYTES + 1) {
		struct cursor at = c;
		cursor_skip(&at, 4);
		size_t length = cursor_be16(&at);
		if (length < LENGTH_MIN || length > LENGTH_MAX)
			return -1;
		if (cursor_left(&c) < 6 + length)
			break;
		take_message(app, in, cursor_sub(&c, 6 + length));
	}
	return (ptrdiff_t)cursor_pos(&c);
}

/*
 * Zero protocol number, a length that the first message keeps to, a function that exists.
 * False positives of random bytes: 2^-32 and less.
 */
static enum proto_verdict
modbus_probe(const struct proto_probe *probe)
{
	struct cursor c = cursor_span(probe->data);

	cursor_skip(&c, 2);
	uint16_t protocol = cursor_be16(&c);
	uint16_t length = cursor_be16(&c);
	cursor_skip(&c, 1);
	uint8_t function = cursor_u8(&c);
	/* What is already there must fit, even before all of it is. */
	size_t n = probe->data.len;
	if ((n >= 3 && probe->data.p[2]) || (n >= 4 && protocol != 0) ||
	    (n >= 5 && probe->data.p[4]))
		return PROTO_NO;
	if (n < PROBE_BYTES)
		return PROTO_MORE;
	if (length < LENGTH_MIN || length > LENGTH_MAX || (function & 0x7f) == 0)
		return PROTO_NO;
	if (probe->dir == DIR_TOSERVER && function & 0x80)
		return PROTO_NO;
	/* Off the usual port only a message that fills its segment convinces. */
	if (probe->flow->key.server_port != 502 && n < 6u + length)
		return PROTO_MORE;
	if (probe->flow->key.server_port != 502 && !function_find(function & 0x7f))
		return PROTO_NO;
	return PROTO_YES;
}

const struct modbus_pdu *
modbus_tx_pdu(const struct tx *tx, enum dir dir)
{
	const struct modbus_pdu *p = &((const struct modbus_tx *)tx)->pdu[dir];

	return p->is_set ? p : NULL;
}

bool
modbus_written_value(const struct modbus_pdu *p, uint16_t address, uint16_t *ret)
{
	if (!p->has_write || p->is_response || address < p->write_address ||
	    address - p->write_address >= p->write_quantity)
		return false;
	unsigned i = address - p->write_address;
	struct cursor c = cursor_of(p->data + p->values_at, p->values_len);
	if (p->access & MODBUS_COILS && p->access & MODBUS_MULTIPLE) {
		cursor_skip(&c, i / 8);
		*ret = cursor_u8(&c) >> (i % 8) & 1;
	} else {
		cursor_skip(&c, i * 2);
		uint16_t v = cursor_be16(&c);
		*ret = p->access & MODBUS_COILS ? v != 0 : v;
	}
	return !c.is_short;
}

/* --- What rules see --- */

static bool
get_function(const struct app *app, const struct tx *tx, enum dir dir, unsigned index,
    struct arena *scratch, struct field_value *ret)
{
	const struct modbus_pdu *p = modbus_tx_pdu(tx, dir);

	(void)app, (void)scratch;
	if (!p || index)
		return false;
	ret->number = p->function;
	return true;
}

static bool
get_unit(const struct app *app, const struct tx *tx, enum dir dir, unsigned index,
    struct arena *scratch, struct field_value *ret)
{
	const struct modbus_pdu *p = modbus_tx_pdu(tx, dir);

	(void)app, (void)scratch;
	if (!p || index)
		return false;
	ret->number = p->unit;
	return true;
}

/* The address a request reads from or writes to; both, where it does both. */
static bool
get_address(const struct app *app, const struct tx *tx, enum dir dir, unsigned index,
    struct arena *scratch, struct field_value *ret)
{
	const struct modbus_pdu *p = modbus_tx_pdu(tx, dir);

	(void)app, (void)scratch;
	if (!p || p->is_response)
		return false;
	if (index == 0 && p->has_read)
		ret->number = p->read_address;
	else if (p->has_write && index == (p->has_read ? 1u : 0u))
		ret->number = p->write_address;
	else
		return false;
	return true;
}

static const struct field fields[] = {
	{ .name = "modbus.function",
	    .help = "function code, without the exception bit",
	    .example = "modbus.function:5",
	    .kind = FIELD_UINT,
	    .dirs = DIR_BOTH,
	    .progress = 1,
	    .get = get_function },
	{ .name = "modbus.unit",
	    .help = "unit identifier",
	    .example = "modbus.unit:>10",
	    .kind = FIELD_UINT,
	    .dirs = DIR_BOTH,
	    .progress = 1,
	    .get = get_unit },
	{ .name = "modbus.address",
	    .help = "first address that a request reads or writes",
	    .example = "modbus.address:0-99",
	    .kind = FIELD_UINT,
	    .dirs = DIR_BIT(DIR_TOSERVER),
	    .progress = 1,
	    .get = get_address },
	{ .name = NULL },
};

/* --- Record --- */

struct bit_name {
	unsigned bit;
	const char *name;
};

static void
put_bits(struct json *json, const char *key, unsigned bits, const struct bit_name *names,
    const char *none)
{
	char text[128];
	size_t at = 0;

	for (; names->name; names++) {
		size_t n = strlen(names->name);
		if (!(bits & names->bit) || at + n + 4 > sizeof(text))
			continue;
		if (at) {
			memcpy(text + at, " | ", 3);
			at += 3;
		}
		memcpy(text + at, names->name, n);
		at += n;
	}
	if (at)
		json_put_text(json, key, span_of(text, at));
	else
		json_put_str(json, key, none);
}

static const struct bit_name access_names[] = { { MODBUS_READ, "READ" },
	{ MODBUS_WRITE, "WRITE" }, { MODBUS_DISCRETES, "DISCRETES" }, { MODBUS_COILS, "COILS" },
	{ MODBUS_INPUT, "INPUT" }, { MODBUS_HOLDING, "HOLDING" }, { MODBUS_SINGLE, "SINGLE" },
	{ MODBUS_MULTIPLE, "MULTIPLE" }, { 0, NULL } };
static const struct bit_name category_names[] = { { MODBUS_PUBLIC_ASSIGNED, "PUBLIC_ASSIGNED" },
	{ MODBUS_PUBLIC_UNASSIGNED, "PUBLIC_UNASSIGNED" },
	{ MODBUS_USER_DEFINED, "USER_DEFINED" }, { MODBUS_RESERVED, "RESERVED" }, { 0, NULL } };
static const struct bit_name error_names[] = { { MODBUS_ERROR_DATA_VALUE, "DATA_VALUE" },
	{ MODBUS_ERROR_DATA_LENGTH, "DATA_LENGTH" }, { MODBUS_ERROR_EXC_CODE, "EXC_CODE" },
	{ MODBUS_ERROR_FUNC_CODE, "FUNC_CODE" }, { MODBUS_ERROR_PROTO_ID, "PROTO_ID" },
	{ 0, NULL } };

static void
put_read(struct json *json, const struct modbus_pdu *p, struct span values)
{
	json_open_object(json, "read");
	if (p->is_response) {
		json_put_text(json, "data", values);
	} else {
		json_put_uint(json, "address", p->read_address);
		json_put_uint(json, "quantity", p->read_quantity);
	}
	json_close(json);
}

static void
put_write(struct json *json, const struct modbus_pdu *p, struct span values)
{
	struct cursor c = cursor_span(values);

	json_open_object(json, "write");
	json_put_uint(json, "address", p->write_address);
	if (p->function == 22) {
		json_put_uint(json, "and_mask", cursor_be16(&c));
		json_put_uint(json, "or_mask", cursor_be16(&c));
	} else if (p->access & MODBUS_MULTIPLE) {
		json_put_uint(json, "quantity", p->write_quantity);
		if (!p->is_response)
			json_put_text(json, "data", values);
	} else {
		json_put_uint(json, "data", cursor_be16(&c));
	}
	json_close(json);
}

static void
put_pdu(struct json *json, const char *key, const struct modbus_pdu *p)
{
	const struct function *f = function_find(p->function);
	struct span values = span_of(p->data + p->values_at, p->values_len);

	json_open_object(json, key);
	json_put_uint(json, "transaction_id", p->transaction);
	json_put_uint(json, "protocol_id", p->protocol);
	json_put_uint(json, "unit_id", p->unit);
	json_put_uint(json, "function_raw", p->function_raw);
	json_put_str(json, "function_code", f ? f->name : "Unknown");
	put_bits(json, "access_type", p->access, access_names, "(empty)");
	put_bits(json, "category", p->category, category_names, "NONE");
	put_bits(json, "error_flags", p->errors, error_names, "NONE");
	if (p->is_exception) {
		json_open_object(json, "exception");
		json_put_uint(json, "raw", p->exception);
		json_close(json);
	} else if (p->has_subfunction) {
		json_open_object(json, p->function == 8 ? "diagnostic" : "mei");
		json_put_uint(json, "raw", p->subfunction);
		json_close(json);
	} else {
		if (p->has_read)
			put_read(json, p, values);
		if (p->has_write)
			put_write(json, p, values);
		if (!p->has_read && !p->has_write && p->len)
			json_put_text(json, "data", span_of(p->data, p->len));
	}
	json_close(json);
}

static bool
modbus_record(const struct app *app, const struct tx *tx, struct json *json)
{
	const struct modbus_pdu *request = modbus_tx_pdu(tx, DIR_TOSERVER);
	const struct modbus_pdu *response = modbus_tx_pdu(tx, DIR_TOCLIENT);

	(void)app;
	json_put_uint(json, "id", tx->id + 1);
	if (request)
		put_pdu(json, "request", request);
	if (response)
		put_pdu(json, "response", response);
	return true;
}

const struct proto proto_modbus = {
	.name = "modbus",
	.help = "Modbus/TCP: requests, responses, what they read and write",
	.transports = PROTO_TCP,
	.ports = "502",
	.id = PROTO_ID_modbus,
	.max_txs = 64, /* a client has a handful in flight */
	.probe = modbus_probe,
	.tx_bytes = sizeof(struct modbus_tx),
	.parse = modbus_parse,
	.fields = fields,
	.events = event_names,
	.record = modbus_record,
};
