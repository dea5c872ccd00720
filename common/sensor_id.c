/* SPDX-License-Identifier: Apache-2.0 */
#include "common/sensor_id.h"

/* By hand, because isalnum() says yes to other bytes in other locales. */
static bool
is_allowed(uint8_t c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
	       c == '.' || c == '_' || c == '-';
}

bool
sensor_id_is_valid(struct span name)
{
	if (name.len == 0 || name.len > SENSOR_ID_MAX || name.p[0] == '.')
		return false;
	for (size_t i = 0; i < name.len; i++)
		if (!is_allowed(name.p[i]))
			return false;
	return true;
}
