/* SPDX-License-Identifier: Apache-2.0 */
/* pgsql_message: what the messages say, as members of the record. */
#include "sensor/proto/pgsql.h"

#include <stdio.h>

/* --- Members --- */

/* The piece of that key, or a new one; NULL: no room. Lists have keys of their own. */
static struct pgsql_piece *
piece_get(struct app *app, struct pgsql_side *side, const char *key, uint8_t kind)
{
	for (unsigned i = 0; kind != PGSQL_PARAMETER && i < side->count; i++)
		if (side->pieces[i].kind != PGSQL_PARAMETER &&
		    strcmp(side->pieces[i].key, key) == 0)
			return &side->pieces[i];
	if (side->count == PGSQL_PIECES_MAX)
		return NULL;
	if (side->count == side->room) {
		uint16_t room = side->room ? (uint16_t)(side->room * 2) : 8;
		struct pgsql_piece *grown = proto_realloc(app->worker, side->pieces,
		    side->room * sizeof(*grown), room * sizeof(*grown));
		if (!grown)
			return NULL;
		side->pieces = grown;
		side->room = room;
	}
	side->pieces[side->count] = (struct pgsql_piece){ .key = key };
	return &side->pieces[side->count++];
}

/* Keeps bytes; where they stand goes to *ret_at. Fewer of them when there is no room. */
static uint32_t
text_keep(struct app *app, struct pgsql_side *side, struct span text, uint32_t *ret_at)
{
	*ret_at = side->text.len;
	(void)proto_buf_append(app->worker, &side->text, text, PGSQL_TEXT_MAX);
	return side->text.len - *ret_at;
}

void
pgsql_add(struct app *app, struct pgsql_side *side, const char *key, struct span text)
{
	struct pgsql_piece *piece = piece_get(app, side, key, PGSQL_MEMBER);
	if (!piece)
		return;
	piece->kind = PGSQL_MEMBER;
	piece->len = text_keep(app, side, text, &piece->at);
}

void
pgsql_add_number(struct app *app, struct pgsql_side *side, const char *key, uint64_t number)
{
	struct pgsql_piece *piece = piece_get(app, side, key, PGSQL_NUMBER);
	if (!piece)
		return;
	piece->kind = PGSQL_NUMBER;
	piece->number = number;
}

void
pgsql_add_bool(struct app *app, struct pgsql_side *side, const char *key, bool value)
{
	struct pgsql_piece *piece = piece_get(app, side, key, PGSQL_BOOL);
	if (!piece)
		return;
	piece->kind = PGSQL_BOOL;
	piece->number = value;
}

static void
parameter_add(struct app *app, struct pgsql_side *side, struct span name, struct span value)
{
	struct pgsql_piece *piece = piece_get(app, side, NULL, PGSQL_PARAMETER);
	if (!piece)
		return;
	uint32_t at;
	piece->kind = PGSQL_PARAMETER;
	piece->key_len = text_keep(app, side, span_sub(name, 0, PGSQL_KEY_MAX), &piece->at);
	piece->len = text_keep(app, side, value, &at);
}

/* --- Parts of messages --- */

bool
pgsql_string(struct cursor *c, struct span *ret)
{
	struct span rest = cursor_rest(c);
	ptrdiff_t end = span_chr(rest, 0);
	if (end < 0)
		return false;
	*ret = span_sub(rest, 0, (size_t)end);
	cursor_skip(c, (size_t)end + 1);
	return true;
}

/* Text without the NUL at its end. */
static struct span
text_of(struct span body)
{
	while (body.len && body.p[body.len - 1] == 0)
		body.len--;
	return body;
}

