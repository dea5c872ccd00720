/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tx: rules on transactions.
 *
 * A transaction is looked at whenever it moved. Buffers that have become readable since the
 * last look are scanned once; bodies, which grow, are scanned from where the last scan ended. A
 * rule whose literal was hit becomes an entry of the transaction: which of its sections have
 * held so far. It fires, once, when all have; it is dead when a whole buffer refused it. Rules
 * without literal are asked when the last of their buffers is there, and become entries only
 * when something of them held.
 *
 * Header, flow and packet tests are asked when a rule is first looked at, on the packet at
 * hand, as rules expect it of flow bits: later packets do not undo them.
 *
 * Reading order: detect_app(), tx_look(), tx_try(), section_try().
 */
#include <stdlib.h>

#include "sensor/detect/detector.h"
#include "sensor/rule/content.h"

/* Growing buffers side by side (files) that are looked at in one transaction. */
#define INSTANCES_MAX 64

enum verdict {
	VERDICT_NOT_YET,
	VERDICT_YES,
	VERDICT_NEVER,
};

/* A look at one direction of one transaction. */
struct tx_look {
	struct app *app;
	struct tx *tx;
	struct tx_detect *state;
	struct packet *packet;
	enum dir dir;
	bool is_still; /* no step reached and no body grown since the last look */
	const struct flow_notes *notes; /* raw parts that held; or NULL */
};

/* --- What a transaction remembers --- */

static void
entries_drop(struct detector *detector, struct tx_detect *state)
{
	while (state->more) {
		struct tx_more *next = state->more->next;
		slab_put(detector->more, state->more);
		state->more = next;
	}
	state->entry_count = 0;
}

static struct tx_detect *
tx_detect_get(struct detector *detector, struct tx *tx)
{
	struct tx_detect *state = tx->detect;
	if (!state) {
		state = slab_get(detector->txs);
		if (!state) {
			detector->counters.txs_shed++;
			return NULL;
		}
		state->generation = detector->engine->generation;
		tx->detect = state;
	} else if (state->generation != detector->engine->generation) {
		/*
		 * What was read before the reload is not read again: rules that fired would
		 * fire twice. New rules see the rest of the transaction.
		 */
		entries_drop(detector, state);
		state->seen_count = 0;
		state->growth[0] = state->growth[1] = 0;
		state->generation = detector->engine->generation;
	}
	return state;
}

void
detect_tx_free(struct detector *detector, struct app *app, struct tx *tx)
{
	/* Freed before the end of the packet after all: its alerts are told while it is there.
	 */
	for (unsigned i = 0; i < detector->queue_count; i++) {
		if (detector->queue[i].alert.tx == tx)
			alert_flush(detector, 0);
	}
	if (!tx->detect)
		return;
	entries_drop(detector, tx->detect);
	slab_put(detector->txs, tx->detect);
	tx->detect = NULL;
}

/* => rules have one entry for both directions. */
static uint8_t
entry_dir(const struct plan *plan, enum dir dir)
{
	return plan->rule->is_tx_bidirectional ? DIR_TOSERVER : (uint8_t)dir;
}

static struct tx_entry *
entry_find(struct tx_detect *state, uint32_t order, uint8_t dir)
{
	for (unsigned i = 0; i < state->entry_count; i++) {
		if (state->entries[i].order == order && state->entries[i].dir == dir)
			return &state->entries[i];
	}
	for (struct tx_more *more = state->more; more; more = more->next) {
		for (unsigned i = 0; i < more->count; i++) {
			if (more->entries[i].order == order && more->entries[i].dir == dir)
				return &more->entries[i];
		}
	}
	return NULL;
}

/* Places in a transaction's list beyond which a rule is not remembered. */
#define TX_MORE_PER_TX 16

static struct tx_entry *
entry_new(struct detector *detector, struct tx_detect *state)
{
	if (state->entry_count < TX_ENTRIES_FIRST)
		return &state->entries[state->entry_count++];
	struct tx_more *more = state->more;
	if (!more || more->count == TX_ENTRIES_MORE) {
		unsigned chunks = 0;
		for (struct tx_more *m = state->more; m; m = m->next)
			chunks++;
		more = chunks < TX_MORE_PER_TX ? slab_get(detector->more) : NULL;
		if (!more) {
			detector->counters.tx_rules_shed++;
			return NULL;
		}
		more->next = state->more;
		state->more = more;
	}
	return &more->entries[more->count++];
}

