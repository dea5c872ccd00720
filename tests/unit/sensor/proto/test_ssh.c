/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/sensor/proto/bench.h"

#include <errno.h>

/* A list of names behind its length, which must be below 256. */
#define LIST(text, len) "\0\0\0" len text
#define COOKIE "0123456789abcdef"
#define LISTS_TAIL LIST("", "\0") LIST("", "\0") "\0\0\0\0\0"

/* 2 + 16 + (4+7) + (4+3) + 4*(4+3) + 2*(4+4) + 2*4 + 5 + 4 of padding = 97 */
#define OFFER                                                                               \
	"\0\0\0\x61\4\x14" COOKIE LIST("sm2-sm3", "\7") LIST("rsa", "\3") LIST("aes", "\3") \
	    LIST("sm4", "\3") LIST("md5", "\3") LIST("sm3", "\3") LIST("none", "\4")        \
		LIST("zlib", "\4") LISTS_TAIL "\0\0\0\0"
#define NEWKEYS "\0\0\0\xc\xa\x15\0\0\0\0\0\0\0\0\0\0"
#define OTHER "\0\0\0\xc\xa\x1e\1\2\3\4\5\6\7\x8\x9\xa"

static const struct {
	const char *name;
	struct span toserver, toclient;
	const char *expected;
} cases[] = {
	{ "a whole handshake",
	    SPAN("SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n" OFFER OTHER NEWKEYS "ciphertext"),
	    SPAN("SSH-2.0-dropbear\n" OFFER OTHER OTHER NEWKEYS "more of it"),
	    "tx 0\n!tx 1\n"
	    "toserver ssh.proto=2.0\n"
	    "toserver ssh.software=OpenSSH_9.2p1\n"
	    "toserver ssh.hassh.string=sm2-sm3;aes;md5;none\n"
	    "toserver ssh.hassh=83c1430b800fc7c281fce03bfaf43713\n"
	    "toclient ssh.software=dropbear\n"
	    "toclient ssh.hassh.server.string=sm2-sm3;sm4;sm3;zlib\n"
	    "!event invalid_record" },
	{ "only banners", SPAN("SSH-2.0-a\r\n"), SPAN("SSH-1.99-b c d\r\n"),
	    "toserver ssh.software=a\ntoclient ssh.proto=1.99\ntoclient ssh.software=b\n"
	    "record "
	    "{\"client\":{\"proto_version\":\"2.0\",\"software_version\":\"a\"},\"server\":"
	    "{\"proto_version\":\"1.99\",\"software_version\":\"b\"}}" },
	{ "SSH 1: the banner alone", SPAN("SSH-1.5-old\nanything behind it"),
	    SPAN("SSH-1.5-older\n"),
	    "toserver ssh.proto=1.5\ntoclient ssh.software=older\n!event invalid_record" },
	{ "a server that greets before its banner", SPAN("SSH-2.0-a\r\n"),
	    SPAN("SSH-less line\r\nSSH-2.0-b\r\n"), "event invalid_banner" },
	{ "lines before the banner, server", SPAN("SSH-2.0-a\r\n"),
	    SPAN("Only for staff.\r\nGo away.\r\nSSH-2.0-b\r\n"),
	    "toclient ssh.software=b\n!event invalid_banner" },
	{ "a banner without a version", SPAN("SSH-nothing\r\n"), SPAN(""),
	    "event invalid_banner" },
	{ "a packet shorter than its padding", SPAN("SSH-2.0-a\r\n\0\0\0\4\7\x14zz"), SPAN(""),
	    "event invalid_record" },
	{ "a packet longer than anyone takes", SPAN("SSH-2.0-a\r\n\0\1\0\0\4\x14zz"), SPAN(""),
	    "event invalid_record\nevent long_kex_record" },
	{ "a list of names that runs out of its packet",
	    SPAN("SSH-2.0-a\r\n\0\0\0\x1a\4\x14" COOKIE "\0\0\0\x63\0\0\0\0"), SPAN(""),
	    "event invalid_record\n!toserver ssh.hassh.string=" },
};

static void
handshakes_say_what_they_should(void **state)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *text = bench_conversation(NULL, 22, cases[i].toserver, cases[i].toclient);
		bench_expect(cases[i].name, text, cases[i].expected);
		free(text);
	}
}

