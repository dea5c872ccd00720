/* SPDX-License-Identifier: Apache-2.0 */
/*
 * verify: the rules of packets and of raw stream, one after the other in their order.
 *
 * Candidates are what literals point at, and what has no literal. On each: its header and flow
 * (cheap, and usually enough to refuse), its tests on the packet, its sections. A rule on
 * payload is asked about the stream first and about the packet only when it wants packets too
 * or the packet is part of no stream.
 */
#include <stdlib.h>

#include "sensor/detect/address_index.h"
#include "sensor/detect/detector.h"
#include "sensor/rule/content.h"

/* How many address-only rules may concern one pair of addresses; more are not looked at. */
#define ADDRESS_RULES_MAX 1024

/* --- Candidates --- */

void
candidates_begin(struct detector *detector)
{
	detector->candidate_count = 0;
	if (++detector->stamp == 0) {
		memset(detector->marks, 0,
		    detector->engine->plan_count * sizeof(*detector->marks));
		detector->stamp = 1;
	}
}

static int
order_cmp(const void *va, const void *vb)
{
	uint32_t a = *(const uint32_t *)va, b = *(const uint32_t *)vb;
	return a < b ? -1 : a > b;
}

void
candidates_sort(struct detector *detector)
{
	uint32_t *c = detector->candidates;
	uint32_t count = detector->candidate_count;
	if (count > 16) {
		qsort(c, count, sizeof(*c), order_cmp);
		return;
	}
	for (uint32_t i = 1; i < count; i++) {
		uint32_t order = c[i], at = i;
		for (; at && c[at - 1] > order; at--)
			c[at] = c[at - 1];
		c[at] = order;
	}
}

void
candidates_hit(const uint32_t *users, uint32_t count, size_t end, void *arg)
{
	struct detector *detector = arg;
	detector->counters.hits++;
	for (uint32_t i = 0; i < count; i++)
		candidate_add(detector, users[i]);
}

void
literals_scan(struct detector *detector, const struct literal_set *set, struct span bytes)
{
	if (bytes.len == 0)
		return;
	detector->counters.scans++;
	detector->counters.scan_bytes += bytes.len;
	if (set->mpm)
		mpm_scan(set->mpm, detector->scratch, bytes, candidates_hit, detector);
	if (set->tiny)
		tiny_scan(set->tiny, bytes, candidates_hit, detector);
}

/* --- What a packet is, for the quick tests --- */

struct facts {
	uint32_t layers;
	uint64_t apps;  /* what the flow's protocol is, or still may be */
	uint32_t dsize; /* bytes of payload */
	uint16_t port;  /* of the server's side */
	uint8_t have;   /* PLAIN_NEEDS_* that it satisfies */
};

static struct facts
facts_of(const struct detector *detector, const struct packet *packet, bool has_payload)
{
	struct facts facts = {
		.layers = packet->layers,
		.dsize = (uint32_t)packet->payload.len,
		.port = packet->dir == DIR_TOSERVER ? packet->dport : packet->sport,
	};
	if (has_payload)
		facts.have |= PLAIN_NEEDS_PAYLOAD;
	if (packet->flow) {
		facts.have |= PLAIN_NEEDS_FLOW;
		const struct app *app = packet->flow->app;
		if (app && app->events)
			facts.have |= PLAIN_NEEDS_EVENT;
		if (app && app->id != PROTO_ID_NONE)
			facts.apps = 1ull << app->id;
		else if (!packet->flow->is_app_done)
			facts.apps = ~0ull;
	}
	facts.have |= packet->flow && packet->is_established ? PLAIN_NEEDS_ESTABLISHED
							     : PLAIN_NEEDS_NOT_ESTABLISHED;
	return facts;
}

