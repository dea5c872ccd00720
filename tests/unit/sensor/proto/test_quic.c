/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/sensor/proto/bench.h"

#include <openssl/evp.h>

#include "sensor/proto/quic.h"

/* --- A client that seals its packets --- */

/* The hello of RFC 9001 appendix A.2, without its CRYPTO frame. */
static const char hello_hex[] =
    "010000ed0303ebf8fa56f12939b9584a3896472ec40bb863cfd3e86804fe3a47f06a2b69484c"
    "00000413011302010000c000000010000e00000b6578616d706c652e636f6dff01000100000a"
    "00080006001d0017001800100007000504616c706e000500050100000000003300260024001d"
    "00209370b2c9caa47fbabaf4559fedba753de171fa71f50f1ce15d43e994ec74d748002b0003"
    "020304000d0010000e0403050306030203080408050806002d00020101001c00024001003900"
    "320408ffffffffffffffff05048000ffff07048000ffff0801100104800075300901100f0883"
    "94c8f03e51570806048000ffff";
static const char server_hello_hex[] =
    "020000560303eefce7f7b37ba1d1632e96677825ddf73988cfc79825df566dc5430b9a045a12"
    "00130100002e00330024001d00209d3c940d89690b84d08a60993c144eca684d1081287c834d"
    "5311bcf32bb9da1a002b00020304";

#define PACKET_MAX 1500

struct bytes {
	uint8_t p[PACKET_MAX];
	size_t len;
};

static void
put(struct bytes *b, struct span s)
{
	assert_true(b->len + s.len <= sizeof(b->p));
	if (s.len)
		memcpy(b->p + b->len, s.p, s.len);
	b->len += s.len;
}

static struct bytes
unhex(const char *hex)
{
	struct bytes b = { .len = 0 };
	for (; *hex; hex += 2) {
		unsigned byte;
		assert_int_equal(sscanf(hex, "%2x", &byte), 1);
		b.p[b.len++] = (uint8_t)byte;
	}
	return b;
}

static void
put_crypto(struct bytes *b, struct span stream, size_t from, size_t len)
{
	uint8_t head[] = { 6, (uint8_t)(0x40 | from >> 8), (uint8_t)from,
		(uint8_t)(0x40 | len >> 8), (uint8_t)len };
	put(b, span_of(head, sizeof(head)));
	put(b, span_sub(stream, from, len));
}

#define ID SPAN("\x83\x94\xc8\xf0\x3e\x51\x57\x08")

/* Seals an Initial packet with the keys of id, as that side does; padded to at least size. */
static struct bytes
seal(uint32_t version, struct span id, enum dir dir, uint32_t number,
    const struct bytes *frames, size_t size)
{
	struct quic_keys keys[2];
	struct bytes packet = { .len = 0 }, plain = *frames;
	bool is_v2 = version == QUIC_VERSION_2;
	uint8_t nonce[CIPHER_NONCE_BYTES], mask[CIPHER_BLOCK_BYTES], tag[CIPHER_TAG_BYTES];
	int n;

	assert_true(quic_keys_make(version, id, keys));
	const struct quic_keys *k = &keys[dir];
	while (plain.len < size)
		put(&plain, SPAN("\0"));
	size_t length = 4 + plain.len + CIPHER_TAG_BYTES;
	uint8_t head[] = { is_v2 ? 0xd3 : 0xc3, (uint8_t)(version >> 24),
		(uint8_t)(version >> 16), (uint8_t)(version >> 8), (uint8_t)version };
	put(&packet, span_of(head, sizeof(head)));
	uint8_t id_len = (uint8_t)id.len;
	put(&packet, span_of(&id_len, 1));
	put(&packet, id);
	uint8_t tail[] = { 0, 0, (uint8_t)(0x40 | length >> 8), (uint8_t)length,
		(uint8_t)(number >> 24), (uint8_t)(number >> 16), (uint8_t)(number >> 8),
		(uint8_t)number };
	put(&packet, span_of(tail, sizeof(tail)));
	memcpy(nonce, k->nonce, sizeof(nonce));
	for (int i = 0; i < 4; i++)
		nonce[8 + i] ^= tail[4 + i];
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	assert_int_equal(EVP_EncryptInit_ex(ctx, EVP_aes_128_gcm(), NULL, k->key, nonce), 1);
	assert_int_equal(EVP_EncryptUpdate(ctx, NULL, &n, packet.p, (int)packet.len), 1);
	size_t at = packet.len;
	assert_int_equal(EVP_EncryptUpdate(ctx, packet.p + at, &n, plain.p, (int)plain.len), 1);
	packet.len += plain.len;
	assert_int_equal(EVP_EncryptFinal_ex(ctx, packet.p + packet.len, &n), 1);
	assert_int_equal(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, sizeof(tag), tag), 1);
	EVP_CIPHER_CTX_free(ctx);
	put(&packet, span_of(tag, sizeof(tag)));
	assert_true(cipher_block(k->mask, packet.p + at, mask));
	packet.p[0] ^= mask[0] & 0x0f;
	for (int i = 0; i < 4; i++)
		packet.p[at - 4 + (size_t)i] ^= mask[1 + i];
	return packet;
}

