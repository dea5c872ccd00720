/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/rule/geo_hook.h"

static geo_hook_fn *hook;
static void *hook_arg;

void
geo_hook_install(geo_hook_fn *fn, void *arg)
{
	hook = fn;
	hook_arg = arg;
}

bool
geo_hook_is_installed(void)
{
	return hook != NULL;
}

struct span
geo_hook_country(const struct addr *addr, uint8_t ip_version)
{
	return hook ? hook(hook_arg, addr, ip_version) : SPAN_NONE;
}