static inline bool
gate_is_open(const struct plain *plain, const struct facts *facts)
{
	const uint8_t needs = PLAIN_NEEDS_PAYLOAD | PLAIN_NEEDS_ESTABLISHED |
			      PLAIN_NEEDS_NOT_ESTABLISHED | PLAIN_NEEDS_FLOW |
			      PLAIN_NEEDS_EVENT;
	if (plain->flags & needs & ~facts->have)
		return false;
	if (plain->apps != ~0ull && !(plain->apps & facts->apps))
		return false;
	if (plain->dsize && !number_matches(plain->dsize, facts->dsize))
		return false;
	if (facts->port < plain->port_low || facts->port > plain->port_high)
		return false;
	return plain->layers == 0 || (plain->layers & facts->layers);
}

static inline uint8_t
folded(uint8_t c, bool is_nocase)
{
	return is_nocase && c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c;
}

static bool
placed_is_in(const struct placed_literal *literal, struct span bytes)
{
	size_t to = literal->to < bytes.len ? literal->to : bytes.len;
	bool is_nocase = literal->is_nocase;
	for (size_t at = literal->from; at + literal->len <= to; at++) {
		if (folded(bytes.p[at], is_nocase) == folded(literal->bytes[0], is_nocase) &&
		    (literal->len == 1 || folded(bytes.p[at + 1], is_nocase) ==
					      folded(literal->bytes[1], is_nocase)))
			return true;
	}
	return false;
}

/* Where one of them may start, by the first byte alone. */
static uint32_t
placed_starts(const struct placed_list *list, struct span bytes)
{
	size_t near = bytes.len < PLACES_NEAR ? bytes.len : PLACES_NEAR;
	uint32_t places = bytes.len > PLACES_NEAR ? PLACES_FURTHER : 0;
	for (size_t at = 0; at < near; at++) {
		uint8_t c = bytes.p[at];
		places |= (uint32_t)(list->firsts[at][c / 64] >> c % 64 & 1) << at;
	}
	return places;
}

/* Places are counted from the start of a packet's payload, and of a stream's chunk. */
static void
placed_compare(struct detector *detector, const struct placed_list *list,
    const struct facts *facts, struct span payload, struct span chunk)
{
	if (list->count == 0)
		return;
	uint32_t starts = placed_starts(list, payload) | placed_starts(list, chunk);
	for (uint32_t i = 0; i < list->count; i++) {
		const struct placed_literal *literal = &list->items[i];
		if (!(literal->places & starts))
			continue;
		if ((placed_is_in(literal, payload) || placed_is_in(literal, chunk)) &&
		    gate_is_open(&literal->plain, facts))
			candidate_add(detector, literal->plain.order);
	}
}

/* --- One rule --- */

struct match_context
context_of(struct detector *detector, const struct plan *plan, struct packet *packet,
    enum dir dir)
{
	struct flow_detect *state = packet->flow ? packet->flow->detect : NULL;
	return (struct match_context){
		.rule = plan->rule,
		.packet = packet,
		.flow = packet->flow,
		.app = packet->flow ? packet->flow->app : NULL,
		.dir = dir,
		.now = packet->ts,
		.thread = detector->thread,
		.vars = state ? &state->vars : NULL,
	};
}

void
found_note(struct detector *detector, const char *buffer)
{
	const struct rule_thread *thread = detector->thread;
	for (unsigned i = 0; i < thread->hit_count; i++) {
		if (detector->found.count == ALERT_HITS_MAX)
			return;
		detector->found.hits[detector->found.count++] = (struct alert_hit){
			.buffer = buffer,
			.offset = (uint32_t)thread->hits[i].offset,
			.length = thread->hits[i].length,
		};
	}
}

enum app_verdict {
	APP_IS_NOT,
	APP_IS,
	APP_IS_UNDECIDED,
};

static enum app_verdict
app_allows(const struct plan *plan, const struct flow *flow)
{
	if (plan->apps == ~0ull)
		return APP_IS;
	if (!flow)
		return APP_IS_NOT;
	unsigned id = flow->app ? flow->app->id : PROTO_ID_NONE;
	if (id != PROTO_ID_NONE)
		return plan->apps >> id & 1 ? APP_IS : APP_IS_NOT;
	return flow->is_app_done ? APP_IS_NOT : APP_IS_UNDECIDED;
}

