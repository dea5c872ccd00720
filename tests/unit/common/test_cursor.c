/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "common/cursor.h"

static uint64_t
read_u8(struct cursor *c)
{
	return cursor_u8(c);
}

static uint64_t
read_be16(struct cursor *c)
{
	return cursor_be16(c);
}

static uint64_t
read_be24(struct cursor *c)
{
	return cursor_be24(c);
}

static uint64_t
read_be32(struct cursor *c)
{
	return cursor_be32(c);
}

static uint64_t
read_le16(struct cursor *c)
{
	return cursor_le16(c);
}

static uint64_t
read_le32(struct cursor *c)
{
	return cursor_le32(c);
}

static const struct {
	uint64_t (*read)(struct cursor *c);
	size_t width;
	uint64_t value; /* of 81 82 83 ... */
} reads[] = {
	{ read_u8, 1, 0x81 },
	{ read_be16, 2, 0x8182 },
	{ read_be24, 3, 0x818283 },
	{ read_be32, 4, 0x81828384 },
	{ cursor_be64, 8, 0x8182838485868788 },
	{ read_le16, 2, 0x8281 },
	{ read_le32, 4, 0x84838281 },
	{ cursor_le64, 8, 0x8887868584838281 },
};

#define READS (sizeof(reads) / sizeof(reads[0]))

/* len bytes 81 82 83 ... on a heap block of just that size, so that a sanitizer sees an
 * overrun. */
static uint8_t *
bytes_new(size_t len)
{
	uint8_t *p = malloc(len ? len : 1);

	assert_non_null(p);
	for (size_t i = 0; i < len; i++)
		p[i] = (uint8_t)(0x81 + i);
	return p;
}

static void
every_width_reads_its_byte_order_and_moves_by_its_length(void **state)
{
	for (size_t i = 0; i < READS; i++) {
		uint8_t *p = bytes_new(reads[i].width + 1);
		struct cursor c = cursor_of(p, reads[i].width + 1);
		assert_int_equal(reads[i].read(&c), reads[i].value);
		assert_int_equal(cursor_pos(&c), reads[i].width);
		assert_int_equal(cursor_left(&c), 1);
		assert_false(c.is_short);
		free(p);
	}
}

static void
every_truncation_gives_zero_and_sticks(void **state)
{
	for (size_t i = 0; i < READS; i++) {
		for (size_t len = 0; len < reads[i].width; len++) {
			uint8_t *p = bytes_new(len);
			struct cursor c = cursor_of(p, len);
			assert_int_equal(reads[i].read(&c), 0);
			assert_true(c.is_short);
			assert_int_equal(cursor_left(&c), 0);
			assert_int_equal(cursor_pos(&c), len);
			for (size_t k = 0; k < READS; k++)
				assert_int_equal(reads[k].read(&c), 0);
			assert_true(c.is_short);
			free(p);
		}
	}
}

static void
a_message_cut_anywhere_is_short_once_its_fields_are_read(void **state)
{
	enum { WHOLE = 1 + 2 + 3 + 4 + 8 + 5 };

	for (size_t len = 0; len <= WHOLE; len++) {
		uint8_t *p = bytes_new(len);
		struct cursor c = cursor_of(p, len);
		cursor_u8(&c);
		cursor_be16(&c);
		cursor_be24(&c);
		cursor_le32(&c);
		cursor_be64(&c);
		struct span tail = cursor_bytes(&c, 5);
		assert_int_equal(c.is_short, len < WHOLE);
		assert_int_equal(tail.len, len < WHOLE ? 0 : 5);
		assert_int_equal(cursor_pos(&c), len);
		free(p);
	}
}

static void
a_length_too_large_takes_nothing(void **state)
{
	static const size_t lengths[] = { 4, 5, 1000, SIZE_MAX / 2, SIZE_MAX };
	uint8_t *p = bytes_new(3);

	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		struct cursor c = cursor_of(p, 3);
		assert_null(cursor_take(&c, lengths[i]));
		assert_true(c.is_short && cursor_left(&c) == 0);
		c = cursor_of(p, 3);
		cursor_skip(&c, lengths[i]);
		assert_true(c.is_short && cursor_left(&c) == 0);
		c = cursor_of(p, 3);
		assert_int_equal(cursor_bytes(&c, lengths[i]).len, 0);
		assert_true(c.is_short);
		c = cursor_of(p, 3);
		struct cursor sub = cursor_sub(&c, lengths[i]);
		assert_true(c.is_short && sub.is_short);
		assert_int_equal(cursor_left(&sub), 0);
		assert_int_equal(cursor_u8(&sub), 0);
	}
	free(p);
}

static void
looking_ahead_does_not_move(void **state)
{
	uint8_t *p = bytes_new(3);
	struct cursor c = cursor_of(p, 3);

	assert_int_equal(cursor_peek_u8(&c, 0), 0x81);
	assert_int_equal(cursor_peek_u8(&c, 2), 0x83);
	assert_int_equal(cursor_pos(&c), 0);
	assert_false(c.is_short);
	assert_int_equal(cursor_peek_u8(&c, 3), 0);
	assert_true(c.is_short);
	assert_int_equal(cursor_peek_u8(&c, SIZE_MAX), 0);
	free(p);
}

static void
a_nested_cursor_ends_where_its_length_says(void **state)
{
	uint8_t *p = bytes_new(6);
	struct cursor c = cursor_of(p, 6);

	cursor_u8(&c);
	struct cursor sub = cursor_sub(&c, 2);
	assert_int_equal(cursor_pos(&c), 3);
	assert_int_equal(cursor_pos(&sub), 0);
	assert_int_equal(cursor_be32(&sub), 0);
	assert_true(sub.is_short);
	assert_false(c.is_short);
	assert_int_equal(cursor_u8(&c), 0x84);
	assert_true(span_eq(cursor_rest(&c), span_of(p + 4, 2)));
	free(p);
}

static void
nothing_can_be_taken_from_nothing_without_being_short(void **state)
{
	struct cursor c = cursor_span(SPAN_NONE);

	assert_int_equal(cursor_bytes(&c, 0).len, 0);
	cursor_skip(&c, 0);
	struct cursor sub = cursor_sub(&c, 0);
	assert_false(c.is_short);
	assert_false(sub.is_short);
	assert_int_equal(cursor_rest(&c).len, 0);
	assert_int_equal(cursor_u8(&sub), 0);
	assert_true(sub.is_short);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_width_reads_its_byte_order_and_moves_by_its_length),
		cmocka_unit_test(every_truncation_gives_zero_and_sticks),
		cmocka_unit_test(a_message_cut_anywhere_is_short_once_its_fields_are_read),
		cmocka_unit_test(a_length_too_large_takes_nothing),
		cmocka_unit_test(looking_ahead_does_not_move),
		cmocka_unit_test(a_nested_cursor_ends_where_its_length_says),
		cmocka_unit_test(nothing_can_be_taken_from_nothing_without_being_short),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
