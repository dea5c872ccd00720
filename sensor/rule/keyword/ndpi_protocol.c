/* SPDX-License-Identifier: Apache-2.0 */
/* ndpi-protocol: the application that nDPI sees in a flow.   ndpi-protocol:TLS;
 * ndpi-protocol:!SSH;
 *
 * A guess by port or address is no finding. A negation holds once nDPI has decided. */
#include "sensor/dpi/dpi.h"
#include "sensor/rule/parser.h"

struct ndpi_protocol {
	uint16_t id;
	bool is_negated;
};

static bool
ndpi_protocol_match(const struct match *match, const struct match_context *ctx)
{
	const struct ndpi_protocol *p = match->data;
	if (!ctx->flow || !ctx->flow->dpi)
		return false;
	struct dpi_verdict verdict = dpi_flow_verdict(ctx->flow);
	if (verdict.is_guess)
		return false;
	bool is_it = verdict.app == p->id || verdict.master == p->id;
	return p->is_negated ? verdict.is_final && !is_it : is_it;
}

static int
ndpi_protocol_parse(struct rule_parser *parser, struct span args, bool is_negated)
{
	struct ndpi_protocol *p = rule_alloc(parser, sizeof(*p));
	dpi_names_init();
	int id = dpi_protocol_find(rule_str(parser, args));
	if (id <= 0)
		return rule_error(parser, args.p, "nDPI %s knows no protocol \"%.*s\"",
		    dpi_version(), (int)args.len, args.p);
	p->id = (uint16_t)id;
	p->is_negated = is_negated;
	rule_add_packet(parser, &keyword_ndpi_protocol, p);
	return 0;
}

const struct keyword keyword_ndpi_protocol = {
	.name = "ndpi-protocol",
	.args = "[!]name",
	.help = "the application that nDPI sees in a flow",
	.example = "ndpi-protocol:!SSH;",
	.url = "rules/ndpi-protocol.html",
	.flags = KEYWORD_NEGATABLE,
	.parse = ndpi_protocol_parse,
	.match_packet = ndpi_protocol_match,
};
