/* SPDX-License-Identifier: Apache-2.0 */
/* requires: skips the rule where a version, feature or keyword is missing.
 *   requires:version >= 7.0.3 < 8 | >= 8.0.1, feature geoip, keyword jt808.op_class;
 *
 * Versions are those of the rule language: this engine speaks that of Suricata 8.0. */
#include <errno.h>

#include "sensor/rule/parser.h"

static const unsigned language[3] = { 8, 0, 7 };
static const char *const features[] = { "geoip", "ndpi" };

static bool
version_read(struct span text, unsigned ret[3])
{
	/* "8.0.0-beta1" counts as 8.0.0. */
	ptrdiff_t dash = span_chr(text, '-');
	if (dash >= 0)
		text = span_sub(text, 0, (size_t)dash);
	struct span rest = text, piece;
	ret[0] = ret[1] = ret[2] = 0;
	for (int i = 0; args_next(&rest, '.', &piece); i++) {
		uint64_t number;
		if (i == 3 || !args_uint(piece, 9999, &number))
			return false;
		ret[i] = (unsigned)number;
	}
	return true;
}

static int
version_compare(const unsigned a[3], const unsigned b[3])
{
	for (int i = 0; i < 3; i++)
		if (a[i] != b[i])
			return a[i] < b[i] ? -1 : 1;
	return 0;
}

/* ">= 7.0.3 < 8": all must hold. 1, 0, or negative: not readable. */
static int
versions_hold(struct span text)
{
	struct span op, number;
	int holds = 1;
	while ((text = args_trim(text)).len) {
		size_t n = 0;
		while (
		    n < text.len && (text.p[n] == '<' || text.p[n] == '>' || text.p[n] == '='))
			n++;
		op = span_sub(text, 0, n);
		text = span_from(text, n);
		unsigned version[3];
		if (!n || !args_word(&text, &number) || !version_read(number, version))
			return -EINVAL;
		int order = version_compare(language, version);
		if (args_is(op, ">="))
			holds &= order >= 0;
		else if (args_is(op, ">"))
			holds &= order > 0;
		else if (args_is(op, "<="))
			holds &= order <= 0;
		else if (args_is(op, "<"))
			holds &= order < 0;
		else
			return -EINVAL;
	}
	return holds;
}

/* Alternatives between bars. */
static int
version_holds(struct span text)
{
	struct span rest = text, piece;
	int holds = 0;
	while (args_next(&rest, '|', &piece)) {
		int one = versions_hold(piece);
		if (one < 0)
			return one;
		holds |= one;
	}
	return holds;
}

static int
requires_parse(struct rule_parser *parser, struct span args, bool is_negated)
{
	struct span rest = args, piece;
	while (args_next(&rest, ',', &piece)) {
		struct span name, value = piece;
		int holds = 0;
		(void)args_word(&value, &name);
		value = args_trim(value);
		if (args_is(name, "version")) {
			holds = version_holds(value);
		} else if (args_is(name, "feature")) {
			for (size_t i = 0; i < sizeof(features) / sizeof(features[0]); i++)
				holds |= args_is(value, features[i]);
		} else if (args_is(name, "keyword")) {
			bool is_not = value.len && value.p[0] == '!';
			if (is_not)
				value = args_trim(span_from(value, 1));
			bool is_known = keyword_find(value) || buffer_find(value);
			holds = is_known != is_not;
		} /* what a later version invents is not met */
		if (holds < 0)
			return rule_error(parser, piece.p,
			    "expected versions like >= 7.0.3 < 8");
		if (!holds)
			parser->is_skipped = true;
	}
	return 0;
}

const struct keyword keyword_requires = {
	.name = "requires",
	.args = "version >= X.Y.Z | feature name | keyword name, ...",
	.help = "skips the rule where a version, feature or keyword is missing",
	.example = "requires:version >= 7.0.3;",
	.url = "rules/meta.html#requires",
	.flags = KEYWORD_META,
	.parse = requires_parse,
};