static void
entry_store(struct detector *detector, const struct tx_look *look, struct tx_entry *entry,
    const struct plan *plan, uint32_t order, uint32_t bits)
{
	if (!entry)
		entry = entry_new(detector, look->state);
	if (!entry)
		return;
	entry->order = order;
	entry->dir = entry_dir(plan, look->dir);
	entry->bits = bits;
}

/* How far a growing buffer was scanned; made when missing. NULL: no place left. */
static struct tx_seen *
seen_get(const struct tx_look *look, uint16_t slot, uint8_t index)
{
	struct tx_detect *state = look->state;
	for (unsigned i = 0; i < state->seen_count; i++) {
		struct tx_seen *seen = &state->seen[i];
		if (seen->slot == slot && seen->dir == look->dir && seen->index == index)
			return seen;
	}
	if (state->seen_count == TX_SEEN_MAX)
		return NULL;
	struct tx_seen *seen = &state->seen[state->seen_count++];
	*seen = (struct tx_seen){ .slot = slot, .dir = (uint8_t)look->dir, .index = index };
	return seen;
}

/* --- Buffers --- */

static bool
value_read(struct detector *detector, const struct tx_look *look, uint16_t slot, unsigned index,
    struct slot_value *ret)
{
	const struct slot *s = &detector->engine->slots[slot];
	const struct field *field = s->buffer->fields[look->app->id];
	struct field_value value = { 0 };
	*ret = (struct slot_value){ 0 };
	if (!field || !field->get(look->app, look->tx, look->dir, index,
			  detector->thread->scratch, &value))
		return false;
	bool is_growing = field->kind == FIELD_STREAM;
	ret->bytes = value.bytes;
	ret->offset = is_growing ? value.offset : 0;
	ret->is_final = !is_growing || value.is_final || look->tx->is_done[look->dir];
	if (s->transforms && !transform_apply(s->transforms, value.bytes,
				 detector->thread->scratch, &ret->bytes))
		return false;
	ret->is_there = true;
	return true;
}

/* The value of a slot, remembered for this look when it is the first instance. */
static bool
value_get(struct detector *detector, const struct tx_look *look, uint16_t slot, unsigned index,
    struct slot_value *ret)
{
	if (index > 0)
		return value_read(detector, look, slot, index, ret);
	struct slot_value *kept = &detector->slots[slot];
	if (kept->stamp != detector->slot_stamp) {
		(void)value_read(detector, look, slot, 0, kept);
		kept->stamp = detector->slot_stamp;
	}
	*ret = *kept;
	return kept->is_there;
}

/* All instances, or those that came since: the rest of the list is a new list. */
static void
instances_scan(struct detector *detector, const struct tx_look *look,
    const struct tx_scan *scan)
{
	struct tx_seen *seen = seen_get(look, scan->slot, 0);
	unsigned index = seen ? (unsigned)seen->end : 0;
	struct slot_value value;
	for (; index < UINT16_MAX && value_get(detector, look, scan->slot, index, &value);
	     index++)
		literals_scan(detector, &scan->literals, value.bytes);
	if (seen)
		seen->end = index;
}

/* What a body gained, with the tail of what was scanned before it. */
static void
growth_scan(struct detector *detector, const struct tx_look *look, const struct tx_scan *scan)
{
	struct slot_value value;
	for (unsigned index = 0; index < INSTANCES_MAX; index++) {
		if (!value_get(detector, look, scan->slot, index, &value))
			return;
		struct tx_seen *seen = seen_get(look, scan->slot, (uint8_t)index);
		uint64_t end = value.offset + value.bytes.len;
		uint64_t from = value.offset;
		bool is_changed = detector->engine->slots[scan->slot].transforms;
		if (seen && seen->end == end && !is_changed)
			continue;
		if (seen && seen->end < end && !is_changed && seen->end > from + MPM_MAX)
			from = seen->end - (MPM_MAX - 1);
		literals_scan(detector, &scan->literals,
		    span_from(value.bytes, (size_t)(from - value.offset)));
		if (seen)
			seen->end = end;
	}
}