bool
pgsql_startup_read(struct app *app, struct pgsql_tx *tx, uint32_t version, struct cursor c)
{
	struct pgsql_side *side = &tx->side[DIR_TOSERVER];
	char text[16];
	int n = snprintf(text, sizeof(text), "%u.%u", version >> 16, version & 0xffff);
	pgsql_add(app, side, "protocol_version", span_of(text, (size_t)n));
	tx->is_startup = true;
	while (cursor_left(&c)) {
		struct span name, value;
		if (!pgsql_string(&c, &name))
			return false;
		if (name.len == 0)
			return cursor_left(&c) == 0;
		if (!pgsql_string(&c, &value))
			return false;
		if (span_eq(name, SPAN("user")))
			pgsql_add(app, side, "user", value);
		else
			parameter_add(app, side, name, value);
	}
	return false; /* the empty name that ends them is missing */
}

static bool
password_read(struct app *app, struct pgsql_side *side, struct span body)
{
	struct pgsql_flow *flow = app->state;
	const struct pgsql_config *config = app->worker->options->config[PROTO_ID_pgsql];
	struct cursor c = cursor_span(body);
	struct span mechanism;
	switch (flow->auth) {
	case PGSQL_AUTH_SASL_FIRST:
		if (!pgsql_string(&c, &mechanism))
			return false;
		pgsql_add(app, side, "sasl_authentication_mechanism", mechanism);
		cursor_skip(&c, 4);
		pgsql_add(app, side, "sasl_param", cursor_rest(&c));
		return !c.is_short;
	case PGSQL_AUTH_SASL_NEXT:
		pgsql_add(app, side, "sasl_response", body);
		return true;
	default:
		if (config->has_passwords)
			pgsql_add(app, side, "password", text_of(body));
		return true;
	}
}

bool
pgsql_request_read(struct app *app, struct pgsql_tx *tx, uint8_t type, struct span body,
    uint64_t length)
{
	struct pgsql_side *side = &tx->side[DIR_TOSERVER];
	switch (type) {
	case 'Q':
		pgsql_add(app, side, "simple_query", text_of(body));
		tx->has_query = true;
		/* What is cut has its end elsewhere. */
		return body.len < length || (body.len && body.p[body.len - 1] == 0);
	case 'X':
		pgsql_add(app, side, "message", SPAN("termination_message"));
		return length == 0;
	case 'p':
		return password_read(app, side, body);
	case 'd':
		tx->has_copy_in = true;
		tx->copy_in_count++;
		tx->copy_in_bytes += length;
		return true;
	case 'c':
		tx->has_copy_in = true;
		pgsql_add(app, side, "message", SPAN("copy_done"));
		return length == 0;
	case 'f':
		tx->has_copy_in = true;
		pgsql_add(app, side, "message", SPAN("copy_fail"));
		pgsql_add(app, side, "copy_fail", text_of(body));
		return true;
	default:
		return true;
	}
}

/* --- Answers --- */

static bool
auth_read(struct app *app, struct pgsql_side *side, struct cursor c)
{
	struct pgsql_flow *flow = app->state;
	uint32_t kind = cursor_be32(&c);
	struct span rest = cursor_rest(&c);
	if (c.is_short)
		return false;
	switch (kind) {
	case 0:
		pgsql_add(app, side, "message", SPAN("authentication_ok"));
		return true;
	case 3:
		flow->auth = PGSQL_AUTH_PASSWORD;
		pgsql_add(app, side, "message", SPAN("authentication_cleartext_password"));
		return true;
	case 5:
		flow->auth = PGSQL_AUTH_PASSWORD;
		pgsql_add(app, side, "authentication_md5_password", rest);
		return rest.len == 4;
	case 9:
		pgsql_add(app, side, "authentication_sspi", rest);
		return true;
	case 10:
		flow->auth = PGSQL_AUTH_SASL_FIRST;
		pgsql_add(app, side, "message", SPAN("authentication_sasl"));
		return true;
	case 11:
		flow->auth = PGSQL_AUTH_SASL_NEXT;
		pgsql_add(app, side, "message", SPAN("authentication_sasl_continue"));
		return true;
	case 12:
		pgsql_add(app, side, "authentication_sasl_final", rest);
		return true;
	default:
		return kind <= 12;
	}
}

