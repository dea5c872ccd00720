/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Three arrays, reserved at start and touched by the system only as they fill:
 *
 *   slots   hash index, open addressing: tag (part of the hash) and row number, eight bytes, so
 *           that a cache line answers eight probes; at most half full; removal shifts back.
 *   rows    the flows.
 *   links   for each row its place in a list: free rows, or one list for each class of time-out
 *           (protocol and state), the longest idle first. All of one class wait equally long,
 * so whoever may have expired stands at the head.
 *
 * The state of a TCP flow moves after flow_table_get() has returned it; the row touched last is
 * put in its right list when the next packet comes.
 */
#include "sensor/flow/flow_table.h"

#include <stdlib.h>
#include <sys/random.h>

#include "common/cursor.h"
#include "common/hash.h"

#define ROW_NONE UINT32_MAX
/* The pause between sweeps, in capture time. */
#define SWEEP_NS (NSEC_PER_SEC / 10)
/* What one sweep may do. While there is more, every packet sweeps: flows cannot come faster. */
#define SWEEP_MAX 256

/* Constant, so that a flow's id is the same in every run. */
#define FLOW_ID_SEED 0x6775616eull
/* Readers written in JavaScript hold integers of 53 bits. */
#define FLOW_ID_MASK ((1ull << 51) - 1)

enum family {
	FAMILY_TCP,
	FAMILY_UDP,
	FAMILY_ICMP,
	FAMILY_OTHER,
	FAMILY_COUNT,
};

#define CLASS_COUNT (FAMILY_COUNT * 4)

struct slot {
	uint32_t tag;
	uint32_t row; /* ROW_NONE: empty */
};

struct link {
	uint32_t prev, next;
	uint8_t class;
};

struct list {
	uint32_t head, tail;
};

struct flow_table {
	struct flow_table_options options;
	flow_end_fn *on_end;
	void *arg;
	struct flow_table_counters counters;
	uint64_t seed;
	struct slot *slots;
	uint32_t mask;
	struct flow *rows;
	struct link *links;
	uint32_t fresh; /* rows never used yet start here */
	uint32_t free;  /* list of given back rows, by links.next */
	uint32_t touched;
	/* What the last packet added to that flow, to take it back if it belongs to the next.
	 */
	struct {
		nsec_t last_ns;
		uint32_t bytes, payload_bytes;
		uint8_t dir;
	} added;
	nsec_t next_sweep;
	bool is_behind; /* the last sweep stopped at its bound */
	struct list lists[CLASS_COUNT];
	nsec_t wait_ns[CLASS_COUNT];
};

/* Ends in a fixed order, so that both directions hash alike; eight-byte words, no holes. */
struct canonical {
	struct addr low, high;
	uint16_t low_port, high_port;
	uint16_t vlan[PACKET_VLAN_MAX];
	uint8_t ip_proto, ip_version, depth;
	uint8_t zero[3];
};

/* A packet's key: as sent, source first. */
struct probe {
	struct flow_key key; /* client is the source */
	int icmp_answer;     /* type that answers, for ICMP */
	uint64_t hash;
};

struct flow_table_options
flow_table_options_default(void)
{
	struct flow_timeouts general = {
		.fresh_ns = 30 * NSEC_PER_SEC,
		.established_ns = 300 * NSEC_PER_SEC,
		.closed_ns = 0,
		.bypassed_ns = 100 * NSEC_PER_SEC,
	};

	return (struct flow_table_options){
		.capacity = 262144,
		.tcp = {
			.fresh_ns = 60 * NSEC_PER_SEC,
			.established_ns = 600 * NSEC_PER_SEC,
			.closed_ns = 60 * NSEC_PER_SEC,
			.bypassed_ns = 100 * NSEC_PER_SEC,
		},
		.udp = general,
		.icmp = general,
		.other = general,
		.use_vlan = true,
		.use_depth = true,
	};
}

