/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench: a flow without a network, for tests of parsers.
 *
 * Feeds bytes to app_stream() the way TCP does, in pieces of any size, keeps the tail that is
 * asked for, and writes every transaction down as text when it is done. A parser is right when
 * its text is, and when every split of the input gives the same text.
 */
#ifndef GUAN_TESTS_UNIT_SENSOR_PROTO_BENCH_H
#define GUAN_TESTS_UNIT_SENSOR_PROTO_BENCH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "sensor/proto/app.h"

#define BENCH_LOG_BYTES (8u << 20)
#define BENCH_WINDOW_BYTES (1u << 18)

struct bench {
	struct arena *arena;
	struct arena *scratch;
	struct conf *conf;
	struct proto_options options;
	struct proto_worker *worker;
	struct flow flow;
	struct app_hooks hooks;
	nsec_t now;
	char *log;
	size_t log_len;
	unsigned done_count;
	struct bench_stream {
		uint8_t *window;
		size_t kept;
		uint64_t offset; /* behind the kept bytes */
		uint64_t lost;   /* before the next bytes */
		bool has_begun;
	} stream[2];
};

static inline void
bench_log(struct bench *b, const char *format, ...)
{
	va_list ap;
	va_start(ap, format);
	int n = vsnprintf(b->log + b->log_len, BENCH_LOG_BYTES - b->log_len, format, ap);
	va_end(ap);
	assert_true(n >= 0 && (size_t)n < BENCH_LOG_BYTES - b->log_len);
	b->log_len += (size_t)n;
}

/* Bytes as text, with what is not printable as \xHH. */
static inline void
bench_log_bytes(struct bench *b, struct span bytes)
{
	for (size_t i = 0; i < bytes.len; i++) {
		uint8_t c = bytes.p[i];
		if (c == '\r')
			bench_log(b, "\\r");
		else if (c == '\n')
			bench_log(b, "\\n");
		else if (c < ' ' || c >= 0x7f)
			bench_log(b, "\\x%02x", c);
		else
			bench_log(b, "%c", c);
	}
}

/* All that rules can see of a transaction, and its events: "toserver http.uri=/index". */
static inline void
bench_log_tx(struct app *app, struct tx *tx, void *arg)
{
	struct bench *b = arg;
	bench_log(b, "tx %u\n", (unsigned)tx->id);
	b->done_count++;
	for (int dir = 0; dir < 2; dir++) {
		for (const struct field *f = app->proto->fields; f && f->name; f++) {
			if (!(f->dirs & DIR_BIT(dir)) || tx->progress[dir] < f->progress)
				continue;
			struct field_value v = { 0 };
			unsigned most =
			    f->kind == FIELD_MULTI || f->kind == FIELD_STREAM ? 64 : 1;
			for (unsigned i = 0;
			     i < most && f->get(app, tx, (enum dir)dir, i, b->scratch, &v);
			     i++) {
				bench_log(b, "%s %s=", dir ? "toclient" : "toserver", f->name);
				if (f->kind == FIELD_UINT || f->kind == FIELD_ENUM)
					bench_log(b, "%llu", (unsigned long long)v.number);
				else
					bench_log_bytes(b, v.bytes);
				bench_log(b, "\n");
			}
		}
	}
	for (int i = 0; i < 64; i++) {
		if (tx->events >> i & 1)
			bench_log(b, "event %s\n", app->proto->events[i]);
	}
	char text[65536];
	struct json json;
	json_init(&json, text, sizeof(text));
	json_open_object(&json, NULL);
	bool has_record = app->proto->record && app->proto->record(app, tx, &json);
	json_close(&json);
	assert_true(json_ok(&json));
	if (has_record)
		bench_log(b, "record %.*s\n", (int)json.len, json.buf);
	arena_reset(b->scratch);
}

/* config: YAML or NULL. */
static inline void
bench_open(struct bench *b, const char *config, uint16_t port, uint8_t ip_proto)
{
	const char *error = NULL;
	char *conf_error = NULL;
	*b = (struct bench){ 0 };
	b->arena = arena_new(65536, 0);
	b->scratch = arena_new(65536, 0);
	if (config) {
		b->conf = conf_read_text("config", span_str(config), &conf_error);
		assert_non_null(b->conf);
	}
	b->options.max_heap_bytes = 16u << 20;
	b->options.max_flows = 16;
	int r = proto_options_read(&b->options, b->arena, b->conf ? conf_root(b->conf) : NULL,
	    &error);
	assert_int_equal(r, 0);
	b->worker = proto_worker_new(&b->options);
	assert_non_null(b->worker);
	b->flow.key.ip_proto = ip_proto;
	b->flow.key.ip_version = 4;
	b->flow.key.server_port = port;
	b->hooks = (struct app_hooks){ .tx_done = bench_log_tx, .arg = b };
	b->now = 1000;
	b->log = calloc(1, BENCH_LOG_BYTES);
	for (int dir = 0; dir < 2; dir++)
		b->stream[dir].window = malloc(BENCH_WINDOW_BYTES);
}