static bool
section_holds(struct detector *detector, const struct rule_section *section,
    const struct match_context *ctx, const struct inspect_input *input, const char *name)
{
	if (inspect_section(ctx, section, input) != INSPECT_YES)
		return false;
	found_note(detector, name);
	return true;
}

bool
verify_header_sections(struct detector *detector, const struct plan *plan,
    const struct match_context *ctx)
{
	if (!(plan->flags & PLAN_HAS_PACKET_BUF))
		return true;
	for (unsigned i = 0; i < plan->section_count; i++) {
		const struct rule_section *section = plan->sections[i].section;
		const struct buffer *buffer = section->buffer;
		if (plan->sections[i].scope != BUFFER_PACKET)
			continue;
		struct inspect_input input = { .is_final = true };
		bool is_there = (buffer->needs == 0 || (ctx->packet->layers & buffer->needs)) &&
				buffer->get_packet(ctx->packet, &input.bytes);
		if (is_there && section->transforms)
			is_there = transform_apply(section->transforms, input.bytes,
			    detector->thread->scratch, &input.bytes);
		if (!is_there && section->is_absent_ok && inspect_absent(section))
			continue;
		if (!is_there || !section_holds(detector, section, ctx, &input, buffer->name))
			return false;
	}
	return true;
}

/* Whether all payload sections hold in these bytes. */
static bool
payload_holds(struct detector *detector, const struct plan *plan,
    const struct match_context *ctx, struct span bytes, uint64_t offset, const char *name)
{
	struct inspect_input input = { .offset = offset, .is_final = true };
	for (unsigned i = 0; i < plan->section_count; i++) {
		const struct rule_section *section = plan->sections[i].section;
		if (plan->sections[i].scope != BUFFER_PAYLOAD)
			continue;
		input.bytes = bytes;
		if (section->transforms && !transform_apply(section->transforms, bytes,
					       detector->thread->scratch, &input.bytes))
			return false;
		if (!section_holds(detector, section, ctx, &input, name))
			return false;
	}
	return true;
}

/* Where the hits since the first-th begin and end, counted like their offsets. */
static bool
hits_reach(const struct found *found, unsigned first, uint64_t *ret_start, uint64_t *ret_end)
{
	*ret_start = UINT64_MAX;
	*ret_end = 0;
	for (unsigned i = first; i < found->count; i++) {
		uint64_t start = found->hits[i].offset;
		uint64_t end = start + found->hits[i].length;
		if (start < *ret_start)
			*ret_start = start;
		if (end > *ret_end)
			*ret_end = end;
	}
	return found->count > first;
}

/* How often an occurrence that does not count is passed over before a rule is given up. */
#define STALE_MAX 16

/*
 * Looks in the stream from a byte on. What lies wholly in bytes that were looked at before does
 * not count: either it fired then, or something else forbade it then. It may hide a later
 * occurrence that does count, so the search goes on behind where it began.
 */
static bool
stream_holds_from(struct detector *detector, const struct plan *plan,
    const struct match_context *ctx, const struct stream_look *look, uint64_t from)
{
	unsigned first = detector->found.count;
	uint64_t stream_end = look->offset + look->data.len;
	for (unsigned i = 0; i < STALE_MAX && from < stream_end; i++) {
		uint64_t position = from >= look->base ? from - look->base : 0;
		struct span bytes = span_from(look->data, (size_t)(from - look->offset));
		uint64_t start, end;
		inspect_begin(detector->thread);
		detector->found.count = (uint8_t)first;
		if (!payload_holds(detector, plan, ctx, bytes, position, "stream"))
			break;
		if (!hits_reach(&detector->found, first, &start, &end) ||
		    from + (end - position) > look->new_offset)
			return true;
		from += start - position + 1;
	}
	detector->found.count = (uint8_t)first;
	return false;
}

