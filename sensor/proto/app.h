/* SPDX-License-Identifier: Apache-2.0 */
/*
 * app: recognises a flow's application protocol and feeds it.
 *
 * One struct proto_worker per worker holds the pools, the configuration and the counters of all
 * protocols. The worker calls app_stream() from the TCP consumer and app_datagram() for UDP;
 * then looks at app->txs (detection, records) and calls app_clean().
 */
#ifndef GUAN_SENSOR_PROTO_APP_H
#define GUAN_SENSOR_PROTO_APP_H

#include "common/arena.h"
#include "common/slab.h"
#include "sensor/proto/proto.h"

struct proto_counters {
	uint64_t flows[PROTO_ID_COUNT];
	uint64_t txs[PROTO_ID_COUNT];
	uint64_t broken[PROTO_ID_COUNT];
	uint64_t txs_shed[PROTO_ID_COUNT];
	uint64_t gaps[PROTO_ID_COUNT];
	uint64_t memory_shed; /* a pool was exhausted */
	uint64_t files_shed;  /* over the cap of a transaction */
	uint64_t files_unstored; /* asked for by a rule, and not had whole */
};

/* A pinned protocol of the operator's map: (zone, port) comes before every probe. */
struct proto_pin {
	uint16_t port;
	uint8_t transport;
	uint8_t id;
};

/*
 * What traffic can make us hold, per worker. A flow's own state is small and counted by flows;
 * what it keeps of its bytes is counted by heap bytes.
 */
#define PROTO_MAX_FLOWS 65536
#define PROTO_MAX_HEAP_BYTES (256u << 20)

struct proto_options {
	bool is_enabled[PROTO_ID_COUNT];  /* parse it */
	bool is_detected[PROTO_ID_COUNT]; /* "detection-only" has this and not the other */
	void *config[PROTO_ID_COUNT];     /* what configure() made */
	const struct proto_pin *pins;
	size_t pin_count;
	unsigned file_needs;   /* enum proto_file_need: to make of every file */
	size_t max_flows;      /* struct app pool */
	size_t max_heap_bytes; /* what parsers may hold in all (headers, bodies, windows) */
};

/*
 * Reads app-layer.protocols.* and the EVE types' options of a configuration; arena holds what
 * configure() makes. root may be NULL: all defaults. On a wrong value *ret_error is set (in the
 * arena) with its place, and -EINVAL returned.
 */
int proto_options_read(struct proto_options *options, struct arena *arena,
    const struct conf_node *root, const char **ret_error);

/* The usual ports of a protocol, read from its text once. */
#define PROTO_PORT_RANGES_MAX 16
struct proto_ports {
	unsigned count;
	struct proto_port_range {
		uint16_t lo, hi;
	} ranges[PROTO_PORT_RANGES_MAX];
};

/*
 * Where files go that are stored: set by the worker's owner. What is put() under an id is one
 * file, in order; end() with its SHA-256 keeps it, with NULL it was not wanted after all.
 * begin() 0 and put() false: no room, the file is given up.
 */
struct file_sink {
	uint64_t (*begin)(void *arg);
	bool (*put)(void *arg, uint64_t id, struct span bytes);
	void (*end)(void *arg, uint64_t id, const uint8_t *sha256);
	void *arg;
	bool is_forced; /* every file is stored */
};

struct proto_worker {
	const struct proto_options *options;
	struct slab *apps;
	struct slab *states[PROTO_ID_COUNT];
	struct slab *txs[PROTO_ID_COUNT];
	struct proto_heap *heap; /* behind proto_alloc() */
	struct proto_counters counters;
	struct proto_ports ports[PROTO_ID_COUNT];
	struct file_digest *digests; /* waiting to be used again */
	struct file_magic *magic;    /* opened with the first file whose kind is asked for */
	const struct file_sink *file_sink; /* NULL: files are not stored */
	unsigned file_needs; /* the configuration's, and those of the rules at work */
	uint64_t wanted; /* bit per proto_id that has parsers or rules; others are only named */
};

struct proto_worker *proto_worker_new(const struct proto_options *options);
void proto_worker_free(struct proto_worker *worker);

/*
 * Takes a stream view; makes flow->app at the first payload. Returns how many bytes at the end
 * of view->data the parser (or protocol detection) still needs. A flow that was picked up the
 * wrong way round is turned (flow->is_swapped changes): dir is the other one from then on.
 */
size_t app_stream(struct proto_worker *worker, struct flow *flow, enum dir dir,
    const struct stream_view *view, struct packet *packet);

void app_datagram(struct proto_worker *worker, struct flow *flow, struct packet *packet);

/*
 * Called for each transaction that is done (both directions, or the flow ends) and not yet
 * recorded; and before a transaction's memory goes. The floors above register once.
 */
struct app_hooks {
	void (*tx_done)(struct app *app, struct tx *tx, void *arg);
	void (*tx_free)(struct app *app, struct tx *tx, void *arg); /* detection lets go */
	void *arg;
};

/* Records and frees what is done, after detection has looked. at_end: all of it. */
void app_clean(struct app *app, const struct app_hooks *hooks, bool at_end);

/* Ends a flow's application layer: EOF to both directions must have been fed before. */
void app_free(struct app *app, const struct app_hooks *hooks);

/* --- For protocols --- */

/* A new transaction at the end of the list, zeroed; NULL (counted) when the pool is exhausted.
 */
struct tx *app_tx_new(struct app *app, nsec_t ts);

/* Notes progress: never back. Sets has_moved. */
void tx_moved(struct tx *tx, enum dir dir, uint8_t progress, nsec_t ts);
void tx_done(struct tx *tx, enum dir dir, nsec_t ts);
void tx_event(struct tx *tx, unsigned event);

/* The newest transaction, or NULL. */
struct tx *app_tx_last(struct app *app);

/* Bytes held by proto_alloc() now. */
size_t proto_heap_bytes(const struct proto_worker *worker);

/*
 * Bytes that a transaction keeps (header block, body window). Counted against the worker's
 * budget; NULL when that is reached (counted): the parser goes on without. Backed by size-class
 * pools, so the steady state does not reach the system allocator.
 */
void *proto_alloc(struct proto_worker *worker, size_t bytes);
void *proto_realloc(struct proto_worker *worker, void *old, size_t old_bytes, size_t bytes);
void proto_dealloc(struct proto_worker *worker, void *memory, size_t bytes);

/*
 * A growing byte buffer on proto_alloc(), of max bytes and never above PROTO_BUF_MAX.
 * append() false: a limit or the budget was reached, what fits stays.
 */
#define PROTO_BUF_MAX (16u << 20)
struct proto_buf {
	uint8_t *p;
	uint32_t len, cap;
};
bool proto_buf_append(struct proto_worker *worker, struct proto_buf *buf, struct span bytes,
    uint32_t max);
void proto_buf_free(struct proto_worker *worker, struct proto_buf *buf);
static inline struct span
proto_buf_span(const struct proto_buf *buf)
{
	return span_of(buf->p, buf->len);
}

/* After CONNECT, STARTTLS or Upgrade: what follows is probed anew. */
void app_change(struct app *app);

/*
 * The same where it is known what follows. seed is copied, and is app->seed in the new
 * protocol's open(). False: nobody reads that protocol, or another change is under way; then
 * nothing happens.
 */
bool app_change_to(struct app *app, enum proto_id id, struct span seed);

#endif
