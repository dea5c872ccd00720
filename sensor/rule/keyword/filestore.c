/* SPDX-License-Identifier: Apache-2.0 */
/* filestore: has the file stored that the rule's other file keywords speak of.
 *   filestore;  filestore:request,flow;
 *
 * Scope file: the files there are that answer them; tx: all files of the transaction from then
 * on; flow (or ssn): all of the connection. It stores where outputs.file-store is switched on,
 * and else is only a test whether the transaction brings a file. */
#include "sensor/proto/file.h"

#include "sensor/rule/file_test.h"

enum filestore_scope {
	FILESTORE_FILE,
	FILESTORE_TX,
	FILESTORE_FLOW,
};

struct filestore {
	const struct file_test *test;
	uint8_t dirs;  /* DIR_BIT()s; 0: the rule's own */
	uint8_t scope; /* enum filestore_scope */
};

static void
filestore_fire(const struct match *match, const struct match_context *ctx)
{
	const struct filestore *store = match->data;
	if (!ctx->tx || !ctx->app)
		return;
	uint8_t dirs = store->dirs ? store->dirs : DIR_BIT(ctx->dir);
	if (store->scope == FILESTORE_TX)
		file_store_tx(ctx->tx, dirs);
	else if (store->scope == FILESTORE_FLOW)
		file_store_flow(ctx->app, dirs);
	for (int dir = 0; dir < 2; dir++) {
		if (!(dirs & DIR_BIT(dir)))
			continue;
		for (struct file *file = ctx->tx->files[dir]; file; file = file->next)
			if (store->scope != FILESTORE_FILE ||
			    file_test_holds(store->test, file))
				file_store(ctx->app, file, ctx->rule->sid);
	}
}

static bool
read_direction(struct span word, uint8_t *dirs)
{
	if (args_is(word, "request") || args_is(word, "to_server"))
		*dirs = DIR_BIT(DIR_TOSERVER);
	else if (args_is(word, "response") || args_is(word, "to_client"))
		*dirs = DIR_BIT(DIR_TOCLIENT);
	else if (args_is(word, "both"))
		*dirs = DIR_BOTH;
	else
		return false;
	return true;
}

static bool
read_scope(struct span word, uint8_t *scope)
{
	if (args_is(word, "file"))
		*scope = FILESTORE_FILE;
	else if (args_is(word, "tx"))
		*scope = FILESTORE_TX;
	else if (args_is(word, "ssn") || args_is(word, "flow"))
		*scope = FILESTORE_FLOW;
	else
		return false;
	return true;
}

static int
filestore_parse(struct rule_parser *parser, struct span args, bool is_negated)
{
	struct filestore *store = rule_alloc(parser, sizeof(*store));
	struct span direction, scope;
	args_cut(args, ',', &direction, &scope);
	if (direction.len && !read_direction(direction, &store->dirs))
		return rule_error(parser, direction.p, "expected request, response or both");
	if (scope.p && !read_scope(scope, &store->scope))
		return rule_error(parser, scope.p, "expected file, tx, ssn or flow");
	store->test = file_test_of(parser);
	parser->set->file_needs |= PROTO_STORE;
	rule_add_fire(parser, &keyword_filestore, store);
	return 0;
}

const struct keyword keyword_filestore = {
	.name = "filestore",
	.args = "[request | response | both] [, file | tx | ssn | flow]",
	.help = "has the file stored that the rule speaks of",
	.example = "filestore;",
	.url = "rules/file-keywords.html#filestore",
	.flags = KEYWORD_OPTIONAL_ARGS,
	.parse = filestore_parse,
	.fire = filestore_fire,
};
