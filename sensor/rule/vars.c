/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "common/hash.h"
#include "sensor/rule/vars_private.h"

/* --- Names --- */

/* Names come from rule files only; a process that has seen this many is misused. */
#define VAR_NAMES_MAX (1u << 20)
#define NAME_CHUNK 1024u

/*
 * Names lie in chunks that never move, and count is published behind the name it counts: who
 * holds a number reads its name without the lock, on the packet path.
 */
static struct {
	pthread_mutex_t lock;
	char **chunks[VAR_NAMES_MAX / NAME_CHUNK]; /* by id - 1 */
	_Atomic uint32_t count;
	uint32_t *index; /* open addressing, ids; 0 free */
	uint32_t index_cap;
} names = { .lock = PTHREAD_MUTEX_INITIALIZER };

static char **
name_place(uint32_t id)
{
	return &names.chunks[(id - 1) / NAME_CHUNK][(id - 1) % NAME_CHUNK];
}

/* The place in the index of the name, or where it would go. */
static uint32_t
index_place(const uint32_t *index, uint32_t cap, struct span name)
{
	uint32_t at = (uint32_t)hash_span(name, 0) & (cap - 1);
	while (index[at] && !span_eq(span_str(*name_place(index[at])), name))
		at = (at + 1) & (cap - 1);
	return at;
}

static bool
index_grow(uint32_t count)
{
	uint32_t cap = names.index_cap ? names.index_cap * 2 : 512;
	uint32_t *index = calloc(cap, sizeof(*index));
	if (!index)
		return false;
	for (uint32_t id = 1; id <= count; id++)
		index[index_place(index, cap, span_str(*name_place(id)))] = id;
	free(names.index);
	names.index = index;
	names.index_cap = cap;
	return true;
}

static uint32_t
names_get(struct span name)
{
	uint32_t count = atomic_load_explicit(&names.count, memory_order_relaxed);
	if (count * 2 >= names.index_cap && !index_grow(count))
		return 0;
	uint32_t at = index_place(names.index, names.index_cap, name);
	if (names.index[at])
		return names.index[at];
	if (count == VAR_NAMES_MAX)
		return 0;
	char ***chunk = &names.chunks[count / NAME_CHUNK];
	if (!*chunk && !(*chunk = calloc(NAME_CHUNK, sizeof(**chunk))))
		return 0;
	uint32_t id = count + 1;
	if (!(*name_place(id) = strndup((const char *)name.p, name.len)))
		return 0;
	names.index[at] = id;
	atomic_store_explicit(&names.count, id, memory_order_release);
	return id;
}

uint32_t
var_id(struct span name)
{
	pthread_mutex_lock(&names.lock);
	uint32_t id = names_get(name);
	pthread_mutex_unlock(&names.lock);
	return id;
}

const char *
var_name(uint32_t id)
{
	uint32_t count = atomic_load_explicit(&names.count, memory_order_acquire);
	return id && id <= count ? *name_place(id) : "";
}

/* --- Flow variables --- */

static struct var *
flow_var_find(const struct flow_vars *vars, uint32_t id, enum var_scope scope)
{
	for (struct flow_vars *c = (struct flow_vars *)vars; c; c = c->next)
		for (unsigned i = 0; i < c->used; i++)
			if (c->vars[i].id == id && c->vars[i].scope == scope)
				return &c->vars[i];
	return NULL;
}

static struct flow_vars *
flow_vars_chunk(struct rule_thread *thread)
{
	struct flow_vars *chunk = slab_get(thread->vars);
	if (!chunk)
		thread->counters.vars_shed++;
	return chunk;
}

static struct var *
flow_var_make(struct flow_vars **slot, struct rule_thread *thread, uint32_t id,
    enum var_scope scope)
{
	if (!slot)
		return NULL;
	struct var *known = flow_var_find(*slot, id, scope);
	if (known)
		return known;
	if (*slot && (*slot)->total >= FLOW_VARS_MAX) {
		thread->counters.vars_shed++;
		return NULL;
	}
	struct flow_vars **end = slot;
	while (*end && (*end)->used == VARS_PER_CHUNK)
		end = &(*end)->next;
	if (!*end) {
		*end = flow_vars_chunk(thread);
		if (!*end)
			return NULL;
	}
	struct flow_vars *chunk = *end;
	struct var *var = &chunk->vars[chunk->used++];
	*var = (struct var){ .id = id, .scope = (uint8_t)scope };
	(*slot)->total++;
	return var;
}

/* Closes the gap, so that the order of setting stays. The chain keeps its chunks. */
static void
flow_var_remove(struct flow_vars **slot, uint32_t id, enum var_scope scope)
{
	if (!slot)
		return;
	for (struct flow_vars *c = *slot; c; c = c->next)
		for (unsigned i = 0; i < c->used; i++) {
			if (c->vars[i].id != id || c->vars[i].scope != scope)
				continue;
			memmove(&c->vars[i], &c->vars[i + 1],
			    (c->used - i - 1) * sizeof(c->vars[0]));
			c->used--;
			(*slot)->total--;
			return;
		}
}

bool
flow_bit_isset(const struct flow_vars *vars, uint32_t id)
{
	return flow_var_find(vars, id, VAR_FLOW_BIT) != NULL;
}

void
flow_bit_set(struct flow_vars **slot, struct rule_thread *thread, uint32_t id)
{
	(void)flow_var_make(slot, thread, id, VAR_FLOW_BIT);
}

