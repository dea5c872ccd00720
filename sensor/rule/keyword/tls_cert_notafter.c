/* SPDX-License-Identifier: Apache-2.0 */
/* tls_cert_notafter: end of the certificate's validity.   tls_cert_notafter:>2015-10-22; */
#include "sensor/rule/keyword/tls_cert_time.h"

static int
tls_cert_notafter_parse(struct rule_parser *parser, struct span args, bool is_negated)
{
	return tls_cert_time_add(parser, "tls.cert_not_after", args);
}

const struct keyword keyword_tls_cert_notafter = {
	.name = "tls_cert_notafter",
	.args = "TIME | <TIME | >TIME | TIME<>TIME",
	.help = "end of the certificate's validity",
	.example = "tls_cert_notafter:>2015-10-22;",
	.url = "rules/tls-keywords.html",
	.parse = tls_cert_notafter_parse,
};
