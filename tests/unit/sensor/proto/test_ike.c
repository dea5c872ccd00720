/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/sensor/proto/bench.h"

#define PORT 500

/* Main mode of IKE 1, and the first exchange of IKE 2. */
static const char *const messages[] = {
	"e47a591fd057587f00000000000000000110020000000000000000a80d00003c0000000100000001"
	"0000003001010001000000280101000080010007800e0080800200028004000280030001800b0001"
	"000c0004000151800d0000144a131c81070358455c5728f20e95452f0d000014439b59f8ba676c4c"
	"7737ae22eab8f5820d0000147d9419a65310ca6f2c179d9215529d560000001490cb80913ebb696e"
	"086381b5ec427b1f",
	"e47a591fd057587fa00b8ef0902bb8ec01100200000000000000006c0d00003c0000000100000001"
	"0000003001010001000000280101000080010007800e0080800200028004000280030001800b0001"
	"000c000400015180000000144a131c81070358455c5728f20e95452f",
	"1c1869f6d29ba0cc0000000000000000212022080000000000000166220000300000002c01010004"
	"0300000c0100000c800e01000300000802000006030000080300000d000000080400001428000068"
	"00140000a29f74cb78c798d31654621b3517ab39517330fe49a112e52154feb8671a1dc50301f67d"
	"6a0b9be2fde27d286af620232ad77f5d9a085fbe9ed1248f5de731497ce04b51c93a9b09b737d783"
	"de9d14b04592f0695cf1e251bd53dbd8b6057cdd2b0000246cbde3730e815c3ed7b4d31374469cd4"
	"9e1f506bdd9cedb49c58cd96da7b628c2b000017434953434f2d44454c4554452d524541534f4e2b"
	"000013434953434f56504e2d5245562d30322b000017434953434f2d44594e414d49432d524f5554"
	"4529000015464c455856504e2d535550504f525445442900001c00004004236fb80b00e123217aba"
	"0d0c8b34b1ed5cd911090000001c000040051203d641f084b9af5e205e1c9d854da14e7583db",
	"1c1869f6d29ba0cc572a8ae7557ad9ec212022200000000000000166220000300000002c01010004"
	"0300000c0100000c800e01000300000802000006030000080300000d000000080400001428000068"
	"00140000dff35d487b63b2e57d970bbbaf73c6ef633b3d3b3def0ed6ed75ab8e22b2f371aeb10c47"
	"ce9aa8ed2c94c3a09d2f266523a1a5bd15c5159437ec36b338010e5e4d251bcb7a8c14501565920f"
	"4b46840d7e13d8c2ef728f26ee0c1d042ba747652b000024cb12ce9ec530198b2f08cd7ab42dddf0"
	"c9c25e0c2d0ef9aca6a606e0a853d2452b000017434953434f2d44454c4554452d524541534f4e2b"
	"000013434953434f56504e2d5245562d30322b000017434953434f2d44594e414d49432d524f5554"
	"4529000015464c455856504e2d535550504f525445442900001c00004004b49b2901e0efab13bc0d"
	"acfa2aad1ced7bccdfb50000001c00004005c4174006b4118249a9ac629ca64904cd2cf11e9e",
};