static void
waits_fill(nsec_t *wait_ns, const struct flow_timeouts *t)
{
	wait_ns[FLOW_NEW] = t->fresh_ns;
	wait_ns[FLOW_ESTABLISHED] = t->established_ns;
	wait_ns[FLOW_CLOSED] = t->closed_ns;
	wait_ns[FLOW_BYPASSED] = t->bypassed_ns;
}

struct flow_table *
flow_table_new(const struct flow_table_options *options, flow_end_fn *on_end, void *arg)
{
	struct flow_table *t = calloc(1, sizeof(*t));
	size_t capacity = options->capacity ? options->capacity : 1;
	size_t slots = 16;

	if (!t)
		return NULL;
	if (capacity > UINT32_MAX / 4)
		capacity = UINT32_MAX / 4;
	while (slots < capacity * 2)
		slots *= 2;
	t->options = *options;
	t->options.capacity = capacity;
	t->on_end = on_end;
	t->arg = arg;
	t->mask = (uint32_t)(slots - 1);
	t->free = t->touched = ROW_NONE;
	/* Without a secret in it, a sender could choose flows that all collide. */
	if (getrandom(&t->seed, sizeof(t->seed), GRND_NONBLOCK) != sizeof(t->seed))
		t->seed = clock_mono_ns() ^ (uintptr_t)t;
	t->slots = malloc(slots * sizeof(*t->slots));
	t->rows = calloc(capacity, sizeof(*t->rows));
	t->links = malloc(capacity * sizeof(*t->links));
	if (!t->slots || !t->rows || !t->links) {
		flow_table_free(t);
		return NULL;
	}
	memset(t->slots, 0xff, slots * sizeof(*t->slots));
	for (int i = 0; i < CLASS_COUNT; i++)
		t->lists[i] = (struct list){ ROW_NONE, ROW_NONE };
	waits_fill(t->wait_ns + FAMILY_TCP * 4, &options->tcp);
	waits_fill(t->wait_ns + FAMILY_UDP * 4, &options->udp);
	waits_fill(t->wait_ns + FAMILY_ICMP * 4, &options->icmp);
	waits_fill(t->wait_ns + FAMILY_OTHER * 4, &options->other);
	return t;
}

void
flow_table_free(struct flow_table *t)
{
	if (!t)
		return;
	free(t->slots);
	free(t->rows);
	free(t->links);
	free(t);
}

const struct flow_table_counters *
flow_table_counters(const struct flow_table *t)
{
	return &t->counters;
}

/*
 * Lists of time-out classes.
 */

static enum family
family_of(uint8_t ip_proto)
{
	switch (ip_proto) {
	case IP_PROTO_TCP:
		return FAMILY_TCP;
	case IP_PROTO_UDP:
		return FAMILY_UDP;
	case IP_PROTO_ICMP:
	case IP_PROTO_ICMP6:
		return FAMILY_ICMP;
	default:
		return FAMILY_OTHER;
	}
}

static uint8_t
class_of(const struct flow *flow)
{
	return (uint8_t)(family_of(flow->key.ip_proto) * 4 + (flow->state & 3));
}

static void
list_append(struct flow_table *t, uint32_t row, uint8_t class)
{
	struct list *list = &t->lists[class];
	struct link *link = &t->links[row];

	link->class = class;
	link->prev = list->tail;
	link->next = ROW_NONE;
	if (list->tail != ROW_NONE)
		t->links[list->tail].next = row;
	else
		list->head = row;
	list->tail = row;
}

static void
list_remove(struct flow_table *t, uint32_t row)
{
	struct link *link = &t->links[row];
	struct list *list = &t->lists[link->class];

	if (link->prev != ROW_NONE)
		t->links[link->prev].next = link->next;
	else
		list->head = link->next;
	if (link->next != ROW_NONE)
		t->links[link->next].prev = link->prev;
	else
		list->tail = link->prev;
}

/* To the end of the list that its state asks for. */
static void
list_touch(struct flow_table *t, uint32_t row)
{
	uint8_t class = class_of(&t->rows[row]);

	if (t->links[row].class == class && t->lists[class].tail == row)
		return;
	list_remove(t, row);
	list_append(t, row, class);
}

