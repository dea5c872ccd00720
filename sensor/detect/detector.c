/* SPDX-License-Identifier: Apache-2.0 */
/* The life of a worker's detector, of what hangs on flows, and of one packet. */
#include "sensor/detect/detector.h"

#include <errno.h>
#include <stdlib.h>

#include "sensor/flow/tcp.h"

/*
 * What traffic can make a worker remember. A flow's state is about 80 bytes, a transaction's
 * about 250; notes and long lists of entries are rare.
 */
#define FLOW_STATES_MAX (1u << 20)
#define FLOW_NOTES_MAX (1u << 16)
#define TX_STATES_MAX (1u << 18)
#define TX_MORE_MAX (1u << 15)
#define VAR_CHUNKS_MAX (1u << 17)

/* What depends on the engine: arrays by order and slot, and the scratch of its databases. */
struct sized {
	uint32_t *candidates, *marks, *fired;
	struct slot_value *slots;
	struct queued *queue;
	unsigned queue_cap;
	struct mpm_scratch *scratch;
};

static void
sized_free(struct sized *sized)
{
	free(sized->candidates);
	free(sized->marks);
	free(sized->fired);
	free(sized->slots);
	free(sized->queue);
	mpm_scratch_free(sized->scratch);
}

static int
sized_new(const struct detect_engine *engine, struct sized *ret)
{
	size_t plans = engine->plan_count + 1;
	struct sized s = {
		.candidates = calloc(plans, sizeof(*s.candidates)),
		.marks = calloc(plans, sizeof(*s.marks)),
		.fired = calloc(plans, sizeof(*s.fired)),
		.slots = calloc(engine->slot_count + 1, sizeof(*s.slots)),
		.queue_cap = engine->alert_max > QUEUE_MIN ? engine->alert_max : QUEUE_MIN,
		.scratch = mpm_scratch_clone(engine->scratch),
	};
	s.queue = calloc(s.queue_cap, sizeof(*s.queue));
	if (!s.candidates || !s.marks || !s.fired || !s.slots || !s.queue || !s.scratch) {
		sized_free(&s);
		return -ENOMEM;
	}
	*ret = s;
	return 0;
}

static struct sized
sized_take(const struct detector *detector)
{
	return (struct sized){ detector->candidates, detector->marks, detector->fired,
		detector->slots, detector->queue, detector->queue_cap, detector->scratch };
}

static void
sized_put(struct detector *detector, const struct sized *sized)
{
	detector->candidates = sized->candidates;
	detector->marks = sized->marks;
	detector->fired = sized->fired;
	detector->slots = sized->slots;
	detector->queue = sized->queue;
	detector->queue_cap = sized->queue_cap;
	detector->scratch = sized->scratch;
	detector->queue_count = 0;
	detector->candidate_count = 0;
	detector->stamp = detector->serial = detector->slot_stamp = 0;
}

/* Parsers make of files what the rules at work ask for. */
static void
needs_tell(struct detector *detector)
{
	struct proto_worker *protos = detector->protos;
	if (protos)
		protos->file_needs = protos->options->file_needs |
				     detect_engine_rules(detector->engine)->file_needs;
}

struct detector *
detector_new(struct detect_engine *engine, struct proto_worker *protos,
    detect_alert_fn *on_alert, void *arg)
{
	struct detector *detector = calloc(1, sizeof(*detector));
	struct sized sized;
	if (!detector || sized_new(engine, &sized) < 0) {
		free(detector);
		return NULL;
	}
	sized_put(detector, &sized);
	detector->engine = detect_engine_ref(engine);
	detector->protos = protos;
	needs_tell(detector);
	detector->on_alert = on_alert;
	detector->arg = arg;
	detector->thread = rule_thread_new(VAR_CHUNKS_MAX, engine->hosts);
	detector->flows = slab_new(sizeof(struct flow_detect), FLOW_STATES_MAX);
	detector->notes = slab_new(sizeof(struct flow_notes), FLOW_NOTES_MAX);
	detector->txs = slab_new(sizeof(struct tx_detect), TX_STATES_MAX);
	detector->more = slab_new(sizeof(struct tx_more), TX_MORE_MAX);
	if (!detector->thread || !detector->flows || !detector->notes || !detector->txs ||
	    !detector->more) {
		detector_free(detector);
		return NULL;
	}
	return detector;
}

void
detector_free(struct detector *detector)
{
	if (!detector)
		return;
	struct sized sized = sized_take(detector);
	sized_free(&sized);
	slab_free(detector->flows);
	slab_free(detector->notes);
	slab_free(detector->txs);
	slab_free(detector->more);
	rule_thread_free(detector->thread);
	detect_engine_unref(detector->engine);
	free(detector);
}

int
detector_swap(struct detector *detector, struct detect_engine *engine)
{
	struct sized fresh, old = sized_take(detector);
	int r = sized_new(engine, &fresh);
	if (r < 0)
		return r;
	sized_put(detector, &fresh);
	sized_free(&old);
	struct detect_engine *before = detector->engine;
	detector->engine = detect_engine_ref(engine);
	detect_engine_unref(before);
	needs_tell(detector);
	return 0;
}

/* --- Flows --- */

