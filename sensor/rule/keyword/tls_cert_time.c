/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/rule/keyword/tls_cert_time.h"

#include <errno.h>
#include <time.h>

#include "sensor/rule/field.h"

/* What a date leaves out is its first: 2015-10 is the first of October. */
static bool
time_parse(struct span text, uint64_t *ret)
{
	static const char *const formats[] = { "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S",
		"%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H", "%Y-%m-%d %H", "%Y-%m-%d",
		"%Y-%m" };
	char copy[32];
	text = args_trim(text);
	if (args_uint(text, UINT64_MAX, ret))
		return true;
	if (text.len == 0 || text.len >= sizeof(copy))
		return false;
	memcpy(copy, text.p, text.len);
	copy[text.len] = '\0';
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		struct tm tm = { .tm_mday = 1 };
		const char *end = strptime(copy, formats[i], &tm);
		if (!end || *end)
			continue;
		time_t at = timegm(&tm);
		*ret = (uint64_t)at;
		return at >= 0;
	}
	return false;
}

int
tls_cert_time_add(struct rule_parser *parser, const char *field, struct span args)
{
	const struct buffer *buffer = buffer_find(span_str(field));
	if (!buffer)
		return rule_error(parser, NULL, "no field %s in this sensor", field);
	struct number_test test = { .op = NUMBER_EQ };
	struct span inner;
	if (args_unquote(args, &inner))
		args = inner;
	args = args_trim(args);
	for (size_t i = 1; i + 1 < args.len; i++)
		if (args.p[i] == '<' && args.p[i + 1] == '>') {
			if (!time_parse(span_from(args, i + 2), &test.b) ||
			    !time_parse(span_sub(args, 0, i), &test.a) || test.a >= test.b)
				return rule_error(parser, args.p,
				    "expected an earlier and a later time around <>");
			test.op = NUMBER_RANGE;
			return field_number_add(parser, buffer, test);
		}
	if (args.len && (args.p[0] == '<' || args.p[0] == '>')) {
		test.op = args.p[0] == '<' ? NUMBER_LT : NUMBER_GT;
		args = span_from(args, 1);
	}
	if (!time_parse(args, &test.a))
		return rule_error(parser, args.p,
		    "expected seconds since 1970 or YYYY-MM-DDTHH:MM:SS");
	return field_number_add(parser, buffer, test);
}

struct validity {
	const struct buffer *not_before, *not_after;
	bool is_expired; /* asked for */
};

static bool
validity_match_tx(const struct match *match, const struct match_context *ctx)
{
	const struct validity *v = match->data;
	uint64_t before, after, now = ctx->tx ? ctx->tx->last_ns / NSEC_PER_SEC : 0;
	if (!field_number(v->not_after, ctx, 0, &after))
		return false;
	if (v->is_expired)
		return after < now;
	return after >= now && field_number(v->not_before, ctx, 0, &before) && before <= now;
}

static const struct keyword keyword_validity = {
	.name = "tls_cert_valid",
	.help = "validity of the certificate, at the time of the packet",
	.match_tx = validity_match_tx,
};

int
tls_cert_now_add(struct rule_parser *parser, bool is_expired)
{
	struct validity *v = rule_alloc(parser, sizeof(*v));
	v->not_before = buffer_find(SPAN("tls.cert_not_before"));
	v->not_after = buffer_find(SPAN("tls.cert_not_after"));
	v->is_expired = is_expired;
	if (!v->not_before || !v->not_after)
		return rule_error(parser, NULL, "no parser of TLS in this sensor");
	rule_add_tx(parser, &keyword_validity, v);
	return rule_select_app(parser, PROTO_ID_tls);
}
