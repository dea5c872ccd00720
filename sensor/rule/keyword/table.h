/* SPDX-License-Identifier: Apache-2.0 */
/* One row per keyword, sorted by name. Included by keyword.h only. */
#ifndef GUAN_SENSOR_RULE_KEYWORD_TABLE_H
#define GUAN_SENSOR_RULE_KEYWORD_TABLE_H

#define KEYWORDS(X) \
	X(content)  \
	X(msg)

#endif
