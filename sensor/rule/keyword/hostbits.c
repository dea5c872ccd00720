/* SPDX-License-Identifier: Apache-2.0 */
/* hostbits: marks that rules leave on a host.   hostbits:set,scanner,src,600;
 * hostbits:isset,scanner; */
#include <errno.h>

#include "sensor/rule/keyword/host_bit.h"

/* Suricata's default. */
#define EXPIRE_SECONDS 300

static int
hostbits_parse(struct rule_parser *parser, struct span args, bool is_negated)
{
	struct host_bit bit = { .expire_seconds = EXPIRE_SECONDS, .key = HOST_KEY_SRC };
	struct span rest = args, action, name = SPAN_NONE, word;
	uint64_t seconds;
	(void)args_next(&rest, ',', &action);
	(void)args_next(&rest, ',', &name);
	int r = host_bit_read(parser, action, name, &bit);
	if (r)
		return r < 0 ? r : 0;
	if (args_next(&rest, ',', &word)) {
		if (args_is(word, "dst"))
			bit.key = HOST_KEY_DST;
		else if (args_is(word, "both"))
			bit.key = HOST_KEY_BOTH;
		else if (!args_is(word, "src"))
			return rule_error(parser, word.p, "expected src, dst or both");
	}
	if (args_next(&rest, ',', &word)) {
		if (!args_uint(word, UINT32_MAX, &seconds) || seconds == 0 || rest.p)
			return rule_error(parser, word.p, "expected seconds");
		bit.expire_seconds = (uint32_t)seconds;
	}
	host_bit_add(parser, &keyword_hostbits, &bit);
	return 0;
}

const struct keyword keyword_hostbits = {
	.name = "hostbits",
	.args =
	    "set | unset | toggle | isset | isnotset, name [, src | dst | both [, seconds]] "
	    "| noalert",
	.help = "marks that rules leave on a host",
	.example = "hostbits:set,scanner,src,600;",
	.url = "rules/flow-keywords.html#hostbits",
	.parse = hostbits_parse,
	.match_packet = host_bit_match,
	.fire = host_bit_fire,
};
