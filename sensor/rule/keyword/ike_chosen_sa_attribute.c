/* SPDX-License-Identifier: Apache-2.0 */
/* ike.chosen_sa_attribute: what the responder chose.   ike.chosen_sa_attribute:alg_hash=2; */
#include <errno.h>

#include "sensor/proto/ike.h"
#include "sensor/rule/parser.h"

struct ike_chosen_test {
	uint16_t attribute;
	uint32_t number;
};

static const struct {
	const char *name;
	uint16_t attribute;
} attributes[] = { { "alg_enc", IKE_ALG_ENC }, { "alg_hash", IKE_ALG_HASH },
	{ "alg_auth", IKE_ALG_AUTH }, { "alg_dh", IKE_ALG_DH }, { "alg_prf", IKE_ALG_PRF },
	{ "sa_group_type", IKE_GROUP_TYPE }, { "sa_life_type", IKE_LIFE_TYPE },
	{ "sa_life_duration", IKE_LIFE_DURATION }, { "sa_key_length", IKE_KEY_LENGTH },
	{ "sa_field_size", IKE_FIELD_SIZE } };

static bool
ike_chosen_match(const struct match *match, const struct match_context *ctx)
{
	const struct ike_chosen_test *t = match->data;
	uint32_t number;
	if (ctx->dir != DIR_TOCLIENT || !ctx->tx || !ctx->app || ctx->app->id != PROTO_ID_ike)
		return false;
	return ike_chosen((const struct ike_tx *)ctx->tx, t->attribute, &number) &&
	       number == t->number;
}

static int
ike_chosen_parse(struct rule_parser *parser, struct span args, bool is_negated)
{
	struct ike_chosen_test *t = rule_alloc(parser, sizeof(*t));
	struct span name, value;
	uint64_t number;
	if (rule_select_app(parser, PROTO_ID_ike) < 0)
		return -EINVAL;
	args_cut(args, '=', &name, &value);
	for (size_t i = 0; i < sizeof(attributes) / sizeof(attributes[0]); i++)
		if (args_is_nocase(name, attributes[i].name))
			t->attribute = attributes[i].attribute;
	if (!t->attribute)
		return rule_error(parser, args.p, "unknown attribute \"%.*s\"", (int)name.len,
		    name.p);
	if (!args_uint(value, UINT32_MAX, &number))
		return rule_error(parser, value.p ? (const void *)value.p : args.p,
		    "expected a number behind =");
	t->number = (uint32_t)number;
	rule_add_tx(parser, &keyword_ike_chosen_sa_attribute, t);
	return 0;
}

const struct keyword keyword_ike_chosen_sa_attribute = {
	.name = "ike.chosen_sa_attribute",
	.args = "alg_enc | alg_hash | alg_auth | alg_dh | alg_prf | sa_..., with =N",
	.help = "an attribute that the responder of an IKE exchange chose",
	.example = "ike.chosen_sa_attribute:alg_hash=2;",
	.url = "rules/ike-keywords.html#ike-chosen-sa-attribute",
	.parse = ike_chosen_parse,
	.match_tx = ike_chosen_match,
};
