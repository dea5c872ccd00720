/* SPDX-License-Identifier: Apache-2.0 */
/*
 * named: protocols that the sensor does not parse but can tell apart.
 *
 * "alert smb" with contents of the payload needs no parser, only somebody who says that a flow
 * is SMB: nDPI. Until it has decided (contents often stand in the very first bytes) a flow on
 * one of the protocol's usual server ports counts as of it. Buffers of such a protocol stay
 * refused.
 */
#ifndef GUAN_SENSOR_RULE_NAMED_H
#define GUAN_SENSOR_RULE_NAMED_H

#include "sensor/rule/parser.h"

/* Makes the rule one for this protocol. False: no such name. */
bool named_protocol_select(struct rule_parser *parser, struct span name);

#endif
