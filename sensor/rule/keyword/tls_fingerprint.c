/* SPDX-License-Identifier: Apache-2.0 */
/* tls.fingerprint: SHA-1 of the certificate, in either case.   tls.fingerprint:!"4a:a3:66:...";
 */
#include <ctype.h>

#include "sensor/rule/keyword/tls_text.h"

static int
tls_fingerprint_parse(struct rule_parser *parser, struct span args, bool is_negated)
{
	struct span lower = rule_copy(parser, args);
	for (size_t i = 0; i < lower.len; i++)
		((uint8_t *)lower.p)[i] = (uint8_t)tolower(lower.p[i]);
	return tls_text_add(parser, "tls.cert_fingerprint", lower, is_negated);
}

const struct keyword keyword_tls_fingerprint = {
	.name = "tls.fingerprint",
	.args = "[!]\"hex:hex:...\"",
	.help = "SHA-1 of the certificate, in either case",
	.example =
	    "tls.fingerprint:\"4a:a3:66:76:82:cb:6b:23:bb:c3:58:47:23:a4:63:a7:78:a4:a1:18\";",
	.url = "rules/tls-keywords.html",
	.flags = KEYWORD_QUOTED | KEYWORD_NEGATABLE,
	.parse = tls_fingerprint_parse,
};
