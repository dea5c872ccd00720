/* SPDX-License-Identifier: Apache-2.0 */
#include "collector/workflow/words.h"

#include <stddef.h>
#include <string.h>

/* Spaces as UTF-8: ASCII ones, no-break, zero width, line and paragraph separator, ideographic.
 */
static const char *const spaces[] = { " ", "\t", "\r", "\n", "\xc2\xa0", "\xe2\x80\x8b",
	"\xe2\x80\xa8", "\xe2\x80\xa9", "\xe3\x80\x80", "\xef\xbb\xbf" };

bool
words_are_blank(const char *text)
{
	while (*text) {
		size_t i = 0, n = sizeof(spaces) / sizeof(spaces[0]);

		while (i < n && strncmp(text, spaces[i], strlen(spaces[i])) != 0)
			i++;
		if (i == n)
			return false;
		text += strlen(spaces[i]);
	}
	return true;
}
