/* SPDX-License-Identifier: Apache-2.0 */
/* refused: keywords of the rule language that we know and do not support, and why. */
#ifndef GUAN_SENSOR_RULE_REFUSED_H
#define GUAN_SENSOR_RULE_REFUSED_H

#include "common/span.h"

/* Why a keyword is refused, or NULL when it is not known at all. */
const char *keyword_refusal(struct span name);

/* Whether a protocol word belongs to the language though no parser of ours knows it. */
bool protocol_is_refused(struct span name);

#endif
