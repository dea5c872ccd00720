/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sensor/detect/mpm.h"

#define USERS 4096

struct seen {
	bool users[USERS];
	unsigned calls;
};

static void
note(const uint32_t *users, uint32_t count, size_t end, void *arg)
{
	struct seen *seen = arg;
	seen->calls++;
	for (uint32_t i = 0; i < count; i++)
		seen->users[users[i]] = true;
}

static struct seen
scan_with(const struct mpm *mpm, struct span bytes)
{
	struct seen seen = { 0 };
	struct mpm_scratch *scratch = NULL;
	assert_int_equal(mpm_scratch_fit(&scratch, mpm), 0);
	struct mpm_scratch *clone = mpm_scratch_clone(scratch);
	assert_non_null(clone);
	mpm_scan(mpm, clone, bytes, note, &seen);
	mpm_scratch_free(clone);
	mpm_scratch_free(scratch);
	return seen;
}

static struct mpm *
build(struct mpm_builder *builder, const char *cache)
{
	char *error;
	struct mpm *mpm = mpm_new(builder, cache, &error);
	if (!mpm)
		fail_msg("%s", error);
	return mpm;
}

static void
equal_literals_share_a_pattern_and_keep_their_users(void **state)
{
	struct mpm_builder *builder = mpm_builder_new();
	assert_int_equal(mpm_add(builder, SPAN("attack"), false, 7), 0);
	assert_int_equal(mpm_add(builder, SPAN("attack"), false, 3), 0);
	assert_int_equal(mpm_add(builder, SPAN("attack"), false, 3), 0);
	assert_int_equal(mpm_add(builder, SPAN("ATTACK"), true, 9), 0);
	struct mpm *mpm = build(builder, NULL);
	assert_int_equal(mpm_count(mpm), 2);
	struct seen seen = scan_with(mpm, SPAN("an attack, an attack, an attack"));
	assert_int_equal(seen.calls, 2); /* once per scan, however often it stands there */
	assert_true(seen.users[3] && seen.users[7] && seen.users[9]);
	seen = scan_with(mpm, SPAN("an aTTack"));
	assert_true(!seen.users[3] && !seen.users[7] && seen.users[9]);
	mpm_free(mpm);
	mpm_builder_free(builder);
}

static void
tiny_literals_are_refused_and_long_ones_cut_to_their_end(void **state)
{
	struct mpm_builder *builder = mpm_builder_new();
	assert_int_equal(mpm_add(builder, SPAN("ab"), false, 1), -EINVAL);
	assert_int_equal(
	    mpm_add(builder, SPAN("0123456789abcdefghijklmnopqrstuvwxyzEND"), false, 1), 0);
	struct mpm *mpm = build(builder, NULL);
	assert_int_equal(mpm_longest(mpm), MPM_MAX);
	struct seen seen = scan_with(mpm, SPAN("789abcdefghijklmnopqrstuvwxyzEND"));
	assert_true(seen.users[1]);
	seen = scan_with(mpm, SPAN("0123456789abcdefghijklmnopqrstuvwxyzEN"));
	assert_false(seen.users[1]);
	mpm_free(mpm);
	mpm_builder_free(builder);
}

static void
an_empty_set_finds_nothing(void **state)
{
	struct mpm_builder *builder = mpm_builder_new();
	struct mpm *mpm = build(builder, NULL);
	assert_int_equal(scan_with(mpm, SPAN("anything")).calls, 0);
	mpm_free(mpm);
	mpm_builder_free(builder);
}

static void
the_hash_tells_sets_apart_but_not_orders(void **state)
{
	struct mpm_builder *a = mpm_builder_new(), *b = mpm_builder_new();
	mpm_add(a, SPAN("one"), false, 1);
	mpm_add(a, SPAN("two"), false, 2);
	mpm_add(b, SPAN("two"), false, 2);
	mpm_add(b, SPAN("one"), false, 1);
	assert_true(mpm_builder_hash(a) == mpm_builder_hash(b));
	mpm_add(b, SPAN("one"), false, 3);
	assert_true(mpm_builder_hash(a) != mpm_builder_hash(b));
	mpm_builder_free(a);
	mpm_builder_free(b);
}

