/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/rule/field.h"

#include <errno.h>

#include "sensor/proto/app.h"

/* Numbers that occur several times in a transaction: how many are looked at. */
#define FIELD_INSTANCES_MAX 64

struct field_test {
	const struct buffer *buffer;
	const struct number_test *tests; /* one must hold */
	unsigned count;
};

bool
field_number(const struct buffer *buffer, const struct match_context *ctx, unsigned index,
    uint64_t *ret)
{
	if (!ctx->app || !ctx->tx)
		return false;
	const struct field *field = buffer->fields[ctx->app->id];
	if (!field || !(field->dirs & DIR_BIT(ctx->dir)) ||
	    ctx->tx->progress[ctx->dir] < field->progress)
		return false;
	struct field_value value = { 0 };
	if (!field->get(ctx->app, ctx->tx, ctx->dir, index, ctx->thread->scratch, &value))
		return false;
	*ret = value.number;
	return true;
}

static bool
field_match_tx(const struct match *match, const struct match_context *ctx)
{
	const struct field_test *test = match->data;
	unsigned instances = test->buffer->is_multi ? FIELD_INSTANCES_MAX : 1;
	for (unsigned i = 0; i < instances; i++) {
		uint64_t number;
		if (!field_number(test->buffer, ctx, i, &number))
			return false;
		for (unsigned k = 0; k < test->count; k++)
			if (number_matches(&test->tests[k], number))
				return true;
	}
	return false;
}

static const struct keyword keyword_field = {
	.name = "field",
	.help = "number of a transaction",
	.match_tx = field_match_tx,
};

const struct buffer *
field_buffer(const struct match *match)
{
	return match->keyword == &keyword_field
		   ? ((const struct field_test *)match->data)->buffer
		   : NULL;
}

int
field_number_add(struct rule_parser *parser, const struct buffer *buffer,
    struct number_test test)
{
	struct field_test *data = rule_alloc(parser, sizeof(*data));
	struct number_test *copy = rule_alloc(parser, sizeof(*copy));
	*copy = test;
	data->buffer = buffer;
	data->tests = copy;
	data->count = 1;
	rule_add_tx(parser, &keyword_field, data);
	return 0;
}

static const struct field *
field_any(const struct buffer *buffer)
{
	for (int i = 0; i < PROTO_ID_COUNT; i++)
		if (buffer->fields[i])
			return buffer->fields[i];
	return NULL;
}

static bool
field_name_value(const struct field *field, struct span name, uint64_t *ret)
{
	for (const struct field_name *n = field->names; n && n->name; n++)
		if (args_is_nocase(name, n->name)) {
			*ret = n->value;
			return true;
		}
	return false;
}

static int
field_test_parse(struct rule_parser *parser, const struct field *field, struct span piece,
    struct number_test *ret)
{
	struct span inner;
	if (args_unquote(piece, &inner))
		piece = inner;
	struct span name = piece;
	bool is_negated = name.len && name.p[0] == '!';
	if (is_negated)
		name = args_trim(span_from(name, 1));
	uint64_t value;
	if (field_name_value(field, name, &value)) {
		*ret = (struct number_test){ .op = is_negated ? NUMBER_NE : NUMBER_EQ,
			.a = value };
		return 0;
	}
	const char *why;
	if (number_parse(piece, UINT64_MAX, ret, &why))
		return 0;
	return rule_error(parser, piece.p, "%s%s", why,
	    field->names ? ", or a known name" : "");
}

/* "fin,!comp": bits by their names, all at once. Not set: it is no such list. */
static int
field_flags_parse(struct rule_parser *parser, const struct field *field, struct span args,
    struct number_test *ret, bool *ret_is_set)
{
	struct number_test test = { .op = NUMBER_MASK_EQ };
	struct span rest = args, name;
	while (args_next(&rest, ',', &name)) {
		uint64_t bits;
		bool is_negated = name.len && name.p[0] == '!';
		if (is_negated)
			name = args_trim(span_from(name, 1));
		if (!field_name_value(field, name, &bits)) {
			if (test.a == 0)
				return 0;
			return rule_error(parser, name.p, "unknown name of a bit");
		}
		if (test.a & bits)
			return rule_error(parser, name.p, "named twice");
		test.a |= bits;
		test.b |= is_negated ? 0 : bits;
	}
	*ret = test;
	*ret_is_set = true;
	return 0;
}

static int
field_number_parse(struct rule_parser *parser, const struct buffer *buffer, struct span args)
{
	const struct field *field = field_any(buffer);
	struct number_test flags;
	bool is_flags = false;
	if (args.len == 0)
		return rule_error(parser, NULL, "needs a number");
	if (field->is_flags && field_flags_parse(parser, field, args, &flags, &is_flags) < 0)
		return -EINVAL;
	if (is_flags)
		return field_number_add(parser, buffer, flags);
	if (args.p[0] == '[' && args.p[args.len - 1] == ']')
		args = span_sub(args, 1, args.len - 2);
	struct field_test *data = rule_alloc(parser, sizeof(*data));
	unsigned count = 1;
	for (size_t i = 0; i < args.len; i++)
		count += args.p[i] == ',';
	struct number_test *tests = rule_alloc(parser, count * sizeof(*tests));
	struct span rest = args, piece;
	while (args_next(&rest, ',', &piece)) {
		int r = field_test_parse(parser, field, piece, &tests[data->count]);
		if (r < 0)
			return r;
		data->count++;
	}
	data->buffer = buffer;
	data->tests = tests;
	rule_add_tx(parser, &keyword_field, data);
	return 0;
}

int
field_parse(struct rule_parser *parser, const struct buffer *buffer, struct span args)
{
	if (buffer->kind == FIELD_UINT || buffer->kind == FIELD_ENUM)
		return field_number_parse(parser, buffer, args);
	uint8_t dirs = 0;
	if (args_is(args, "to_server"))
		dirs = DIR_BIT(DIR_TOSERVER);
	else if (args_is(args, "to_client"))
		dirs = DIR_BIT(DIR_TOCLIENT);
	else if (args.len)
		return rule_error(parser, args.p,
		    "a buffer takes no arguments but to_server or to_client");
	int r = rule_select_buffer(parser, buffer);
	parser->buffer_dirs = dirs;
	return r;
}

int
content_move(struct rule_parser *parser, const struct buffer *buffer, struct span args)
{
	if (args.len)
		return rule_error(parser, args.p, "takes no arguments");
	if (parser->buffer)
		return rule_error(parser, NULL,
		    "modifies a content of the payload, and a sticky buffer is chosen");
	if (!parser->content)
		return rule_error(parser, NULL, "needs a content before it");
	if (!parser->is_content_movable)
		return rule_error(parser, NULL,
		    "the content belongs to another buffer already");
	rule_move_match(parser, parser->content_match, parser->content_list, buffer);
	return 0;
}
