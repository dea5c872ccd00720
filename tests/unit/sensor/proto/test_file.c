/* SPDX-License-Identifier: Apache-2.0 */
/* What proto/file.h promises a protocol. The bench's flow is HTTP only to have transactions. */
#include "tests/unit/sensor/proto/bench.h"

#include "sensor/proto/file.h"
#include "sensor/proto/file_magic.h"

/* A window of few bytes, which files of tests run over. */
static const struct body_options small_options = { .limit = 8 };

struct holder {
	struct bench b;
	struct app *app;
	struct tx *tx;
};

static void
holder_open(struct holder *h)
{
	bench_open(&h->b,
	    "outputs:\n  - eve-log:\n      types:\n        - files:\n"
	    "            force-hash: [md5]\n",
	    80, IP_PROTO_TCP);
	bench_feed(&h->b, DIR_TOSERVER, SPAN("GET /f HTTP/1.1\r\nHost: a\r\n\r\n"));
	h->app = h->b.flow.app;
	h->tx = app_tx_last(h->app);
	assert_non_null(h->tx);
}

static void
holder_close(struct holder *h)
{
	bench_end(&h->b);
	bench_close(&h->b);
}

static void
assert_data(const struct holder *h, unsigned index, const char *text)
{
	struct field_value value = { 0 };
	bool is_there = file_get_data(h->app, h->tx, DIR_TOCLIENT, index, h->b.scratch, &value);
	assert_int_equal(is_there, text != NULL);
	if (text)
		assert_true(span_eq(value.bytes, span_str(text)));
}

/* "abc", RFC 1321. */
static const uint8_t abc_md5[] = { 0x90, 0x01, 0x50, 0x98, 0x3c, 0xd2, 0x4f, 0xb0, 0xd6, 0x96,
	0x3f, 0x7d, 0x28, 0xe1, 0x7f, 0x72 };

static void
bytes_at_offsets_are_put_in_order(void **state)
{
	static const struct {
		uint64_t offset;
		const char *bytes;
		uint64_t size;
		bool has_gap;
	} rows[] = {
		{ 0, "ab", 2, false },
		{ 0, "ab", 2, false }, /* again */
		{ 1, "bc", 3, false }, /* half of it again */
		{ 2, "", 3, false },
		{ 10, "k", 11, true }, /* ahead: a hole */
		{ 3, "d", 11, true },  /* too late */
		{ UINT64_MAX, "z", 11, true },
	};
	struct holder h;
	holder_open(&h);
	struct file *file = file_begin(h.app, h.tx, DIR_TOCLIENT, SPAN("n"), NULL);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		file_write(h.app, file, rows[i].offset, span_str(rows[i].bytes));
		assert_int_equal(file_size(file), rows[i].size);
		assert_int_equal(file->body->has_gap, rows[i].has_gap);
	}
	file_end(h.app, file, true);
	assert_int_equal(file->state, FILE_TRUNCATED);
	holder_close(&h);
}

static void
a_file_that_ends_is_closed_hashed_and_takes_no_more(void **state)
{
	struct holder h;
	holder_open(&h);
	struct file *file = file_begin(h.app, h.tx, DIR_TOCLIENT, SPAN_NONE, NULL);
	file_name_add(h.app, file, SPAN("na"));
	file_name_add(h.app, file, SPAN("me"));
	assert_true(span_eq(proto_buf_span(&file->name), SPAN("name")));
	file_append(h.app, file, SPAN("a"));
	assert_data(&h, 0, NULL); /* too little to be shown before its end */
	file_append(h.app, file, SPAN("bc"));
	file_end(h.app, file, true);
	file_append(h.app, file, SPAN("d"));
	file_gap(h.app, file, 5);
	file_end(h.app, file, false);
	assert_int_equal(file->state, FILE_CLOSED);
	assert_int_equal(file_size(file), 3);
	assert_memory_equal(file->hashes.md5, abc_md5, sizeof(abc_md5));
	assert_data(&h, 0, "abc");
	holder_close(&h);
}

static void
an_empty_file_does_not_hide_the_next(void **state)
{
	struct holder h;
	holder_open(&h);
	struct file *empty = file_begin(h.app, h.tx, DIR_TOCLIENT, SPAN("empty"), NULL);
	file_end(h.app, empty, true);
	struct file *full = file_begin(h.app, h.tx, DIR_TOCLIENT, SPAN("full"), NULL);
	file_append(h.app, full, SPAN("abc"));
	file_end(h.app, full, true);
	assert_data(&h, 0, "abc");
	assert_data(&h, 1, NULL);
	assert_ptr_equal(file_at(h.tx, DIR_TOCLIENT, 1), full);
	assert_null(file_at(h.tx, DIR_TOSERVER, 0));
	holder_close(&h);
}

