/* SPDX-License-Identifier: Apache-2.0 */
/* byte_jump: moves the position by a number in the buffer.
 *   byte_jump:2,0,relative,multiplier 4,post_offset -1;
 *
 * From behind the number, from the buffer's start (from_beginning) or end (from_end). A count
 * of 0 takes no number: only post_offset moves. The position may not go behind the buffer's
 * end; before its start it stops there. */
#include <errno.h>

#include "sensor/rule/keyword/bytes.h"

struct byte_jump {
	struct byte_source source;
	struct byte_number post_offset;
	uint32_t multiplier;
	bool is_aligned, is_from_beginning, is_from_end;
};

static enum inspect_result
byte_jump_inspect(struct inspection *i, const struct match *match)
{
	const struct byte_jump *j = match->data;
	uint64_t value = 0, behind;
	bool takes_none = !j->source.count.is_var && j->source.count.number == 0;
	if (takes_none) {
		int64_t offset = byte_number_get(i, &j->source.offset);
		int64_t from = (j->source.is_relative ? (int64_t)i->at : 0) + offset;
		if (from < 0)
			return INSPECT_NO;
		behind = (uint64_t)from;
	} else if (!byte_source_get(i, &j->source, &value, &behind)) {
		return INSPECT_NO;
	}
	if (__builtin_mul_overflow(value, (uint64_t)j->multiplier, &value) || value > INT32_MAX)
		return INSPECT_NO;
	if (j->is_aligned)
		value = (value + 3) & ~(uint64_t)3;
	int64_t to = (int64_t)value + byte_number_get(i, &j->post_offset);
	if (j->is_from_end)
		to += (int64_t)inspect_end(i);
	else if (!j->is_from_beginning)
		to += (int64_t)behind;
	if (to >= (int64_t)inspect_end(i))
		return INSPECT_NO;
	/* Before the start counts as the start; behind the end is no place. */
	if (to < 0)
		to = 0;
	i->at = (uint64_t)to;
	return INSPECT_YES;
}

static int
byte_jump_word(struct rule_parser *parser, struct byte_jump *j, struct span word)
{
	int r = byte_source_word(parser, &j->source, word);
	struct span name, value = word;
	if (r != 0)
		return r;
	(void)args_word(&value, &name);
	value = args_trim(value);
	if (args_is_nocase(name, "align"))
		j->is_aligned = true;
	else if (args_is_nocase(name, "from_beginning"))
		j->is_from_beginning = true;
	else if (args_is_nocase(name, "from_end"))
		j->is_from_end = true;
	else if (args_is_nocase(name, "post_offset"))
		return byte_number_parse(parser, value, -65535, 65535, &j->post_offset);
	else if (args_is_nocase(name, "multiplier")) {
		uint64_t number;
		if (!args_uint(value, 65535, &number) || number == 0)
			return rule_error(parser, word.p, "multiplier must be 1 to 65535");
		j->multiplier = (uint32_t)number;
	} else {
		return rule_error(parser, word.p, "unknown word \"%.*s\"", (int)word.len,
		    word.p);
	}
	return 0;
}

static int
byte_jump_parse(struct rule_parser *parser, struct span args, bool is_negated)
{
	struct byte_jump *j = rule_alloc(parser, sizeof(*j));
	struct span rest = args, count, offset, word;
	j->multiplier = 1;
	if (!args_next(&rest, ',', &count) || !args_next(&rest, ',', &offset))
		return rule_error(parser, args.p, "expected count, offset");
	if (byte_number_parse(parser, count, 0, 23, &j->source.count) < 0 ||
	    byte_number_parse(parser, offset, -INT32_MAX, INT32_MAX, &j->source.offset) < 0)
		return -EINVAL;
	while (args_next(&rest, ',', &word)) {
		int r = byte_jump_word(parser, j, word);
		if (r < 0)
			return r;
	}
	if (j->is_from_beginning && j->is_from_end)
		return rule_error(parser, args.p, "from_beginning and from_end contradict");
	bool takes_none = !j->source.count.is_var && j->source.count.number == 0;
	if (!takes_none && byte_source_check(parser, &j->source) < 0)
		return -EINVAL;
	rule_add_inspect(parser, &keyword_byte_jump, j);
	return 0;
}

static unsigned
byte_jump_position(const struct match *match)
{
	bool uses = ((const struct byte_jump *)match->data)->source.is_relative;
	return (uses ? POSITION_USES : 0u) | POSITION_SETS;
}

const struct keyword keyword_byte_jump = {
	.name = "byte_jump",
	.args = "count, offset [,relative] [,multiplier N] [,big|little] [,string,hex|dec|oct] "
		"[,align] [,from_beginning|from_end] [,post_offset N] [,bitmask N]",
	.help = "moves the position by a number in the buffer",
	.example = "byte_jump:2,0,relative,multiplier 4,post_offset -1;",
	.url = "rules/payload-keywords.html#byte-jump",
	.parse = byte_jump_parse,
	.inspect = byte_jump_inspect,
	.position = byte_jump_position,
};
