/* SPDX-License-Identifier: Apache-2.0 */
#include "collector/registry/prefix.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
prefix_mask(uint8_t *address, size_t length, unsigned bits)
{
	for (size_t i = 0; i < length; i++) {
		unsigned before = (unsigned)i * 8;
		if (bits <= before)
			address[i] = 0;
		else if (bits < before + 8)
			address[i] &= (uint8_t)(0xff00u >> (bits - before));
	}
}

int
prefix_parse(const char *text, struct prefix *ret_prefix)
{
	char address[PREFIX_TEXT_MAX];
	const char *slash = strchr(text, '/');
	size_t n = slash ? (size_t)(slash - text) : strlen(text);
	if (n >= sizeof(address))
		return -EINVAL;
	memcpy(address, text, n);
	address[n] = '\0';

	struct prefix prefix = { .length = 4 };
	if (inet_pton(AF_INET6, address, prefix.address) == 1)
		prefix.length = 16;
	else if (inet_pton(AF_INET, address, prefix.address) != 1)
		return -EINVAL;
	prefix.bits = (uint8_t)(prefix.length * 8);
	if (slash) {
		size_t digits = strspn(slash + 1, "0123456789");
		if (digits < 1 || digits > 3 || slash[1 + digits] != '\0')
			return -EINVAL;
		int bits = atoi(slash + 1);
		if (bits > prefix.length * 8)
			return -EINVAL;
		prefix.bits = (uint8_t)bits;
	}
	struct prefix masked = prefix;
	prefix_mask(masked.address, masked.length, masked.bits);
	if (memcmp(masked.address, prefix.address, sizeof(prefix.address)) != 0)
		return -EDOM;
	*ret_prefix = prefix;
	return 0;
}

void
prefix_format(const struct prefix *prefix, char text[PREFIX_TEXT_MAX])
{
	char address[INET6_ADDRSTRLEN];
	inet_ntop(prefix->length == 4 ? AF_INET : AF_INET6, prefix->address, address,
	    sizeof(address));
	snprintf(text, PREFIX_TEXT_MAX, "%s/%u", address, prefix->bits);
}

bool
prefix_equal(const struct prefix *a, const struct prefix *b)
{
	return a->length == b->length && a->bits == b->bits &&
	       memcmp(a->address, b->address, a->length) == 0;
}

bool
prefix_covers(const struct prefix *outer, const struct prefix *inner)
{
	if (outer->length != inner->length || outer->bits > inner->bits)
		return false;
	struct prefix cut = *inner;
	prefix_mask(cut.address, cut.length, outer->bits);
	return memcmp(cut.address, outer->address, outer->length) == 0;
}
