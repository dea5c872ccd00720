/* SPDX-License-Identifier: Apache-2.0 */
/*
 * app: protocol detection and feeding.
 *
 * Detection: each direction's first bytes go to the probes of all protocols that have not yet
 * said no there, those whose usual ports match first. While none says yes the stream keeps the
 * bytes for us (at most PROBE_MAX_BYTES), so the parser later gets the direction whole. The
 * first yes opens the protocol and feeds it at once; the other direction is fed without waiting
 * for its own yes, because the odd answer is exactly what must be looked at, but it is probed
 * once to raise the mismatch events.
 *
 * Feeding: parse() consumes a prefix; the rest is kept by the stream and shown again. Where the
 * stream had to drop some of it, the offsets disagree and the parser is told of a gap.
 *
 * A change of protocol (app_change) waits until the transactions of the old one are gone, which
 * is after the worker's next app_clean().
 */
#include "sensor/proto/app.h"

#include <assert.h>
#include <stdlib.h>

#include "common/cipher.h"
#include "common/digest.h"
#include "sensor/proto/file.h"
#include "sensor/proto/file_digest.h"
#include "sensor/proto/file_magic.h"
#include "sensor/proto/heap.h"

/* No protocol of ours needs more to be told from the others. */
#define PROBE_MAX_BYTES 2048
/* One direction alone for so long: the other will not help any more. */
#define PROBE_MAX_ONE_SIDED 100000
#define PROBE_MAX_DATAGRAMS 4
/* Waiting for a change of protocol, at most this is kept. */
#define CHANGE_MAX_BYTES 65536

/* Reads a list like "80,8080,9000-9010". False: it is none, or too long. */
static bool
ports_read(const char *text, struct proto_ports *ports)
{
	while (text && *text) {
		char *end;
		unsigned long lo = strtoul(text, &end, 10), hi = lo;
		if (end == text || ports->count == PROTO_PORT_RANGES_MAX)
			return false;
		if (*end == '-') {
			text = end + 1;
			hi = strtoul(text, &end, 10);
			if (end == text)
				return false;
		}
		if (lo > hi || hi > UINT16_MAX || (*end && *end != ','))
			return false;
		ports->ranges[ports->count++] =
		    (struct proto_port_range){ (uint16_t)lo, (uint16_t)hi };
		text = *end ? end + 1 : end;
	}
	return true;
}

struct proto_worker *
proto_worker_new(const struct proto_options *options)
{
	struct proto_worker *worker = calloc(1, sizeof(*worker));
	if (!worker)
		return NULL;
	worker->options = options;
	size_t flows = options->max_flows ? options->max_flows : PROTO_MAX_FLOWS;
	size_t heap = options->max_heap_bytes ? options->max_heap_bytes : PROTO_MAX_HEAP_BYTES;
	worker->apps = slab_new(sizeof(struct app), flows);
	worker->heap = proto_heap_new(heap);
	if (!worker->apps || !worker->heap)
		goto err;
	for (int id = 0; id < PROTO_ID_COUNT; id++) {
		const struct proto *proto = proto_get(id);
		if (!proto)
			continue;
		bool is_list = ports_read(proto->ports, &worker->ports[id]);
		assert(is_list);
		(void)is_list;
		if (!options->is_enabled[id])
			continue;
		worker->wanted |= 1ull << id;
		if (proto->kin)
			continue;
		if (proto->state_bytes) {
			worker->states[id] = slab_new(proto->state_bytes, flows);
			if (!worker->states[id])
				goto err;
		}
		worker->txs[id] = slab_new(proto->tx_bytes, flows + 2 * (size_t)proto->max_txs);
		if (!worker->txs[id])
			goto err;
	}
	for (int id = 0; id < PROTO_ID_COUNT; id++) {
		const struct proto *proto = proto_get(id);
		if (!proto || !proto->kin)
			continue;
		worker->states[id] = worker->states[proto->kin];
		worker->txs[id] = worker->txs[proto->kin];
		if (!worker->txs[id])
			worker->wanted &= ~(1ull << id);
	}
	/* The library reads its own files when first used: now, while we may. */
	digest_init();
	cipher_init();
	worker->file_needs = options->file_needs;
	file_digest_drop(worker, file_digest_new(worker, options->file_needs & PROTO_HASHES));
	return worker;

err:
	proto_worker_free(worker);
	return NULL;
}