static void
buffers_scan(struct detector *detector, const struct tx_look *look,
    const struct tx_group *group)
{
	uint8_t progress = look->tx->progress[look->dir];
	unsigned reached = look->state->reached[look->dir];
	for (uint32_t i = 0; i < group->scan_count; i++) {
		const struct tx_scan *scan = &group->scans[i];
		if (scan->progress > progress)
			return;
		if (scan->kind == FIELD_MULTI) {
			instances_scan(detector, look, scan);
		} else if (scan->kind == FIELD_STREAM) {
			growth_scan(detector, look, scan);
		} else if (scan->progress >= reached) {
			struct slot_value value;
			if (value_get(detector, look, scan->slot, 0, &value))
				literals_scan(detector, &scan->literals, value.bytes);
		}
	}
}

/*
 * Differs when a body has grown, has ended, or another one has begun. Most packets of a long
 * body change nothing that rules may see, since bodies become visible in steps.
 */
static uint64_t
bodies_growth(struct detector *detector, const struct tx_look *look,
    const struct tx_group *group)
{
	/* Room for the count of instances, and of those that are whole, below the bytes. */
	_Static_assert(TX_BODIES_MAX * INSTANCES_MAX * 2 < 1 << 10, "");
	uint64_t growth = 0;
	for (uint32_t i = 0; i < group->body_count; i++) {
		const struct field *field = group->bodies[i];
		struct field_value value = { 0 };
		for (unsigned index = 0;
		     index < INSTANCES_MAX && field->get(look->app, look->tx, look->dir, index,
						  detector->thread->scratch, &value);
		     index++) {
			growth += (value.offset + value.bytes.len) << 10;
			growth += 1 + (value.is_final ? 1 : 0);
			value = (struct field_value){ 0 };
		}
	}
	return growth;
}

static bool
is_step_reached(const struct tx_look *look)
{
	const struct tx_detect *state = look->state;
	return state->reached[look->dir] != look->tx->progress[look->dir] + 1 ||
	       state->was_done[look->dir] != look->tx->is_done[look->dir];
}

/* --- Sections --- */

static enum verdict
absent_verdict(const struct plan_section *section)
{
	return section->section->is_absent_ok && inspect_absent(section->section)
		   ? VERDICT_YES
		   : VERDICT_NEVER;
}

static enum inspect_result
value_inspect(struct detector *detector, const struct plan_section *section,
    const struct match_context *ctx, const struct slot_value *value)
{
	struct inspect_input input = {
		.bytes = value->bytes,
		.offset = value->offset,
		.is_final = value->is_final,
	};
	enum inspect_result result = inspect_section(ctx, section->section, &input);
	if (result == INSPECT_YES)
		found_note(detector, section->section->buffer->name);
	return result;
}

/* Buffers with instances, and growing ones: one that holds is enough. */
static enum verdict
several_try(struct detector *detector, const struct tx_look *look,
    const struct plan_section *section, const struct match_context *ctx,
    const struct field *field)
{
	bool is_done = look->tx->is_done[look->dir];
	unsigned max = field->kind == FIELD_STREAM ? INSTANCES_MAX : UINT16_MAX;
	unsigned index = 0;
	struct slot_value value;
	for (; index < max && value_get(detector, look, section->slot, index, &value);
	     index++) {
		if (section->waits_for_end && !value.is_final)
			continue;
		if (value_inspect(detector, section, ctx, &value) == INSPECT_YES)
			return VERDICT_YES;
	}
	if (index > 0)
		return is_done ? VERDICT_NEVER : VERDICT_NOT_YET;
	if (is_done || (field->kind == FIELD_MULTI && section->section->is_absent_ok))
		return absent_verdict(section);
	return VERDICT_NOT_YET;
}

static enum verdict
section_try(struct detector *detector, const struct tx_look *look,
    const struct plan_section *section, const struct match_context *ctx)
{
	const struct field *field = section->section->buffer->fields[look->app->id];
	if (!field || !(field->dirs & DIR_BIT(look->dir)))
		return absent_verdict(section);
	if (look->tx->progress[look->dir] < field->progress) {
		if (look->tx->is_done[look->dir])
			return absent_verdict(section);
		return VERDICT_NOT_YET;
	}
	if (field->kind == FIELD_MULTI || field->kind == FIELD_STREAM)
		return several_try(detector, look, section, ctx, field);
	struct slot_value value;
	if (!value_get(detector, look, section->slot, 0, &value))
		return absent_verdict(section);
	return value_inspect(detector, section, ctx, &value) == INSPECT_YES ? VERDICT_YES
									    : VERDICT_NEVER;
}