static bool
is_expired(const struct flow_table *t, const struct flow *flow, nsec_t now_ns)
{
	nsec_t wait = t->wait_ns[class_of(flow)];

	return now_ns > flow->last_ns && now_ns - flow->last_ns >= wait;
}

/*
 * Keys.
 */

static uint64_t
key_hash(const struct flow_key *key, int icmp_answer, uint64_t seed)
{
	struct canonical c = { 0 };
	uint16_t a_port = key->client_port;
	uint16_t b_port = key->server_port;
	int order = memcmp(&key->client, &key->server, sizeof(key->client));

	switch (key->ip_proto) {
	case IP_PROTO_ICMP:
	case IP_PROTO_ICMP6:
		b_port = (uint16_t)icmp_answer;
		break;
	case IP_PROTO_ESP: /* one way: the ports are no ends */
		order = -1;
		break;
	default:
		break;
	}
	if (order == 0)
		order = a_port < b_port ? -1 : 1;
	c.low = order < 0 ? key->client : key->server;
	c.high = order < 0 ? key->server : key->client;
	c.low_port = order < 0 ? a_port : b_port;
	c.high_port = order < 0 ? b_port : a_port;
	memcpy(c.vlan, key->vlan, sizeof(c.vlan));
	c.ip_proto = key->ip_proto;
	c.ip_version = key->ip_version;
	c.depth = key->depth;
	return hash_bytes(&c, sizeof(c), seed);
}

static bool
ends_match(const struct flow_key *key, const struct addr *client, const struct addr *server)
{
	return addr_eq(&key->client, client) && addr_eq(&key->server, server);
}

/* Whether the packet belongs to the flow, and in which direction. */
static bool
key_matches(const struct flow_key *key, const struct probe *probe, enum dir *ret_dir)
{
	const struct flow_key *p = &probe->key;
	bool forward, backward;

	if (key->ip_proto != p->ip_proto || key->ip_version != p->ip_version ||
	    key->depth != p->depth || memcmp(key->vlan, p->vlan, sizeof(p->vlan)) != 0)
		return false;
	forward = ends_match(key, &p->client, &p->server);
	backward = ends_match(key, &p->server, &p->client);
	switch (p->ip_proto) {
	case IP_PROTO_ICMP:
	case IP_PROTO_ICMP6:
		forward = forward && key->client_port == p->client_port;
		backward = backward && (int)key->client_port == probe->icmp_answer;
		break;
	case IP_PROTO_ESP:
		forward = forward && key->client_port == p->client_port &&
			  key->server_port == p->server_port;
		backward = false;
		break;
	default:
		forward = forward && key->client_port == p->client_port &&
			  key->server_port == p->server_port;
		backward = backward && key->client_port == p->server_port &&
			   key->server_port == p->client_port;
	}
	*ret_dir = forward ? DIR_TOSERVER : DIR_TOCLIENT;
	return forward || backward;
}

/* The key of a packet quoted in an ICMP error, as far as it can be read. */
static bool
probe_quoted(const struct packet *packet, struct flow_key *key)
{
	struct cursor c = cursor_span(packet->icmp.inner);

	if (packet->ip_version == 4) {
		uint8_t ihl = cursor_u8(&c) & 15;
		cursor_skip(&c, 8);
		key->ip_proto = cursor_u8(&c);
		cursor_skip(&c, 2);
		struct span src = cursor_bytes(&c, 4);
		struct span dst = cursor_bytes(&c, 4);
		cursor_skip(&c, ihl > 5 ? (ihl - 5u) * 4 : 0);
		if (c.is_short)
			return false;
		memcpy(key->client.b, src.p, 4);
		memcpy(key->server.b, dst.p, 4);
	} else {
		cursor_skip(&c, 6);
		key->ip_proto = cursor_u8(&c);
		cursor_skip(&c, 1);
		struct span src = cursor_bytes(&c, 16);
		struct span dst = cursor_bytes(&c, 16);
		if (c.is_short)
			return false;
		memcpy(key->client.b, src.p, 16);
		memcpy(key->server.b, dst.p, 16);
	}
	switch (key->ip_proto) {
	case IP_PROTO_TCP:
	case IP_PROTO_UDP:
	case IP_PROTO_SCTP:
	case IP_PROTO_ESP:
		key->client_port = cursor_be16(&c);
		key->server_port = cursor_be16(&c);
		break;
	case IP_PROTO_ICMP:
	case IP_PROTO_ICMP6:
		key->client_port = cursor_u8(&c);
		key->server_port = cursor_u8(&c);
		break;
	default:
		return false;
	}
	return !c.is_short;
}

