/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lengths that cannot be: contents that need more bytes than bsize or dsize allows. A rule that
 * can never fire is a mistake its author wants to hear of.
 */
#include <errno.h>

#include "sensor/rule/check.h"
#include "sensor/rule/content.h"
#include "sensor/rule/number.h"

/* The most bytes a comparison lets a buffer have; UINT64_MAX: no limit. */
static uint64_t
number_most(const struct number_test *test)
{
	switch ((enum number_op)test->op) {
	case NUMBER_EQ:
		return test->a;
	case NUMBER_LT:
		return test->a - 1;
	case NUMBER_LE:
		return test->a;
	case NUMBER_RANGE:
		return test->b - 1;
	default:
		return UINT64_MAX;
	}
}

/* The least bytes that a run of contents needs when each stands behind the other. */
static uint64_t
section_least(const struct rule_section *section)
{
	uint64_t least = 0, run = 0;
	for (const struct match *m = section->matches.first; m; m = m->next) {
		const struct content *c = content_of(m);
		if (!c ||
		    (c->flags & (CONTENT_NEGATED | CONTENT_DISTANCE_VAR | CONTENT_OFFSET_VAR)))
			continue;
		bool is_behind = (c->flags & CONTENT_DISTANCE) && c->distance >= 0 && run > 0;
		run = is_behind ? run + (uint64_t)c->distance + c->bytes.len
				: c->bytes.len + (c->flags & CONTENT_OFFSET ? c->offset : 0);
		if (run > least)
			least = run;
	}
	return least;
}

static int
length_limit(struct rule_parser *parser, const struct rule_section *section,
    const struct number_test *test, const char *name)
{
	uint64_t most = number_most(test), least = section_least(section);
	if (most >= least)
		return 0;
	return rule_error(parser, NULL,
	    "contents of %s need %llu bytes, and %s allows %llu: it can never match",
	    section->buffer->name, (unsigned long long)least, name, (unsigned long long)most);
}

int
length_check(struct rule_parser *parser, const struct rule_section *section)
{
	for (const struct match *m = section->matches.first; m; m = m->next)
		if (m->keyword == &keyword_bsize &&
		    length_limit(parser, section, m->data, "bsize") < 0)
			return -EINVAL;
	if (section->buffer->scope != BUFFER_PAYLOAD)
		return 0;
	for (const struct match *m = parser->rule->packet.first; m; m = m->next)
		if (m->keyword == &keyword_dsize &&
		    length_limit(parser, section, m->data, "dsize") < 0)
			return -EINVAL;
	return 0;
}
