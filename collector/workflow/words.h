/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GUAN_COLLECTOR_WORKFLOW_WORDS_H
#define GUAN_COLLECTOR_WORKFLOW_WORDS_H

/* words: what people write as reasons and reports. UTF-8. */

#include <stdbool.h>

/*
 * Whether there is nothing to read: spaces only, also the ideographic ones of Chinese
 * keyboards. A reason that shows as nothing is none.
 */
bool words_are_blank(const char *text);

#endif