void
proto_worker_free(struct proto_worker *worker)
{
	if (!worker)
		return;
	for (int id = 0; id < PROTO_ID_COUNT; id++) {
		const struct proto *proto = proto_get(id);
		if (proto && proto->kin)
			continue;
		if (worker->states[id])
			slab_free(worker->states[id]);
		if (worker->txs[id])
			slab_free(worker->txs[id]);
	}
	if (worker->apps)
		slab_free(worker->apps);
	proto_heap_free(worker->heap);
	file_digest_pool_free(worker->digests);
	file_magic_free(worker->magic);
	free(worker);
}

static struct app *
app_new(struct proto_worker *worker, struct flow *flow)
{
	struct app *app = slab_get(worker->apps);
	if (!app) {
		worker->counters.memory_shed++;
		flow->is_app_done = true;
		return NULL;
	}
	app->flow = flow;
	app->worker = worker;
	TAILQ_INIT(&app->txs);
	flow->app = app;
	return app;
}

/* --- Recognition --- */

/* The protocols that a port is usual for, a bit each. */
static uint64_t
usual_on(const struct proto_worker *worker, uint16_t port)
{
	uint64_t mask = 0;
	for (int id = 0; id < PROTO_ID_COUNT; id++) {
		const struct proto_ports *ports = &worker->ports[id];
		for (unsigned i = 0; i < ports->count; i++) {
			if (port >= ports->ranges[i].lo && port <= ports->ranges[i].hi)
				mask |= 1ull << id;
		}
	}
	return mask;
}

static unsigned
transport_of(const struct flow *flow)
{
	return flow_is_tcp(flow) ? PROTO_TCP : PROTO_UDP;
}

/* The operator's map names the protocol of a port, or 0. */
static uint8_t
pinned_id(const struct proto_worker *worker, const struct flow *flow)
{
	for (size_t i = 0; i < worker->options->pin_count; i++) {
		const struct proto_pin *pin = &worker->options->pins[i];
		if (pin->port == flow->key.server_port && pin->transport == transport_of(flow))
			return pin->id;
	}
	return PROTO_ID_NONE;
}

/* What all probes together say of one direction. */
struct probe_result {
	enum proto_verdict verdict; /* PROTO_MORE: at least one is undecided */
	uint8_t id;
};

static struct probe_result
probe_pass(struct app *app, const struct proto_probe *probe, uint64_t ids)
{
	const struct flow *flow = app->flow;
	struct probe_result result = { PROTO_NO, PROTO_ID_NONE };
	uint64_t *masked = &app->probe_masked[probe->dir];
	for (int id = 0; id < PROTO_ID_COUNT; id++) {
		const struct proto *proto = proto_get(id);
		if (!(ids & 1ull << id) || !proto || !proto->probe || (*masked & 1ull << id) ||
		    !app->worker->options->is_detected[id] ||
		    !(proto->transports & transport_of(flow)))
			continue;
		switch (proto->probe(probe)) {
		case PROTO_NO:
			*masked |= 1ull << id;
			break;
		case PROTO_MORE:
			result = (struct probe_result){ PROTO_MORE, PROTO_ID_NONE };
			break;
		case PROTO_YES:
			return (struct probe_result){ PROTO_YES, (uint8_t)id };
		case PROTO_YES_REVERSED:
			return (struct probe_result){ PROTO_YES_REVERSED, (uint8_t)id };
		}
	}
	return result;
}

