/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/rule/transform.h"

bool
transform_apply(const struct transform *chain, struct span in, struct arena *scratch,
    struct span *ret)
{
	struct span bytes = in;
	for (const struct transform *t = chain; t; t = t->next)
		if (!t->kind->apply(t->data, bytes, scratch, &bytes))
			return false;
	*ret = bytes;
	return true;
}

const char *
transform_check(const struct transform *chain, struct span pattern, bool is_nocase)
{
	/* Only the last one decides what the bytes look like in the end. */
	const struct transform *last = chain;
	while (last && last->next)
		last = last->next;
	return last && last->kind->check ? last->kind->check(last->data, pattern, is_nocase)
					 : NULL;
}