static void
no_cut_does_harm(void **state)
{
	struct span whole = cases[0].toserver;
	for (size_t len = 0; len < whole.len; len++) {
		struct bench b;
		bench_open(&b, NULL, 22, IP_PROTO_TCP);
		bench_feed(&b, DIR_TOSERVER, span_sub(whole, 0, len));
		bench_eof(&b, DIR_TOSERVER);
		bench_end(&b);
		if (len > 32)
			assert_null(strstr(b.log, "event "));
		bench_close(&b);
	}
}

static void
a_banner_too_long_is_cut(void **state)
{
	char line[600];
	memset(line, 'x', sizeof(line));
	memcpy(line, "SSH-2.0-", 8);
	line[sizeof(line) - 1] = '\n';
	char *text =
	    bench_conversation(NULL, 22, span_of(line, sizeof(line)), SPAN("SSH-2.0-b\n"));
	bench_expect("long", text,
	    "event long_banner\ntoserver ssh.proto=2.0\ntoclient ssh.software=b");
	free(text);
}

static void
a_gap_inside_a_packet_is_no_loss(void **state)
{
	struct bench b;
	bench_open(&b, NULL, 22, IP_PROTO_TCP);
	bench_feed(&b, DIR_TOSERVER,
	    SPAN("SSH-2.0-a\r\n\0\0\1\0\4\x1e"
		 "ab"));
	bench_gap(&b, DIR_TOSERVER, 252);
	bench_feed(&b, DIR_TOSERVER, SPAN(OFFER));
	bench_end(&b);
	bench_expect("gap", b.log, "toserver ssh.hassh.string=sm2-sm3;aes;md5;none");
	bench_close(&b);
}

static void
ciphertext_leaves_inspection_as_configured(void **state)
{
	static const struct {
		const char *how;
		bool is_left;
		uint8_t flow_state;
	} handlings[] = { { "track-only", true, FLOW_NEW }, { "bypass", true, FLOW_BYPASSED },
		{ "full", false, FLOW_NEW } };
	for (size_t i = 0; i < sizeof(handlings) / sizeof(handlings[0]); i++) {
		char config[128];
		struct bench b;
		snprintf(config, sizeof(config),
		    "app-layer:\n  protocols:\n    ssh:\n      encryption-handling: %s\n",
		    handlings[i].how);
		bench_open(&b, config, 22, IP_PROTO_TCP);
		bench_feed(&b, DIR_TOSERVER, SPAN("SSH-2.0-a\n" OFFER NEWKEYS));
		bench_feed(&b, DIR_TOCLIENT, SPAN("SSH-2.0-b\n" OFFER NEWKEYS));
		assert_false(b.flow.app->no_inspection);
		assert_int_equal(b.done_count, 1);
		bench_feed(&b, DIR_TOSERVER, SPAN("x"));
		assert_int_equal(b.flow.app->no_inspection, handlings[i].is_left);
		assert_int_equal(b.flow.state, handlings[i].flow_state);
		bench_end(&b);
		bench_close(&b);
	}
}

static void
options_are_read(void **state)
{
	char *text = bench_conversation("app-layer:\n  protocols:\n    ssh:\n      hassh: no\n",
	    22, cases[0].toserver, cases[0].toclient);
	assert_null(strstr(text, "hassh"));
	free(text);

	char *conf_error = NULL;
	const char *error = NULL;
	struct arena *arena = arena_new(4096, 0);
	struct conf *conf = conf_read_text("guan.yaml",
	    SPAN("app-layer:\n  protocols:\n    ssh:\n      hassh: perhaps\n"), &conf_error);
	struct proto_options read = { 0 };
	assert_non_null(conf);
	assert_int_equal(proto_options_read(&read, arena, conf_root(conf), &error), -EINVAL);
	assert_non_null(strstr(error, "guan.yaml:4"));
	conf_free(conf);
	arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(handshakes_say_what_they_should),
		cmocka_unit_test(no_cut_does_harm),
		cmocka_unit_test(a_banner_too_long_is_cut),
		cmocka_unit_test(a_gap_inside_a_packet_is_no_loss),
		cmocka_unit_test(ciphertext_leaves_inspection_as_configured),
		cmocka_unit_test(options_are_read),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
