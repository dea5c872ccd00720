/* SPDX-License-Identifier: Apache-2.0 */
/* tls_text: the older keywords that ask a certificate for a text in one word. */
#ifndef GUAN_SENSOR_RULE_KEYWORD_TLS_TEXT_H
#define GUAN_SENSOR_RULE_KEYWORD_TLS_TEXT_H

#include "sensor/rule/parser.h"

/* Attaches the quoted text as a content of the buffer. */
int tls_text_add(struct rule_parser *parser, const char *buffer, struct span args,
    bool is_negated);

#endif