void
flow_bit_unset(struct flow_vars **slot, uint32_t id)
{
	flow_var_remove(slot, id, VAR_FLOW_BIT);
}

void
flow_bit_toggle(struct flow_vars **slot, struct rule_thread *thread, uint32_t id)
{
	if (slot && flow_bit_isset(*slot, id))
		flow_bit_unset(slot, id);
	else
		flow_bit_set(slot, thread, id);
}

bool
flow_once_isset(const struct flow_vars *vars, uint32_t id)
{
	return flow_var_find(vars, id, VAR_FLOW_ONCE) != NULL;
}

void
flow_once_set(struct flow_vars **slot, struct rule_thread *thread, uint32_t id)
{
	(void)flow_var_make(slot, thread, id, VAR_FLOW_ONCE);
}

bool
flow_int_get(const struct flow_vars *vars, uint32_t id, uint32_t *ret)
{
	const struct var *var = flow_var_find(vars, id, VAR_FLOW_INT);
	if (var)
		*ret = var->number;
	return var != NULL;
}

void
flow_int_set(struct flow_vars **slot, struct rule_thread *thread, uint32_t id, uint32_t value)
{
	struct var *var = flow_var_make(slot, thread, id, VAR_FLOW_INT);
	if (var)
		var->number = value;
}

void
flow_real_set(struct flow_vars **slot, struct rule_thread *thread, uint32_t id, double real)
{
	struct var *var = flow_var_make(slot, thread, id, VAR_FLOW_REAL);
	if (var)
		var->real = real;
}

void
flow_int_unset(struct flow_vars **slot, uint32_t id)
{
	flow_var_remove(slot, id, VAR_FLOW_INT);
}

void
flow_text_set(struct flow_vars **slot, struct rule_thread *thread, uint32_t id,
    struct span text)
{
	if (!slot)
		return;
	struct var *var = flow_var_find(*slot, id, VAR_FLOW_TEXT);
	struct flow_vars *chunk = var ? var->text : flow_vars_chunk(thread);
	if (!chunk)
		return;
	if (!var)
		var = flow_var_make(slot, thread, id, VAR_FLOW_TEXT);
	if (!var) {
		slab_put(thread->vars, chunk);
		return;
	}
	text = span_sub(text, 0, FLOW_VAR_TEXT_MAX);
	if (text.len)
		memcpy(chunk->bytes, text.p, text.len);
	var->text = chunk;
	var->text_len = (uint16_t)text.len;
}

bool
flow_text_get(const struct flow_vars *vars, uint32_t id, struct span *ret)
{
	const struct var *var = flow_var_find(vars, id, VAR_FLOW_TEXT);
	if (var)
		*ret = span_of(var->text->bytes, var->text_len);
	return var != NULL;
}

void
flow_vars_free(struct flow_vars *vars, struct rule_thread *thread)
{
	while (vars) {
		struct flow_vars *next = vars->next;
		for (unsigned i = 0; i < vars->used; i++)
			if (vars->vars[i].scope == VAR_FLOW_TEXT)
				slab_put(thread->vars, vars->vars[i].text);
		slab_put(thread->vars, vars);
		vars = next;
	}
}

void
flow_vars_each(const struct flow_vars *vars, flow_var_fn *fn, void *arg)
{
	for (const struct flow_vars *c = vars; c; c = c->next)
		for (unsigned i = 0; i < c->used; i++) {
			const struct var *v = &c->vars[i];
			if (v->scope == VAR_FLOW_ONCE)
				continue;
			struct flow_var out = { .scope = v->scope, .name = var_name(v->id) };
			if (v->scope == VAR_FLOW_TEXT)
				out.text = span_of(v->text->bytes, v->text_len);
			else if (v->scope == VAR_FLOW_REAL)
				out.real = v->real;
			else
				out.number = v->number;
			fn(&out, arg);
		}
}

/* --- Packet variables --- */

struct packet_vars {
	struct packet_vars *next;
	struct packet_var var;
};

/* A rule may be tried more than once on a packet: the last look-up is what it fires on. */
static bool
is_looked_up_again(const struct packet_var *old, const struct packet_var *var)
{
	return var->scope == VAR_ALERT_JSON && old->scope == var->scope &&
	       old->name == var->name && old->sid == var->sid;
}

static void
packet_var_add(struct rule_thread *thread, const struct packet_var *var)
{
	struct packet_vars *link = arena_zalloc(thread->scratch, sizeof(*link));
	if (!link) {
		thread->counters.scratch_shed++;
		return;
	}
	link->var = *var;
	struct packet_vars **end = &thread->packet_vars;
	while (*end && !is_looked_up_again(&(*end)->var, var))
		end = &(*end)->next;
	if (*end)
		(*end)->var = *var;
	else
		*end = link;
}

void
packet_text_set(struct rule_thread *thread, enum var_scope scope, uint32_t id, uint32_t sid,
    struct span text)
{
	/* The capture lies in the packet's scratch memory already. */
	struct packet_var var = { .scope = (uint8_t)scope,
		.name = var_name(id),
		.text = text,
		.sid = sid };
	packet_var_add(thread, &var);
}

bool
packet_text_at(const struct rule_thread *thread, unsigned index, struct packet_var *ret)
{
	const struct packet_vars *link = thread->packet_vars;
	while (link && index--)
		link = link->next;
	if (!link)
		return false;
	*ret = link->var;
	return true;
}