static void
files_over_the_cap_are_counted_and_harmless(void **state)
{
	struct holder h;
	holder_open(&h);
	for (unsigned i = 0; i < FILES_MAX; i++)
		assert_non_null(file_begin(h.app, h.tx, DIR_TOCLIENT, SPAN("x"), NULL));
	struct file *file = file_begin(h.app, h.tx, DIR_TOCLIENT, SPAN("x"), NULL);
	assert_null(file);
	assert_int_equal(h.b.worker->counters.files_shed, 1);
	file_name_add(h.app, file, SPAN("y"));
	file_append(h.app, file, SPAN("abc"));
	file_write(h.app, file, 3, SPAN("abc"));
	file_gap(h.app, file, 1);
	file_end(h.app, file, true);
	file_end_all(h.app, h.tx);
	assert_int_equal(file_at(h.tx, DIR_TOCLIENT, 0)->state, FILE_TRUNCATED);
	holder_close(&h);
}

/* --- Kinds --- */

static void
the_kind_is_the_same_for_any_split(void **state)
{
	static char text[3 * MAGIC_BYTES];
	struct holder h;
	memset(text, ' ', sizeof(text));
	memcpy(text, "%PDF-1.4\n", 9);
	for (size_t step = 1; step <= sizeof(text); step *= 3) {
		holder_open(&h);
		h.b.worker->file_needs |= PROTO_MAGIC;
		struct file *file = file_begin(h.app, h.tx, DIR_TOCLIENT, SPAN("x"), NULL);
		for (size_t at = 0; at < sizeof(text); at += step)
			file_append(h.app, file,
			    span_sub(span_of(text, sizeof(text)), at, step));
		file_end(h.app, file, true);
		assert_true(span_starts(proto_buf_span(&file->magic), SPAN("PDF document")));
		holder_close(&h);
	}
}

/* --- Storing: a sink that writes down what it is told --- */

struct told {
	char text[256];
	unsigned open;
	bool is_full;
};

static void
tell(struct told *told, const char *what, struct span bytes)
{
	size_t len = strlen(told->text);
	snprintf(told->text + len, sizeof(told->text) - len, "%s%.*s ", what, (int)bytes.len,
	    bytes.len ? (const char *)bytes.p : "");
}

static uint64_t
told_begin(void *arg)
{
	struct told *told = arg;
	told->open++;
	return 7;
}

static bool
told_put(void *arg, uint64_t id, struct span bytes)
{
	struct told *told = arg;
	assert_int_equal(id, 7);
	if (!told->is_full)
		tell(told, "+", bytes);
	return !told->is_full;
}

static void
told_end(void *arg, uint64_t id, const uint8_t *sha256)
{
	struct told *told = arg;
	assert_int_equal(id, 7);
	assert_true(told->open > 0);
	told->open--;
	tell(told, sha256 ? "kept" : "dropped", SPAN_NONE);
}

enum when {
	NEVER,
	FIRST,  /* before its first byte */
	SECOND, /* behind "abcd" */
	LAST,   /* after its end */
};

static void
what_is_stored_is_the_whole_file_whenever_a_rule_asks(void **state)
{
	static const struct {
		enum when when;
		const char *more;
		bool has_gap, is_full;
		const char *told;
	} rows[] = {
		{ NEVER, "ef", false, false, "" },
		{ NEVER, "efghijk", false, false, "+abcd +efghijk dropped " },
		{ FIRST, "ef", false, false, "+abcd +ef kept " },
		{ SECOND, "efghijk", false, false, "+abcd +efghijk kept " },
		{ LAST, "ef", false, false, "+abcdef kept " },
		{ LAST, "efghijk", false, false, "+abcd +efghijk kept " },
		{ LAST, "ef", true, false, "+abcd +ef kept " },
		{ LAST, "ef", false, true, "dropped " },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct holder h;
		struct told told = { .is_full = rows[i].is_full };
		const struct file_sink sink = { told_begin, told_put, told_end, &told, false };
		holder_open(&h);
		h.b.worker->file_sink = &sink;
		h.b.worker->file_needs |= PROTO_STORE | PROTO_SHA256;
		struct file *file =
		    file_begin(h.app, h.tx, DIR_TOCLIENT, SPAN("x"), &small_options);
		if (rows[i].when == FIRST)
			file_store(h.app, file, 1);
		file_append(h.app, file, SPAN("abcd"));
		if (rows[i].when == SECOND)
			file_store(h.app, file, 1);
		if (rows[i].has_gap)
			file_gap(h.app, file, 3);
		file_append(h.app, file, span_str(rows[i].more));
		file_end(h.app, file, true);
		if (rows[i].when == LAST)
			file_store(h.app, file, 1);
		assert_int_equal(file_is_stored(file),
		    rows[i].when != NEVER && !rows[i].is_full);
		assert_int_equal(file->sid_count, rows[i].when != NEVER);
		holder_close(&h);
		assert_string_equal(told.text, rows[i].told);
		assert_int_equal(told.open, 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_at_offsets_are_put_in_order),
		cmocka_unit_test(a_file_that_ends_is_closed_hashed_and_takes_no_more),
		cmocka_unit_test(an_empty_file_does_not_hide_the_next),
		cmocka_unit_test(files_over_the_cap_are_counted_and_harmless),
		cmocka_unit_test(the_kind_is_the_same_for_any_split),
		cmocka_unit_test(what_is_stored_is_the_whole_file_whenever_a_rule_asks),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
