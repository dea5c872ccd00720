/* SPDX-License-Identifier: Apache-2.0 */
/* stream_size: how far a TCP stream has come, by its sequence numbers.
 * stream_size:server,>,100;
 *
 * The SYN takes a number of its own, so a stream of N bytes has come to N + 1. */
#include <errno.h>

#include "sensor/flow/tcp.h"
#include "sensor/rule/keyword/flow_side.h"

static bool
stream_size_match(const struct match *match, const struct match_context *ctx)
{
	const struct flow *flow = ctx->flow;
	if (!flow || !flow->tcp)
		return false;
	return flow_side_matches(match->data, tcp_stream_bytes(flow, DIR_TOSERVER) + 1,
	    tcp_stream_bytes(flow, DIR_TOCLIENT) + 1);
}

static int
stream_size_parse(struct rule_parser *parser, struct span args, bool is_negated)
{
	/* By sender: what the server sent goes to the client. */
	static const struct {
		const char *name;
		uint8_t side;
	} sides[] = { { "server", FLOW_SIDE_TOCLIENT }, { "client", FLOW_SIDE_TOSERVER },
		{ "either", FLOW_SIDE_EITHER }, { "both", FLOW_SIDE_BOTH } };
	static const struct {
		const char *name;
		uint8_t op;
	} ops[] = { { "=", NUMBER_EQ }, { "!=", NUMBER_NE }, { "<", NUMBER_LT },
		{ "<=", NUMBER_LE }, { ">", NUMBER_GT }, { ">=", NUMBER_GE } };
	struct span rest = args, side, op, number;
	if (!args_next(&rest, ',', &side) || !args_next(&rest, ',', &op) ||
	    !args_next(&rest, ',', &number) || rest.p)
		return rule_error(parser, args.p, "expected side, operator, number");
	struct flow_side *data = rule_alloc(parser, sizeof(*data));
	size_t s = 0, o = 0;
	while (s < 4 && !args_is_nocase(side, sides[s].name))
		s++;
	while (o < 6 && !args_is(op, ops[o].name))
		o++;
	if (s == 4)
		return rule_error(parser, side.p, "expected server, client, either or both");
	if (o == 6)
		return rule_error(parser, op.p, "expected = != < <= > or >=");
	if (!args_uint(number, UINT32_MAX, &data->test.a))
		return rule_error(parser, number.p, "expected a number");
	data->side = sides[s].side;
	data->test.op = ops[o].op;
	if (rule_need_layers(parser, LAYER_TCP) < 0)
		return -EINVAL;
	rule_add_packet(parser, &keyword_stream_size, data);
	return 0;
}

const struct keyword keyword_stream_size = {
	.name = "stream_size",
	.args = "server | client | either | both, operator, N",
	.help = "how far a TCP stream has come",
	.example = "stream_size:server,>,100;",
	.url = "rules/flow-keywords.html#stream-size",
	.needs = LAYER_TCP,
	.parse = stream_size_parse,
	.match_packet = stream_size_match,
};