static struct probe_result
probe_all(struct app *app, enum dir dir, struct span data)
{
	struct proto_probe probe = {
		.dir = dir,
		.data = data,
		.flow = app->flow,
		.worker = app->worker,
	};
	uint64_t at_home = usual_on(app->worker, app->flow->key.server_port);
	struct probe_result usual = probe_pass(app, &probe, at_home);
	if (usual.verdict == PROTO_YES || usual.verdict == PROTO_YES_REVERSED)
		return usual;
	struct probe_result other = probe_pass(app, &probe, ~at_home);
	/* A protocol on its own port that still wants bytes comes before a stranger's yes. */
	if (usual.verdict == PROTO_MORE)
		return usual;
	return other;
}

static void
app_fail(struct app *app)
{
	app->id = PROTO_ID_FAILED;
	app->flow->is_app_done = true;
	app->worker->counters.flows[PROTO_ID_FAILED]++;
}

/* The protocol is known: opens it, or only notes its name when nobody wants it parsed. */
static void
app_open(struct app *app, uint8_t id)
{
	struct proto_worker *worker = app->worker;
	const struct proto *proto = proto_get(id);
	app->id = id;
	app->flow->is_app_done = true;
	worker->counters.flows[id]++;
	if (!proto || !worker->options->is_enabled[id] || !(worker->wanted & 1ull << id))
		return;
	if (proto->state_bytes) {
		app->state = slab_get(worker->states[id]);
		if (!app->state) {
			worker->counters.memory_shed++;
			return;
		}
	}
	app->proto = proto;
	if (proto->open && proto->open(app) < 0) {
		if (app->state)
			slab_put(worker->states[id], app->state);
		app->state = NULL;
		app->proto = NULL;
		worker->counters.memory_shed++;
	}
}

static void
app_close(struct app *app)
{
	if (!app->proto)
		return;
	if (app->proto->close)
		app->proto->close(app);
	if (app->state)
		slab_put(app->worker->states[app->proto->id], app->state);
	app->state = NULL;
	app->proto = NULL;
}

/* The flow was taken the wrong way round: turns it, and what we remember of its directions. */
static void
app_reverse(struct app *app, struct packet *packet)
{
#define SWAP(a)                                   \
	do {                                      \
		__typeof__((a)[0]) kept = (a)[0]; \
		(a)[0] = (a)[1];                  \
		(a)[1] = kept;                    \
	} while (0)
	SWAP(app->id_dir);
	SWAP(app->is_broken);
	SWAP(app->is_probed);
	SWAP(app->is_fed);
	SWAP(app->is_ended);
	SWAP(app->probe_count);
	SWAP(app->probe_masked);
	SWAP(app->next_offset);
#undef SWAP
	flow_swap(app->flow);
	if (packet)
		packet->dir = !packet->dir;
}

/* Shows a direction's bytes to the probes. Returns how many of them to keep for another look.
 */
static size_t
app_probe(struct app *app, enum dir *dir_at, const struct stream_view *view,
    struct packet *packet)
{
	enum dir dir = *dir_at;
	uint8_t pinned = pinned_id(app->worker, app->flow);
	if (pinned && !app->old_id) {
		app->id_dir[0] = app->id_dir[1] = pinned;
		app->is_probed[0] = app->is_probed[1] = true;
		app_open(app, pinned);
		return 0;
	}
	bool is_last = view->data.len >= PROBE_MAX_BYTES || (view->flags & STREAM_EOF);
	if (view->data.len == 0 && !is_last)
		return 0;
	if (!app->is_probed[dir]) {
		struct probe_result found = { PROTO_NO, PROTO_ID_NONE };
		if (view->data.len)
			found = probe_all(app, dir, view->data);
		if (found.verdict == PROTO_YES_REVERSED) {
			app_reverse(app, packet);
			*dir_at = dir = !dir;
		}
		if (found.verdict == PROTO_YES || found.verdict == PROTO_YES_REVERSED) {
			app->id_dir[dir] = found.id;
			app->is_probed[dir] = true;
			app_open(app, found.id);
			return 0;
		}
		if (found.verdict == PROTO_NO || is_last) {
			app->is_probed[dir] = true;
			app->id_dir[dir] = PROTO_ID_FAILED;
		}
	}
	uint64_t seen = view->offset + view->data.len;
	if (app->is_probed[0] && app->is_probed[1]) {
		app_fail(app);
		return 0;
	}
	if (app->is_probed[dir] && seen > PROBE_MAX_ONE_SIDED) {
		app->events |= 1ull << APP_EVENT_PROTO_DETECTION_SKIPPED;
		app_fail(app);
		return 0;
	}
	/* The other direction may still name it: then the parser wants this one from its start.
	 */
	return view->data.len <= PROBE_MAX_BYTES ? view->data.len : 0;
}

