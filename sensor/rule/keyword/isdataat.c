/* SPDX-License-Identifier: Apache-2.0 */
/* isdataat: whether the buffer reaches as far.   isdataat:512;  isdataat:!1,relative;
 *
 * Without "relative" byte N (from 0) must be there; with it N bytes must be left behind the
 * last match (the two differ by one, as rule authors expect). Negated, in a buffer that still
 * grows, it holds only at its end. */
#include <errno.h>

#include "sensor/rule/inspect.h"
#include "sensor/rule/keyword/modifier.h"

struct isdataat {
	uint64_t number;
	bool is_var, is_relative, is_negated;
};

static enum inspect_result
isdataat_inspect(struct inspection *i, const struct match *match)
{
	const struct isdataat *d = match->data;
	uint64_t number = d->is_var ? i->thread->byte_values[d->number] : d->number;
	uint64_t end = inspect_end(i);
	bool is_there;
	if (d->is_relative)
		is_there = i->at <= end && number <= end - i->at;
	else
		is_there = number < end;
	if (d->is_negated)
		return !is_there && i->is_final ? INSPECT_YES : INSPECT_NO;
	return is_there ? INSPECT_YES : INSPECT_NO;
}

static int
isdataat_parse(struct rule_parser *parser, struct span args, bool is_negated)
{
	struct isdataat *d = rule_alloc(parser, sizeof(*d));
	struct span rest = args, piece;
	int64_t number;
	(void)args_next(&rest, ',', &piece);
	int r = modifier_number(parser, piece, 0, UINT16_MAX, &number);
	if (r < 0)
		return r;
	d->number = (uint64_t)number;
	d->is_var = r == 1;
	d->is_negated = is_negated;
	while (args_next(&rest, ',', &piece)) {
		if (args_is(piece, "relative"))
			d->is_relative = true;
		else if (!args_is(piece, "rawbytes"))
			return rule_error(parser, piece.p, "expected relative or rawbytes");
	}
	rule_add_inspect(parser, &keyword_isdataat, d);
	return 0;
}

static unsigned
isdataat_position(const struct match *match)
{
	return ((const struct isdataat *)match->data)->is_relative ? POSITION_USES : 0;
}

const struct keyword keyword_isdataat = {
	.name = "isdataat",
	.args = "[!]N | variable [,relative] [,rawbytes]",
	.help = "whether the buffer reaches as far",
	.example = "content:\"ab\"; isdataat:!1,relative;",
	.url = "rules/payload-keywords.html#isdataat",
	.flags = KEYWORD_NEGATABLE,
	.parse = isdataat_parse,
	.inspect = isdataat_inspect,
	.position = isdataat_position,
};