static void
a_main_mode_is_told(void **state)
{
	uint8_t buf[2048];
	struct bench b;
	bench_open(&b,
	    "outputs:\n  - eve-log:\n      types:\n        - ike:\n"
	    "            extended: yes\n",
	    PORT, IP_PROTO_UDP);
	bench_datagram(&b, DIR_TOSERVER, bench_unhex(messages[0], buf, sizeof(buf)));
	bench_expect("request", b.log,
	    "toserver ike.init_spi=e47a591fd057587f\n"
	    "toserver ike.exchtype=2\n"
	    "toserver ike.vendor=4a131c81070358455c5728f20e95452f\n"
	    "record {\"version_major\":1,\"version_minor\":0,\"init_spi\":"
	    "\"e47a591fd057587f\",\"resp_spi\":\"0000000000000000\",\"message_id\":0,"
	    "\"exchange_type\":2,\"exchange_type_verbose\":\"Identity Protection\","
	    "\"payload\":[\"SecurityAssociation\",\"Proposal\",\"Transform\",\"VendorID\"],"
	    "\"ikev1\":{\"doi\":1,\"encrypted_payloads\":false,\"client\":{"
	    "\"proposals\":[{"
	    "\"alg_enc\":\"EncAesCbc\",\"alg_enc_raw\":7,\"sa_key_length\":\"Unknown\","
	    "\"sa_key_length_raw\":128,\"alg_hash\":\"HashSha\",\"alg_hash_raw\":2,"
	    "\"alg_dh\":\"GroupAlternate1024BitModpGroup\",\"alg_dh_raw\":2,\"alg_auth\":"
	    "\"AuthPreSharedKey\",\"alg_auth_raw\":1,\"sa_life_type\":\"LifeTypeSeconds\","
	    "\"sa_life_type_raw\":1,\"sa_life_duration\":\"Unknown\","
	    "\"sa_life_duration_raw\":86400}]},\"server\":{},"
	    "\"vendor_ids\":[\"4a131c81070358455c5728f20e95452f\","
	    "\"439b59f8ba676c4c7737ae22eab8f582\",\"7d9419a65310ca6f2c179d9215529d56\","
	    "\"90cb80913ebb696e086381b5ec427b1f\"]}}\n"
	    "!event malformed_data\n!event payload_extra_data");
	bench_datagram(&b, DIR_TOCLIENT, bench_unhex(messages[1], buf, sizeof(buf)));
	bench_expect("answer", b.log,
	    "toclient ike.resp_spi=a00b8ef0902bb8ec\n"
	    "!event multiple_server_proposal");
	bench_end(&b);
	bench_close(&b);
}

static void
an_init_of_ike_2_is_told(void **state)
{
	uint8_t buf[2048];
	struct bench b;
	bench_open(&b, NULL, PORT, IP_PROTO_UDP);
	bench_datagram(&b, DIR_TOSERVER, bench_unhex(messages[2], buf, sizeof(buf)));
	bench_datagram(&b, DIR_TOCLIENT, bench_unhex(messages[3], buf, sizeof(buf)));
	bench_end(&b);
	bench_expect("init", b.log,
	    "toserver ike.exchtype=34\n"
	    "toserver ike.key_exchange_payload_length=96\n"
	    "toserver ike.nonce_payload_length=32\n"
	    "!event weak_crypto_enc\n!event weak_crypto_no_auth\n!event weak_crypto_no_dh");
	assert_non_null(strstr(b.log,
	    "\"alg_enc\":\"ENCR_AES_CBC\",\"alg_auth\":\"AUTH_HMAC_SHA2_384_192\","
	    "\"alg_prf\":\"PRF_HMAC_SHA2_384\",\"alg_dh\":\"Ecp384\""));
	bench_close(&b);
}

static void
weak_choices_are_events(void **state)
{
	uint8_t buf[2048];
	struct bench b;
	struct span answer;
	bench_open(&b, NULL, PORT, IP_PROTO_UDP);
	bench_datagram(&b, DIR_TOSERVER, bench_unhex(messages[2], buf, sizeof(buf)));
	answer = bench_unhex(messages[3], buf, sizeof(buf));
	/* ENCR_3DES with a length of key, PRF_HMAC_SHA1, MD5, 1024 bits */
	buf[47] = 3;
	buf[59] = 2;
	buf[67] = 1;
	buf[75] = 2;
	bench_datagram(&b, DIR_TOCLIENT, answer);
	bench_end(&b);
	bench_expect("weak", b.log,
	    "event weak_crypto_enc\nevent weak_crypto_prf\nevent weak_crypto_auth\n"
	    "event weak_crypto_dh");
	bench_close(&b);
}

/* Each datagram cut at every length, and with every byte turned: nothing but words. */
static void
no_damage_does_harm(void **state)
{
	uint8_t buf[2048];
	for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++) {
		struct span whole = bench_unhex(messages[i], buf, sizeof(buf));
		struct bench b;
		bench_open(&b, NULL, PORT, IP_PROTO_UDP);
		bench_datagram(&b, DIR_TOSERVER, whole);
		for (size_t len = 0; len < whole.len; len++) {
			bench_datagram(&b, len & 1, span_sub(whole, 0, len));
			buf[len] ^= 0xff;
			bench_datagram(&b, len & 1, whole);
			buf[len] ^= 0xff;
			b.log_len = 0;
		}
		bench_end(&b);
		bench_close(&b);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_main_mode_is_told),
		cmocka_unit_test(an_init_of_ike_2_is_told),
		cmocka_unit_test(weak_choices_are_events),
		cmocka_unit_test(no_damage_does_harm),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
