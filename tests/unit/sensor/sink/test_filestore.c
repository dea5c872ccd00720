/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/sensor/sink/bench.h"

#include <sys/stat.h>

#include "sensor/sink/filestore.h"

#define DIGEST_BYTES 32

static char folder[64], dir[128];

static int
begin(void **state)
{
	folder_make(folder);
	snprintf(dir, sizeof(dir), "%s/filestore", folder);
	return 0;
}

static int
end(void **state)
{
	folder_drop(folder);
	return 0;
}

static struct filestore *
store_open(uint64_t quota)
{
	struct filestore_options o = { .dir = dir,
		.quota_bytes = quota,
		.may_wait = true,
		.workers = 2 };
	struct filestore *store = filestore_new(&o);

	assert_non_null(store);
	assert_int_equal(filestore_start(store), 0);
	return store;
}

static void
digest_of(uint8_t first, uint8_t ret[DIGEST_BYTES])
{
	memset(ret, 0xab, DIGEST_BYTES);
	ret[0] = first;
}

/* The content under this digest, or NULL; to be freed. */
static char *
stored_read(uint8_t first)
{
	char path[320];
	size_t at = (size_t)snprintf(path, sizeof(path), "%s/%02x/%02x", dir, first, first);
	struct stat st;

	for (int i = 1; i < DIGEST_BYTES; i++)
		at += (size_t)snprintf(path + at, sizeof(path) - at, "ab");
	return stat(path, &st) == 0 ? file_read(path, NULL) : NULL;
}

/* Puts a file of two pieces; keeps it under this digest, or drops it (0). */
static bool
put(struct filestore *store, unsigned worker, const char *a, const char *b, uint8_t first)
{
	const struct file_sink *sink = filestore_sink(store, worker);
	uint8_t digest[DIGEST_BYTES];
	uint64_t id = sink->begin(sink->arg);

	if (!id)
		return false;
	digest_of(first, digest);
	assert_true(sink->put(sink->arg, id, span_str(a)));
	assert_true(sink->put(sink->arg, id, span_str(b)));
	sink->end(sink->arg, id, first ? digest : NULL);
	return true;
}

static void
files_stand_under_their_digest_once(void **state)
{
	struct filestore *store = store_open(0);

	assert_true(put(store, 0, "one", " two", 0x0c));
	assert_true(put(store, 1, "one", " two", 0x0c));
	assert_true(put(store, 1, "not", " wanted", 0));
	assert_true(put(store, 1, "three", "", 0xff));
	filestore_finish(store);
	struct filestore_status status = filestore_status(store);
	filestore_free(store);
	char *first = stored_read(0x0c), *last = stored_read(0xff);
	assert_string_equal(first, "one two");
	assert_string_equal(last, "three");
	free(first);
	free(last);
	assert_int_equal(status.stored, 3);
	assert_int_equal(status.bytes, 7 + 5);
	assert_int_equal(status.shed, 0);
	assert_int_equal(status.errors, 0);
}

static void
what_stands_there_counts_towards_the_quota_and_leftovers_go(void **state)
{
	struct filestore *store = store_open(0);
	char left[192];
	struct stat st;

	assert_true(put(store, 0, "1234", "5678", 0x11));
	filestore_free(store);
	snprintf(left, sizeof(left), "%s/tmp/99", dir);
	FILE *file = fopen(left, "w");
	assert_non_null(file);
	fclose(file);

	store = store_open(8);
	assert_true(stat(left, &st) < 0);
	assert_false(put(store, 0, "9", "", 0x22));
	filestore_finish(store);
	assert_int_equal(filestore_status(store).bytes, 8);
	assert_int_equal(filestore_status(store).shed, 1);
	filestore_free(store);
	assert_null(stored_read(0x22));
}

static void
more_open_files_than_it_can_hold_lose_the_oldest(void **state)
{
	struct filestore *store = store_open(0);
	const struct file_sink *sink = filestore_sink(store, 0);
	uint8_t digest[DIGEST_BYTES];
	uint64_t first = sink->begin(sink->arg);

	assert_true(sink->put(sink->arg, first, SPAN("lost")));
	for (unsigned i = 0; i < 256; i++)
		assert_true(sink->begin(sink->arg) > first);
	/* Its rest must not become a file under the whole one's name. */
	assert_true(sink->put(sink->arg, first, SPAN("rest")));
	digest_of(0x33, digest);
	sink->end(sink->arg, first, digest);
	filestore_finish(store);
	assert_int_equal(filestore_status(store).stored, 0);
	assert_int_equal(filestore_status(store).shed, 1);
	assert_int_equal(filestore_status(store).bytes, 0);
	filestore_free(store);
	assert_null(stored_read(0x33));
}

static void
a_folder_that_cannot_be_is_told(void **state)
{
	struct filestore_options o = { .dir = "/proc/no/such", .workers = 1 };
	struct filestore *store = filestore_new(&o);

	assert_true(filestore_start(store) < 0);
	filestore_free(store);
	filestore_finish(NULL);
	filestore_free(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(files_stand_under_their_digest_once, begin,
		    end),
		cmocka_unit_test_setup_teardown(
		    what_stands_there_counts_towards_the_quota_and_leftovers_go, begin, end),
		cmocka_unit_test_setup_teardown(
		    more_open_files_than_it_can_hold_lose_the_oldest, begin, end),
		cmocka_unit_test(a_folder_that_cannot_be_is_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
