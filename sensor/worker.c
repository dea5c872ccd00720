/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The way of one packet is worker_whole(), and reads from top to bottom:
 *
 *   frame -> decode -> packet -> (fragment? defrag -> packet) -> flow -> TCP in order -> parser
 *         -> rules on stream, transactions, packet -> alerts -> records
 *
 * TCP calls back with bytes in order (worker_stream) while the packet that completed them is
 * in hand; everything a packet causes is told before the next one is looked at.
 */
#include "sensor/worker.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "common/log.h"
#include "sensor/split.h"

/* What the worker has counted, for other threads. Words only. */
struct worker_counts {
	struct decode_counters decode;
	struct defrag_counters defrag;
	struct flow_table_counters flow;
	struct tcp_counters tcp;
	struct proto_counters app;
	struct detect_counters detect;
	struct dpi_counters dpi;
};

struct worker {
	struct decode_options decode;
	struct decode_counters decode_counters;
	struct defrag *defrag;
	struct flow_table *flows;
	struct tcp *tcp;
	struct dpi_worker *dpi; /* NULL: switched off */
	struct proto_worker *protos;
	struct detector *detector;
	struct recorder *recorder;
	struct ring *ring;
	struct app_hooks hooks;
	struct proto_options proto_options;
	struct worker_counts published; /* by relaxed atomic stores, see worker_publish() */
	nsec_t next_publish;
	nsec_t now;
	uint32_t slack;
	bool split_segments;
	_Atomic(struct detect_engine *) offered;
};

static void worker_packet(struct packet *packet, void *arg);

/* Parser and rules of one direction; what both want kept is kept by TCP. */
static size_t
worker_stream(struct flow *flow, enum dir dir, const struct stream_view *view,
    struct packet *packet, void *arg)
{
	struct worker *w = arg;
	bool was_swapped = flow->is_swapped;
	size_t parser_keeps = app_stream(w->protos, flow, dir, view, packet);

	/* The parser may find that we took the flow the wrong way round. */
	if (flow->is_swapped != was_swapped)
		dir = !dir;
	/* One order of rules: stream and packet, then transactions. Alerts point at
	 * transactions until the packet is through, so these are cleaned up at its end. */
	size_t rules_keep = detect_stream(w->detector, flow, dir, view, packet);
	if (flow->app)
		detect_app(w->detector, flow->app, dir, packet);
	return parser_keeps > rules_keep ? parser_keeps : rules_keep;
}

static void
worker_datagram(struct worker *w, struct packet *packet)
{
	app_datagram(w->protos, packet->flow, packet);
	if (!packet->flow->app)
		return;
	detect_app(w->detector, packet->flow->app, packet->dir, packet);
}

/* The addresses are used anew: the old connection ends, this packet opens another. */
static void
worker_reuse(struct worker *w, struct packet *packet)
{
	flow_table_end(w->flows, packet->flow, FLOW_END_REUSED, packet->ts);
	flow_table_get(w->flows, packet);
}

static void
worker_tcp(struct worker *w, struct packet *packet)
{
	if (tcp_packet(w->tcp, packet) == TCP_OK)
		return;
	worker_reuse(w, packet);
	detect_begin(w->detector,
	    packet); /* what rules said of the old flow is not of this one */
	if (packet->flow)
		tcp_packet(w->tcp, packet);
}

/*
 * A bypassed flow is counted, and its connection followed for the day its addresses are used
 * anew; it costs nothing else. True: the packet is one of those.
 */
static bool
worker_bypassed(struct worker *w, struct packet *packet)
{
	if (!packet->flow || packet->flow->state != FLOW_BYPASSED)
		return false;
	if (!(packet->layers & LAYER_TCP) || tcp_packet(w->tcp, packet) == TCP_OK)
		return true;
	worker_reuse(w, packet);
	return false;
}

/* The rules or a parser have asked for it (flow->state): nothing is held or copied any more. */
static void
worker_bypass(struct worker *w, struct flow *flow)
{
	if (flow->tcp)
		tcp_flow_bypass(w->tcp, flow);
	if (w->dpi)
		dpi_flow_end(w->dpi, flow);
}

static void
worker_flow(struct worker *w, struct packet *packet)
{
	if (packet->layers & LAYER_TCP)
		worker_tcp(w, packet);
	else if (packet->layers & LAYER_UDP && packet->payload.len)
		worker_datagram(w, packet);
	if (w->dpi && packet->flow)
		dpi_packet(w->dpi, packet->flow, packet,
		    packet->layers & LAYER_REASSEMBLED ? 0 : w->slack);
}

