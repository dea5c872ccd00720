/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses as text. Written by hand as every record prints two of them. */
#include "sensor/decode/decode.h"

#include <arpa/inet.h>
#include <string.h>

static size_t
format_ipv4(const uint8_t *b, char *buf)
{
	char *at = buf;

	for (int i = 0; i < 4; i++) {
		unsigned v = b[i];
		if (v >= 100)
			*at++ = (char)('0' + v / 100);
		if (v >= 10)
			*at++ = (char)('0' + v / 10 % 10);
		*at++ = (char)('0' + v % 10);
		if (i < 3)
			*at++ = '.';
	}
	*at = '\0';
	return (size_t)(at - buf);
}

size_t
addr_format(const struct addr *addr, uint8_t ip_version, char buf[ADDR_TEXT_LEN])
{
	if (ip_version != 6)
		return format_ipv4(addr->b, buf);
	if (!inet_ntop(AF_INET6, addr->b, buf, ADDR_TEXT_LEN))
		buf[0] = '\0';
	return strlen(buf);
}

size_t
addr_format_eve(const struct addr *addr, uint8_t ip_version, char buf[ADDR_TEXT_LEN])
{
	static const char digits[] = "0123456789abcdef";
	char *at = buf;

	if (ip_version != 6)
		return format_ipv4(addr->b, buf);
	for (int i = 0; i < 16; i++) {
		*at++ = digits[addr->b[i] >> 4];
		*at++ = digits[addr->b[i] & 15];
		if (i % 2 && i < 15)
			*at++ = ':';
	}
	*at = '\0';
	return (size_t)(at - buf);
}
