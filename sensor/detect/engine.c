/* SPDX-License-Identifier: Apache-2.0 */
/* The engine's life: made whole, shared, ended by whoever lets go last. */
#include "sensor/detect/engine.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "common/clock.h"

#define ALERT_MAX_DEFAULT 15

/* States in flows and transactions are tagged with it, so that a stale one is told. */
static atomic_uint next_generation = 1;

/*
 * Bits of hosts concern all workers and outlive a reload: one table for the process, there as
 * long as any engine is.
 */
#define HOST_VARS_MAX 65536
static pthread_mutex_t hosts_lock = PTHREAD_MUTEX_INITIALIZER;
static struct host_vars *hosts;
static unsigned hosts_refs;

static struct host_vars *
hosts_ref(void)
{
	pthread_mutex_lock(&hosts_lock);
	if (!hosts)
		hosts = host_vars_new(HOST_VARS_MAX);
	if (hosts)
		hosts_refs++;
	pthread_mutex_unlock(&hosts_lock);
	return hosts;
}

static void
hosts_unref(void)
{
	pthread_mutex_lock(&hosts_lock);
	if (--hosts_refs == 0) {
		host_vars_free(hosts);
		hosts = NULL;
	}
	pthread_mutex_unlock(&hosts_lock);
}

struct detect_engine *
detect_engine_new(struct ruleset *set, const struct detect_engine_options *options,
    char **ret_error)
{
	static const struct detect_engine_options none;
	nsec_t start = clock_mono_ns();
	if (ret_error)
		*ret_error = NULL;
	if (!options)
		options = &none;
	struct detect_engine *engine = calloc(1, sizeof(*engine));
	if (!engine)
		goto err;
	atomic_init(&engine->refs, 1);
	do
		engine->generation = atomic_fetch_add(&next_generation, 1);
	while (engine->generation == 0);
	engine->set = set;
	engine->no_prefilter = options->no_prefilter;
	engine->alert_max = options->alert_max ? options->alert_max : ALERT_MAX_DEFAULT;
	engine->hosts = hosts_ref();
	int r = engine->hosts ? plan_build(engine) : -ENOMEM;
	if (r == 0)
		r = group_build(engine, options->cache_dir, ret_error);
	if (r < 0) {
		engine->set = NULL; /* not taken over */
		detect_engine_unref(engine);
		goto err;
	}
	engine->stats.rules = engine->plan_count;
	engine->stats.compile_ns = clock_mono_ns() - start;
	return engine;

err:
	if (ret_error && !*ret_error)
		*ret_error = strdup("detect: no memory to compile the rules");
	return NULL;
}

struct detect_engine *
detect_engine_ref(struct detect_engine *engine)
{
	atomic_fetch_add_explicit(&engine->refs, 1, memory_order_relaxed);
	return engine;
}

void
detect_engine_unref(struct detect_engine *engine)
{
	if (!engine || atomic_fetch_sub_explicit(&engine->refs, 1, memory_order_acq_rel) != 1)
		return;
	group_done(engine);
	free(engine->slots);
	free(engine->sections);
	free(engine->plans);
	if (engine->set)
		ruleset_free(engine->set);
	if (engine->hosts)
		hosts_unref();
	free(engine);
}

bool
detect_engine_is_last(const struct detect_engine *engine)
{
	return atomic_load_explicit(&engine->refs, memory_order_acquire) == 1;
}

const struct ruleset *
detect_engine_rules(const struct detect_engine *engine)
{
	return engine->set;
}

uint64_t
detect_engine_wanted_protos(const struct detect_engine *engine)
{
	return engine->wanted_protos;
}

const struct detect_engine_stats *
detect_engine_stats(const struct detect_engine *engine)
{
	return &engine->stats;
}
