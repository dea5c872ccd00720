/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/rule/keyword/tls_text.h"

int
tls_text_add(struct rule_parser *parser, const char *name, struct span args, bool is_negated)
{
	const struct buffer *buffer = buffer_find(span_str(name));
	if (!buffer)
		return rule_error(parser, NULL, "no buffer %s in this sensor", name);
	if (parser->buffer)
		return rule_error(parser, NULL, "a sticky buffer is chosen");
	int r = content_add(parser, args, is_negated);
	if (r == 0)
		rule_move_match(parser, parser->content_match, parser->content_list, buffer);
	return r;
}