/* --- Rules --- */

/* What is asked once, on the packet at which a rule is first looked at. */
static bool
packet_part_holds(struct detector *detector, const struct tx_look *look,
    const struct plan *plan, const struct match_context *ctx)
{
	return rule_header_matches(plan->rule, look->packet) &&
	       rule_flow_matches(plan->rule, look->packet, true) &&
	       verify_header_sections(detector, plan, ctx) && rule_packet_matches(ctx);
}

static bool
raw_part_held(const struct tx_look *look, const struct plan *plan, uint32_t order)
{
	for (unsigned i = 0; look->notes && i < look->notes->raw_count; i++) {
		const struct raw_note *note = &look->notes->raw[i];
		if (note->order == order &&
		    (note->dir == look->dir || plan->rule->is_tx_bidirectional))
			return true;
	}
	return false;
}

static uint32_t
bits_needed(const struct plan *plan, enum dir dir)
{
	if (plan->rule->is_tx_bidirectional)
		return plan->needs[0] | plan->needs[1];
	return plan->needs[dir];
}

/* Which sections are looked at in this direction. */
static uint32_t
bits_in_reach(const struct plan *plan, enum dir dir)
{
	uint32_t bits = PLAN_BIT_TX;
	for (unsigned i = 0; i < plan->section_count; i++) {
		if (plan->sections[i].dirs & DIR_BIT(dir))
			bits |= 1u << i;
	}
	return bits;
}

/* Adds to *bits what holds now. False: the rule cannot hold on this transaction any more. */
static bool
sections_try(struct detector *detector, const struct tx_look *look, const struct plan *plan,
    const struct match_context *ctx, uint32_t needed, uint32_t *bits)
{
	uint32_t open = needed & ~*bits & bits_in_reach(plan, look->dir);
	inspect_begin(detector->thread);
	for (unsigned i = 0; i < plan->section_count; i++) {
		if (!(open & 1u << i))
			continue;
		enum verdict verdict = section_try(detector, look, &plan->sections[i], ctx);
		if (verdict == VERDICT_NEVER)
			return false;
		if (verdict == VERDICT_YES)
			*bits |= 1u << i;
	}
	if ((open & PLAN_BIT_TX) && rule_tx_matches(ctx))
		*bits |= PLAN_BIT_TX;
	return true;
}

/* Whether the rule has fired when the transaction was looked at in the other direction. */
static bool
has_fired_across(const struct tx_look *look, uint32_t order)
{
	const struct tx_entry *entry = entry_find(look->state, order, !look->dir);
	return entry && (entry->bits & PLAN_BIT_FIRED);
}

static void
tx_try(struct detector *detector, const struct tx_look *look, uint32_t order, bool is_plain)
{
	const struct plan *plan = &detector->engine->plans[order];
	struct tx_entry *entry = entry_find(look->state, order, entry_dir(plan, look->dir));
	uint32_t bits = entry ? entry->bits : 0;
	if (bits & (PLAN_BIT_FIRED | PLAN_BIT_DEAD))
		return;
	if (look->app->proto->has_single_alerts && has_fired_across(look, order))
		return;
	detector->counters.candidates++;
	struct match_context ctx = context_of(detector, plan, look->packet, look->dir);
	ctx.app = look->app;
	ctx.tx = look->tx;
	detector->found.count = 0;
	if (!entry && !packet_part_holds(detector, look, plan, &ctx))
		return;
	uint32_t needed = bits_needed(plan, look->dir), before = bits;
	if ((needed & PLAN_BIT_RAW) && raw_part_held(look, plan, order))
		bits |= PLAN_BIT_RAW;
	if (!sections_try(detector, look, plan, &ctx, needed, &bits)) {
		if (entry)
			entry->bits |= PLAN_BIT_DEAD;
		return;
	}
	if ((bits & needed) == needed) {
		bits |= PLAN_BIT_FIRED;
		alert_fire(detector, order, &ctx, NULL);
	} else if (is_plain && bits == before) {
		return; /* it is asked again when something grows */
	}
	entry_store(detector, look, entry, plan, order, bits);
}