static bool
stream_holds(struct detector *detector, const struct plan *plan, uint32_t order,
    const struct match_context *ctx, const struct stream_look *look)
{
	const struct flow_detect *state = ctx->flow->detect;
	uint64_t from = look->offset, spent;
	if (stream_fired_until(state, look->dir, order, &spent)) {
		if (spent > look->base)
			return false; /* it has told of this chunk */
		if (spent > from)
			from = spent;
	}
	uint64_t based = from > look->base ? from : look->base;
	if (stream_holds_from(detector, plan, ctx, look, based))
		return true;
	/* Across the start of the chunk: no further back than a literal reaches. */
	uint64_t across = look->base > MPM_MAX ? look->base - (MPM_MAX - 1) : 0;
	if (across < from)
		across = from;
	return !(plan->flags & PLAN_IS_ANCHORED) && across < based &&
	       stream_holds_from(detector, plan, ctx, look, across);
}

static bool
wants_stream(const struct plan *plan)
{
	return plan->kind != RULE_KIND_PACKET && !plan->rule->is_packet_only;
}

static bool
wants_packet(const struct detector *detector, const struct plan *plan)
{
	if (plan->rule->is_stream_only)
		return false;
	if (plan->kind == RULE_KIND_PACKET || plan->kind == RULE_KIND_PACKET_STREAM ||
	    plan->rule->is_packet_only)
		return true;
	return !detector->is_in_stream;
}

/* Tests outside payload. Of a rule on transactions they are asked there. */
static bool
rest_holds(struct detector *detector, const struct plan *plan, const struct match_context *ctx)
{
	if (plan->kind == RULE_KIND_TX)
		return true;
	return rule_packet_matches(ctx) && verify_header_sections(detector, plan, ctx);
}

static bool
holds_in_stream(struct detector *detector, const struct plan *plan, uint32_t order,
    const struct match_context *ctx, const struct stream_look *look)
{
	if (!look || !wants_stream(plan) || !rule_flow_matches(plan->rule, ctx->packet, true) ||
	    !rest_holds(detector, plan, ctx))
		return false;
	if (stream_holds(detector, plan, order, ctx, look)) {
		stream_note_fired(detector, ctx->flow->detect, look->dir, order,
		    look->offset + look->data.len);
		return true;
	}
	/* The literal is there and the rest may follow. */
	if (!(plan->flags & PLAN_IS_LONE_LITERAL) && detector->marks[order] == detector->stamp)
		stream_note_pending(detector, ctx->flow->detect, look->dir, order);
	return false;
}

static bool
holds_in_packet(struct detector *detector, const struct plan *plan,
    const struct match_context *ctx, bool has_payload)
{
	if (!has_payload || !wants_packet(detector, plan) ||
	    !rule_flow_matches(plan->rule, ctx->packet, false))
		return false;
	inspect_begin(detector->thread);
	return rest_holds(detector, plan, ctx) &&
	       payload_holds(detector, plan, ctx, ctx->packet->payload, 0, "payload");
}

struct verify {
	struct packet *packet;
	const struct stream_look *look;
	bool has_packet;  /* the packet's own rules are looked at */
	bool has_payload; /* and its payload */
	bool only_app;    /* again, now that the protocol is known: rules that name one */
	struct facts facts;
};

static void
fire_or_wait(struct detector *detector, const struct plan *plan, uint32_t order,
    const struct match_context *ctx, enum app_verdict app, const struct span *stream)
{
	if (plan->kind == RULE_KIND_TX || app == APP_IS_UNDECIDED) {
		if (ctx->flow && ctx->flow->detect)
			raw_note(detector, ctx->flow->detect, ctx->dir, order);
		return;
	}
	alert_fire(detector, order, ctx, stream);
}

/*
 * A rule that looks at both tells of both, the packet and the stream, as readers of EVE know
 * it: the two alerts differ in "stream". They do so where the stream begins; later on, where
 * chunks are messages that came in one packet each, one alert is enough.
 */