struct flow_detect *
flow_detect_get(struct detector *detector, struct flow *flow)
{
	if (!flow)
		return NULL;
	struct flow_detect *state = flow->detect;
	if (!state) {
		state = slab_get(detector->flows);
		if (!state) {
			detector->counters.flows_shed++;
			return NULL;
		}
		state->generation = detector->engine->generation;
		flow->detect = state;
	} else if (state->generation != detector->engine->generation) {
		/* Orders mean other rules now. Variables go by name and stay. */
		slab_put(detector->notes, state->notes);
		state->notes = NULL;
		state->generation = detector->engine->generation;
	}
	return state;
}

struct flow_notes *
flow_notes_get(struct detector *detector, struct flow_detect *state)
{
	if (!state->notes) {
		state->notes = slab_get(detector->notes);
		if (!state->notes)
			detector->counters.notes_shed++;
	}
	return state->notes;
}

void
detect_flow_free(struct detector *detector, struct flow *flow)
{
	struct flow_detect *state = flow->detect;
	if (!state)
		return;
	flow_vars_free(state->vars, detector->thread);
	slab_put(detector->notes, state->notes);
	slab_put(detector->flows, state);
	flow->detect = NULL;
}

const struct flow_vars *
detect_flow_vars(const struct flow *flow)
{
	return flow && flow->detect ? flow->detect->vars : NULL;
}

/* --- Packets --- */

/* Whether TCP has the packet's payload: it is, was or will be looked at as stream. */
static bool
is_in_stream(const struct packet *packet)
{
	return packet->flow && (packet->layers & LAYER_TCP) && packet->flow->tcp &&
	       tcp_state(packet->flow) != TCP_STATE_NONE;
}

static void
serial_next(struct detector *detector)
{
	if (++detector->serial == 0) {
		memset(detector->fired, 0,
		    detector->engine->plan_count * sizeof(*detector->fired));
		detector->serial = 1;
	}
	detector->told = 0;
	detector->is_passed = false;
}

void
detect_begin(struct detector *detector, struct packet *packet)
{
	rule_thread_packet_begin(detector->thread);
	serial_next(detector);
	detector->packet = packet;
	detector->queue_count = 0;
	detector->is_packet_done = false;
	detector->app_at_packet = 0;
	detector->is_off = packet->flow && packet->flow->no_packet_inspection;
	detector->is_in_stream = is_in_stream(packet);
	if (!detector->is_off && packet->flow)
		(void)flow_detect_get(detector, packet->flow);
}

/* A packet for bytes that no packet of this direction brought; released by the one at hand. */
static struct packet *
pseudo_packet(struct detector *detector, struct flow *flow, enum dir dir,
    const struct packet *packet)
{
	struct packet *pseudo = arena_alloc(detector->thread->scratch, sizeof(*pseudo));
	if (!pseudo)
		return NULL;
	*pseudo = flow_pseudo_packet(flow, dir, packet ? packet->ts : flow->last_ns);
	if (packet) {
		pseudo->number = packet->number;
		pseudo->is_established = packet->is_established;
	}
	return pseudo;
}

struct session
session_open(struct detector *detector, struct flow *flow, enum dir dir, struct packet *packet)
{
	struct session session = {
		.packet = packet,
		.is_foreign = !packet || packet != detector->packet,
		.queue_first = detector->queue_count,
		.was_off = detector->is_off,
		.was_packet_done = detector->is_packet_done,
		.was_in_stream = detector->is_in_stream,
		.app_at_packet = detector->app_at_packet,
	};
	if (session.is_foreign) {
		if (!detector->packet)
			rule_thread_packet_begin(detector->thread);
		detector->is_off = flow->no_packet_inspection;
		serial_next(detector);
	}
	if (!packet || packet->dir != dir || packet->flow != flow)
		session.packet = pseudo_packet(detector, flow, dir, packet);
	if (session.is_foreign || session.packet != packet) {
		/* Its own rules are none; those of the packet at hand are still due. */
		detector->is_packet_done = true;
		detector->is_in_stream = true;
		detector->app_at_packet = flow->app ? flow->app->id : 0;
	}
	if (detector->is_off)
		session.packet = NULL;
	return session;
}

void
session_close(struct detector *detector, const struct session *session)
{
	if (session->is_foreign) {
		alert_flush(detector, session->queue_first);
		serial_next(detector);
	}
	if (session->is_foreign || session->packet != detector->packet) {
		detector->is_off = session->was_off;
		detector->is_packet_done = session->was_packet_done;
		detector->is_in_stream = session->was_in_stream;
		detector->app_at_packet = session->app_at_packet;
	}
}

void
detect_packet(struct detector *detector, struct packet *packet)
{
	if (detector->is_off)
		return;
	if (packet->flow)
		(void)flow_detect_get(detector, packet->flow);
	detector->is_in_stream = is_in_stream(packet);
	verify_packet(detector, packet, NULL);
	if (packet->events.count)
		verify_list(detector, packet, &detector->engine->decode_event);
	if (packet->stream_events)
		verify_list(detector, packet, &detector->engine->stream_event);
}

void
detect_end(struct detector *detector, struct packet *packet)
{
	alert_flush(detector, 0);
	detector->packet = NULL;
}

const struct detect_counters *
detect_counters(const struct detector *detector)
{
	return &detector->counters;
}

struct rule_thread *
detector_rule_thread(struct detector *detector)
{
	return detector->thread;
}