/* Whether an entry waits for nothing but bodies: what it was told in the last look holds. */
static bool
waits_for_bodies(const struct tx_look *look, const struct plan *plan,
    const struct tx_entry *entry)
{
	/* Looks at the other direction may have made it, and not have asked about this one. */
	if (plan->rule->is_tx_bidirectional)
		return false;
	uint32_t open = plan->needs[look->dir] & ~entry->bits & bits_in_reach(plan, look->dir);
	for (unsigned i = 0; i < plan->section_count; i++) {
		if (!(open & 1u << i))
			continue;
		const struct field *field =
		    plan->sections[i].section->buffer->fields[look->app->id];
		if (!field || field->kind != FIELD_STREAM)
			return false;
	}
	return !(open & PLAN_BIT_TX);
}

static void
entries_add_from(struct detector *detector, const struct tx_look *look,
    const struct tx_entry *entries, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		const struct tx_entry *e = &entries[i];
		const struct plan *plan = &detector->engine->plans[e->order];
		if ((e->bits & (PLAN_BIT_FIRED | PLAN_BIT_DEAD)) ||
		    e->dir != entry_dir(plan, look->dir))
			continue;
		if (!look->is_still || !waits_for_bodies(look, plan, e))
			candidate_add(detector, e->order);
	}
}

static void
entries_add(struct detector *detector, const struct tx_look *look)
{
	const struct tx_detect *state = look->state;
	entries_add_from(detector, look, state->entries, state->entry_count);
	for (const struct tx_more *more = state->more; more; more = more->next)
		entries_add_from(detector, look, more->entries, more->count);
}

static void
raw_notes_add(struct detector *detector, const struct tx_look *look)
{
	for (unsigned i = 0; look->notes && i < look->notes->raw_count; i++) {
		const struct raw_note *note = &look->notes->raw[i];
		const struct plan *plan = &detector->engine->plans[note->order];
		if (plan->kind == RULE_KIND_TX && (plan->apps >> look->app->id & 1) &&
		    (note->dir == look->dir || plan->rule->is_tx_bidirectional))
			candidate_add(detector, note->order);
	}
}

/* Whether a rule without literal is worth asking now. */
static bool
plain_is_due(const struct tx_look *look, const struct plain *plain)
{
	const struct tx_detect *state = look->state;
	unsigned progress = look->tx->progress[look->dir];
	unsigned reached = state->reached[look->dir];
	bool has_ended = look->tx->is_done[look->dir] && !state->was_done[look->dir];
	if ((plain->flags & PLAIN_NEEDS_EVENT) && !look->tx->events && !look->app->events)
		return false;
	if (plain->layers && !(plain->layers & look->packet->layers))
		return false;
	if (look->is_still && (plain->flags & PLAIN_GROWS_AS_BODY))
		return false;
	if (plain->progress > progress)
		return has_ended;
	return plain->progress >= reached || (plain->flags & PLAIN_IS_GROWING) || has_ended;
}

static void
tx_look(struct detector *detector, struct tx_look *look)
{
	const struct tx_group *group = detector->engine->tx[look->app->id][look->dir];
	uint64_t growth = group ? bodies_growth(detector, look, group) : 0;
	look->is_still = !is_step_reached(look) && growth == look->state->growth[look->dir];
	look->state->growth[look->dir] = growth;
	candidates_begin(detector);
	detector->slot_stamp++;
	if (group)
		buffers_scan(detector, look, group);
	entries_add(detector, look);
	raw_notes_add(detector, look);
	candidates_sort(detector);
	uint32_t at = 0;
	for (uint32_t i = 0; group && i < group->plain.count; i++) {
		const struct plain *plain = &group->plain.items[i];
		bool is_candidate = detector->marks[plain->order] == detector->stamp;
		if (is_candidate || !plain_is_due(look, plain))
			continue;
		while (
		    at < detector->candidate_count && detector->candidates[at] < plain->order)
			tx_try(detector, look, detector->candidates[at++], false);
		tx_try(detector, look, plain->order, true);
	}
	while (at < detector->candidate_count)
		tx_try(detector, look, detector->candidates[at++], false);
	look->state->reached[look->dir] = (uint16_t)(look->tx->progress[look->dir] + 1);
	look->state->was_done[look->dir] = look->tx->is_done[look->dir];
}