static uint32_t
next_random(uint32_t *seed)
{
	*seed = *seed * 1664525u + 1013904223u;
	return *seed >> 8;
}

/* Few different bytes, NUL among them, so that literals do occur and overlap. */
static size_t
random_bytes(uint32_t *seed, uint8_t *to, size_t min, size_t max)
{
	size_t len = min + next_random(seed) % (max - min + 1);
	for (size_t i = 0; i < len; i++)
		to[i] = (uint8_t)("\0ABab\\x"[next_random(seed) % 7]);
	return len;
}

static void
it_finds_what_memmem_finds(void **state)
{
	enum { LITERALS = 600 };
	static uint8_t literals[LITERALS][8];
	static size_t lengths[LITERALS];
	uint32_t seed = 20;
	struct mpm_builder *builder = mpm_builder_new();
	for (uint32_t i = 0; i < LITERALS; i++) {
		lengths[i] = random_bytes(&seed, literals[i], 3, 8);
		assert_int_equal(mpm_add(builder, span_of(literals[i], lengths[i]), false, i),
		    0);
	}
	struct mpm *mpm = build(builder, NULL);
	for (int round = 0; round < 200; round++) {
		uint8_t text[400];
		size_t len = random_bytes(&seed, text, 0, sizeof(text));
		struct seen seen = scan_with(mpm, span_of(text, len));
		for (uint32_t i = 0; i < LITERALS; i++) {
			bool is_in = memmem(text, len, literals[i], lengths[i]) != NULL;
			assert_int_equal(seen.users[i], is_in);
		}
	}
	mpm_free(mpm);
	mpm_builder_free(builder);
}

static void
cache_file(const char *dir, char *path, size_t size)
{
	DIR *d = opendir(dir);
	assert_non_null(d);
	path[0] = 0;
	for (struct dirent *e; (e = readdir(d));) {
		if (e->d_name[0] != '.')
			snprintf(path, size, "%s/%s", dir, e->d_name);
	}
	closedir(d);
	assert_true(path[0]);
}

static void
the_cache_is_used_and_a_damaged_or_foreign_file_is_not(void **state)
{
	char dir[] = "/tmp/test_mpm_XXXXXX";
	assert_non_null(mkdtemp(dir));
	struct mpm_builder *builder = mpm_builder_new();
	mpm_add(builder, SPAN("cached literal"), false, 5);
	struct mpm *mpm = build(builder, dir);
	assert_false(mpm_was_cached(mpm));
	mpm_free(mpm);
	mpm = build(builder, dir);
	assert_true(mpm_was_cached(mpm));
	assert_true(scan_with(mpm, SPAN("a cached literal.")).users[5]);
	mpm_free(mpm);

	char path[512];
	cache_file(dir, path, sizeof(path));
	assert_int_equal(chmod(path, 0666), 0); /* anybody could have written it */
	mpm = build(builder, dir);
	assert_false(mpm_was_cached(mpm));
	mpm_free(mpm);

	cache_file(dir, path, sizeof(path));
	int fd = open(path, O_RDWR);
	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, "damage", 6, 100), 6);
	close(fd);
	mpm = build(builder, dir);
	assert_false(mpm_was_cached(mpm));
	assert_true(scan_with(mpm, SPAN("a cached literal.")).users[5]);
	mpm_free(mpm);

	cache_file(dir, path, sizeof(path));
	unlink(path);
	rmdir(dir);
	mpm_builder_free(builder);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equal_literals_share_a_pattern_and_keep_their_users),
		cmocka_unit_test(tiny_literals_are_refused_and_long_ones_cut_to_their_end),
		cmocka_unit_test(an_empty_set_finds_nothing),
		cmocka_unit_test(the_hash_tells_sets_apart_but_not_orders),
		cmocka_unit_test(it_finds_what_memmem_finds),
		cmocka_unit_test(the_cache_is_used_and_a_damaged_or_foreign_file_is_not),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
