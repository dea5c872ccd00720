/* SPDX-License-Identifier: Apache-2.0 */
/* xbits: marks that rules leave on a host or a pair of hosts.
 *   xbits:set,badssh,track ip_src,expire 3600;  xbits:isset,badssh,track ip_src; */
#include <errno.h>

#include "sensor/rule/keyword/host_bit.h"

/* Suricata's default. */
#define EXPIRE_SECONDS 30

static int
xbits_word(struct rule_parser *parser, struct span word, struct host_bit *bit, bool *has_track)
{
	static const struct {
		const char *name;
		uint8_t key;
	} tracks[] = { { "ip_src", HOST_KEY_SRC }, { "ip_dst", HOST_KEY_DST },
		{ "ip_pair", HOST_KEY_PAIR } };
	struct span name, value = word;
	uint64_t seconds;
	(void)args_word(&value, &name);
	value = args_trim(value);
	if (args_is(name, "expire")) {
		if (!args_uint(value, UINT32_MAX, &seconds) || seconds == 0)
			return rule_error(parser, word.p, "expected expire and seconds");
		bit->expire_seconds = (uint32_t)seconds;
		return 0;
	}
	for (size_t i = 0; args_is(name, "track") && i < 3; i++)
		if (args_is(value, tracks[i].name)) {
			bit->key = tracks[i].key;
			*has_track = true;
			return 0;
		}
	return rule_error(parser, word.p,
	    "expected track ip_src, ip_dst or ip_pair, or expire N");
}

static int
xbits_parse(struct rule_parser *parser, struct span args, bool is_negated)
{
	struct host_bit bit = { .expire_seconds = EXPIRE_SECONDS };
	struct span rest = args, action, name = SPAN_NONE, word;
	bool has_track = false;
	(void)args_next(&rest, ',', &action);
	(void)args_next(&rest, ',', &name);
	int r = host_bit_read(parser, action, name, &bit);
	if (r)
		return r < 0 ? r : 0;
	while (args_next(&rest, ',', &word))
		if (xbits_word(parser, word, &bit, &has_track) < 0)
			return -EINVAL;
	if (!has_track)
		return rule_error(parser, args.p, "needs track ip_src, ip_dst or ip_pair");
	host_bit_add(parser, &keyword_xbits, &bit);
	return 0;
}

const struct keyword keyword_xbits = {
	.name = "xbits",
	.args =
	    "set | unset | toggle | isset | isnotset, name, track ip_src | ip_dst | ip_pair "
	    "[, expire N] | noalert",
	.help = "marks that rules leave on a host or a pair of hosts",
	.example = "xbits:set,badssh,track ip_src,expire 3600;",
	.url = "rules/xbits.html",
	.parse = xbits_parse,
	.match_packet = host_bit_match,
	.fire = host_bit_fire,
};
