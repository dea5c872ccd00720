/* SPDX-License-Identifier: Apache-2.0 */
#include "collector/workflow/deadline.h"

#define USEC 1000000ll

static void
sooner(int64_t *next_us, int64_t at_us)
{
	if (*next_us < 0 || at_us < *next_us)
		*next_us = at_us;
}

struct deadline
deadline_at(const struct law *law, int64_t start_us, int64_t limit_s, int64_t now_us)
{
	struct deadline d = { .state = "pending", .alarm = 0, .next_us = -1 };
	int64_t limit_us = limit_s * USEC, due_us = start_us + limit_us;
	int64_t due_soon_us = start_us + limit_us / 100 * law->due_soon_percent;

	if (limit_s < 0)
		return d;
	for (size_t i = 0; i < law->n_alarms; i++) {
		/* limits are whole seconds, so dividing first loses nothing */
		int64_t at_us = start_us + limit_us / 100 * law->alarms[i];

		if (now_us >= at_us)
			d.alarm = law->alarms[i];
		else
			sooner(&d.next_us, at_us);
	}
	if (now_us > due_us) {
		d.state = "overdue";
		return d;
	}
	sooner(&d.next_us, due_us + 1);
	if (now_us >= due_soon_us)
		d.state = "due_soon";
	else
		sooner(&d.next_us, due_soon_us);
	return d;
}
