/* SPDX-License-Identifier: Apache-2.0 */
/* tcp.flags: flags of a TCP segment.   tcp.flags:S;  tcp.flags:+SA;  tcp.flags:*FR; flags:S,CE;
 *
 * Exactly these; with + these and any others, with * one of these, with ! not all of these.
 * Flags behind a comma are not looked at. 0 stands for no flag; 1 and C for CWR, 2 and E for
 * ECE. */
#include <errno.h>

#include "sensor/rule/parser.h"

struct tcp_flags_test {
	uint8_t flags, mask;
	char modifier; /* + * ! or 0 */
};

static bool
tcp_flags_match(const struct match *match, const struct match_context *ctx)
{
	const struct tcp_flags_test *t = match->data;
	uint8_t flags = ctx->packet->tcp.flags & t->mask;
	switch (t->modifier) {
	case '+':
		return (flags & t->flags) == t->flags;
	case '*':
		return (flags & t->flags) != 0;
	case '!':
		return (flags & t->flags) != t->flags;
	default:
		return flags == t->flags;
	}
}

static int
tcp_flags_letters(struct rule_parser *parser, struct span text, uint8_t *ret, char *modifier)
{
	static const struct {
		char letter;
		uint8_t flag;
	} letters[] = { { 'F', TCP_FIN }, { 'S', TCP_SYN }, { 'R', TCP_RST }, { 'P', TCP_PSH },
		{ 'A', TCP_ACK }, { 'U', TCP_URG }, { 'E', TCP_ECE }, { '2', TCP_ECE },
		{ 'C', TCP_CWR }, { '1', TCP_CWR }, { '0', 0 } };
	for (size_t i = 0; i < text.len; i++) {
		char c = (char)text.p[i];
		if (c == ' ')
			continue;
		if (modifier && (c == '+' || c == '*' || c == '!')) {
			*modifier = c;
			continue;
		}
		size_t k = 0;
		while (k < sizeof(letters) / sizeof(letters[0]) &&
		       letters[k].letter != (c >= 'a' && c <= 'z' ? c - 32 : c))
			k++;
		if (k == sizeof(letters) / sizeof(letters[0]))
			return rule_error(parser, text.p + i, "unknown flag \"%c\"", c);
		*ret |= letters[k].flag;
	}
	return 0;
}

static int
tcp_flags_parse(struct rule_parser *parser, struct span args, bool is_negated)
{
	struct tcp_flags_test *t = rule_alloc(parser, sizeof(*t));
	struct span flags, ignored;
	uint8_t ignore = 0;
	args_cut(args, ',', &flags, &ignored);
	if (flags.len == 0)
		return rule_error(parser, args.p, "expected flags");
	if (tcp_flags_letters(parser, flags, &t->flags, &t->modifier) < 0 ||
	    (ignored.len && tcp_flags_letters(parser, ignored, &ignore, NULL) < 0) ||
	    rule_need_layers(parser, LAYER_TCP) < 0)
		return -EINVAL;
	t->mask = (uint8_t)~ignore;
	rule_add_packet(parser, &keyword_tcp_flags, t);
	return 0;
}

const struct keyword keyword_tcp_flags = {
	.name = "tcp.flags",
	.alias = "flags",
	.args = "[+|*|!]FSRPAUCE0[,ignored]",
	.help = "flags of a TCP segment",
	.example = "tcp.flags:S,CE;",
	.url = "rules/header-keywords.html#tcp-flags",
	.flags = KEYWORD_NEEDS_PACKET,
	.needs = LAYER_TCP,
	.parse = tcp_flags_parse,
	.match_packet = tcp_flags_match,
};
