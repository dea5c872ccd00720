/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_proto: a conversation of hostile pieces with one protocol (FUZZ_PROTO, set by the
 * build).
 *
 * The input is a list of pieces: a byte of flags (bit 0 direction, bit 1 a gap before it, bit 2
 * the end of the direction behind it, bit 3 a datagram instead), two bytes of length, the
 * bytes. Every field is read and every record written whenever a transaction moves, as
 * detection and recording would. The port is pinned to the protocol, so that no probe stands in
 * the way; a second port is not, so that the probes are tried too (bit 4 of the first piece).
 */
#include <stdio.h>
#include <stdlib.h>

#include "common/cursor.h"
#include "sensor/proto/file.h"

#define WINDOW_BYTES (1u << 18)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct {
	struct proto_options options;
	struct proto_worker *worker;
	struct arena *scratch;
	uint8_t window[2][WINDOW_BYTES];
	size_t kept[2];
	uint64_t offset[2];
} bench;

static void
look(struct app *app, struct tx *tx, void *arg)
{
	static char text[1u << 20];
	for (int dir = 0; dir < 2; dir++) {
		for (const struct field *f = app->proto->fields; f->name; f++) {
			struct field_value v = { 0 };
			if (!(f->dirs & DIR_BIT(dir)) || tx->progress[dir] < f->progress)
				continue;
			for (unsigned i = 0; i < 8; i++) {
				if (!f->get(app, tx, (enum dir)dir, i, bench.scratch, &v))
					break;
				if (v.bytes.len && v.bytes.p[v.bytes.len - 1] == 0xee)
					text[0] ^= 1; /* touches the end of what was given */
			}
		}
		for (unsigned i = 0; file_at(tx, (enum dir)dir, i); i++)
			text[0] ^= file_size(file_at(tx, (enum dir)dir, i)) == 0xee;
	}
	struct json json;
	json_init(&json, text, sizeof(text));
	json_open_object(&json, NULL);
	if (app->proto->record)
		(void)app->proto->record(app, tx, &json);
	arena_reset(bench.scratch);
}

static void
view(struct flow *flow, const struct app_hooks *hooks, enum dir dir, struct span bytes,
    uint64_t lost, unsigned flags)
{
	if (lost)
		bench.kept[dir] = 0;
	if (bench.kept[dir] + bytes.len > WINDOW_BYTES)
		return;
	bench.offset[dir] += lost;
	size_t len = bench.kept[dir] + bytes.len;
	uint8_t *copy = malloc(len ? len : 1);
	if (!copy)
		abort();
	memcpy(copy, bench.window[dir], bench.kept[dir]);
	if (bytes.len)
		memcpy(copy + bench.kept[dir], bytes.p, bytes.len);
	struct stream_view v = {
		.data = span_of(copy, len),
		.kept = bench.kept[dir],
		.offset = bench.offset[dir] - bench.kept[dir],
		.gap_bytes = lost,
		.flags = flags | (lost ? STREAM_GAP : 0),
	};
	size_t keep = app_stream(bench.worker, flow, dir, &v, NULL);
	if (keep > len)
		abort();
	memcpy(bench.window[dir], copy + len - keep, keep);
	free(copy);
	bench.kept[dir] = keep;
	bench.offset[dir] += bytes.len;
	if (!flow->app)
		return;
	struct tx *tx;
	TAILQ_FOREACH (tx, &flow->app->txs, link)
		look(flow->app, tx, NULL);
	app_clean(flow->app, hooks, false);
}

static void
datagram(struct flow *flow, const struct app_hooks *hooks, enum dir dir, struct span bytes)
{
	uint8_t *copy = malloc(bytes.len ? bytes.len : 1); /* its end is guarded */
	struct packet packet = { .flow = flow, .dir = (uint8_t)dir };

	if (!copy)
		abort();
	if (bytes.len)
		memcpy(copy, bytes.p, bytes.len);
	packet.payload = span_of(copy, bytes.len);
	app_datagram(bench.worker, flow, &packet);
	if (flow->app) {
		struct tx *tx;
		TAILQ_FOREACH (tx, &flow->app->txs, link)
			look(flow->app, tx, NULL);
		app_clean(flow->app, hooks, false);
	}
	free(copy);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct proto_pin pins[] = { { 1, PROTO_TCP, FUZZ_PROTO },
		{ 1, PROTO_UDP, FUZZ_PROTO } };
	static const struct app_hooks hooks = { .tx_done = look };
	if (!bench.worker) {
		const char *error;
		static struct arena *arena;
		arena = arena_new(65536, 0);
		bench.scratch = arena_new(65536, 0);
		bench.options.max_heap_bytes = 8u << 20;
		bench.options.max_flows = 4;
		if (proto_options_read(&bench.options, arena, NULL, &error) < 0)
			abort();
		bench.options.is_enabled[FUZZ_PROTO] =
		    true; /* also where it is off by default */
		bench.options.is_detected[FUZZ_PROTO] = true;
		bench.options.pins = pins;
		bench.options.pin_count = 2;
		bench.worker = proto_worker_new(&bench.options);
	}
	memset(bench.kept, 0, sizeof(bench.kept));
	memset(bench.offset, 0, sizeof(bench.offset));
	uint16_t port = size && data[0] & 16 ? 2 : 1;
	struct flow flow = { .key = { .ip_proto = IP_PROTO_TCP, .server_port = port } };
	struct flow udp = { .key = { .ip_proto = IP_PROTO_UDP, .server_port = port } };
	struct cursor c = cursor_of(data, size);
	while (cursor_left(&c) >= 3) {
		uint8_t flags = cursor_u8(&c);
		size_t len = cursor_be16(&c);
		if (len > cursor_left(&c))
			len = cursor_left(&c);
		struct span bytes = cursor_bytes(&c, len);
		if (flags & 8)
			datagram(&udp, &hooks, flags & 1, bytes);
		else
			view(&flow, &hooks, flags & 1, bytes, flags & 2 ? 1 + len * 3 : 0,
			    flags & 4 ? STREAM_EOF : 0);
	}
	app_free(flow.app, &hooks);
	app_free(udp.app, &hooks);
	if (proto_heap_bytes(bench.worker) != 0)
		abort();
	return 0;
}
