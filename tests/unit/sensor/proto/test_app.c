/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/sensor/proto/bench.h"

#include "sensor/proto/heap.h"

#define REQUEST SPAN("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
#define ANSWER SPAN("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

/* Bytes that no protocol of ours begins with. */
#define NOBODYS "!?!?!?!?!?!?!?!?!?!?!?!?!?!?!?!?!?!?!?!?!?!?!?!?!?!?!?!?!?!?!?!?"

static void
names_and_ids_agree(void **state)
{
	for (int id = 0; id < PROTO_ID_COUNT; id++) {
		const struct proto *proto = proto_get((enum proto_id)id);
		if (!proto)
			continue;
		assert_int_equal(proto->id, id);
		assert_ptr_equal(proto_find(proto->name), proto);
		assert_string_equal(proto_name((enum proto_id)id), proto->name);
	}
	assert_ptr_equal(proto_find("http1"), proto_find("http"));
	assert_null(proto_find("gopher"));
	assert_string_equal(proto_name(PROTO_ID_NONE), "unknown");
	assert_string_equal(proto_name(PROTO_ID_FAILED), "failed");
}

/* A buffer of several protocols is explained by one of them. */
static bool
is_explained(const struct field *field)
{
	for (int id = 0; id < PROTO_ID_COUNT; id++) {
		const struct proto *proto = proto_get((enum proto_id)id);
		for (const struct field *f = proto ? proto->fields : NULL; f && f->name; f++)
			if (strcmp(f->name, field->name) == 0 && f->help && f->example)
				return true;
	}
	return false;
}

static void
tables_are_complete(void **state)
{
	for (int id = 0; id < PROTO_ID_COUNT; id++) {
		const struct proto *proto = proto_get((enum proto_id)id);
		if (!proto)
			continue;
		assert_non_null(proto->help);
		assert_true(proto->max_txs > 0);
		assert_true(proto->tx_bytes >= sizeof(struct tx));
		unsigned count = 0;
		for (const char *const *event = proto->events; event && *event; event++)
			count++;
		assert_true(count <= 64);
		for (const struct field *f = proto->fields; f && f->name; f++) {
			assert_true(is_explained(f));
			assert_non_null(f->get);
			assert_true(f->dirs != 0);
			/* A name is one kind of thing; only directions may share it. */
			for (const struct field *g = proto->fields; g != f; g++)
				assert_true(
				    strcmp(g->name, f->name) != 0 || !(g->dirs & f->dirs));
		}
	}
}

static void
either_direction_names_the_protocol(void **state)
{
	for (int dir = 0; dir < 2; dir++) {
		struct bench b;
		bench_open(&b, NULL, 12345, IP_PROTO_TCP);
		bench_feed(&b, (enum dir)dir, dir ? ANSWER : REQUEST);
		assert_int_equal(b.flow.app->id, PROTO_ID_http);
		assert_true(b.flow.is_app_done);
		assert_int_equal(b.flow.app->id_dir[dir], PROTO_ID_http);
		bench_end(&b);
		bench_close(&b);
	}
}

static void
an_answer_that_is_not_http_is_fed_and_told(void **state)
{
	struct bench b;
	bench_open(&b, NULL, 80, IP_PROTO_TCP);
	bench_feed(&b, DIR_TOSERVER, REQUEST);
	bench_feed(&b, DIR_TOCLIENT, SPAN("\x01\x02\x03\x04 no http at all\r\n\r\n"));
	assert_true(b.flow.app->events & 1ull << APP_EVENT_DETECT_PROTOCOL_ONLY_ONE_DIRECTION);
	assert_int_equal(b.flow.app->id, PROTO_ID_http);
	bench_end(&b);
	bench_close(&b);
}

static void
nothing_known_fails_once_both_directions_were_seen(void **state)
{
	struct bench b;
	bench_open(&b, NULL, 9, IP_PROTO_TCP);
	bench_feed(&b, DIR_TOSERVER, SPAN(NOBODYS));
	assert_int_equal(b.flow.app->id, PROTO_ID_NONE);
	/* Kept: the answer may still name the protocol. */
	assert_int_equal(b.stream[DIR_TOSERVER].kept, sizeof(NOBODYS) - 1);
	bench_feed(&b, DIR_TOCLIENT, SPAN(NOBODYS));
	assert_int_equal(b.flow.app->id, PROTO_ID_FAILED);
	assert_int_equal(b.stream[DIR_TOCLIENT].kept, 0);
	assert_int_equal(b.worker->counters.flows[PROTO_ID_FAILED], 1);
	bench_end(&b);
	bench_close(&b);
}

