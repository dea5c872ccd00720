/* SPDX-License-Identifier: Apache-2.0 */
/* ldap.responses.operation, ldap.responses.result_code: a number of each response.
 * ldap.responses.operation:search_result_entry;   of any response
 * ldap.responses.result_code:success,all;         of every one
 * ldap.responses.operation:search_result_done,-1; of the last one */
#include <errno.h>

#include "sensor/proto/ldap.h"
#include "sensor/rule/keyword/packet_number.h"

#define INDEX_MAX 1000000

enum which {
	WHICH_ANY,
	WHICH_ALL,
	WHICH_INDEX,
};

struct responses_test {
	struct number_test test;
	uint8_t which; /* enum which */
	int32_t index; /* negative: from the end */
};

typedef bool (*response_number_fn)(const struct tx *tx, unsigned index, int64_t *ret);

static bool
response_operation(const struct tx *tx, unsigned index, int64_t *ret)
{
	struct ldap_message m;
	(void)ldap_response(tx, index, &m);
	*ret = m.op;
	return true;
}

static bool
responses_hold(const struct responses_test *t, const struct match_context *ctx,
    response_number_fn number_of)
{
	int64_t number;
	if (!ctx->tx || !ctx->app || ctx->app->id != PROTO_ID_ldap ||
	    ctx->dir != DIR_TOCLIENT || ctx->tx->progress[DIR_TOCLIENT] < 1)
		return false;
	unsigned count = ldap_response_count(ctx->tx);
	if (t->which == WHICH_INDEX) {
		int64_t at = t->index < 0 ? (int64_t)count + t->index : t->index;
		return at >= 0 && at < (int64_t)count &&
		       number_of(ctx->tx, (unsigned)at, &number) &&
		       number_matches(&t->test, (uint64_t)number);
	}
	for (unsigned i = 0; i < count; i++) {
		bool holds = number_of(ctx->tx, i, &number) &&
			     number_matches(&t->test, (uint64_t)number);
		if (holds != (t->which == WHICH_ALL))
			return holds;
	}
	return t->which == WHICH_ALL && count > 0;
}

static bool
operation_match(const struct match *match, const struct match_context *ctx)
{
	return responses_hold(match->data, ctx, response_operation);
}

static bool
code_match(const struct match *match, const struct match_context *ctx)
{
	return responses_hold(match->data, ctx, ldap_response_code);
}

static int
responses_parse(struct rule_parser *parser, const struct keyword *keyword,
    const struct field_name *names, uint64_t max, struct span args)
{
	struct responses_test *t = rule_alloc(parser, sizeof(*t));
	struct span value, which, name;
	int64_t index;
	if (rule_select_app(parser, PROTO_ID_ldap) < 0)
		return -EINVAL;
	args_cut(args, ',', &value, &which);
	bool is_negated = value.len && value.p[0] == '!';
	name = is_negated ? args_trim(span_from(value, 1)) : value;
	for (; names->name && !args_is_nocase(name, names->name); names++)
		;
	if (names->name) {
		t->test = (struct number_test){ .op = is_negated ? NUMBER_NE : NUMBER_EQ,
			.a = names->value };
	} else {
		const struct number_test *test = number_read(parser, value, max);
		if (!test)
			return -EINVAL;
		t->test = *test;
	}
	if (args_is(which, "all")) {
		t->which = WHICH_ALL;
	} else if (which.p && !args_is(which, "any")) {
		if (!args_int(which, -INDEX_MAX, INDEX_MAX, &index))
			return rule_error(parser, which.p, "expected any, all or an index");
		t->which = WHICH_INDEX;
		t->index = (int32_t)index;
	}
	rule_add_tx(parser, keyword, t);
	return 0;
}

static int
operation_parse(struct rule_parser *parser, struct span args, bool is_negated)
{
	return responses_parse(parser, &keyword_ldap_responses_operation, ldap_op_names,
	    UINT8_MAX, args);
}

static int
code_parse(struct rule_parser *parser, struct span args, bool is_negated)
{
	return responses_parse(parser, &keyword_ldap_responses_result_code, ldap_code_names,
	    UINT32_MAX, args);
}

const struct keyword keyword_ldap_responses_operation = {
	.name = "ldap.responses.operation",
	.args = "operation [,any | all | index]",
	.help = "kind of a response",
	.example = "ldap.responses.operation:search_result_done,-1;",
	.url = "rules/ldap-keywords.html#ldap-responses-operation",
	.parse = operation_parse,
	.match_tx = operation_match,
};

const struct keyword keyword_ldap_responses_result_code = {
	.name = "ldap.responses.result_code",
	.args = "code [,any | all | index]",
	.help = "how a request ended",
	.example = "ldap.responses.result_code:invalid_credentials;",
	.url = "rules/ldap-keywords.html#ldap-responses-result-code",
	.parse = code_parse,
	.match_tx = code_match,
};
