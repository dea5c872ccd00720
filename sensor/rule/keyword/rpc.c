/* SPDX-License-Identifier: Apache-2.0 */
/* rpc: program, version and procedure of a Sun RPC call.   rpc:100000,2,3;  rpc:100000,*,*;
 *
 * RFC 5531 section 9. Over TCP a record mark of four bytes stands before the message. */
#include "common/cursor.h"
#include "sensor/rule/parser.h"

struct rpc {
	uint32_t program, version, procedure;
	bool any_version, any_procedure;
};

static bool
rpc_match(const struct match *match, const struct match_context *ctx)
{
	const struct rpc *r = match->data;
	struct cursor c = cursor_span(ctx->packet->payload);
	if (ctx->packet->layers & LAYER_TCP)
		cursor_skip(&c, 4);
	cursor_skip(&c, 4); /* transaction id */
	uint32_t type = cursor_be32(&c), rpc_version = cursor_be32(&c);
	uint32_t program = cursor_be32(&c), version = cursor_be32(&c);
	uint32_t procedure = cursor_be32(&c);
	return !c.is_short && type == 0 && rpc_version == 2 && program == r->program &&
	       (r->any_version || version == r->version) &&
	       (r->any_procedure || procedure == r->procedure);
}

static bool
rpc_number(struct span text, uint32_t *ret, bool *ret_any)
{
	uint64_t number = 0;
	*ret_any = args_is(text, "*");
	if (!*ret_any && !args_uint(text, UINT32_MAX, &number))
		return false;
	*ret = (uint32_t)number;
	return true;
}

static int
rpc_parse(struct rule_parser *parser, struct span args, bool is_negated)
{
	struct rpc *r = rule_alloc(parser, sizeof(*r));
	struct span rest = args, word;
	bool any;
	r->any_version = r->any_procedure = true;
	if (!args_next(&rest, ',', &word) || !rpc_number(word, &r->program, &any) || any)
		return rule_error(parser, args.p, "expected the number of a program");
	if (args_next(&rest, ',', &word) && !rpc_number(word, &r->version, &r->any_version))
		return rule_error(parser, word.p, "expected the number of a version, or *");
	if (args_next(&rest, ',', &word) && !rpc_number(word, &r->procedure, &r->any_procedure))
		return rule_error(parser, word.p, "expected the number of a procedure, or *");
	rule_add_packet(parser, &keyword_rpc, r);
	return 0;
}

const struct keyword keyword_rpc = {
	.name = "rpc",
	.args = "program [,version | *] [,procedure | *]",
	.help = "program, version and procedure of a Sun RPC call",
	.example = "rpc:100000,*,3;",
	.url = "rules/payload-keywords.html#rpc",
	.flags = KEYWORD_NEEDS_PACKET,
	.needs = LAYER_TCP | LAYER_UDP,
	.parse = rpc_parse,
	.match_packet = rpc_match,
};