static void
bytes_before_the_naming_reach_the_parser(void **state)
{
	struct bench b;
	bench_open(&b, NULL, 12345, IP_PROTO_TCP);
	/* No known method and no line yet: undecided. */
	bench_feed(&b, DIR_TOSERVER, SPAN("BREW /po"));
	assert_int_equal(b.flow.app->id, PROTO_ID_NONE);
	bench_feed(&b, DIR_TOCLIENT, ANSWER);
	assert_int_equal(b.flow.app->id, PROTO_ID_http);
	bench_feed(&b, DIR_TOSERVER, SPAN("t HTTP/1.1\r\nHost: a\r\n\r\n"));
	bench_eof(&b, DIR_TOSERVER);
	bench_end(&b);
	bench_expect("late", b.log, "toserver http.uri=/pot");
	bench_close(&b);
}

static void
the_undecided_are_kept_only_so_far(void **state)
{
	struct bench b;
	char junk[500];
	memset(junk, 'a', sizeof(junk));
	bench_open(&b, NULL, 12345, IP_PROTO_TCP);
	for (int i = 0; i < 300; i++) {
		bench_feed(&b, DIR_TOSERVER, span_of(junk, sizeof(junk)));
		assert_true(b.stream[DIR_TOSERVER].kept <= 2048);
	}
	assert_int_equal(b.flow.app->id, PROTO_ID_FAILED);
	assert_true(b.flow.app->events & 1ull << APP_EVENT_PROTO_DETECTION_SKIPPED);
	bench_end(&b);
	bench_close(&b);
}

static void
a_pin_comes_before_every_probe(void **state)
{
	struct bench b;
	static const struct proto_pin pin = { 12345, PROTO_TCP, PROTO_ID_http };
	bench_open(&b, NULL, 12345, IP_PROTO_TCP);
	b.options.pins = &pin;
	b.options.pin_count = 1;
	bench_feed(&b, DIR_TOSERVER, SPAN("\x01"));
	assert_int_equal(b.flow.app->id, PROTO_ID_http);
	bench_end(&b);
	bench_close(&b);
}

static void
usual_ports_are_read_at_start(void **state)
{
	struct bench b;
	bench_open(&b, NULL, 80, IP_PROTO_TCP);
	for (int id = 0; id < PROTO_ID_COUNT; id++) {
		const struct proto *proto = proto_get((enum proto_id)id);
		unsigned commas = 0;
		for (const char *c = proto && proto->ports ? proto->ports : ""; *c; c++)
			commas += *c == ',';
		const struct proto_ports *ports = &b.worker->ports[id];
		assert_int_equal(ports->count, proto && proto->ports ? commas + 1 : 0);
	}
	const struct proto_port_range *ssh = b.worker->ports[PROTO_ID_ssh].ranges;
	assert_int_equal(ssh[0].lo, 22);
	assert_int_equal(ssh[0].hi, 22);
	assert_int_equal(ssh[1].lo, 2222);
	bench_close(&b);
}

static void
switches_of_the_configuration_hold(void **state)
{
	struct bench b;
	bench_open(&b, "app-layer:\n  protocols:\n    http:\n      enabled: detection-only\n",
	    80, IP_PROTO_TCP);
	bench_feed(&b, DIR_TOSERVER, REQUEST);
	assert_int_equal(b.flow.app->id, PROTO_ID_http);
	assert_null(b.flow.app->proto);
	bench_end(&b);
	assert_int_equal(b.done_count, 0);
	bench_close(&b);

	bench_open(&b, "app-layer:\n  protocols:\n    http:\n      enabled: no\n", 80,
	    IP_PROTO_TCP);
	bench_feed(&b, DIR_TOSERVER, REQUEST);
	assert_int_not_equal(b.flow.app->id, PROTO_ID_http);
	bench_end(&b);
	bench_close(&b);
}