/* --- A flow's application layer --- */

/* Rules on raw stream that waited to hear which protocol it is. */
static void
undecided_fire(struct detector *detector, struct app *app, struct packet *packet,
    struct flow_notes *notes)
{
	unsigned kept = 0;
	for (unsigned i = 0; i < notes->raw_count; i++) {
		struct raw_note note = notes->raw[i];
		const struct plan *plan = &detector->engine->plans[note.order];
		if (plan->kind == RULE_KIND_TX || app->id == PROTO_ID_NONE) {
			notes->raw[kept++] = note;
			continue;
		}
		if (!(plan->apps >> app->id & 1) ||
		    detector->fired[note.order] == detector->serial)
			continue;
		struct match_context ctx =
		    context_of(detector, plan, packet, (enum dir)note.dir);
		detector->found.count = 0;
		alert_fire(detector, note.order, &ctx, NULL);
	}
	notes->raw_count = (uint8_t)kept;
}

/* Raw parts count for the transactions that were open with them, not for later ones. */
static void
raw_notes_drop(struct flow_notes *notes, enum dir dir)
{
	unsigned kept = 0;
	for (unsigned i = 0; i < notes->raw_count; i++) {
		if (notes->raw[i].dir != dir)
			notes->raw[kept++] = notes->raw[i];
	}
	notes->raw_count = (uint8_t)kept;
}

/* The protocol has been told, or given up, in this direction: rules on that alone. */
static void
protocol_look(struct detector *detector, struct app *app, enum dir dir, struct packet *packet,
    struct flow_detect *state)
{
	if (!app->is_probed[dir] || (state->probed & DIR_BIT(dir)))
		return;
	state->probed |= (uint8_t)DIR_BIT(dir);
	verify_list(detector, packet, &detector->engine->proto_only);
}

static bool
has_moved_in(const struct tx *tx, enum dir dir)
{
	const struct tx_detect *state = tx->detect;
	return state->reached[dir] != tx->progress[dir] + 1 ||
	       state->was_done[dir] != tx->is_done[dir];
}

static void
app_look(struct detector *detector, struct app *app, enum dir dir, struct packet *packet,
    struct flow_detect *state)
{
	/* The packet's rules come first: transactions may ask for the flow bits they set. */
	if (!detector->is_packet_done)
		verify_packet(detector, packet, NULL);
	protocol_look(detector, app, dir, packet, state);
	struct flow_notes *notes = state->notes;
	if (notes && notes->raw_count)
		undecided_fire(detector, app, packet, notes);
	bool has_raw = notes && notes->raw_count, has_looked = false;
	struct tx *tx;
	TAILQ_FOREACH (tx, &app->txs, link) {
		if (!tx->has_moved && !has_raw)
			continue;
		struct tx_detect *remembered = tx_detect_get(detector, tx);
		if (!remembered) {
			/* Without memory a rule would fire on each look. */
			tx->has_moved = false;
			continue;
		}
		struct tx_look look = {
			.app = app,
			.tx = tx,
			.state = remembered,
			.packet = packet,
			.dir = dir,
			.notes = notes,
		};
		tx_look(detector, &look);
		has_looked = true;
		/* The other direction is looked at with its own next packet. */
		tx->has_moved =
		    has_moved_in(tx, dir == DIR_TOSERVER ? DIR_TOCLIENT : DIR_TOSERVER);
	}
	if (has_raw && has_looked)
		raw_notes_drop(notes, dir);
}

void
detect_app(struct detector *detector, struct app *app, enum dir dir, struct packet *packet)
{
	if (app->flow->no_packet_inspection)
		return;
	struct flow_detect *state = flow_detect_get(detector, app->flow);
	if (!state)
		return;
	struct session session = session_open(detector, app->flow, dir, packet);
	if (session.packet)
		app_look(detector, app, dir, session.packet, state);
	session_close(detector, &session);
}
