/* SPDX-License-Identifier: Apache-2.0 */
/* dcerpc.iface: the interface that a call is of.
 *   dcerpc.iface:367abb81-9844-35f1-ad32-98f038001003,>1,any_frag;
 *
 * The interface is the one that the call's context was bound to, and that the server accepted.
 * Without any_frag the call's first fragment must have been seen. */
#include <errno.h>

#include "sensor/proto/dcerpc.h"
#include "sensor/rule/keyword/dcerpc_app.h"
#include "sensor/rule/number.h"

#define UUID_TEXT_LEN 36

struct iface {
	uint8_t uuid[DCERPC_UUID_LEN];
	bool has_version, is_any_frag;
	struct number_test version;
};

static bool
iface_match(const struct match *match, const struct match_context *ctx)
{
	const struct iface *t = match->data;
	const struct dcerpc_call *call = dcerpc_call_of(ctx->app, ctx->tx);
	if (!call)
		return false;
	const struct dcerpc_side *request = &call->side[DIR_TOSERVER];
	if (!request->is_there || request->type != DCERPC_REQUEST ||
	    (!request->has_first && !t->is_any_frag))
		return false;
	const struct dcerpc_interface *at;
	for (unsigned i = 0; (at = dcerpc_interface_of(ctx->app, ctx->tx, i)); i++)
		if (memcmp(at->uuid, t->uuid, DCERPC_UUID_LEN) == 0 &&
		    (!t->has_version || number_matches(&t->version, at->version)))
			return true;
	return false;
}

/* "367abb81-9844-35f1-ad32-98f038001003" */
static bool
iface_uuid(struct span text, uint8_t ret[DCERPC_UUID_LEN])
{
	size_t at = 0;
	if (text.len != UUID_TEXT_LEN)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		if (i == 8 || i == 13 || i == 18 || i == 23) {
			if (text.p[i] != '-')
				return false;
			continue;
		}
		const char digits[] = { '0', 'x', (char)text.p[i], (char)text.p[i + 1] };
		uint64_t byte;
		if (!args_uint(span_of(digits, sizeof(digits)), UINT8_MAX, &byte))
			return false;
		ret[at++] = (uint8_t)byte;
		i++;
	}
	return true;
}

static int
iface_parse(struct rule_parser *parser, struct span args, bool is_negated)
{
	struct iface *t = rule_alloc(parser, sizeof(*t));
	struct span rest = args, word;
	const char *why;
	if (dcerpc_select_app(parser) < 0)
		return -EINVAL;
	if (!args_next(&rest, ',', &word) || !iface_uuid(word, t->uuid))
		return rule_error(parser, args.p, "expected a UUID");
	while (args_next(&rest, ',', &word)) {
		if (args_is(word, "any_frag")) {
			t->is_any_frag = true;
		} else if (word.len && strchr("<>!=", word.p[0]) && !t->has_version) {
			if (!number_parse(word, UINT16_MAX, &t->version, &why))
				return rule_error(parser, word.p, "%s", why);
			t->has_version = true;
		} else {
			return rule_error(parser, word.p,
			    "expected a version behind <, >, ! or =, or any_frag");
		}
	}
	rule_add_tx(parser, &keyword_dcerpc_iface, t);
	return 0;
}

const struct keyword keyword_dcerpc_iface = {
	.name = "dcerpc.iface",
	.alias = "dce_iface",
	.args = "UUID [,<N | >N | !N | =N] [,any_frag]",
	.help = "interface that a call of DCERPC is of, and its version",
	.example = "dcerpc.iface:367abb81-9844-35f1-ad32-98f038001003,>1,any_frag;",
	.url = "rules/dcerpc-keywords.html#dcerpc-iface",
	.parse = iface_parse,
	.match_tx = iface_match,
};
