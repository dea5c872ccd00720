/* SPDX-License-Identifier: Apache-2.0 */
/* rule_text: reads rules from a string, for tests. */
#ifndef GUAN_TESTS_RULE_TEXT_H
#define GUAN_TESTS_RULE_TEXT_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "sensor/rule/ruleset.h"

/* The rule set of the text. Never NULL. */
static inline struct ruleset *
rule_text_load(const char *text)
{
	struct ruleset_options options = { .text = span_str(text) };
	char *error = NULL;
	struct ruleset *set = ruleset_load(&options, &error);
	if (!set) {
		fprintf(stderr, "%s\n", error);
		abort();
	}
	return set;
}

/* A set of one rule with these options; what is left of the buffer names the protocol. */
static inline struct ruleset *
rule_text_options(const char *proto, const char *options)
{
	char text[8192];
	snprintf(text, sizeof(text), "alert %s any any -> any any (%s sid:1;)\n", proto,
	    options);
	return rule_text_load(text);
}

static inline const char *
rule_text_reason(const struct ruleset *set)
{
	for (const struct rule_refusal *f = set->refusals; f; f = f->next)
		if (!f->is_warning)
			return f->reason;
	return "";
}

#endif
