/* SPDX-License-Identifier: Apache-2.0 */
/* text_gbk: GBK (GB 18030) text of the sector's protocols as UTF-8. */
#ifndef GUAN_SENSOR_PROTO_TEXT_GBK_H
#define GUAN_SENSOR_PROTO_TEXT_GBK_H

#include "common/span.h"

/*
 * Converts into out (cap bytes); what is no GB 18030 becomes U+FFFD, and *ret_is_bad (may be
 * NULL) is set. Trailing NULs are dropped. Returns the length. Thread-safe; the first call in a
 * thread opens a converter that lives as long as the thread.
 */
size_t text_gbk_to_utf8(struct span gbk, char *out, size_t cap, bool *ret_is_bad);

#endif