static void
a_full_pool_sheds_and_counts(void **state)
{
	struct bench b;
	struct flow more[20] = { 0 };
	struct stream_view view = { .data = REQUEST, .flags = STREAM_START };
	bench_open(&b, NULL, 80, IP_PROTO_TCP);
	for (int i = 0; i < 20; i++) {
		more[i].key = b.flow.key;
		app_stream(b.worker, &more[i], DIR_TOSERVER, &view, NULL);
		assert_int_equal(more[i].app != NULL, i < 16);
		assert_true(more[i].is_app_done);
	}
	assert_int_equal(b.worker->counters.memory_shed, 4);
	for (int i = 0; i < 20; i++)
		app_free(more[i].app, NULL);
	bench_close(&b);
}

static void
the_heap_keeps_to_its_budget(void **state)
{
	struct proto_heap *heap = proto_heap_new(1000);
	void *a = proto_heap_get(heap, 500);
	assert_non_null(a);
	assert_int_equal(proto_heap_used(heap), 512);
	assert_null(proto_heap_get(heap, 500));
	proto_heap_put(heap, a, 500);
	assert_int_equal(proto_heap_used(heap), 0);
	/* What waits in one class must not stand in the way of another. */
	void *b[28];
	for (int i = 0; i < 28; i++) {
		b[i] = proto_heap_get(heap, 32);
		assert_non_null(b[i]);
	}
	for (int i = 0; i < 28; i++)
		proto_heap_put(heap, b[i], 32);
	assert_null(proto_heap_get(heap, 0));
	assert_null(proto_heap_get(heap, SIZE_MAX));
	proto_heap_free(heap);
}

static void
a_buffer_grows_to_its_limit(void **state)
{
	struct bench b;
	struct proto_buf buf = { 0 };
	bench_open(&b, NULL, 80, IP_PROTO_TCP);
	for (int i = 0; i < 33; i++)
		assert_true(proto_buf_append(b.worker, &buf, SPAN("abc"), 100));
	assert_false(proto_buf_append(b.worker, &buf, SPAN("xyz"), 100));
	assert_int_equal(buf.len, 100);
	assert_int_equal(buf.p[99], 'x');
	proto_buf_free(b.worker, &buf);
	assert_int_equal(proto_heap_bytes(b.worker), 0);
	bench_close(&b);
}

/* A limit above the largest block must not be believed: these are bytes off the wire. */
static void
a_buffer_holds_no_more_than_the_largest_block(void **state)
{
	static const int around[] = { -1, 0, 1 };
	static uint8_t bytes[PROTO_BUF_MAX + 1];
	struct span all = span_of(bytes, sizeof(bytes));
	struct bench b;
	bench_open(&b, NULL, 80, IP_PROTO_TCP);
	for (size_t i = 0; i < 3; i++) {
		uint32_t len = PROTO_BUF_MAX + (uint32_t)around[i];
		bool fits = len <= PROTO_BUF_MAX;
		struct proto_buf buf = { 0 };
		assert_int_equal(
		    proto_buf_append(b.worker, &buf, span_sub(all, 0, len), UINT32_MAX), fits);
		assert_int_equal(buf.len, fits ? len : PROTO_BUF_MAX);
		assert_int_equal(proto_buf_append(b.worker, &buf, SPAN("ab"), UINT32_MAX),
		    false);
		assert_int_equal(buf.len, PROTO_BUF_MAX);
		proto_buf_free(b.worker, &buf);
	}
	assert_int_equal(proto_heap_bytes(b.worker), 0);
	bench_close(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_and_ids_agree),
		cmocka_unit_test(tables_are_complete),
		cmocka_unit_test(either_direction_names_the_protocol),
		cmocka_unit_test(an_answer_that_is_not_http_is_fed_and_told),
		cmocka_unit_test(nothing_known_fails_once_both_directions_were_seen),
		cmocka_unit_test(bytes_before_the_naming_reach_the_parser),
		cmocka_unit_test(the_undecided_are_kept_only_so_far),
		cmocka_unit_test(a_pin_comes_before_every_probe),
		cmocka_unit_test(usual_ports_are_read_at_start),
		cmocka_unit_test(switches_of_the_configuration_hold),
		cmocka_unit_test(a_full_pool_sheds_and_counts),
		cmocka_unit_test(the_heap_keeps_to_its_budget),
		cmocka_unit_test(a_buffer_grows_to_its_limit),
		cmocka_unit_test(a_buffer_holds_no_more_than_the_largest_block),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
