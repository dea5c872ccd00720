/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/rule/file_test.h"

#include "sensor/proto/file.h"
#include "sensor/rule/content.h"

static bool
name_holds(const struct file_name *n, struct span name)
{
	if (!n->is_extension)
		return (content_search(name, 0, n->text, true) != NULL) != n->is_negated;
	size_t at = name.len;
	while (at && name.p[at - 1] != '.')
		at--;
	bool is_it = at > 0 && span_caseeq(span_from(name, at), n->text);
	return is_it != n->is_negated;
}

/* The size of a file that still grows is only known to be over a limit. */
static bool
size_holds(const struct file_test *test, const struct file *file, bool is_ended)
{
	if (is_ended || file->state != FILE_OPEN)
		return number_matches(&test->size, file_size(file));
	return (test->size.op == NUMBER_GT || test->size.op == NUMBER_GE) &&
	       number_matches(&test->size, file_size(file));
}

static bool
file_holds(const struct file_test *test, const struct file *file, bool is_ended)
{
	struct span name = proto_buf_span(&file->name);
	for (const struct file_name *n = test->names; n; n = n->next)
		if (!name.len || !name_holds(n, name))
			return false;
	return !test->has_size || size_holds(test, file, is_ended);
}

static bool
file_match_tx(const struct match *match, const struct match_context *ctx)
{
	const struct file_test *test = match->data;
	if (!ctx->tx || !(test->dirs & DIR_BIT(ctx->dir)))
		return false;
	for (const struct file *file = ctx->tx->files[ctx->dir]; file; file = file->next) {
		if (file_holds(test, file, ctx->tx->is_done[ctx->dir]))
			return true;
	}
	return false;
}

static const struct keyword keyword_file = {
	.name = "file",
	.help = "a file of the transaction",
	.match_tx = file_match_tx,
};

struct file_test *
file_test_of(struct rule_parser *parser)
{
	if (!parser->file_test) {
		parser->file_test = rule_alloc(parser, sizeof(*parser->file_test));
		parser->file_test->dirs = DIR_BOTH;
		rule_add_tx(parser, &keyword_file, parser->file_test);
	}
	return parser->file_test;
}

int
file_test_add_name(struct rule_parser *parser, struct span args, bool is_negated,
    bool is_extension)
{
	if (args.len == 0)
		return rule_error(parser, args.p, "expected a name");
	struct file_test *test = file_test_of(parser);
	struct file_name *name = rule_alloc(parser, sizeof(*name));
	struct span text = rule_copy(parser, args);
	for (size_t i = 0; i < text.len; i++)
		if (text.p[i] >= 'A' && text.p[i] <= 'Z')
			((uint8_t *)text.p)[i] |= 0x20;
	name->text = text;
	name->is_negated = is_negated;
	name->is_extension = is_extension;
	name->next = test->names;
	test->names = name;
	return 0;
}
