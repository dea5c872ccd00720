/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/rule/file_test.h"

#include <errno.h>

#include "sensor/proto/file.h"
#include "sensor/rule/content.h"

/* What is not known (yet) holds no test, negated or not. */
static bool
text_holds(const struct file_text *t, const struct file *file)
{
	struct span in = proto_buf_span(t->of == FILE_TEXT_MAGIC ? &file->magic : &file->name);
	if (!in.len)
		return false;
	if (t->of != FILE_TEXT_EXTENSION)
		return (content_search(in, 0, t->text, true) != NULL) != t->is_negated;
	size_t at = in.len;
	while (at && in.p[at - 1] != '.')
		at--;
	bool is_it = at > 0 && span_caseeq(span_from(in, at), t->text);
	return is_it != t->is_negated;
}

/* Of a file with a hole the digest is that of another file. */
static bool
hashes_hold(const struct file_hashes *h, const struct file *file)
{
	if (file->state == FILE_OPEN || file->body->has_gap || !(file->hashes.kinds & h->kind))
		return false;
	const uint8_t *digest = h->kind == PROTO_MD5    ? file->hashes.md5
				: h->kind == PROTO_SHA1 ? file->hashes.sha1
							: file->hashes.sha256;
	return hash_list_has(h->list, digest) != h->is_negated;
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
	for (const struct file_text *t = test->texts; t; t = t->next)
		if (!text_holds(t, file))
			return false;
	for (const struct file_hashes *h = test->hashes; h; h = h->next)
		if (!hashes_hold(h, file))
			return false;
	return !test->has_size || size_holds(test, file, is_ended);
}

bool
file_test_holds(const struct file_test *test, const struct file *file)
{
	return file_holds(test, file, file->tx->is_done[file->dir]);
}

static bool
file_match_tx(const struct match *match, const struct match_context *ctx)
{
	const struct file_test *test = match->data;
	if (!ctx->tx || !(test->dirs & DIR_BIT(ctx->dir)))
		return false;
	for (const struct file *file = ctx->tx->files[ctx->dir]; file; file = file->next) {
		if (file_test_holds(test, file))
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
file_test_add_text(struct rule_parser *parser, struct span args, bool is_negated,
    enum file_text_of of)
{
	if (args.len == 0)
		return rule_error(parser, args.p, "expected a text");
	struct file_test *test = file_test_of(parser);
	struct file_text *t = rule_alloc(parser, sizeof(*t));
	struct span text = rule_copy(parser, args);
	for (size_t i = 0; i < text.len; i++)
		if (text.p[i] >= 'A' && text.p[i] <= 'Z')
			((uint8_t *)text.p)[i] |= 0x20;
	*t = (struct file_text){ text, (uint8_t)of, is_negated, test->texts };
	test->texts = t;
	return 0;
}

int
file_test_add_hashes(struct rule_parser *parser, struct span args, bool is_negated,
    enum proto_file_need kind)
{
	unsigned width = kind == PROTO_MD5 ? 16 : kind == PROTO_SHA1 ? 20 : 32;
	if (args.len == 0)
		return rule_error(parser, args.p, "expected the name of a file");
	struct file_test *test = file_test_of(parser);
	struct file_hashes *h = rule_alloc(parser, sizeof(*h));
	*h = (struct file_hashes){ hash_list_read(parser, args, width), (uint8_t)kind,
		is_negated, test->hashes };
	if (!h->list)
		return -EINVAL;
	test->hashes = h;
	parser->set->file_needs |= kind;
	return 0;
}