/* The protocol was named by the other direction: only says where this one disagrees. */
static void
app_confirm(struct app *app, enum dir dir, const struct stream_view *view)
{
	if (view->data.len == 0)
		return;
	struct probe_result found = probe_all(app, dir, view->data);
	if (found.verdict == PROTO_MORE && view->data.len < PROBE_MAX_BYTES &&
	    !(view->flags & STREAM_EOF))
		return; /* what parse() leaves, or the next bytes, will be looked at */
	app->is_probed[dir] = true;
	if (found.id == app->id) {
		app->id_dir[dir] = found.id;
	} else if (found.id != PROTO_ID_NONE) {
		app->id_dir[dir] = found.id;
		app->events |= 1ull << APP_EVENT_MISMATCH_PROTOCOL_BOTH_DIRECTIONS;
	} else {
		app->id_dir[dir] = PROTO_ID_FAILED;
		app->events |= 1ull << APP_EVENT_DETECT_PROTOCOL_ONLY_ONE_DIRECTION;
	}
}

/* --- Change of protocol --- */

void
app_change(struct app *app)
{
	app->is_changing = true;
}

static void
seed_drop(struct app *app)
{
	if (app->seed)
		proto_dealloc(app->worker, app->seed, app->seed_len);
	app->seed = NULL;
	app->seed_len = 0;
}

bool
app_change_to(struct app *app, enum proto_id id, struct span seed)
{
	if (app->is_changing || !app->worker->options->is_detected[id])
		return false;
	app->is_changing = true;
	app->next_id = (uint8_t)id;
	app->seed = seed.len ? proto_alloc(app->worker, seed.len) : NULL;
	if (app->seed) {
		memcpy(app->seed, seed.p, seed.len);
		app->seed_len = (uint32_t)seed.len;
	}
	return true;
}

static void
app_end_all(struct app *app)
{
	struct tx *tx;
	TAILQ_FOREACH (tx, &app->txs, link)
		tx->is_done[0] = tx->is_done[1] = tx->has_moved = true;
}

/* Turns the flow back to "not known". False while old transactions wait to be recorded. */
static bool
app_switch(struct app *app)
{
	if (!TAILQ_EMPTY(&app->txs)) {
		app_end_all(app);
		return false;
	}
	app_close(app);
	app->old_id = app->id;
	app->id = PROTO_ID_NONE;
	app->next_tx_id = 0; /* transactions are counted within a protocol */
	app->is_changing = false;
	app->flow->is_app_done = false;
	for (int dir = 0; dir < 2; dir++) {
		app->id_dir[dir] = PROTO_ID_NONE;
		app->is_probed[dir] = app->is_broken[dir] = false;
		app->probe_masked[dir] = 0;
	}
	if (app->next_id) {
		app->id_dir[0] = app->id_dir[1] = app->next_id;
		app->is_probed[0] = app->is_probed[1] = true;
		app_open(app, app->next_id);
		app->next_id = PROTO_ID_NONE;
		seed_drop(app);
	}
	return true;
}

/* --- Feeding --- */

