/* SPDX-License-Identifier: Apache-2.0 */
/* pcrexform: what the first group of an expression matches.   http.uri; pcrexform:"/dl/(\\w+)";
 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "sensor/rule/parser.h"

static bool
pcrexform_apply(const void *data, struct span in, struct arena *scratch, struct span *ret)
{
	const pcre2_code *code = data;
	/* A match data of its own: chains run where no worker's scratch is at hand. */
	pcre2_match_data *found = pcre2_match_data_create(2, NULL);
	if (!found)
		return false;
	int r = pcre2_match(code, in.p ? in.p : (const uint8_t *)"", in.len, 0, 0, found, NULL);
	/* Bytes that do not match are left as they are. */
	if (r > 1 || r == 0) {
		const PCRE2_SIZE *at = pcre2_get_ovector_pointer(found);
		if (at[2] != PCRE2_UNSET)
			in = span_sub(in, at[2], at[3] - at[2]);
	}
	pcre2_match_data_free(found);
	*ret = in;
	return true;
}

static const struct transform_kind pcrexform_kind = {
	.name = "pcrexform",
	.apply = pcrexform_apply,
};

static void
pcrexform_free(void *code)
{
	pcre2_code_free(code);
}

static int
pcrexform_parse(struct rule_parser *parser, struct span args, bool is_negated)
{
	int error;
	PCRE2_SIZE at;
	pcre2_code *code = pcre2_compile(args.p, args.len, 0, &error, &at, NULL);
	if (!code)
		return rule_error(parser, args.p + (at < args.len ? at : 0),
		    "not a regular expression");
	ruleset_at_end(parser->set, pcrexform_free, code);
	uint32_t groups = 0;
	pcre2_pattern_info(code, PCRE2_INFO_CAPTURECOUNT, &groups);
	if (groups != 1)
		return rule_error(parser, args.p, "the expression must have one group");
	return rule_add_transform(parser, &pcrexform_kind, args, code);
}

const struct keyword keyword_pcrexform = {
	.name = "pcrexform",
	.args = "\"expression with one group\"",
	.help = "what the first group of an expression matches",
	.example = "tcp.hdr; pcrexform:\"a(b+)\";",
	.url = "rules/transforms.html#pcrexform",
	.flags = KEYWORD_QUOTED,
	.parse = pcrexform_parse,
};