static inline void
bench_view(struct bench *b, enum dir dir, struct span bytes, unsigned flags)
{
	struct bench_stream *s = &b->stream[dir];
	assert_true(s->kept + bytes.len <= BENCH_WINDOW_BYTES);
	if (bytes.len)
		memcpy(s->window + s->kept, bytes.p, bytes.len);
	/* A piece of its own size, so that a read behind its end is seen. */
	size_t len = s->kept + bytes.len;
	uint8_t *copy = malloc(len ? len : 1);
	if (len)
		memcpy(copy, s->window, len);
	struct stream_view view = {
		.data = span_of(copy, len),
		.kept = s->kept,
		.offset = s->offset - s->kept,
		.flags = flags,
	};
	if (s->lost) {
		view.flags |= STREAM_GAP;
		view.gap_bytes = s->lost;
		s->lost = 0;
	} else if (!s->has_begun) {
		view.flags |= STREAM_START;
	}
	s->has_begun = true;
	b->flow.last_ns = b->now += NSEC_PER_MSEC;
	size_t keep = app_stream(b->worker, &b->flow, dir, &view, NULL);
	assert_true(keep <= len);
	free(copy);
	memmove(s->window, s->window + len - keep, keep);
	s->kept = keep;
	s->offset += bytes.len;
	if (b->flow.app)
		app_clean(b->flow.app, &b->hooks, false);
}

static inline void
bench_feed(struct bench *b, enum dir dir, struct span bytes)
{
	if (bytes.len)
		bench_view(b, dir, bytes, 0);
}

static inline void
bench_gap(struct bench *b, enum dir dir, uint64_t lost)
{
	struct bench_stream *s = &b->stream[dir];
	s->kept = 0;
	s->offset += lost;
	s->lost += lost;
}

static inline void
bench_eof(struct bench *b, enum dir dir)
{
	bench_view(b, dir, SPAN_NONE, STREAM_EOF);
}

/* Ends the flow; what is left is written down, and all memory must have come back. */
static inline void
bench_end(struct bench *b)
{
	app_free(b->flow.app, &b->hooks);
	assert_null(b->flow.app);
	assert_int_equal(proto_heap_bytes(b->worker), 0);
}

static inline void
bench_close(struct bench *b)
{
	proto_worker_free(b->worker);
	for (int dir = 0; dir < 2; dir++)
		free(b->stream[dir].window);
	free(b->log);
	conf_free(b->conf);
	arena_free(b->scratch);
	arena_free(b->arena);
}

/* Bytes written as hexadecimal digits, into a buffer of the caller. */
static inline struct span
bench_unhex(const char *text, uint8_t *buf, size_t size)
{
	size_t len = strlen(text) / 2;
	assert_true(len <= size);
	for (size_t i = 0; i < len; i++) {
		unsigned byte;
		assert_int_equal(sscanf(text + 2 * i, "%2x", &byte), 1);
		buf[i] = (uint8_t)byte;
	}
	return span_of(buf, len);
}

/* One datagram, in memory of its own size. */
static inline void
bench_datagram(struct bench *b, enum dir dir, struct span bytes)
{
	uint8_t *copy = malloc(bytes.len ? bytes.len : 1);
	struct packet packet = { .flow = &b->flow, .dir = dir, .ts = b->now += NSEC_PER_MSEC };
	if (bytes.len)
		memcpy(copy, bytes.p, bytes.len);
	packet.payload = span_of(copy, bytes.len);
	app_datagram(b->worker, &b->flow, &packet);
	free(copy);
	if (b->flow.app)
		app_clean(b->flow.app, &b->hooks, false);
}

/* Feeds bytes in pieces: piece 0 as a whole, else of that size, or (negative) by chance. */
static inline void
bench_feed_split(struct bench *b, enum dir dir, struct span bytes, int piece, uint32_t *seed)
{
	while (bytes.len) {
		size_t n = bytes.len;
		if (piece > 0) {
			n = (size_t)piece;
		} else if (piece < 0) {
			*seed = *seed * 1664525u + 1013904223u;
			n = 1 + (*seed >> 16) % (unsigned)-piece;
		}
		if (n > bytes.len)
			n = bytes.len;
		bench_feed(b, dir, span_sub(bytes, 0, n));
		bytes = span_from(bytes, n);
	}
}

/*
 * Feeds a conversation whole, byte by byte and in splits by chance: all must give the same
 * text, which is returned, to be freed.
 */
static inline char *
bench_conversation(const char *config, uint16_t port, struct span toserver,
    struct span toclient)
{
	static const int pieces[] = { 0, 1, 2, 3, -7, -7, -40, -40, -200, -200, -1000 };
	char *first = NULL;
	uint32_t seed = 1;
	for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		struct bench b;
		bench_open(&b, config, port, IP_PROTO_TCP);
		bench_feed_split(&b, DIR_TOSERVER, toserver, pieces[i], &seed);
		bench_feed_split(&b, DIR_TOCLIENT, toclient, pieces[i], &seed);
		bench_eof(&b, DIR_TOSERVER);
		bench_eof(&b, DIR_TOCLIENT);
		bench_end(&b);
		if (!first) {
			first = strdup(b.log);
		} else if (strcmp(first, b.log) != 0) {
			print_message("split %d differs:\n%s\nwhole:\n%s\n", pieces[i], b.log,
			    first);
			fail();
		}
		bench_close(&b);
	}
	return first;
}

/* Each line of expected must be in text; one that begins with '!' must not. */
static inline void
bench_expect(const char *name, const char *text, const char *expected)
{
	while (*expected) {
		size_t n = strcspn(expected, "\n");
		bool is_absent = *expected == '!';
		char *line = strndup(expected + is_absent, n - is_absent);
		bool is_there = false;
		for (const char *at = text; (at = strstr(at, line)); at++) {
			size_t len = strlen(line);
			bool is_start = at == text || at[-1] == '\n';
			if (is_start && (at[len] == '\n' || at[len] == 0)) {
				is_there = true;
				break;
			}
		}
		if (is_there == is_absent) {
			print_message("%s: %s: %s\nin:\n%s\n", name,
			    is_absent ? "unwanted" : "missing", line, text);
			fail();
		}
		free(line);
		expected += n + (expected[n] == '\n');
	}
}

#endif
