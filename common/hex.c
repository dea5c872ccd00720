/* SPDX-License-Identifier: Apache-2.0 */
#include "common/hex.h"

size_t
hex_text(struct span bytes, char sep, bool is_upper, char *out, size_t size)
{
	const char *digits = is_upper ? "0123456789ABCDEF" : "0123456789abcdef";
	size_t len = 0;

	if (size == 0)
		return 0;
	for (size_t i = 0; i < bytes.len; i++) {
		size_t need = 2 + (sep && i ? 1 : 0);
		if (len + need >= size)
			break;
		if (sep && i)
			out[len++] = sep;
		out[len++] = digits[bytes.p[i] >> 4];
		out[len++] = digits[bytes.p[i] & 15];
	}
	out[len] = 0;
	return len;
}