/* False when such a packet has no flow. */
static bool
probe_fill(const struct flow_table *t, const struct packet *packet, struct probe *probe)
{
	struct flow_key *key = &probe->key;

	if (packet->layers & LAYER_FRAGMENT)
		return false;
	key->ip_version = packet->ip_version;
	if (t->options.use_depth)
		key->depth = packet->depth;
	if (t->options.use_vlan)
		memcpy(key->vlan, packet->vlan, sizeof(key->vlan));
	probe->icmp_answer = -1;
	if ((packet->layers & LAYER_ICMP) && packet->icmp.inner.len) {
		if (!probe_quoted(packet, key))
			return false;
	} else {
		key->client = packet->src;
		key->server = packet->dst;
		key->ip_proto = packet->ip_proto;
		if (packet->layers & (LAYER_TCP | LAYER_UDP | LAYER_SCTP)) {
			key->client_port = packet->sport;
			key->server_port = packet->dport;
		} else if (packet->layers & LAYER_ICMP) {
			key->client_port = packet->icmp.type;
			key->server_port = packet->icmp.code;
		} else if (packet->layers & LAYER_ESP) {
			key->client_port = (uint16_t)(packet->esp_spi >> 16);
			key->server_port = (uint16_t)packet->esp_spi;
		} else {
			return false;
		}
	}
	if (key->ip_proto == IP_PROTO_ICMP || key->ip_proto == IP_PROTO_ICMP6)
		probe->icmp_answer =
		    flow_icmp_counterpart(key->ip_version, (uint8_t)key->client_port);
	probe->hash = key_hash(key, probe->icmp_answer, t->seed);
	return true;
}

/*
 * The index.
 */

static uint32_t
slot_find(const struct flow_table *t, const struct probe *probe, enum dir *ret_dir)
{
	uint32_t tag = (uint32_t)(probe->hash >> 32);

	for (uint32_t i = (uint32_t)probe->hash & t->mask;; i = (i + 1) & t->mask) {
		struct slot slot = t->slots[i];
		if (slot.row == ROW_NONE)
			return ROW_NONE;
		if (slot.tag == tag && key_matches(&t->rows[slot.row].key, probe, ret_dir))
			return slot.row;
	}
}

static void
slot_insert(struct flow_table *t, uint64_t hash, uint32_t row)
{
	uint32_t i = (uint32_t)hash & t->mask;

	while (t->slots[i].row != ROW_NONE)
		i = (i + 1) & t->mask;
	t->slots[i] = (struct slot){ (uint32_t)(hash >> 32), row };
}

/* Moves later entries of the run back, so that no search stops early at the hole. */
static void
slot_remove(struct flow_table *t, uint64_t hash, uint32_t row)
{
	uint32_t hole = (uint32_t)hash & t->mask;

	while (t->slots[hole].row != row)
		hole = (hole + 1) & t->mask;
	for (uint32_t i = (hole + 1) & t->mask; t->slots[i].row != ROW_NONE;
	     i = (i + 1) & t->mask) {
		uint32_t home = (uint32_t)t->rows[t->slots[i].row].hash & t->mask;
		if (((i - home) & t->mask) >= ((i - hole) & t->mask)) {
			t->slots[hole] = t->slots[i];
			hole = i;
		}
	}
	t->slots[hole].row = ROW_NONE;
}