static void
worker_fragment(struct worker *w, struct packet *packet)
{
	struct span datagram;

	if (defrag_add(w->defrag, packet, &w->decode_counters, &datagram))
		decode_ip(&w->decode, &w->decode_counters, packet, datagram, LAYER_REASSEMBLED,
		    worker_packet, w);
}

static void
worker_whole(struct packet *packet, void *arg)
{
	struct worker *w = arg;

	if (packet->layers & LAYER_FRAGMENT)
		worker_fragment(w, packet); /* comes back here, whole, before its last part */
	flow_table_get(w->flows, packet);
	if (worker_bypassed(w, packet))
		return;
	recorder_packet(w->recorder, packet);
	detect_begin(w->detector, packet);
	if (packet->flow)
		worker_flow(w, packet);
	detect_packet(w->detector, packet);
	detect_end(w->detector, packet); /* alerts go out here: worker_alert() */
	if (packet->events.count || packet->stream_events)
		recorder_packet_anomalies(w->recorder, packet);
	if (packet->flow && packet->flow->app) {
		recorder_app_anomalies(w->recorder, packet->flow->app, packet);
		app_clean(packet->flow->app, &w->hooks, packet->flow->state == FLOW_BYPASSED);
	}
	if (packet->flow && packet->flow->state == FLOW_BYPASSED)
		worker_bypass(w, packet->flow);
	recorder_packet(w->recorder, NULL);
}

static void
worker_packet(struct packet *packet, void *arg)
{
	struct worker *w = arg;

	if (w->split_segments)
		split_packet(packet, worker_whole, w);
	else
		worker_whole(packet, w);
}

static void
worker_alert(const struct alert *alert, void *arg)
{
	struct worker *w = arg;

	recorder_alert(w->recorder, alert);
}

static void
worker_tx_done(struct app *app, struct tx *tx, void *arg)
{
	struct worker *w = arg;

	recorder_tx(w->recorder, app, tx);
}

static void
worker_tx_free(struct app *app, struct tx *tx, void *arg)
{
	struct worker *w = arg;

	detect_tx_free(w->detector, app, tx);
}

/* The end of a flow: what TCP still holds is delivered on a packet of our own making, then
 * transactions and the flow are recorded and everything hanging on the flow is released. */
static void
worker_flow_end(struct flow *flow, enum flow_end why, nsec_t now, void *arg)
{
	struct worker *w = arg;

	if (flow->tcp)
		tcp_flow_end(w->tcp, flow, now);
	if (w->dpi)
		dpi_flow_end(w->dpi, flow);
	if (flow->app)
		app_clean(flow->app, &w->hooks, true);
	recorder_flow(w->recorder, flow, why);
	app_free(flow->app, &w->hooks); /* the flow's record names the protocol */
	detect_flow_free(w->detector, flow);
	if (w->dpi)
		dpi_flow_free(w->dpi, flow);
}

static void
copy_words(void *to, const void *from, size_t bytes)
{
	uint64_t *a = to;
	const uint64_t *b = from;

	for (size_t i = 0; i < bytes / sizeof(*a); i++)
		__atomic_store_n(&a[i], b[i], __ATOMIC_RELAXED);
}

static void
add_words(void *to, const void *from, size_t bytes)
{
	uint64_t *a = to;
	const uint64_t *b = from;

	for (size_t i = 0; i < bytes / sizeof(*a); i++)
		a[i] += __atomic_load_n(&b[i], __ATOMIC_RELAXED);
}

#define COPY(to, from) copy_words(&(to), (from), sizeof(to))
#define ADD(to, from) add_words(&(to), &(from), sizeof(to))

/* The counters themselves are plain, as every packet moves some: others see this copy. */
static void
worker_publish(struct worker *w)
{
	struct worker_counts *p = &w->published;

	COPY(p->decode, &w->decode_counters);
	COPY(p->defrag, defrag_counters(w->defrag));
	COPY(p->flow, flow_table_counters(w->flows));
	COPY(p->tcp, tcp_counters(w->tcp));
	COPY(p->app, &w->protos->counters);
	COPY(p->detect, detect_counters(w->detector));
	if (w->dpi)
		COPY(p->dpi, dpi_counters(w->dpi));
}

