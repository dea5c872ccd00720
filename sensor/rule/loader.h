/* SPDX-License-Identifier: Apache-2.0 */
/* loader: what the rules of a set share while they are being read. Inside this folder only. */
#ifndef GUAN_SENSOR_RULE_LOADER_H
#define GUAN_SENSOR_RULE_LOADER_H

#include "sensor/rule/address.h"
#include "sensor/rule/port.h"
#include "sensor/rule/ruleset.h"
#include "sensor/rule/transform.h"
#include "sensor/rule/variables.h"

struct rule_class {
	const char *name, *text;
	uint8_t priority;
};

struct rule_loader {
	struct ruleset *set;
	struct arena *arena;
	const struct rule_variables *vars;
	struct rule_class *classes;
	unsigned class_count, class_cap;
	struct rule_refusal **refusals_end;

	/* Equal texts share one set: thousands of rules name $HOME_NET. */
	struct text_cache *addr_cache, *port_cache, *chain_cache;
	struct text_cache *sid_cache; /* gid and sid to the rule that has them */
	uint32_t rule_cap, refusal_count;
	uint16_t addr_count, port_count, chain_count;

	struct dataset *datasets; /* read-only sets of this rule set (dataset.c) */
	bool has_warned_inline;
	const struct conf_node *root;
	const char *dir; /* where relative names of data files start */
	const char *data_dir;
};

/* Known texts and what they became. put() copies nothing. */
struct text_cache *text_cache_new(void);
void text_cache_free(struct text_cache *cache);
bool text_cache_get(struct text_cache *cache, struct span text, const void **ret);
int text_cache_put(struct text_cache *cache, struct span text, const void *value);

void loader_refuse(struct rule_loader *loader, const struct rule_refusal *refusal);
const struct rule_class *loader_class(const struct rule_loader *loader, struct span name);
/* Notes a class that no file describes: default priority, no text. NULL: no memory. */
const struct rule_class *loader_class_unknown(struct rule_loader *loader, struct span name);

/* classification.config: the built-in names, or a file. */
int classification_read(struct rule_loader *loader, const char *path, char **ret_error);
void classification_builtin(struct rule_loader *loader);

#endif
