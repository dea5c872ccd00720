/* SPDX-License-Identifier: Apache-2.0 */
/* tls.subject: a text in the subject of the certificate.   tls.subject:"CN=*.example.com"; */
#include "sensor/rule/keyword/tls_text.h"

static int
tls_subject_parse(struct rule_parser *parser, struct span args, bool is_negated)
{
	return tls_text_add(parser, "tls.cert_subject", args, is_negated);
}

const struct keyword keyword_tls_subject = {
	.name = "tls.subject",
	.args = "[!]\"text\"",
	.help = "a text in the subject of the certificate",
	.example = "tls.subject:\"CN=*.example.com\";",
	.url = "rules/tls-keywords.html",
	.flags = KEYWORD_QUOTED | KEYWORD_NEGATABLE,
	.parse = tls_subject_parse,
};
