/* SPDX-License-Identifier: Apache-2.0 */
/* krb5.ticket_encryption: how a Kerberos ticket is encrypted.   krb5.ticket_encryption:weak;
 * krb5.ticket_encryption:!weak;   krb5.ticket_encryption:rc4-hmac,rc4-hmac-exp 24; */
#include <errno.h>

#include "sensor/proto/krb5.h"
#include "sensor/rule/parser.h"

struct ticket_test {
	bool is_weakness, is_weak;
	unsigned count;
	int32_t *kinds;
};

static bool
ticket_match(const struct match *match, const struct match_context *ctx)
{
	const struct ticket_test *t = match->data;
	int32_t kind;
	if (!ctx->tx || !ctx->app || ctx->app->id != PROTO_ID_krb5 ||
	    ctx->tx->progress[ctx->dir] < 1 || !krb5_ticket_encryption(ctx->tx, &kind))
		return false;
	if (t->is_weakness)
		return krb5_is_weak(kind) == t->is_weak;
	for (unsigned i = 0; i < t->count; i++)
		if (t->kinds[i] == kind)
			return true;
	return false;
}

static bool
kind_read(struct span word, int32_t *ret)
{
	int64_t number;
	for (const struct field_name *n = krb5_encryption_names; n->name; n++)
		if (args_is_nocase(word, n->name)) {
			*ret = (int32_t)n->value;
			return true;
		}
	if (!args_int(word, INT32_MIN, INT32_MAX, &number))
		return false;
	*ret = (int32_t)number;
	return true;
}

static int
ticket_parse(struct rule_parser *parser, struct span args, bool is_negated)
{
	struct ticket_test *t = rule_alloc(parser, sizeof(*t));
	struct span rest = args_trim(args), piece, word;
	if (rule_select_app(parser, PROTO_ID_krb5) < 0)
		return -EINVAL;
	t->is_weak = !(rest.len && rest.p[0] == '!');
	t->is_weakness = args_is(t->is_weak ? rest : args_trim(span_from(rest, 1)), "weak");
	/* At most every other byte is a kind. */
	t->kinds = rule_alloc(parser, (args.len / 2 + 1) * sizeof(*t->kinds));
	while (!t->is_weakness && args_next(&rest, ',', &piece)) {
		while (args_word(&piece, &word)) {
			if (!kind_read(word, &t->kinds[t->count++]))
				return rule_error(parser, word.p,
				    "expected weak, !weak, or kinds of encryption");
		}
	}
	if (!t->is_weakness && t->count == 0)
		return rule_error(parser, NULL, "expected weak, !weak, or kinds of encryption");
	rule_add_tx(parser, &keyword_krb5_ticket_encryption, t);
	return 0;
}

const struct keyword keyword_krb5_ticket_encryption = {
	.name = "krb5.ticket_encryption",
	.args = "weak | !weak | kind [,kind]*",
	.help = "how a Kerberos ticket is encrypted",
	.example = "krb5.ticket_encryption:weak;",
	.url = "rules/kerberos-keywords.html#krb5-ticket-encryption",
	.parse = ticket_parse,
	.match_tx = ticket_match,
};
