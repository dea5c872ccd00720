/* SPDX-License-Identifier: Apache-2.0 */
/* tls_cert_notbefore: begin of the certificate's validity. tls_cert_notbefore:2015-10<>2015-12;
 */
#include "sensor/rule/keyword/tls_cert_time.h"

static int
tls_cert_notbefore_parse(struct rule_parser *parser, struct span args, bool is_negated)
{
	return tls_cert_time_add(parser, "tls.cert_not_before", args);
}

const struct keyword keyword_tls_cert_notbefore = {
	.name = "tls_cert_notbefore",
	.args = "TIME | <TIME | >TIME | TIME<>TIME",
	.help = "begin of the certificate's validity",
	.example = "tls_cert_notbefore:2015-10<>2015-12;",
	.url = "rules/tls-keywords.html",
	.parse = tls_cert_notbefore_parse,
};
