/* SPDX-License-Identifier: Apache-2.0 */
/* What proto/file.h promises a protocol. The bench's flow is HTTP only to have transactions. */
#include "tests/unit/sensor/proto/bench.h"

#include "sensor/proto/file.h"

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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_at_offsets_are_put_in_order),
		cmocka_unit_test(a_file_that_ends_is_closed_hashed_and_takes_no_more),
		cmocka_unit_test(an_empty_file_does_not_hide_the_next),
		cmocka_unit_test(files_over_the_cap_are_counted_and_harmless),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