static void
payload_try(struct detector *detector, const struct verify *v, const struct plan *plan,
    uint32_t order, const struct match_context *ctx, enum app_verdict app)
{
	bool is_told = detector->fired[order] == detector->serial;
	if (v->has_packet && !is_told && holds_in_packet(detector, plan, ctx, v->has_payload)) {
		fire_or_wait(detector, plan, order, ctx, app, NULL);
		is_told = true;
	}
	detector->found.count = 0;
	if (holds_in_stream(detector, plan, order, ctx, v->look) &&
	    !(is_told && v->look->base > 0))
		fire_or_wait(detector, plan, order, ctx, app, &v->look->data);
}

static void
verify_one(struct detector *detector, const struct verify *v, uint32_t order)
{
	const struct plan *plan = &detector->engine->plans[order];
	bool is_payload = plan->flags & PLAN_HAS_PAYLOAD;
	if ((detector->fired[order] == detector->serial && !(is_payload && v->look)) ||
	    (v->only_app && plan->apps == ~0ull))
		return;
	enum app_verdict app = app_allows(plan, v->packet->flow);
	if (app == APP_IS_NOT || (app == APP_IS_UNDECIDED && !is_payload))
		return;
	detector->counters.candidates++;
	if (!rule_header_matches(plan->rule, v->packet))
		return;
	detector->found.count = 0;
	struct match_context ctx =
	    context_of(detector, plan, v->packet, (enum dir)v->packet->dir);
	if (is_payload) {
		payload_try(detector, v, plan, order, &ctx, app);
		return;
	}
	inspect_begin(detector->thread);
	if (v->has_packet && rule_flow_matches(plan->rule, v->packet, false) &&
	    rule_packet_matches(&ctx) && verify_header_sections(detector, plan, &ctx))
		alert_fire(detector, order, &ctx, NULL);
}

/* --- A packet --- */

static enum packet_class
class_of(const struct packet *packet)
{
	if (packet->layers & LAYER_TCP)
		return CLASS_TCP;
	return packet->layers & LAYER_UDP ? CLASS_UDP : CLASS_OTHER;
}

/* Buffers made of headers are few and rules on them rare: scanned one by one. */
static void
headers_scan(struct detector *detector, const struct packet_groups *groups,
    struct packet *packet)
{
	for (uint32_t i = 0; i < groups->header_count; i++) {
		const struct header_scan *h = &groups->headers[i];
		struct span bytes;
		if ((h->buffer->needs && !(packet->layers & h->buffer->needs)) ||
		    !h->buffer->get_packet(packet, &bytes))
			continue;
		if (h->transforms &&
		    !transform_apply(h->transforms, bytes, detector->thread->scratch, &bytes))
			continue;
		literals_scan(detector, &h->literals, bytes);
	}
}

/* Address-only rules: on a flow's first packet of each direction, and on what has no flow. */
static void
addresses_add(struct detector *detector, struct packet *packet)
{
	if (!(packet->layers & LAYER_IP) ||
	    (packet->flow && packet->flow->half[packet->dir].packets > 1))
		return;
	uint32_t orders[ADDRESS_RULES_MAX];
	size_t count = address_index_find(detector->engine->address_only, packet, orders,
	    ADDRESS_RULES_MAX);
	for (size_t i = 0; i < count; i++)
		candidate_add(detector, orders[i]);
	const struct plain_list *rest = &detector->engine->address_only_rest;
	for (uint32_t i = 0; i < rest->count; i++) {
		if (rest->items[i].layers == 0 || (rest->items[i].layers & packet->layers))
			candidate_add(detector, rest->items[i].order);
	}
}

/* Whether the new stream bytes begin with the packet's payload, so that one scan does. */
static bool
look_covers(const struct stream_look *look, const struct packet *packet)
{
	struct span fresh = span_from(look->data, (size_t)(look->new_offset - look->offset));
	if (look->dir != packet->dir || fresh.len < packet->payload.len)
		return false;
	return fresh.p == packet->payload.p ||
	       memcmp(fresh.p, packet->payload.p, packet->payload.len) == 0;
}

