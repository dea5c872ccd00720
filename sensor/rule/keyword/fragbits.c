/* SPDX-License-Identifier: Apache-2.0 */
/* fragbits: fragmentation bits of an IPv4 packet.   fragbits:M;  fragbits:+D;  fragbits:!R;
 *
 * M more fragments, D don't fragment, R reserved; + these and any others, * one of these, !
 * none. */
#include <errno.h>

#include "sensor/rule/parser.h"

enum fragbit {
	FRAGBIT_MORE = 1,
	FRAGBIT_DONT = 2,
	FRAGBIT_RESERVED = 4,
};

struct fragbits {
	uint8_t bits;
	char modifier;
};

static bool
fragbits_match(const struct match *match, const struct match_context *ctx)
{
	const struct fragbits *f = match->data;
	uint8_t bits = ctx->packet->ip_flags;
	switch (f->modifier) {
	case '+':
		return (bits & f->bits) == f->bits;
	case '*':
		return (bits & f->bits) != 0;
	case '!':
		return (bits & f->bits) != f->bits;
	default:
		return bits == f->bits;
	}
}

static int
fragbits_parse(struct rule_parser *parser, struct span args, bool is_negated)
{
	struct fragbits *f = rule_alloc(parser, sizeof(*f));
	for (size_t i = 0; i < args.len; i++) {
		switch (args.p[i]) {
		case '+':
		case '*':
		case '!':
			f->modifier = (char)args.p[i];
			break;
		case 'M':
		case 'm':
			f->bits |= FRAGBIT_MORE;
			break;
		case 'D':
		case 'd':
			f->bits |= FRAGBIT_DONT;
			break;
		case 'R':
		case 'r':
			f->bits |= FRAGBIT_RESERVED;
			break;
		case ' ':
			break;
		default:
			return rule_error(parser, args.p + i, "expected M, D or R");
		}
	}
	if (!f->bits)
		return rule_error(parser, args.p, "expected M, D or R");
	rule_add_packet(parser, &keyword_fragbits, f);
	return 0;
}

const struct keyword keyword_fragbits = {
	.name = "fragbits",
	.args = "[+|*|!]MDR",
	.help = "fragmentation bits of an IPv4 packet",
	.example = "fragbits:+M;",
	.url = "rules/header-keywords.html#fragbits-ip-fragmentation",
	.flags = KEYWORD_NEEDS_PACKET,
	.needs = LAYER_IPV4,
	.parse = fragbits_parse,
	.match_packet = fragbits_match,
};