/* --- Feeding datagrams --- */

static void
datagram(struct bench *b, enum dir dir, struct span bytes)
{
	uint8_t *copy = malloc(bytes.len ? bytes.len : 1); /* its end is guarded */
	memcpy(copy, bytes.p, bytes.len);
	struct packet packet = { .flow = &b->flow, .dir = (uint8_t)dir, .ts = b->now++ };
	packet.payload = span_of(copy, bytes.len);
	app_datagram(b->worker, &b->flow, &packet);
	free(copy);
	if (b->flow.app)
		app_clean(b->flow.app, &b->hooks, false);
}

static void
datagram_of(struct bench *b, enum dir dir, const struct bytes *bytes)
{
	datagram(b, dir, span_of(bytes->p, bytes->len));
}

static void
open_bench(struct bench *b)
{
	bench_open(b, NULL, 443, IP_PROTO_UDP);
	b->flow.key.client_port = 40000;
}

static const char hello_expected[] =
    "toserver quic.sni=example.com\n"
    "toserver ja3.string=771,4865-4866,0-65281-10-16-5-51-43-13-45-28-57,29-23-24,\n"
    "!event failed_decrypt\n!event error_on_data";

static struct bytes
whole_hello(struct span stream)
{
	struct bytes frames = { .len = 0 };
	put_crypto(&frames, stream, 0, stream.len);
	return frames;
}

static void
the_packet_of_the_rfc_is_sealed_as_there_and_opens(void **state)
{
	struct bytes stream = unhex(hello_hex);
	struct bytes frames = { .len = 0 };
	struct bench b;
	put(&frames, SPAN("\x06\x00\x40\xf1"));
	put(&frames, span_of(stream.p, stream.len));
	struct bytes packet = seal(QUIC_VERSION_1, ID, DIR_TOSERVER, 2, &frames, 1162);
	struct bytes start = unhex("c000000001088394c8f03e5157080000449e7b9aec34");
	struct bytes end = unhex("e221af44860018ab0856972e194cd934");
	/* There the source id is empty, as here. */
	assert_int_equal(packet.len, 1200);
	assert_memory_equal(packet.p, start.p, start.len);
	assert_memory_equal(packet.p + packet.len - end.len, end.p, end.len);
	open_bench(&b);
	datagram_of(&b, DIR_TOSERVER, &packet);
	bench_expect("rfc", b.log, hello_expected);
	bench_expect("rfc", b.log, "toserver quic.version=\\x00\\x00\\x00\\x01");
	assert_non_null(
	    strstr(b.log, "record {\"version\":\"1\",\"sni\":\"example.com\",\"ja3\":"));
	assert_non_null(strstr(b.log, "\"ja4\":\"q13d0211an_"));
	assert_non_null(strstr(b.log,
	    "{\"name\":\"server_name\",\"type\":0,\"values\":[\"example.com\"]}"));
	assert_non_null(strstr(b.log, "{\"name\":\"alpn\",\"type\":16,\"values\":[\"alpn\"]}"));
	assert_int_equal(b.done_count, 1);
	bench_end(&b);
	bench_close(&b);
}

static void
every_version_has_its_keys(void **state)
{
	static const uint32_t versions[] = { QUIC_VERSION_1, QUIC_VERSION_2, 0xff00001d,
		0xff000017, 0xff000022, 0xfaceb002 };
	struct bytes stream = unhex(hello_hex);
	struct bytes frames = whole_hello(span_of(stream.p, stream.len));
	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
		struct bench b;
		struct bytes packet = seal(versions[i], ID, DIR_TOSERVER, 0, &frames, 1100);
		open_bench(&b);
		datagram_of(&b, DIR_TOSERVER, &packet);
		bench_expect("version", b.log, hello_expected);
		bench_end(&b);
		bench_close(&b);
	}
}

