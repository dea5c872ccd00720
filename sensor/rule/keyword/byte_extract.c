/* SPDX-License-Identifier: Apache-2.0 */
/* byte_extract: keeps a number of the buffer in a variable that later keywords name.
 *   byte_extract:2,0,size,relative; content:"Bob"; distance:size; */
#include <errno.h>

#include "sensor/rule/keyword/bytes.h"

struct byte_extract {
	struct byte_source source;
	uint32_t multiplier, align;
	uint16_t var;
};

static enum inspect_result
byte_extract_inspect(struct inspection *i, const struct match *match)
{
	const struct byte_extract *e = match->data;
	uint64_t value, end;
	if (!byte_source_get(i, &e->source, &value, &end))
		return INSPECT_NO;
	value *= e->multiplier;
	if (e->align > 1)
		value = (value + e->align - 1) / e->align * e->align;
	i->thread->byte_values[e->var] = value;
	i->at = end;
	return INSPECT_YES;
}

static int
byte_extract_word(struct rule_parser *parser, struct byte_extract *e, struct span word)
{
	int r = byte_source_word(parser, &e->source, word);
	struct span name, value = word;
	uint64_t number;
	if (r != 0)
		return r;
	(void)args_word(&value, &name);
	value = args_trim(value);
	if (args_is_nocase(name, "multiplier")) {
		if (!args_uint(value, 65535, &number) || number == 0)
			return rule_error(parser, word.p, "multiplier must be 1 to 65535");
		e->multiplier = (uint32_t)number;
	} else if (args_is_nocase(name, "align")) {
		if (!args_uint(value, 4, &number) || (number != 2 && number != 4))
			return rule_error(parser, word.p, "align must be 2 or 4");
		e->align = (uint32_t)number;
	} else {
		return rule_error(parser, word.p, "unknown word \"%.*s\"", (int)word.len,
		    word.p);
	}
	return 0;
}

static int
byte_extract_parse(struct rule_parser *parser, struct span args, bool is_negated)
{
	struct byte_extract *e = rule_alloc(parser, sizeof(*e));
	struct span rest = args, count, offset, name, word;
	e->multiplier = 1;
	if (!args_next(&rest, ',', &count) || !args_next(&rest, ',', &offset) ||
	    !args_next(&rest, ',', &name))
		return rule_error(parser, args.p, "expected count, offset, name");
	if (byte_number_parse(parser, count, 0, 23, &e->source.count) < 0 ||
	    byte_number_parse(parser, offset, -INT32_MAX, INT32_MAX, &e->source.offset) < 0)
		return -EINVAL;
	while (args_next(&rest, ',', &word)) {
		int r = byte_extract_word(parser, e, word);
		if (r < 0)
			return r;
	}
	if (byte_source_check(parser, &e->source) < 0)
		return -EINVAL;
	int var = rule_byte_var_new(parser, name);
	if (var < 0)
		return -EINVAL;
	e->var = (uint16_t)var;
	rule_add_inspect(parser, &keyword_byte_extract, e);
	return 0;
}

static unsigned
byte_extract_position(const struct match *match)
{
	bool uses = ((const struct byte_extract *)match->data)->source.is_relative;
	return (uses ? POSITION_USES : 0u) | POSITION_SETS;
}

const struct keyword keyword_byte_extract = {
	.name = "byte_extract",
	.args = "count, offset, name [,relative] [,multiplier N] [,big|little] "
		"[,string,hex|dec|oct] [,align 2|4]",
	.help = "keeps a number of the buffer in a variable",
	.example = "byte_extract:2,0,size,relative;",
	.url = "rules/payload-keywords.html#byte-extract",
	.parse = byte_extract_parse,
	.inspect = byte_extract_inspect,
	.position = byte_extract_position,
};
