/* SPDX-License-Identifier: Apache-2.0 */
/* ndpi-risk: a risk that nDPI sees in a flow.   ndpi-risk:NDPI_MALICIOUS_JA3;
 *   ndpi-risk:NDPI_KNOWN_PROTOCOL_ON_NON_STANDARD_PORT,HTTP Suspicious Header;
 *
 * Of several each must be there. */
#include "sensor/dpi/dpi.h"
#include "sensor/rule/parser.h"

struct ndpi_risk {
	uint64_t bits;
	bool is_negated;
};

static bool
ndpi_risk_match(const struct match *match, const struct match_context *ctx)
{
	const struct ndpi_risk *r = match->data;
	if (!ctx->flow || !ctx->flow->dpi)
		return false;
	struct dpi_verdict verdict = dpi_flow_verdict(ctx->flow);
	bool has = (verdict.risk & r->bits) == r->bits;
	return r->is_negated ? verdict.is_final && !has : has;
}

static int
ndpi_risk_parse(struct rule_parser *parser, struct span args, bool is_negated)
{
	struct ndpi_risk *r = rule_alloc(parser, sizeof(*r));
	struct span rest = args, name;
	dpi_names_init();
	while (args_next(&rest, ',', &name)) {
		int bit = dpi_risk_find(rule_str(parser, name));
		if (bit < 0 || bit > 63)
			return rule_error(parser, name.p, "nDPI %s knows no risk \"%.*s\"",
			    dpi_version(), (int)name.len, name.p);
		r->bits |= 1ull << bit;
	}
	r->is_negated = is_negated;
	rule_add_packet(parser, &keyword_ndpi_risk, r);
	return 0;
}

const struct keyword keyword_ndpi_risk = {
	.name = "ndpi-risk",
	.args = "[!]name[,name]",
	.help = "a risk that nDPI sees in a flow",
	.example = "ndpi-risk:XSS Attack;",
	.url = "rules/ndpi-risk.html",
	.flags = KEYWORD_NEGATABLE,
	.parse = ndpi_risk_parse,
	.match_packet = ndpi_risk_match,
};
