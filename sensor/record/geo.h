/* SPDX-License-Identifier: Apache-2.0 */
/*
 * geo: where on earth an address is, from a MaxMind database (libmaxminddb, only here).
 *
 * Looked up for alerts and for the geoip keyword, never per packet. The handle is read-only and
 * shared by all threads.
 */
#ifndef GUAN_SENSOR_RECORD_GEO_H
#define GUAN_SENSOR_RECORD_GEO_H

#include "common/json.h"
#include "sensor/decode/packet.h"

struct geo;

/* NULL with *ret_error (static text). */
struct geo *geo_open(const char *path, const char **ret_error);
void geo_close(struct geo *geo);

/* Makes this the database of recorders and of the geoip keyword. */
void geo_install(struct geo *geo);

/* Two-letter country code, or empty. Points into the database. */
struct span geo_country(const struct geo *geo, const struct addr *addr, uint8_t ip_version);

/* Writes {"country":"CN","country_name":...,"city":...,"lat":...,"lon":...} as key;
 * nothing when the address is not in the installed database, or none is installed. */
void geo_record(struct json *json, const char *key, const struct addr *addr,
    uint8_t ip_version);

#endif
