/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/sensor/proto/bench.h"

#include <zlib.h>

#include "sensor/proto/inflate.h"

#define CONTENT "The gate sees who comes and who goes, and writes it down; "

struct sink {
	uint8_t bytes[1u << 22];
	size_t len;
	size_t max;
};
static struct sink sink;

static bool
take(void *arg, struct span bytes)
{
	assert_true(sink.len + bytes.len <= sizeof(sink.bytes));
	memcpy(sink.bytes + sink.len, bytes.p, bytes.len);
	sink.len += bytes.len;
	return sink.max == 0 || sink.len < sink.max;
}

/* window_bits as zlib has them: 31 gzip, 15 zlib, -15 bare. */
static size_t
pack(uint8_t *out, size_t room, struct span in, int window_bits)
{
	z_stream z = { 0 };
	assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY),
	    Z_OK);
	z.next_in = (Bytef *)(uintptr_t)in.p;
	z.avail_in = (uInt)in.len;
	z.next_out = out;
	z.avail_out = (uInt)room;
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	size_t len = room - z.avail_out;
	deflateEnd(&z);
	return len;
}

static const struct inflate_options options = { 1u << 20, 2048, 1u << 20 };

static unsigned
unpack(const enum encoding *encodings, unsigned count, struct span in, size_t piece)
{
	struct bench b;
	bench_open(&b, NULL, 80, IP_PROTO_TCP);
	struct inflate *chain = inflate_new(b.worker, &options, encodings, count);
	assert_non_null(chain);
	sink.len = 0;
	while (in.len) {
		size_t n = piece && piece < in.len ? piece : in.len;
		inflate_push(chain, span_sub(in, 0, n), take, NULL);
		in = span_from(in, n);
	}
	inflate_finish(chain, take, NULL);
	unsigned problems = inflate_problems(chain);
	inflate_free(chain);
	bench_end(&b);
	bench_close(&b);
	return problems;
}

static void
assert_content(const void *bytes, size_t len)
{
	assert_int_equal(sink.len, len);
	assert_memory_equal(sink.bytes, bytes, len);
}

static void
every_label_opens_every_format_of_its_family(void **state)
{
	static const int formats[] = { 31, 15, -15 };
	static const enum encoding labels[] = { ENCODING_GZIP, ENCODING_DEFLATE,
		ENCODING_ZLIB };
	static const size_t pieces[] = { 0, 1, 2, 5, 100 };
	uint8_t packed[4096];
	for (size_t f = 0; f < 3; f++) {
		size_t len =
		    pack(packed, sizeof(packed), SPAN(CONTENT CONTENT CONTENT), formats[f]);
		for (size_t l = 0; l < 3; l++) {
			for (size_t p = 0; p < 5; p++) {
				unpack(&labels[l], 1, span_of(packed, len), pieces[p]);
				assert_content(CONTENT CONTENT CONTENT,
				    3 * (sizeof(CONTENT) - 1));
			}
		}
	}
}

static void
plain_text_under_any_label_passes(void **state)
{
	static const enum encoding labels[] = { ENCODING_GZIP, ENCODING_DEFLATE, ENCODING_ZLIB,
		ENCODING_BROTLI };
	for (size_t l = 0; l < 4; l++) {
		for (size_t piece = 0; piece < 9; piece++) {
			unsigned problems = unpack(&labels[l], 1, SPAN(CONTENT), piece);
			assert_true(problems & INFLATE_BROKEN);
			assert_content(CONTENT, sizeof(CONTENT) - 1);
		}
	}
}

static void
layers_come_off_from_the_outermost(void **state)
{
	static const enum encoding two[] = { ENCODING_DEFLATE, ENCODING_GZIP };
	uint8_t inner[4096], outer[4096];
	size_t len = pack(inner, sizeof(inner), SPAN(CONTENT), -15);
	len = pack(outer, sizeof(outer), span_of(inner, len), 31);
	unpack(two, 2, span_of(outer, len), 0);
	assert_content(CONTENT, sizeof(CONTENT) - 1);
	unpack(two, 2, span_of(outer, len), 1);
	assert_content(CONTENT, sizeof(CONTENT) - 1);
	/* One layer less than the label says. */
	unpack(two, 2, span_of(inner, pack(inner, sizeof(inner), SPAN(CONTENT), 31)), 3);
	assert_content(CONTENT, sizeof(CONTENT) - 1);
}