/* A hello in pieces of any size and order, over several packets. */
static void
a_hello_in_pieces_is_the_same_hello(void **state)
{
	struct bytes stream = unhex(hello_hex);
	struct span whole = span_of(stream.p, stream.len);
	for (size_t size = 1; size <= 60; size += size < 12 ? 1 : 12) {
		struct bench b;
		size_t pieces = (whole.len + size - 1) / size;
		open_bench(&b);
		for (size_t i = 0; i < pieces;) {
			struct bytes frames = { .len = 0 };
			for (int k = 0; k < 40 && i < pieces; k++, i++) {
				/* In order where holes would be too many. */
				size_t at = pieces > QUIC_RANGES_MAX ? i : i * 37 % pieces;
				size_t from = at * size;
				size_t len = whole.len - from < size ? whole.len - from : size;
				put_crypto(&frames, whole, from, len);
			}
			struct bytes packet =
			    seal(QUIC_VERSION_1, ID, DIR_TOSERVER, (uint32_t)i, &frames, 60);
			datagram_of(&b, DIR_TOSERVER, &packet);
		}
		bench_expect("pieces", b.log, hello_expected);
		bench_end(&b);
		bench_close(&b);
	}
}

static void
a_hole_hides_the_hello_and_does_no_harm(void **state)
{
	struct bytes stream = unhex(hello_hex);
	struct span whole = span_of(stream.p, stream.len);
	struct bytes frames = { .len = 0 };
	struct bench b;
	put_crypto(&frames, whole, 0, 100);
	put_crypto(&frames, whole, 101, whole.len - 101);
	struct bytes packet = seal(QUIC_VERSION_1, ID, DIR_TOSERVER, 0, &frames, 0);
	open_bench(&b);
	datagram_of(&b, DIR_TOSERVER, &packet);
	bench_expect("hole", b.log,
	    "tx 0\n!toserver quic.sni=example.com\n!event error_on_data");
	bench_end(&b);
	bench_close(&b);
}

static void
a_server_answers_with_the_keys_of_the_clients_id(void **state)
{
	struct bytes client = unhex(hello_hex), server = unhex(server_hello_hex);
	struct bytes frames = whole_hello(span_of(client.p, client.len));
	struct bytes answer = whole_hello(span_of(server.p, server.len));
	struct bench b;
	struct bytes packet = seal(QUIC_VERSION_1, ID, DIR_TOSERVER, 0, &frames, 1100);
	open_bench(&b);
	datagram_of(&b, DIR_TOSERVER, &packet);
	packet = seal(QUIC_VERSION_1, ID, DIR_TOCLIENT, 0, &answer, 100);
	datagram_of(&b, DIR_TOCLIENT, &packet);
	bench_expect("server", b.log,
	    "toclient ja3s.string=771,4865,51-43\n!event failed_decrypt");
	assert_int_equal(b.done_count, 2);
	/* All that follows is sealed with keys that nobody else has. */
	datagram_of(&b, DIR_TOCLIENT, &packet);
	assert_int_equal(b.done_count, 2);
	bench_end(&b);
	bench_close(&b);
}

static void
a_retry_begins_again_but_only_once(void **state)
{
	static const struct span other = SPAN("\x01\x02\x03\x04\x05\x06\x07\x08\x09");
	static const struct span retry =
	    SPAN("\xf0\0\0\0\1\0\x09\x01\x02\x03\x04\x05\x06\x07\x08\x09token0123456789abcdef");
	struct bytes stream = unhex(hello_hex);
	struct bytes frames = whole_hello(span_of(stream.p, stream.len));
	struct bench b;
	struct bytes first = seal(QUIC_VERSION_1, ID, DIR_TOSERVER, 0, &frames, 1100);
	struct bytes second = seal(QUIC_VERSION_1, other, DIR_TOSERVER, 1, &frames, 1100);
	open_bench(&b);
	datagram_of(&b, DIR_TOSERVER, &first);
	datagram(&b, DIR_TOCLIENT, retry);
	datagram_of(&b, DIR_TOSERVER, &second);
	datagram(&b, DIR_TOCLIENT, retry);
	datagram_of(&b, DIR_TOSERVER, &second);
	assert_int_equal(b.done_count, 4); /* the last one is behind the hello */
	const char *sni = strstr(b.log, "quic.sni=");
	assert_non_null(sni);
	assert_non_null(strstr(sni + 1, "quic.sni="));
	bench_expect("retry", b.log, "!event failed_decrypt");
	bench_end(&b);
	bench_close(&b);
}

