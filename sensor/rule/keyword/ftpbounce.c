/* SPDX-License-Identifier: Apache-2.0 */
/* ftpbounce: an FTP client names somebody else's address for the data.   ftpbounce;
 *
 * "PORT h1,h2,h3,h4,p1,p2" (RFC 959 section 4.1.2): the address is not the packet's source. */
#include <ctype.h>
#include <strings.h>

#include "sensor/rule/parser.h"

/* The number at the front, and what follows it. */
static bool
number_take(struct span *s, uint8_t *ret)
{
	unsigned value = 0;
	size_t n = 0;
	for (; n < s->len && n < 3 && isdigit(s->p[n]); n++)
		value = value * 10 + (unsigned)(s->p[n] - '0');
	if (n == 0 || value > 255)
		return false;
	*s = span_from(*s, n);
	*ret = (uint8_t)value;
	return true;
}

static bool
port_address(struct span s, uint8_t ret[4])
{
	s = args_trim(s);
	for (int i = 0; i < 4; i++) {
		if (!number_take(&s, &ret[i]) || s.len == 0 || s.p[0] != ',')
			return false;
		s = span_from(s, 1);
	}
	return true;
}

static bool
ftpbounce_match(const struct match *match, const struct match_context *ctx)
{
	const struct packet *packet = ctx->packet;
	struct span rest = packet->payload;
	if (packet->ip_version != 4)
		return false;
	while (rest.len > 5) {
		uint8_t address[4];
		if (strncasecmp((const char *)rest.p, "PORT ", 5) == 0 &&
		    port_address(span_from(rest, 5), address))
			return memcmp(address, packet->src.b, 4) != 0;
		ptrdiff_t end = span_chr(rest, '\n');
		if (end < 0)
			return false;
		rest = span_from(rest, (size_t)end + 1);
	}
	return false;
}

static int
ftpbounce_parse(struct rule_parser *parser, struct span args, bool is_negated)
{
	rule_add_packet(parser, &keyword_ftpbounce, NULL);
	return 0;
}

const struct keyword keyword_ftpbounce = {
	.name = "ftpbounce",
	.help = "an FTP client names somebody else's address for the data",
	.example = "ftpbounce;",
	.url = "rules/ftp-keywords.html#ftpbounce",
	.flags = KEYWORD_NO_ARGS | KEYWORD_NEEDS_PACKET,
	.needs = LAYER_TCP,
	.parse = ftpbounce_parse,
	.match_packet = ftpbounce_match,
};