/* Fields of errors and notices: a letter, a string. */
static const char *
error_key(uint8_t letter)
{
	static const struct {
		char letter;
		const char *key;
	} keys[] = { { 'S', "severity_localizable" }, { 'V', "severity_non_localizable" },
		{ 'C', "code" }, { 'M', "message" }, { 'D', "detail" }, { 'H', "hint" },
		{ 'P', "position" }, { 'p', "internal_position" }, { 'q', "internal_query" },
		{ 'W', "where" }, { 's', "schema_name" }, { 't', "table" }, { 'c', "column" },
		{ 'd', "data_type" }, { 'n', "constraint" }, { 'F', "file" }, { 'L', "line" },
		{ 'R', "routine" } };
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (keys[i].letter == letter)
			return keys[i].key;
	return NULL;
}

static bool
error_read(struct app *app, struct pgsql_side *side, struct cursor c)
{
	for (;;) {
		uint8_t letter = cursor_u8(&c);
		struct span text;
		if (c.is_short)
			return false;
		if (letter == 0)
			return true;
		if (!pgsql_string(&c, &text))
			return false;
		const char *key = error_key(letter);
		if (key)
			pgsql_add(app, side, key, text);
	}
}

/* Columns with their lengths; an absent one has the length -1. */
static bool
row_read(struct pgsql_tx *tx, struct cursor c, uint64_t length)
{
	uint16_t columns = cursor_be16(&c);
	uint64_t heads = 2 + 4ull * columns;
	if (c.is_short || length < heads)
		return false;
	tx->has_rows = true;
	tx->rows++;
	tx->row_bytes += length - heads;
	return true;
}

/* Start of a copy: format, number of columns, their formats. */
static bool
copy_read(struct app *app, struct pgsql_side *side, const char *key, struct cursor c)
{
	cursor_skip(&c, 1);
	uint16_t columns = cursor_be16(&c);
	pgsql_add_number(app, side, key, columns);
	return !c.is_short;
}

static bool
notification_read(struct app *app, struct pgsql_side *side, struct cursor c)
{
	uint32_t pid = cursor_be32(&c);
	struct span channel, payload;
	if (!pgsql_string(&c, &channel) || !pgsql_string(&c, &payload))
		return false;
	pgsql_add_number(app, side, "pid", pid);
	pgsql_add(app, side, "channel_name", channel);
	pgsql_add(app, side, "payload", payload);
	return true;
}

bool
pgsql_response_read(struct app *app, struct pgsql_tx *tx, uint8_t type, struct span body,
    uint64_t length)
{
	struct pgsql_side *side = &tx->side[DIR_TOCLIENT];
	struct cursor c = cursor_span(body);
	struct span name, value;
	uint32_t number;
	switch (type) {
	case 'R':
		return auth_read(app, side, c);
	case 'S':
		if (!pgsql_string(&c, &name) || !pgsql_string(&c, &value))
			return false;
		parameter_add(app, side, name, value);
		return true;
	case 'K':
		number = cursor_be32(&c);
		pgsql_add_number(app, side, "process_id", number);
		pgsql_add_number(app, side, "secret_key", cursor_be32(&c));
		return !c.is_short;
	case 'E':
	case 'N':
		return error_read(app, side, c);
	case 'T':
		pgsql_add_number(app, side, "field_count", cursor_be16(&c));
		return !c.is_short;
	case 'D':
		return row_read(tx, c, length);
	case 'C':
		pgsql_add(app, side, "command_completed", text_of(body));
		return true;
	case 'G':
		return copy_read(app, side, "copy_in_response", c);
	case 'H':
		return copy_read(app, side, "copy_out_response", c);
	case 'd':
		tx->has_copy_out = true;
		tx->copy_out_count++;
		tx->copy_out_bytes += length;
		return true;
	case 'A':
		return notification_read(app, side, c);
	default:
		return true; /* of prepared statements; they say nothing here */
	}
}
