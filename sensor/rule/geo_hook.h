/* SPDX-License-Identifier: Apache-2.0 */
/*
 * geo_hook: where the geoip keyword gets countries from.
 *
 * The database is a higher floor's (record/geo.h); main connects the two before rules are read.
 * The function must be thread-safe: every worker calls it.
 */
#ifndef GUAN_SENSOR_RULE_GEO_HOOK_H
#define GUAN_SENSOR_RULE_GEO_HOOK_H

#include "sensor/decode/packet.h"

/* The two letters of an address's country; false when it is not known. */
typedef bool geo_country_fn(const struct addr *addr, uint8_t ip_version, char ret_code[2]);

/* NULL: there is no database, and rules with geoip are refused. */
void geo_hook_set(geo_country_fn *fn);
bool geo_hook_is_set(void);
bool geo_hook_country(const struct addr *addr, uint8_t ip_version, char ret_code[2]);

#endif
