/* SPDX-License-Identifier: Apache-2.0 */
/* args: takes a keyword's arguments apart. All results point into the rule's text. */
#ifndef GUAN_SENSOR_RULE_ARGS_H
#define GUAN_SENSOR_RULE_ARGS_H

#include "common/span.h"

/* Without white space at both ends. */
struct span args_trim(struct span s);

/* Takes the next piece up to sep (or the end), trimmed. False when nothing is left. */
bool args_next(struct span *rest, char sep, struct span *ret);

/* The same at runs of white space. */
bool args_word(struct span *rest, struct span *ret);

/* Splits at the first sep; without one, *ret_right is empty with p NULL. Both trimmed. */
void args_cut(struct span s, char sep, struct span *ret_left, struct span *ret_right);

bool args_is(struct span s, const char *text);
bool args_is_nocase(struct span s, const char *text);

/* A whole decimal, or (0x) hexadecimal number of at most max. */
bool args_uint(struct span s, uint64_t max, uint64_t *ret);
bool args_int(struct span s, int64_t min, int64_t max, int64_t *ret);

/* A quoted text without its quotes; text without quotes as it is. False: one quote only. */
bool args_unquote(struct span s, struct span *ret);

/* Letters, digits, _ - . as names of variables have them. */
bool args_is_name(struct span s);

#endif