static size_t
app_feed(struct app *app, enum dir dir, const struct stream_view *view, struct packet *packet)
{
	if (app->is_broken[dir] || app->is_ended[dir])
		return 0;
	struct proto_input in = {
		.dir = dir,
		.data = view->data,
		.flags = view->flags,
		.ts = packet ? packet->ts : app->flow->last_ns,
		.packet = packet,
	};
	if (!app->is_fed[dir]) {
		app->is_fed[dir] = true;
		uint64_t lost = view->flags & STREAM_GAP ? view->gap_bytes : 0;
		app->next_offset[dir] = view->offset > lost ? view->offset - lost : 0;
	}
	if (view->offset > app->next_offset[dir]) {
		in.gap_bytes = view->offset - app->next_offset[dir];
		in.flags |= STREAM_GAP;
		app->worker->counters.gaps[app->id]++;
	}
	ptrdiff_t used = app->proto->parse(app, &in);
	if (view->flags & (STREAM_EOF | STREAM_DEPTH))
		app->is_ended[dir] = true;
	if (used < 0 || (size_t)used > in.data.len) {
		app->is_broken[dir] = true;
		app->worker->counters.broken[app->id]++;
		return 0;
	}
	app->next_offset[dir] = view->offset + (size_t)used;
	if (app->no_inspection) {
		app->flow->no_payload_inspection = true;
		return 0;
	}
	return app->is_ended[dir] ? 0 : in.data.len - (size_t)used;
}

/* The view without what parse() has consumed: rules may have had it kept for themselves. */
static struct stream_view
unread(const struct app *app, enum dir dir, const struct stream_view *view)
{
	struct stream_view fresh = *view;
	if (!app->is_fed[dir] || view->offset >= app->next_offset[dir])
		return fresh;
	uint64_t again = app->next_offset[dir] - view->offset;
	if (again > view->data.len)
		again = view->data.len;
	fresh.data = span_from(view->data, again);
	fresh.offset += again;
	fresh.kept -= again < fresh.kept ? again : fresh.kept;
	return fresh;
}

size_t
app_stream(struct proto_worker *worker, struct flow *flow, enum dir dir,
    const struct stream_view *whole, struct packet *packet)
{
	struct app *app = flow->app;
	const struct stream_view *view = whole;
	if (!app) {
		if (flow->is_app_done || view->data.len == 0)
			return 0;
		app = app_new(worker, flow);
		if (!app)
			return 0;
	}
	struct stream_view fresh = unread(app, dir, whole);
	view = &fresh;
	if (app->is_changing && !app_switch(app))
		return view->data.len <= CHANGE_MAX_BYTES ? view->data.len : 0;
	if (app->no_inspection)
		return 0;
	if (app->id == PROTO_ID_NONE) {
		size_t keep = app_probe(app, &dir, view, packet);
		if (!app->proto)
			return keep;
	} else if (app->proto && !app->is_probed[dir]) {
		app_confirm(app, dir, view);
	}
	if (!app->proto)
		return 0;
	return app_feed(app, dir, view, packet);
}

void
app_datagram(struct proto_worker *worker, struct flow *flow, struct packet *packet)
{
	struct app *app = flow->app;
	if (packet->payload.len == 0)
		return;
	if (!app) {
		if (flow->is_app_done)
			return;
		app = app_new(worker, flow);
		if (!app)
			return;
	}
	if (app->no_inspection)
		return;
	enum dir dir = packet->dir;
	if (app->id == PROTO_ID_NONE) {
		uint8_t id = pinned_id(worker, flow);
		if (!id) {
			app->probe_masked[dir] = 0; /* every datagram is a first one */
			struct probe_result found = probe_all(app, dir, packet->payload);
			id = found.id;
			if (found.verdict == PROTO_YES_REVERSED) {
				app_reverse(app, packet);
				dir = !dir;
			}
		}
		if (id) {
			app->id_dir[dir] = id;
			app->is_probed[dir] = true;
			app_open(app, id);
		} else if (++app->probe_count[dir] >= PROBE_MAX_DATAGRAMS) {
			app_fail(app);
		}
	}
	if (!app->proto || app->is_broken[dir])
		return;
	struct proto_input in = {
		.dir = dir,
		.data = packet->payload,
		.ts = packet->ts,
		.packet = packet,
	};
	if (app->proto->parse(app, &in) < 0) {
		app->is_broken[dir] = true;
		worker->counters.broken[app->id]++;
	}
}

