/* SPDX-License-Identifier: Apache-2.0 */
/* tls.issuerdn: a text in the issuer of the certificate.   tls.issuerdn:!"CN=Example CA"; */
#include "sensor/rule/keyword/tls_text.h"

static int
tls_issuerdn_parse(struct rule_parser *parser, struct span args, bool is_negated)
{
	return tls_text_add(parser, "tls.cert_issuer", args, is_negated);
}

const struct keyword keyword_tls_issuerdn = {
	.name = "tls.issuerdn",
	.args = "[!]\"text\"",
	.help = "a text in the issuer of the certificate",
	.example = "tls.issuerdn:!\"CN=Example CA\";",
	.url = "rules/tls-keywords.html",
	.flags = KEYWORD_QUOTED | KEYWORD_NEGATABLE,
	.parse = tls_issuerdn_parse,
};
