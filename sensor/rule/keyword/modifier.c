/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/rule/keyword/modifier.h"

#include <ctype.h>

static const struct {
	uint32_t flag;
	const char *name;
} names[] = { { CONTENT_NOCASE, "nocase" }, { CONTENT_STARTSWITH, "startswith" },
	{ CONTENT_ENDSWITH, "endswith" }, { CONTENT_DEPTH, "depth" },
	{ CONTENT_OFFSET, "offset" }, { CONTENT_DISTANCE, "distance" },
	{ CONTENT_WITHIN, "within" } };

struct content *
modifier_content(struct rule_parser *parser, uint32_t not_with)
{
	if (!parser->content) {
		rule_error(parser, NULL, "needs a content before it");
		return NULL;
	}
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (parser->content->flags & not_with & names[i].flag) {
			rule_error(parser, NULL, "cannot stand with %s on the same content",
			    names[i].name);
			return NULL;
		}
	return parser->content;
}

int
modifier_number(struct rule_parser *parser, struct span args, int64_t min, int64_t max,
    int64_t *ret_number)
{
	bool is_number =
	    args.len &&
	    (isdigit(args.p[0]) || ((args.p[0] == '-' || args.p[0] == '+') && args.len > 1));
	if (is_number) {
		if (args_int(args, min, max, ret_number))
			return 0;
		return rule_error(parser, args.p, "expected a number from %lld to %lld",
		    (long long)min, (long long)max);
	}
	int var = rule_byte_var_find(parser, args);
	if (var < 0)
		return rule_error(parser, args.p, "unknown byte_extract variable \"%.*s\"",
		    (int)args.len, args.p);
	*ret_number = var;
	return 1;
}
