/* SPDX-License-Identifier: Apache-2.0 */
/* tls_cert_expired: the certificate is no longer valid when it is shown.   tls_cert_expired; */
#include "sensor/rule/keyword/tls_cert_time.h"

static int
tls_cert_expired_parse(struct rule_parser *parser, struct span args, bool is_negated)
{
	return tls_cert_now_add(parser, true);
}

const struct keyword keyword_tls_cert_expired = {
	.name = "tls_cert_expired",
	.help = "the certificate is no longer valid when it is shown",
	.example = "tls_cert_expired;",
	.url = "rules/tls-keywords.html",
	.flags = KEYWORD_NO_ARGS,
	.parse = tls_cert_expired_parse,
};
