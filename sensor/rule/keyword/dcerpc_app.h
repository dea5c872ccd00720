/* SPDX-License-Identifier: Apache-2.0 */
/* dcerpc_app: the protocols in which calls of DCERPC are found: dcerpc, and smb. */
#ifndef GUAN_SENSOR_RULE_KEYWORD_DCERPC_APP_H
#define GUAN_SENSOR_RULE_KEYWORD_DCERPC_APP_H

#include "sensor/rule/parser.h"

/* The rule is about calls: of dcerpc (which smb answers to as well), unless it names smb. */
int dcerpc_select_app(struct rule_parser *parser);

#endif
