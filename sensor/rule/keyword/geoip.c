/* SPDX-License-Identifier: Apache-2.0 */
/* geoip: country of an address.   geoip:CN;  geoip:dst,US,CA;  geoip:src,!CN;
 *
 * Codes of ISO 3166. Without a direction either end will do; "both" asks of both. An address
 * that the database does not know is in no country: a negation does not hold for it. */
#include <ctype.h>
#include <errno.h>

#include "sensor/rule/geo_hook.h"
#include "sensor/rule/parser.h"

#define COUNTRIES_MAX 64

enum geoip_end {
	GEOIP_ANY,
	GEOIP_SRC,
	GEOIP_DST,
	GEOIP_BOTH,
};

struct geoip {
	uint8_t end; /* enum geoip_end */
	bool is_negated;
	uint8_t count;
	char countries[COUNTRIES_MAX][2];
};

static bool
geoip_is_in(const struct geoip *g, const struct addr *addr, uint8_t ip_version)
{
	char code[2];
	if (!geo_hook_country(addr, ip_version, code))
		return false;
	bool is_in = false;
	for (unsigned i = 0; i < g->count; i++)
		is_in |= memcmp(g->countries[i], code, 2) == 0;
	return is_in != g->is_negated;
}

static bool
geoip_match(const struct match *match, const struct match_context *ctx)
{
	const struct geoip *g = match->data;
	const struct packet *p = ctx->packet;
	bool src = g->end != GEOIP_DST && geoip_is_in(g, &p->src, p->ip_version);
	if (g->end == GEOIP_SRC || (g->end == GEOIP_ANY && src) ||
	    (g->end == GEOIP_BOTH && !src))
		return src;
	return geoip_is_in(g, &p->dst, p->ip_version);
}

static int
geoip_country(struct rule_parser *parser, struct span word, struct geoip *g)
{
	bool is_not = word.len && word.p[0] == '!';
	if (is_not)
		word = args_trim(span_from(word, 1));
	if (word.len != 2 || !isalpha(word.p[0]) || !isalpha(word.p[1]))
		return rule_error(parser, word.p, "expected the two letters of a country");
	if (g->count && is_not != g->is_negated)
		return rule_error(parser, word.p, "all countries are negated, or none");
	if (g->count == COUNTRIES_MAX)
		return rule_error(parser, word.p, "more than %d countries", COUNTRIES_MAX);
	g->is_negated = is_not;
	g->countries[g->count][0] = (char)toupper(word.p[0]);
	g->countries[g->count++][1] = (char)toupper(word.p[1]);
	return 0;
}

static int
geoip_parse(struct rule_parser *parser, struct span args, bool is_negated)
{
	static const char *const ends[] = { "any", "src", "dst", "both" };
	struct geoip *g = rule_alloc(parser, sizeof(*g));
	struct span rest = args, word;
	if (!geo_hook_is_set())
		return rule_error(parser, NULL, "no database of countries is loaded");
	for (bool is_first = true; args_next(&rest, ',', &word); is_first = false) {
		uint8_t end = 0;
		while (end < 4 && !args_is_nocase(word, ends[end]))
			end++;
		if (is_first && end < 4)
			g->end = end;
		else if (geoip_country(parser, word, g) < 0)
			return -EINVAL;
	}
	if (!g->count)
		return rule_error(parser, args.p, "expected a country");
	rule_add_packet(parser, &keyword_geoip, g);
	return 0;
}

const struct keyword keyword_geoip = {
	.name = "geoip",
	.args = "[src | dst | both | any,] [!]CC, ...",
	.help = "country of an address",
	.example = "geoip:src,!CN;",
	.url = "rules/header-keywords.html#geoip",
	.needs = LAYER_IP,
	.parse = geoip_parse,
	.match_packet = geoip_match,
};
