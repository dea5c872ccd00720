/* SPDX-License-Identifier: Apache-2.0 */
/* hex: bytes as hexadecimal digits. */
#ifndef GUAN_COMMON_HEX_H
#define GUAN_COMMON_HEX_H

#include "common/span.h"

/* Two digits a byte with sep between bytes (0: none) and a NUL; whole bytes only, as far as
 * size reaches. Returns the text's length. */
size_t hex_text(struct span bytes, char sep, bool is_upper, char *out, size_t size);

#endif