/* --- Transactions --- */

struct tx *
app_tx_new(struct app *app, nsec_t ts)
{
	struct proto_worker *worker = app->worker;
	if (app->tx_count >= app->proto->max_txs) {
		/* Twice the limit within one feeding: the rest is not looked at. */
		if (app->tx_count >= 2 * app->proto->max_txs) {
			worker->counters.txs_shed[app->id]++;
			return NULL;
		}
		struct tx *oldest;
		TAILQ_FOREACH (oldest, &app->txs, link) {
			if (!oldest->is_done[0] || !oldest->is_done[1])
				break;
		}
		if (oldest) {
			oldest->is_done[0] = oldest->is_done[1] = oldest->has_moved = true;
			worker->counters.txs_shed[app->id]++;
		}
	}
	struct tx *tx = slab_get(worker->txs[app->proto->id]);
	if (!tx) {
		worker->counters.memory_shed++;
		return NULL;
	}
	tx->id = app->next_tx_id++;
	tx->first_ns = tx->last_ns = ts;
	tx->has_moved = true;
	TAILQ_INSERT_TAIL(&app->txs, tx, link);
	app->tx_count++;
	worker->counters.txs[app->id]++;
	return tx;
}

void
tx_moved(struct tx *tx, enum dir dir, uint8_t progress, nsec_t ts)
{
	if (progress > tx->progress[dir])
		tx->progress[dir] = progress;
	tx->has_moved = true;
	tx->last_ns = ts;
}

void
tx_done(struct tx *tx, enum dir dir, nsec_t ts)
{
	if (tx->is_done[dir])
		return;
	tx->is_done[dir] = true;
	tx->has_moved = true;
	tx->last_ns = ts;
}

void
tx_event(struct tx *tx, unsigned event)
{
	uint64_t bit = 1ull << event;
	if (tx->events & bit)
		return;
	tx->events |= bit;
	tx->has_moved = true;
}

struct tx *
app_tx_last(struct app *app)
{
	return TAILQ_LAST(&app->txs, tx_list);
}

static void
app_tx_free(struct app *app, struct tx *tx, const struct app_hooks *hooks)
{
	if (hooks && hooks->tx_free)
		hooks->tx_free(app, tx, hooks->arg);
	if (app->proto->tx_free)
		app->proto->tx_free(app, tx);
	file_free_all(app, tx);
	TAILQ_REMOVE(&app->txs, tx, link);
	app->tx_count--;
	slab_put(app->worker->txs[app->proto->id], tx);
}

void
app_clean(struct app *app, const struct app_hooks *hooks, bool at_end)
{
	struct tx *tx = TAILQ_FIRST(&app->txs);
	while (tx) {
		struct tx *next = TAILQ_NEXT(tx, link);
		if (at_end || (tx->is_done[0] && tx->is_done[1])) {
			file_end_all(app, tx);
			if (!tx->is_recorded && !tx->skip_record && hooks && hooks->tx_done)
				hooks->tx_done(app, tx, hooks->arg);
			tx->is_recorded = true;
			if (at_end || !tx->lingers)
				app_tx_free(app, tx, hooks);
		}
		tx = next;
	}
}

void
app_free(struct app *app, const struct app_hooks *hooks)
{
	if (!app)
		return;
	app_clean(app, hooks, true);
	app_close(app);
	seed_drop(app);
	if (app->flow->app == app)
		app->flow->app = NULL;
	slab_put(app->worker->apps, app);
}