static void
payload_scan(struct detector *detector, const struct packet_group *group,
    const struct verify *v)
{
	bool has_payload = v->has_packet && v->has_payload;
	struct span chunk = SPAN_NONE;
	if (v->look) {
		const size_t tail = MPM_MAX - 1; /* as far as rules can see back */
		size_t kept = (size_t)(v->look->new_offset - v->look->offset);
		size_t before = v->look->base > v->look->offset
				    ? (size_t)(v->look->base - v->look->offset)
				    : 0;
		chunk = span_from(v->look->data, before);
		literals_scan(detector, &group->payload,
		    span_from(v->look->data, kept > tail ? kept - tail : 0));
	}
	if (has_payload && !(v->look && look_covers(v->look, v->packet)))
		literals_scan(detector, &group->payload, v->packet->payload);
	placed_compare(detector, &group->payload.placed, &v->facts,
	    has_payload ? v->packet->payload : SPAN_NONE, chunk);
}

static void
pending_add(struct detector *detector, const struct verify *v)
{
	const struct flow_detect *state = v->packet->flow ? v->packet->flow->detect : NULL;
	if (!v->look || !state || !state->notes)
		return;
	for (unsigned i = 0; i < state->notes->pending_count[v->look->dir]; i++)
		candidate_add(detector, state->notes->pending[v->look->dir][i]);
}

/* Candidates and rules without literal in one order. */
static void
verify_merged(struct detector *detector, const struct verify *v, const struct plain_list *plain)
{
	candidates_sort(detector);
	uint32_t at = 0;
	for (uint32_t i = 0; i < plain->count; i++) {
		const struct plain *p = &plain->items[i];
		if (!gate_is_open(p, &v->facts))
			continue;
		while (at < detector->candidate_count && detector->candidates[at] < p->order)
			verify_one(detector, v, detector->candidates[at++]);
		verify_one(detector, v, p->order);
	}
	while (at < detector->candidate_count)
		verify_one(detector, v, detector->candidates[at++]);
}

/* Application events count once: rules are shown those that no look has seen. */
static uint64_t
app_events_begin(struct flow *flow)
{
	if (!flow || !flow->app || !flow->detect)
		return 0;
	uint64_t all = flow->app->events;
	flow->app->events &= ~flow->detect->app_events;
	return all;
}

static void
app_events_end(struct flow *flow, uint64_t all)
{
	if (!flow || !flow->app || !flow->detect)
		return;
	flow->app->events = all;
	flow->detect->app_events = all;
}

void
verify_packet(struct detector *detector, struct packet *packet, const struct stream_look *look)
{
	unsigned app = packet->flow && packet->flow->app ? packet->flow->app->id : 0;
	bool is_inspected = !packet->flow || !packet->flow->no_payload_inspection;
	struct verify v = {
		.packet = packet,
		.look = look,
		.has_packet = !detector->is_packet_done || detector->app_at_packet != app,
		.has_payload = packet->payload.len && !packet->is_stream_bad && is_inspected,
		.only_app = detector->is_packet_done && !look,
	};
	if (!v.has_packet && !look)
		return;
	uint64_t events = app_events_begin(packet->flow);
	v.facts = facts_of(detector, packet, (v.has_packet && v.has_payload) || look);
	const struct packet_groups *groups =
	    &detector->engine->packets[class_of(packet)][packet->dir];
	const struct packet_group *group = engine_packet_group(groups, v.facts.port);
	candidates_begin(detector);
	payload_scan(detector, group, &v);
	pending_add(detector, &v);
	if (v.has_packet && !v.only_app) {
		headers_scan(detector, groups, packet);
		addresses_add(detector, packet);
	}
	verify_merged(detector, &v, &group->plain);
	app_events_end(packet->flow, events);
	detector->is_packet_done = true;
	detector->app_at_packet = (uint8_t)app;
}

void
verify_list(struct detector *detector, struct packet *packet, const struct plain_list *list)
{
	struct verify v = {
		.packet = packet,
		.has_packet = true,
		.has_payload = packet->payload.len && !packet->is_stream_bad,
	};
	v.facts = facts_of(detector, packet, v.has_payload);
	candidates_begin(detector);
	verify_merged(detector, &v, list);
}
