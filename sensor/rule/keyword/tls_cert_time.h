/* SPDX-License-Identifier: Apache-2.0 */
/* tls_cert_time: the keywords on a certificate's validity. */
#ifndef GUAN_SENSOR_RULE_KEYWORD_TLS_CERT_TIME_H
#define GUAN_SENSOR_RULE_KEYWORD_TLS_CERT_TIME_H

#include "sensor/rule/parser.h"

/* Attaches the comparison of a date with a field of seconds: N, <N, >N, A<>B; each a number of
 * seconds since 1970 or YYYY[-MM[-DD[THH[:MM[:SS]]]]] in UTC. */
int tls_cert_time_add(struct rule_parser *parser, const char *field, struct span args);

/* Attaches "now lies in the certificate's validity", or that it lies behind it. */
int tls_cert_now_add(struct rule_parser *parser, bool is_expired);

#endif
