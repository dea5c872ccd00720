/* SPDX-License-Identifier: Apache-2.0 */
/* geo_hook: how the geoip keyword asks for an address's country. The answer lives on a higher
 * floor (record/geo.h), which puts itself here at start, before any worker runs. */
#ifndef GUAN_SENSOR_RULE_GEO_HOOK_H
#define GUAN_SENSOR_RULE_GEO_HOOK_H

#include "sensor/decode/packet.h"

/* Two-letter country code of an address, empty when not known. */
typedef struct span geo_hook_fn(void *arg, const struct addr *addr, uint8_t ip_version);

/* fn NULL: no database; every look-up is then empty. */
void geo_hook_install(geo_hook_fn *fn, void *arg);
bool geo_hook_is_installed(void);
struct span geo_hook_country(const struct addr *addr, uint8_t ip_version);

#endif