static void
no_cut_and_no_flipped_bit_opens(void **state)
{
	struct bytes stream = unhex(hello_hex);
	struct bytes frames = whole_hello(span_of(stream.p, stream.len));
	struct bytes packet = seal(QUIC_VERSION_1, ID, DIR_TOSERVER, 0, &frames, 300);
	for (size_t len = 1; len < packet.len; len++) {
		struct bench b;
		open_bench(&b);
		datagram(&b, DIR_TOSERVER, span_of(packet.p, len));
		bench_expect("cut", b.log, "!toserver quic.sni=example.com");
		bench_end(&b);
		bench_close(&b);
	}
	struct bench b;
	open_bench(&b);
	packet.p[200] ^= 1;
	datagram_of(&b, DIR_TOSERVER, &packet);
	bench_expect("bit", b.log, "event failed_decrypt");
	bench_end(&b);
	bench_close(&b);
}

static void
frames_that_lie_are_told(void **state)
{
	static const struct {
		struct span frames;
		const char *expected;
	} rows[] = {
		{ SPAN("\x06\x00\x7f\xff"), "event error_on_data" },
		{ SPAN("\x06\xc0\0\0\1\0\0\0\0\4abcd"), "event crypto_frag_too_long" },
		{ SPAN("\x06\0\4\x0b\0\0\1"), "event error_on_data" },
		{ SPAN("\x06\0\4\x01\xff\xff\xff"), "event crypto_frag_too_long" },
		{ SPAN("\x02\x01\x02\x7f\xff\x01"), "event error_on_data" },
		{ SPAN("\x06\0"), "event error_on_data" },
		{ SPAN("\x1c\x01\x02\x03"), "!event error_on_data" },
		{ SPAN("\x01\x02\x01\x01\x01\x01\x01\x01"), "!event error_on_data" },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct bytes frames = { .len = 0 };
		struct bench b;
		put(&frames, rows[i].frames);
		if (rows[i].expected[0] == '!')
			while (frames.len < 60)
				put(&frames, SPAN("\0"));
		struct bytes padded = { .len = 0 };
		/* Padding stands in front, so that lengths run out of the packet. */
		while (padded.len < 40)
			put(&padded, SPAN("\0"));
		put(&padded, span_of(frames.p, frames.len));
		struct bytes packet = seal(QUIC_VERSION_1, ID, DIR_TOSERVER, 0, &padded, 0);
		open_bench(&b);
		datagram_of(&b, DIR_TOSERVER, &packet);
		bench_expect("frames", b.log, rows[i].expected);
		bench_end(&b);
		bench_close(&b);
	}
}

static void
tags_of_google_name_a_client(void **state)
{
	static const struct span packet =
	    SPAN("\xc3Q046\x50\x01\x02\x03\x04\x05\x06\x07\x08\0\0\0\1hash56789012"
		 "\xa0\1\0\x30"
		 "CHLO\3\0\0\0"
		 "PAD\0\2\0\0\0SNI\0\x0b\0\0\0UAID\x10\0\0\0"
		 "--host.test"
		 "agent");
	struct bench b;
	open_bench(&b);
	datagram(&b, DIR_TOSERVER, packet);
	bench_expect("tags", b.log,
	    "toserver quic.sni=host.test\n"
	    "!toserver quic.sni=--host.test\n"
	    "!event error_on_data");
	bench_end(&b);
	bench_close(&b);
}

static void
probes_do_not_claim_others(void **state)
{
	static const struct span others[] = {
		SPAN("\xc0\0\0\0\1\x15too long an id 0123456789\0\0\1"),
		SPAN("\x12\x34\1\0\0\1\0\0\0\0\0\0\3www\7example\3com\0\0\1\0\1"),
		SPAN("\x80\0\0\0\1\4abcd\0\0\4aaaa"), /* without the fixed bit */
		SPAN("\xff\xff\xff\xff"),
		SPAN("\x40short header of anything"),
	};
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		struct bench b;
		open_bench(&b);
		datagram(&b, DIR_TOSERVER, others[i]);
		assert_int_not_equal(b.flow.app->id, PROTO_ID_quic);
		bench_end(&b);
		bench_close(&b);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_packet_of_the_rfc_is_sealed_as_there_and_opens),
		cmocka_unit_test(every_version_has_its_keys),
		cmocka_unit_test(a_hello_in_pieces_is_the_same_hello),
		cmocka_unit_test(a_hole_hides_the_hello_and_does_no_harm),
		cmocka_unit_test(a_server_answers_with_the_keys_of_the_clients_id),
		cmocka_unit_test(a_retry_begins_again_but_only_once),
		cmocka_unit_test(no_cut_and_no_flipped_bit_opens),
		cmocka_unit_test(frames_that_lie_are_told),
		cmocka_unit_test(tags_of_google_name_a_client),
		cmocka_unit_test(probes_do_not_claim_others),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
