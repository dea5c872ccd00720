/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/rule/geo_hook.h"

static geo_country_fn *country_fn;

void
geo_hook_set(geo_country_fn *fn)
{
	country_fn = fn;
}

bool
geo_hook_is_set(void)
{
	return country_fn != NULL;
}

bool
geo_hook_country(const struct addr *addr, uint8_t ip_version, char ret_code[2])
{
	return country_fn && country_fn(addr, ip_version, ret_code);
}