/*
 * Flows come and go.
 */

static void
row_end(struct flow_table *t, uint32_t row, enum flow_end why, nsec_t now_ns)
{
	struct flow *flow = &t->rows[row];

	if (t->on_end)
		t->on_end(flow, why, now_ns, t->arg);
	slot_remove(t, flow->hash, row);
	list_remove(t, row);
	t->links[row].next = t->free;
	t->free = row;
	if (t->touched == row)
		t->touched = ROW_NONE;
	t->counters.active--;
	switch (why) {
	case FLOW_END_TIMEOUT:
		t->counters.timed_out++;
		break;
	case FLOW_END_EVICTED:
		t->counters.evicted++;
		break;
	case FLOW_END_REUSED:
		t->counters.reused++;
		break;
	case FLOW_END_SHUTDOWN:
		break;
	}
}

/* The head of all lists that has waited the longest. */
static uint32_t
row_oldest(const struct flow_table *t)
{
	uint32_t oldest = ROW_NONE;

	for (int i = 0; i < CLASS_COUNT; i++) {
		uint32_t row = t->lists[i].head;
		if (row != ROW_NONE &&
		    (oldest == ROW_NONE || t->rows[row].last_ns < t->rows[oldest].last_ns))
			oldest = row;
	}
	return oldest;
}

static uint32_t
row_take(struct flow_table *t, nsec_t now_ns)
{
	uint32_t row;

	if (t->free == ROW_NONE && t->fresh < t->options.capacity)
		return t->fresh++;
	if (t->free == ROW_NONE)
		row_end(t, row_oldest(t), FLOW_END_EVICTED, now_ns);
	row = t->free;
	t->free = t->links[row].next;
	return row;
}

static struct flow *
row_new(struct flow_table *t, const struct packet *packet, const struct probe *probe)
{
	uint32_t row = row_take(t, packet->ts);
	struct flow *flow = &t->rows[row];

	*flow = (struct flow){
		.key = probe->key,
		.hash = probe->hash,
		.first_ns = packet->ts,
		.last_ns = packet->ts,
		.table_index = row,
		.vlan_count = packet->vlan_count,
	};
	memcpy(flow->vlan, packet->vlan, sizeof(flow->vlan));
	flow->id = (key_hash(&probe->key, probe->icmp_answer, FLOW_ID_SEED) ^
		       hash_u64(packet->ts, FLOW_ID_SEED)) &
		   FLOW_ID_MASK;
	flow->id |= flow->id == 0;
	if (packet->mac_src && packet->mac_dst) {
		memcpy(flow->mac_src, packet->mac_src, 6);
		memcpy(flow->mac_dst, packet->mac_dst, 6);
		flow->has_mac = true;
	}
	/* Only a server answers a SYN: we came in late and missed it. */
	if ((packet->layers & LAYER_TCP) &&
	    (packet->tcp.flags & (TCP_SYN | TCP_ACK)) == (TCP_SYN | TCP_ACK))
		flow_swap(flow);
	slot_insert(t, flow->hash, row);
	list_append(t, row, class_of(flow));

	struct flow_table_counters *n = &t->counters;
	n->created++;
	if (++n->active > n->peak)
		n->peak = n->active;
	*(uint64_t *[]){ &n->tcp, &n->udp, &n->icmp,
		&n->other }[family_of(flow->key.ip_proto)] += 1;
	return flow;
}

static void
flow_count(struct flow *flow, const struct packet *packet, enum dir dir)
{
	struct flow_half *half = &flow->half[dir];

	if (packet->ts > flow->last_ns)
		flow->last_ns = packet->ts;
	if (half->packets == 0 || packet->ttl < half->ttl_min)
		half->ttl_min = packet->ttl;
	if (packet->ttl > half->ttl_max)
		half->ttl_max = packet->ttl;
	half->packets++;
	half->bytes += packet->wire_bytes;
	half->payload_bytes += packet->payload.len;
	if (packet->layers & LAYER_TCP)
		half->tcp_flags |= packet->tcp.flags;
	/* TCP's own state machine says when a connection stands. */
	if (flow->state == FLOW_NEW && flow->key.ip_proto != IP_PROTO_TCP &&
	    flow->half[0].packets && flow->half[1].packets)
		flow->state = FLOW_ESTABLISHED;
}

