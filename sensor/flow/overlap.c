/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/flow/overlap.h"

#include <string.h>

int
overlap_policy_find(const char *name)
{
	static const char *const names[OVERLAP_COUNT] = {
#define X(id, text) [OVERLAP_##id] = text,
		OVERLAP_POLICIES(X)
#undef X
	};

	for (int i = 0; i < OVERLAP_COUNT; i++)
		if (strcmp(names[i], name) == 0)
			return i;
	return -1;
}

bool
overlap_segment_wins(enum overlap_policy policy, int start, int end)
{
	switch (policy) {
	case OVERLAP_FIRST:
	case OVERLAP_VISTA:
		return false;
	case OVERLAP_LAST:
		return true;
	case OVERLAP_SOLARIS:
	case OVERLAP_HPUX11:
		return start <= 0 ? end >= 0 : end > 0;
	case OVERLAP_OLD_LINUX:
		return start < 0 || (start == 0 && end >= 0);
	case OVERLAP_LINUX:
		return start < 0 || (start == 0 && end > 0);
	default:
		return start < 0;
	}
}

bool
overlap_fragment_wins(enum overlap_policy policy, int start, int end)
{
	switch (policy) {
	case OVERLAP_FIRST:
		return false;
	case OVERLAP_LAST:
		return true;
	case OVERLAP_BSD_RIGHT:
		return start >= 0;
	case OVERLAP_LINUX:
	case OVERLAP_OLD_LINUX:
		return start <= 0;
	case OVERLAP_SOLARIS:
	case OVERLAP_OLD_SOLARIS:
		return start < 0 && end >= 0;
	case OVERLAP_WINDOWS:
	case OVERLAP_WINDOWS2K3:
	case OVERLAP_VISTA:
		return start < 0 && end > 0;
	default:
		return start < 0;
	}
}