void
worker_stats_add(const struct worker *w, struct record_stats *stats)
{
	ADD(stats->decode, w->published.decode);
	ADD(stats->defrag, w->published.defrag);
	ADD(stats->flow, w->published.flow);
	ADD(stats->tcp, w->published.tcp);
	ADD(stats->app, w->published.app);
	ADD(stats->detect, w->published.detect);
	ADD(stats->dpi, w->published.dpi);
}

static void
worker_swap_engine(struct worker *w)
{
	struct detect_engine *engine =
	    atomic_exchange_explicit(&w->offered, NULL, memory_order_acquire);

	if (!engine)
		return;
	if (detector_swap(w->detector, engine) < 0)
		log_error("rules were not swapped in: out of memory; the old ones stay");
	detect_engine_unref(engine);
}

static void
worker_tick(struct worker *w, nsec_t now)
{
	if (now > w->now)
		w->now = now;
	flow_table_tick(w->flows, w->now);
	if (w->now < w->next_publish)
		return;
	worker_publish(w);
	w->next_publish = w->now + NSEC_PER_SEC;
}

void
worker_frame(const struct frame *frame, void *arg)
{
	struct worker *w = arg;
	struct packet template = { .ts = frame->ts,
		.number = frame->number,
		.frame = frame->bytes,
		.wire_bytes = frame->wire_bytes };

	if (atomic_load_explicit(&w->offered, memory_order_relaxed))
		worker_swap_engine(w);
	recorder_at(w->recorder, frame->number);
	worker_tick(w, frame->ts);
	w->slack = frame->slack;
	decode_frame(&w->decode, &w->decode_counters, &template, frame->link_type,
	    worker_packet, w);
	ring_progress(w->ring, frame->number);
}

void
worker_progress(struct worker *w, uint64_t number)
{
	worker_swap_engine(w);
	ring_progress(w->ring, number);
}

void
worker_idle(void *arg, nsec_t now)
{
	struct worker *w = arg;

	worker_swap_engine(w);
	worker_tick(w, now);
}

void
worker_finish(struct worker *w, nsec_t end)
{
	recorder_at(w->recorder, UINT64_MAX); /* behind every packet of every worker */
	while (flow_table_sweep(w->flows, end > w->now ? end : w->now))
		;
	flow_table_end_all(w->flows, FLOW_END_SHUTDOWN);
	worker_publish(w);
	ring_progress(w->ring, UINT64_MAX);
	ring_close(w->ring);
}

void
worker_offer_engine(struct worker *w, struct detect_engine *engine)
{
	struct detect_engine *unseen = atomic_exchange_explicit(&w->offered,
	    detect_engine_ref(engine), memory_order_acq_rel);

	detect_engine_unref(unseen);
}

struct worker *
worker_new(const struct sensor_config *config, struct detect_engine *engine, struct ring *ring,
    const char **ret_error)
{
	struct worker *w = calloc(1, sizeof(*w));

	*ret_error = "out of memory";
	if (!w)
		return NULL;
	w->decode = config->decode;
	w->proto_options = config->proto;
	w->ring = ring;
	w->split_segments = config->split_segments;
	w->hooks = (struct app_hooks){ worker_tx_done, worker_tx_free, w };
	w->defrag = defrag_new(&config->defrag);
	w->flows = flow_table_new(&config->flow, worker_flow_end, w);
	w->tcp = tcp_new(&config->tcp, worker_stream, w);
	w->protos = proto_worker_new(&w->proto_options);
	w->recorder = recorder_new(config->record, ring_sink(ring));
	if (w->protos)
		w->detector = detector_new(engine, w->protos, worker_alert, w);
	if (w->recorder && w->detector)
		recorder_rule_thread(w->recorder, detector_rule_thread(w->detector));
	if (config->dpi.is_enabled)
		w->dpi = dpi_worker_new(&config->dpi, ret_error);
	if (!w->defrag || !w->flows || !w->tcp || !w->protos || !w->recorder || !w->detector ||
	    (config->dpi.is_enabled && !w->dpi)) {
		worker_free(w);
		return NULL;
	}
	return w;
}

void
worker_store_files(struct worker *w, const struct file_sink *sink)
{
	w->protos->file_sink = sink;
}

void
worker_free(struct worker *w)
{
	if (!w)
		return;
	detect_engine_unref(atomic_exchange(&w->offered, NULL));
	detector_free(w->detector);
	recorder_free(w->recorder);
	proto_worker_free(w->protos);
	dpi_worker_free(w->dpi);
	tcp_free(w->tcp);
	flow_table_free(w->flows);
	defrag_free(w->defrag);
	free(w);
}