struct flow *
flow_table_get(struct flow_table *t, struct packet *packet)
{
	struct probe probe = { 0 };
	struct flow *flow;
	enum dir dir = DIR_TOSERVER;
	bool is_quoted = (packet->layers & LAYER_ICMP) && packet->icmp.inner.len;

	if (t->touched != ROW_NONE)
		list_touch(t, t->touched);
	packet->flow = NULL;
	packet->is_flow_new = false;
	if (!(packet->layers & LAYER_IP) || !probe_fill(t, packet, &probe))
		return NULL;
	uint32_t row = slot_find(t, &probe, &dir);
	if (row != ROW_NONE && is_expired(t, &t->rows[row], packet->ts)) {
		row_end(t, row, FLOW_END_TIMEOUT, packet->ts);
		row = ROW_NONE;
	}
	if (row == ROW_NONE) {
		if (is_quoted)
			return NULL;
		flow = row_new(t, packet, &probe);
		row = flow->table_index;
		dir = flow->is_swapped ? DIR_TOCLIENT : DIR_TOSERVER;
		packet->is_flow_new = true;
	} else {
		flow = &t->rows[row];
		/* The error travels against the packet that it quotes. */
		if (is_quoted) {
			dir = dir == DIR_TOSERVER ? DIR_TOCLIENT : DIR_TOSERVER;
			flow->is_icmp_error_seen = true;
		}
	}
	packet->flow = flow;
	packet->dir = (uint8_t)dir;
	t->added.last_ns = flow->last_ns;
	t->added.bytes = packet->wire_bytes;
	t->added.payload_bytes = (uint32_t)packet->payload.len;
	t->added.dir = (uint8_t)dir;
	flow_count(flow, packet, dir);
	packet->is_established = flow->state == FLOW_ESTABLISHED;
	list_touch(t, row);
	t->touched = row;
	return flow;
}

bool
flow_table_sweep(struct flow_table *t, nsec_t now_ns)
{
	unsigned left = SWEEP_MAX;

	if (t->touched != ROW_NONE)
		list_touch(t, t->touched);
	for (int i = 0; i < CLASS_COUNT; i++) {
		while (left > 0 && t->lists[i].head != ROW_NONE) {
			uint32_t row = t->lists[i].head;
			if (class_of(&t->rows[row]) != i)
				list_touch(t, row);
			else if (is_expired(t, &t->rows[row], now_ns))
				row_end(t, row, FLOW_END_TIMEOUT, now_ns);
			else
				break;
			left--;
		}
	}
	return left == 0;
}

void
flow_table_tick(struct flow_table *t, nsec_t now_ns)
{
	if (now_ns < t->next_sweep && !t->is_behind)
		return;
	t->is_behind = flow_table_sweep(t, now_ns);
	if (now_ns >= t->next_sweep)
		t->next_sweep = now_ns + SWEEP_NS;
}

void
flow_table_end(struct flow_table *t, struct flow *flow, enum flow_end why, nsec_t now_ns)
{
	/* The packet at hand opens the next connection; it was counted here when it came. */
	if (why == FLOW_END_REUSED && t->touched == flow->table_index) {
		struct flow_half *half = &flow->half[t->added.dir];
		half->packets--;
		half->bytes -= t->added.bytes;
		half->payload_bytes -= t->added.payload_bytes;
		flow->last_ns = t->added.last_ns;
	}
	row_end(t, flow->table_index, why, now_ns);
}

void
flow_table_end_all(struct flow_table *t, enum flow_end why)
{
	uint32_t row;

	while ((row = row_oldest(t)) != ROW_NONE)
		row_end(t, row, why, t->rows[row].last_ns);
}