static void
gzip_headers_with_all_fields_are_stepped_over(void **state)
{
	uint8_t packed[4096];
	size_t body = pack(packed + 100, sizeof(packed) - 100, SPAN(CONTENT), -15);
	static const uint8_t head[] = { 0x1f, 0x8b, 8, 0xff, 0, 0, 0, 0, 0, 3, 3, 0, 'x', 'y',
		'z', 'n', 'a', 0, 'c', 0, 0xab, 0xcd };
	memmove(packed, head, sizeof(head));
	memmove(packed + sizeof(head), packed + 100, body);
	enum encoding label = ENCODING_GZIP;
	for (size_t piece = 0; piece < 30; piece++) {
		unpack(&label, 1, span_of(packed, sizeof(head) + body), piece);
		assert_content(CONTENT, sizeof(CONTENT) - 1);
	}
}

static void
what_came_before_damage_is_kept(void **state)
{
	static uint8_t noise[60000], packed[80000];
	uint32_t seed = 7;
	for (size_t i = 0; i < sizeof(noise); i++) {
		seed = seed * 1664525u + 1013904223u;
		noise[i] = (uint8_t)("abcdefgh"[seed >> 29]);
	}
	size_t len = pack(packed, sizeof(packed), span_of(noise, sizeof(noise)), 31);
	enum encoding label = ENCODING_GZIP;
	memset(packed + len / 2, 0xff, 64);
	unsigned problems = unpack(&label, 1, span_of(packed, len), 1000);
	assert_true(problems & INFLATE_BROKEN);
	assert_true(sink.len > sizeof(noise) / 4);
	assert_memory_equal(sink.bytes, noise, sizeof(noise) / 4);
}

static void
a_cut_stream_gives_what_it_has(void **state)
{
	uint8_t packed[4096];
	size_t len = pack(packed, sizeof(packed), SPAN(CONTENT CONTENT CONTENT), 31);
	enum encoding label = ENCODING_GZIP;
	unpack(&label, 1, span_of(packed, len - 12), 0);
	assert_true(sink.len > sizeof(CONTENT) / 2);
	assert_memory_equal(sink.bytes, CONTENT, sizeof(CONTENT) / 2);
}

static void
a_bomb_is_stopped(void **state)
{
	/* A run of zeros packs about 1000 to 1; packed twice it is far over the ratio. */
	static uint8_t zeros[1u << 22], once[1u << 16], twice[4096];
	static const enum encoding two[] = { ENCODING_DEFLATE, ENCODING_DEFLATE };
	size_t len = pack(once, sizeof(once), span_of(zeros, sizeof(zeros)), -15);
	len = pack(twice, sizeof(twice), span_of(once, len), -15);
	unsigned problems = unpack(two, 2, span_of(twice, len), 0);
	assert_true(problems & INFLATE_BOMB);
	assert_true(sink.len < sizeof(zeros));
}

static void
a_sink_that_has_enough_ends_it(void **state)
{
	static uint8_t zeros[1u << 20], packed[1u << 14];
	enum encoding label = ENCODING_ZLIB;
	size_t len = pack(packed, sizeof(packed), span_of(zeros, sizeof(zeros)), 15);
	sink.max = 10000;
	unpack(&label, 1, span_of(packed, len), 0);
	sink.max = 0;
	assert_true(sink.len >= 10000 && sink.len < 30000);
}

static void
lzma_with_a_huge_dictionary_is_read_within_the_limit(void **state)
{
	/* "abcabcabc\n" by the lzma alone format, its dictionary said to be 64 MiB. */
	static const uint8_t packed[] = { 0x5d, 0x00, 0x00, 0x00, 0x04, 0xff, 0xff, 0xff, 0xff,
		0xff, 0xff, 0xff, 0xff, 0x00, 0x30, 0x98, 0x88, 0xa6, 0x1c, 0xcd, 0xa2, 0xb0,
		0xcf, 0xff, 0xff, 0xb0, 0xb2, 0x00, 0x00 };
	enum encoding label = ENCODING_LZMA;
	for (size_t piece = 0; piece < 4; piece++) {
		unpack(&label, 1, span_of(packed, sizeof(packed)), piece);
		assert_content("abcabcabc\n", 10);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_label_opens_every_format_of_its_family),
		cmocka_unit_test(plain_text_under_any_label_passes),
		cmocka_unit_test(layers_come_off_from_the_outermost),
		cmocka_unit_test(gzip_headers_with_all_fields_are_stepped_over),
		cmocka_unit_test(what_came_before_damage_is_kept),
		cmocka_unit_test(a_cut_stream_gives_what_it_has),
		cmocka_unit_test(a_bomb_is_stopped),
		cmocka_unit_test(a_sink_that_has_enough_ends_it),
		cmocka_unit_test(lzma_with_a_huge_dictionary_is_read_within_the_limit),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
