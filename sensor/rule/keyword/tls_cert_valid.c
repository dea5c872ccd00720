/* SPDX-License-Identifier: Apache-2.0 */
/* tls_cert_valid: the certificate is valid when it is shown.   tls_cert_valid; */
#include "sensor/rule/keyword/tls_cert_time.h"

static int
tls_cert_valid_parse(struct rule_parser *parser, struct span args, bool is_negated)
{
	return tls_cert_now_add(parser, false);
}

const struct keyword keyword_tls_cert_valid = {
	.name = "tls_cert_valid",
	.help = "the certificate is valid when it is shown",
	.example = "tls_cert_valid;",
	.url = "rules/tls-keywords.html",
	.flags = KEYWORD_NO_ARGS,
	.parse = tls_cert_valid_parse,
};
