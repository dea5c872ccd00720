/* SPDX-License-Identifier: Apache-2.0 */
/* datarep: the reputation that a list gives to the buffer's bytes.
 *   dns.query; datarep:names,>,200,load names.rep,type string; */
#include <errno.h>

#include "sensor/rule/dataset.h"
#include "sensor/rule/inspect.h"
#include "sensor/rule/number.h"

struct datarep {
	struct dataset *set;
	struct number_test test;
};

static enum inspect_result
datarep_inspect(struct inspection *i, const struct match *match)
{
	const struct datarep *d = match->data;
	uint16_t reputation;
	if (!i->is_final || i->offset || !dataset_has(d->set, i->bytes, &reputation))
		return INSPECT_STOP;
	return number_matches(&d->test, reputation) ? INSPECT_YES : INSPECT_STOP;
}

static int
datarep_parse(struct rule_parser *parser, struct span args, bool is_negated)
{
	struct datarep *d = rule_alloc(parser, sizeof(*d));
	struct dataset_options o = { .has_reputation = true };
	struct span rest = args, name, op, number, word;
	if (!parser->buffer && !parser->nested)
		return rule_error(parser, NULL, "needs a sticky buffer before it");
	if (!args_next(&rest, ',', &name) || !args_next(&rest, ',', &op) ||
	    !args_next(&rest, ',', &number) || !args_is_name(name) ||
	    !args_uint(number, UINT16_MAX, &d->test.a))
		return rule_error(parser, args.p, "expected name, operator, value");
	if (args_is(op, ">"))
		d->test.op = NUMBER_GT;
	else if (args_is(op, "<"))
		d->test.op = NUMBER_LT;
	else if (args_is(op, "==") || args_is(op, "="))
		d->test.op = NUMBER_EQ;
	else
		return rule_error(parser, op.p, "expected <, > or ==");
	while (args_next(&rest, ',', &word))
		if (dataset_option(parser, word, &o) < 0)
			return -EINVAL;
	d->set = dataset_get(parser, name, &o);
	if (!d->set)
		return -EINVAL;
	rule_add_inspect(parser, &keyword_datarep, d);
	return 0;
}

const struct keyword keyword_datarep = {
	.name = "datarep",
	.args = "name, < | > | ==, N [, load file, type string | md5 | sha256 | ipv4 | ip]",
	.help = "the reputation that a list gives to the buffer's bytes",
	.example = "tcp.hdr; datarep:headers,>,200,type string;",
	.url = "rules/datasets.html#datarep",
	.parse = datarep_parse,
	.inspect = datarep_inspect,
};
