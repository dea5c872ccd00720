/* SPDX-License-Identifier: Apache-2.0 */
/* pgsql_record: what rules see, the record, and the options. */
#include "sensor/proto/pgsql.h"

static bool
get_query(const struct app *app, const struct tx *tx, enum dir dir, unsigned index,
    struct arena *scratch, struct field_value *ret)
{
	const struct pgsql_tx *pgsql = (const struct pgsql_tx *)tx;
	const struct pgsql_side *side = &pgsql->side[DIR_TOSERVER];
	if (!pgsql->has_query || side->count == 0)
		return false;
	/* A query is the first that is kept of its transaction. */
	ret->bytes =
	    span_sub(proto_buf_span(&side->text), side->pieces[0].at, side->pieces[0].len);
	return true;
}

const struct field pgsql_fields[] = {
	{ "pgsql.query", "text of a simple query", "pgsql.query; content:\"select *\"; nocase;",
	    FIELD_BYTES, DIR_BIT(DIR_TOSERVER), PGSQL_REQUEST, NULL, NULL, NULL, get_query,
	    NULL },
	{ 0 },
};

/* --- EVE --- */

/* "TimeZone" as "time_zone"; what is no letter or digit becomes "_". */
static void
key_make(struct span name, char buf[PGSQL_KEY_TEXT])
{
	size_t len = 0;
	bool was_small = false;
	for (size_t i = 0; i < name.len && len + 2 < PGSQL_KEY_TEXT; i++) {
		uint8_t c = name.p[i];
		bool is_large = c >= 'A' && c <= 'Z';
		bool is_small = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
		if (is_large && was_small)
			buf[len++] = '_';
		buf[len++] = is_large               ? (char)(c - 'A' + 'a')
			     : is_small || c == '.' ? (char)c
						    : '_';
		was_small = is_small;
	}
	buf[len] = 0;
}

static struct span
piece_text(const struct pgsql_side *side, const struct pgsql_piece *piece)
{
	return span_sub(proto_buf_span(&side->text), piece->at + piece->key_len, piece->len);
}

static void
put_parameters(struct json *json, const char *key, const struct pgsql_side *side)
{
	char name[PGSQL_KEY_TEXT];
	bool is_open = false;
	for (unsigned i = 0; i < side->count; i++) {
		const struct pgsql_piece *p = &side->pieces[i];
		if (p->kind != PGSQL_PARAMETER)
			continue;
		if (!is_open)
			json_open_array(json, key);
		is_open = true;
		key_make(span_sub(proto_buf_span(&side->text), p->at, p->key_len), name);
		json_open_object(json, NULL);
		json_put_text(json, name, piece_text(side, p));
		json_close(json);
	}
	if (is_open)
		json_close(json);
}

/* Members whose key does not stand for itself. */
static bool
put_special(struct json *json, const struct pgsql_piece *p)
{
	if (strcmp(p->key, "copy_in_response") != 0 && strcmp(p->key, "copy_out_response") != 0)
		return strcmp(p->key, "user") == 0; /* among the startup parameters */
	json_open_object(json, p->key);
	json_put_uint(json, "columns", p->number);
	json_close(json);
	return true;
}

static void
put_side(struct json *json, const struct pgsql_side *side)
{
	for (unsigned i = 0; i < side->count; i++) {
		const struct pgsql_piece *p = &side->pieces[i];
		if (p->kind == PGSQL_PARAMETER || put_special(json, p))
			continue;
		if (p->kind == PGSQL_NUMBER)
			json_put_uint(json, p->key, p->number);
		else if (p->kind == PGSQL_BOOL)
			json_put_bool(json, p->key, p->number != 0);
		else
			json_put_text(json, p->key, piece_text(side, p));
	}
}

static void
put_startup(struct json *json, const struct pgsql_side *side)
{
	json_open_object(json, "startup_parameters");
	for (unsigned i = 0; i < side->count; i++)
		if (side->pieces[i].kind == PGSQL_MEMBER &&
		    strcmp(side->pieces[i].key, "user") == 0)
			json_put_text(json, "user", piece_text(side, &side->pieces[i]));
	put_parameters(json, "optional_parameters", side);
	json_close(json);
}

static void
put_copy(struct json *json, const char *key, const char *count_key, uint64_t count,
    uint64_t bytes)
{
	json_open_object(json, key);
	json_put_uint(json, count_key, count);
	json_put_uint(json, "data_size", bytes);
	json_close(json);
}

bool
pgsql_record(const struct app *app, const struct tx *tx, struct json *json)
{
	const struct pgsql_tx *pgsql = (const struct pgsql_tx *)tx;
	const struct pgsql_side *request = &pgsql->side[DIR_TOSERVER];
	const struct pgsql_side *response = &pgsql->side[DIR_TOCLIENT];
	bool has_response = response->count || pgsql->has_rows || pgsql->has_copy_out;
	(void)app;
	if (!pgsql->has_request && !has_response)
		return false;
	json_put_uint(json, "tx_id", tx->id + 1);
	if (pgsql->has_request) {
		json_open_object(json, "request");
		if (pgsql->has_copy_in)
			put_copy(json, "copy_data_in", "msg_count", pgsql->copy_in_count,
			    pgsql->copy_in_bytes);
		put_side(json, request);
		if (pgsql->is_startup)
			put_startup(json, request);
		json_close(json);
	}
	if (has_response) {
		json_open_object(json, "response");
		put_parameters(json, "parameter_status", response);
		if (pgsql->has_rows) {
			json_put_uint(json, "data_rows", pgsql->rows);
			json_put_uint(json, "data_size", pgsql->row_bytes);
		}
		if (pgsql->has_copy_out)
			put_copy(json, "copy_data_out", "row_count", pgsql->copy_out_count,
			    pgsql->copy_out_bytes);
		put_side(json, response);
		json_close(json);
	}
	return true;
}

/* --- Options --- */

void *
pgsql_configure(struct arena *arena, const struct conf_node *app_layer,
    const struct conf_node *eve_options, const char **ret_error)
{
	struct pgsql_config *config = arena_zalloc(arena, sizeof(*config));
	bool is_map = eve_options && eve_options->kind == CONF_MAP;
	const struct conf_node *passwords =
	    is_map ? conf_child(eve_options, "passwords") : NULL;
	char where[256];
	if (config && !conf_bool(passwords, false, &config->has_passwords)) {
		*ret_error = arena_printf(arena, "%s: passwords: expected yes or no",
		    conf_where(passwords, where, sizeof(where)));
		return NULL;
	}
	return config;
}
