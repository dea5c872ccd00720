/* SPDX-License-Identifier: Apache-2.0 */
#include "collector/api/view.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"

bool
utf8_is_text(const char *text)
{
	json_t *probe = json_string(text);

	json_decref(probe);
	return probe != NULL;
}

json_t *
view_text(const char *text)
{
	json_t *json;
	char *clean;

	if (!text)
		return json_null();
	json = json_string(text);
	if (json)
		return json;
	/* the ingest stores valid UTF-8 only; an answer must not fail if that ever is untrue */
	clean = strdup(text);
	for (char *p = clean; p && *p; p++) {
		if ((unsigned char)*p >= 0x80)
			*p = '?';
	}
	json = clean ? json_string(clean) : json_null();
	free(clean);
	return json;
}

json_t *
view_time(int64_t at_us)
{
	char text[CLOCK_UTC_LEN];

	clock_format_utc(at_us < 0 ? 0 : (nsec_t)at_us * NSEC_PER_USEC, text);
	return json_string(text);
}

json_t *
view_column_text(const struct db_stmt *stmt, int column)
{
	return view_text(db_text(stmt, column));
}

json_t *
view_column_int(const struct db_stmt *stmt, int column)
{
	return db_is_null(stmt, column) ? json_null() : json_integer(db_int(stmt, column));
}

json_t *
view_column_time(const struct db_stmt *stmt, int column)
{
	return db_is_null(stmt, column) ? json_null() : view_time(db_int(stmt, column));
}

json_t *
view_column_bool(const struct db_stmt *stmt, int column)
{
	return json_boolean(db_int(stmt, column) != 0);
}

json_t *
view_column_ip(const struct db_stmt *stmt, int column)
{
	char text[INET6_ADDRSTRLEN];
	size_t len = 0;
	const void *bytes = db_blob(stmt, column, &len);

	if (!bytes || (len != 4 && len != 16) ||
	    !inet_ntop(len == 4 ? AF_INET : AF_INET6, bytes, text, sizeof(text)))
		return json_null();
	return json_string(text);
}

json_t *
view_column_named(const struct db_stmt *stmt, int id_column, int name_column)
{
	json_t *json;

	if (db_is_null(stmt, id_column))
		return json_null();
	json = json_object();
	json_object_set_new(json, "id", view_column_text(stmt, id_column));
	json_object_set_new(json, "name", view_text(db_text_or(stmt, name_column, "")));
	return json;
}

json_t *
view_page(json_t *items, const char *next)
{
	json_t *json = json_object();

	json_object_set_new(json, "items", items);
	json_object_set_new(json, "next", view_text(next));
	return json;
}
