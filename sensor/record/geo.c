/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/record/geo.h"

#include <arpa/inet.h>
#include <maxminddb.h>
#include <netinet/in.h>
#include <stdlib.h>

#include "sensor/rule/geo_hook.h"

struct geo {
	MMDB_s db;
};

static struct geo *installed;

struct geo *
geo_open(const char *path, const char **ret_error)
{
	struct geo *geo = calloc(1, sizeof(*geo));

	*ret_error = "out of memory";
	if (!geo)
		return NULL;
	int status = MMDB_open(path, MMDB_MODE_MMAP, &geo->db);
	if (status != MMDB_SUCCESS) {
		*ret_error = MMDB_strerror(status);
		free(geo);
		return NULL;
	}
	return geo;
}

void
geo_close(struct geo *geo)
{
	if (!geo)
		return;
	if (installed == geo) {
		installed = NULL;
		geo_hook_set(NULL);
	}
	MMDB_close(&geo->db);
	free(geo);
}

static bool
look_up(const struct geo *geo, const struct addr *addr, uint8_t ip_version,
    MMDB_lookup_result_s *ret)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };
	int error = 0;

	if (ip_version == 4)
		memcpy(&in.sin_addr, addr->b, 4);
	else
		memcpy(&in6.sin6_addr, addr->b, 16);
	*ret = MMDB_lookup_sockaddr(&geo->db,
	    ip_version == 4 ? (const struct sockaddr *)&in : (const struct sockaddr *)&in6,
	    &error);
	return error == MMDB_SUCCESS && ret->found_entry;
}

static bool
value_at(MMDB_lookup_result_s *r, const char *const *path, MMDB_entry_data_s *ret)
{
	return MMDB_aget_value(&r->entry, ret, path) == MMDB_SUCCESS && ret->has_data;
}

static struct span
text_at(MMDB_lookup_result_s *r, const char *const *path)
{
	MMDB_entry_data_s data;

	if (!value_at(r, path, &data) || data.type != MMDB_DATA_TYPE_UTF8_STRING)
		return SPAN_NONE;
	return span_of(data.utf8_string, data.data_size);
}

static const char *const path_country[] = { "country", "iso_code", NULL };
static const char *const path_country_name[] = { "country", "names", "zh-CN", NULL };
static const char *const path_region[] = { "subdivisions", "0", "names", "zh-CN", NULL };
static const char *const path_city[] = { "city", "names", "zh-CN", NULL };
static const char *const path_lat[] = { "location", "latitude", NULL };
static const char *const path_lon[] = { "location", "longitude", NULL };

struct span
geo_country(const struct geo *geo, const struct addr *addr, uint8_t ip_version)
{
	MMDB_lookup_result_s r;

	return look_up(geo, addr, ip_version, &r) ? text_at(&r, path_country) : SPAN_NONE;
}

static bool
hook(const struct addr *addr, uint8_t ip_version, char ret_code[2])
{
	struct span code = geo_country(installed, addr, ip_version);

	if (code.len != 2)
		return false;
	memcpy(ret_code, code.p, 2);
	return true;
}

void
geo_install(struct geo *geo)
{
	installed = geo;
	geo_hook_set(hook);
}

static void
put_text(struct json *json, const char *key, struct span text)
{
	if (text.len)
		json_put_text(json, key, text);
}

static void
put_double(struct json *json, const char *key, MMDB_lookup_result_s *r, const char *const *path)
{
	MMDB_entry_data_s data;

	if (value_at(r, path, &data) && data.type == MMDB_DATA_TYPE_DOUBLE)
		json_put_double(json, key, data.double_value, 4);
}

void
geo_record(struct json *json, const char *key, const struct addr *addr, uint8_t ip_version)
{
	MMDB_lookup_result_s r;

	if (!installed || !look_up(installed, addr, ip_version, &r))
		return;
	json_open_object(json, key);
	put_text(json, "country", text_at(&r, path_country));
	put_text(json, "country_name", text_at(&r, path_country_name));
	put_text(json, "region", text_at(&r, path_region));
	put_text(json, "city", text_at(&r, path_city));
	put_double(json, "lat", &r, path_lat);
	put_double(json, "lon", &r, path_lon);
	json_close(json);
}
