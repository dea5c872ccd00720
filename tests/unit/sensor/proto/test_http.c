/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/sensor/proto/bench.h"

#include "sensor/proto/http.h"

struct conversation {
	const char *name;
	struct span toserver, toclient;
	const char *expected; /* lines; "!" before one that must not be there */
};

static const struct conversation requests[] = {
	{ "plain",
	    SPAN("GET /a?b=c HTTP/1.1\r\nHost: Portal.Example:80\r\nUser-Agent: x/1\r\n"
		 "Cookie: s=1\r\n\r\n"),
	    SPAN("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nServer: nginx\r\nSet-Cookie: t=2\r\n"
		 "\r\nok"),
	    "tx 0\n"
	    "toserver http.method=GET\n"
	    "toserver http.uri=/a?b=c\n"
	    "toserver urilen=6\n"
	    "toserver http.protocol=HTTP/1.1\n"
	    "toserver http.request_line=GET /a?b=c HTTP/1.1\n"
	    "toserver http.host=portal.example\n"
	    "toserver http.host.raw=Portal.Example:80\n"
	    "toserver http.cookie=s=1\n"
	    "toserver http.header=Host: Portal.Example:80\\r\\nUser-Agent: x/1\\r\\n\n"
	    "toserver http.header.raw=Host: Portal.Example:80\\r\\nUser-Agent: "
	    "x/1\\r\\nCookie: "
	    "s=1\\r\\n\\r\\n\n"
	    "toserver http.header_names=\\r\\nHost\\r\\nUser-Agent\\r\\nCookie\\r\\n\\r\\n\n"
	    "toserver http.request_header=User-Agent: x/1\n"
	    "toserver http.start=GET /a?b=c HTTP/1.1\\r\\nHost: "
	    "Portal.Example:80\\r\\nUser-Agent: "
	    "x/1\\r\\nCookie: s=1\\r\\n\\r\\n\n"
	    "toclient http.stat_code=200\n"
	    "toclient http.stat_msg=OK\n"
	    "toclient http.response_line=HTTP/1.1 200 OK\n"
	    "toclient http.cookie=t=2\n"
	    "toclient http.server=nginx\n"
	    "toclient http.header=Content-Length: 2\\r\\nServer: nginx\\r\\n\n"
	    "toclient http.response_body=ok\n"
	    "toclient file.data=ok\n"
	    "toclient file.name=/a\n"
	    "record {\"hostname\":\"portal.example\",\"http_port\":80,\"url\":\"/a?b=c\","
	    "\"http_user_agent\":\"x/1\",\"http_method\":\"GET\",\"protocol\":\"HTTP/1.1\","
	    "\"status\":200,\"length\":2}\n"
	    "!tx 1" },
	{ "line ends of LF alone", SPAN("GET / HTTP/1.0\nHost: a\nX: y\n\n"),
	    SPAN("HTTP/1.0 200 OK\nContent-Length: 1\n\nz"),
	    "toserver http.header=Host: a\\r\\nX: y\\r\\n\n"
	    "toclient http.response_body=z" },
	{ "folded headers",
	    SPAN("GET / HTTP/1.1\r\nHost: a\r\nX: one\r\n two\r\n\tthree\r\n\r\n"), SPAN(""),
	    "toserver http.request_header=X: one two\\x09three" },
	{ "repeated headers are joined",
	    SPAN("GET / HTTP/1.1\r\nHost: a\r\nX: 1\r\nY: 2\r\nx: 3\r\n\r\n"), SPAN(""),
	    "toserver http.header=Host: a\\r\\nX: 1, 3\\r\\nY: 2\\r\\n\n"
	    "event REQUEST_HEADER_REPETITION" },
	{ "no colon", SPAN("GET / HTTP/1.1\r\nHost: a\r\njunk\r\nX: 1\r\n\r\n"), SPAN(""),
	    "event REQUEST_FIELD_MISSING_COLON\n"
	    "toserver http.request_header=: junk\n"
	    "toserver http.request_header=X: 1" },
	{ "pipelined",
	    SPAN("GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n"
		 "POST /3 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"),
	    SPAN(
		"HTTP/1.1 201 A\r\nContent-Length: 1\r\n\r\n1HTTP/1.1 202 B\r\nContent-Length: "
		"0\r\n\r\nHTTP/1.1 203 C\r\nTransfer-Encoding: "
		"chunked\r\n\r\n1\r\n3\r\n0\r\n\r\n"),
	    "tx 0\ntx 1\ntx 2\n"
	    "toserver http.uri=/1\n"
	    "toserver http.uri=/2\n"
	    "toserver http.uri=/3\n"
	    "toserver http.request_body=abc\n"
	    "toserver file.data=abc\n"
	    "toserver file.name=/3\n"
	    "toclient http.response_body=3\n"
	    "!tx 3" },
	{ "unknown method", SPAN("BREW /pot HTTP/1.1\r\nHost: a\r\n\r\n"), SPAN(""),
	    "toserver http.method=BREW\n!event REQUEST_LINE_INVALID" },
	{ "white space in the line", SPAN("GET\t /a HTTP/1.1\r\nHost: a\r\n\r\n"), SPAN(""),
	    "event METHOD_DELIM_NON_COMPLIANT\ntoserver http.uri=/a" },
	{ "HTTP/0.9", SPAN("GET /old\r\n"), SPAN("hello\r\nworld"),
	    "toserver http.uri=/old\n"
	    "toclient http.response_body=hello\\r\\nworld\n"
	    "!event REQUEST_LINE_MISSING_PROTOCOL" },
	{ "protocol left out", SPAN("GET /a\r\nHost: b\r\n\r\n"), SPAN(""),
	    "toserver http.host=b\nevent REQUEST_LINE_MISSING_PROTOCOL" },
	{ "absolute address",
	    SPAN("GET http://u:p@Ho.st:8080/x/../y?q=%41 HTTP/1.1\r\n"
		 "Host: other\r\n\r\n"),
	    SPAN(""),
	    "toserver http.uri=/y?q=A\n"
	    "toserver http.uri.raw=http://u:p@Ho.st:8080/x/../y?q=%41\n"
	    "toserver http.host=ho.st\n"
	    "event HOST_HEADER_AMBIGUOUS\n"
	    "event REQUEST_SERVER_PORT_TCP_PORT_MISMATCH" },
	{ "chunked request",
	    SPAN("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
		 "3;ext=1\r\nabc\r\n2\r\nde\r\n0\r\nX-T: 1\r\n\r\n"
		 "GET /next HTTP/1.1\r\nHost: a\r\n\r\n"),
	    SPAN(""),
	    "toserver http.request_body=abcde\n"
	    "toserver http.uri=/next\n"
	    "event REQUEST_CHUNK_EXTENSION" },
	{ "missing and bad host",
	    SPAN("GET / HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\nHost: a..b\r\n\r\n"), SPAN(""),
	    "event MISSING_HOST_HEADER\nevent REQUEST_HEADER_HOST_INVALID" },
	{ "unknown authorization",
	    SPAN("GET / HTTP/1.1\r\nHost: a\r\nAuthorization: Magic x\r\n\r\n"), SPAN(""),
	    "event REQUEST_AUTH_UNRECOGNIZED" },
	{ "lengths that disagree",
	    SPAN("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n"
		 "Content-Length: 9\r\n\r\nabc"),
	    SPAN(""),
	    "event DUPLICATE_CONTENT_LENGTH_FIELD_IN_REQUEST\ntoserver http.request_body=abc" },
	{ "no length", SPAN("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: abc\r\n\r\n"),
	    SPAN(""), "event INVALID_CONTENT_LENGTH_FIELD_IN_REQUEST" },
	{ "body nobody announced",
	    SPAN("GET /1 HTTP/1.1\r\nHost: a\r\n\r\nsome junk here\r\n"
		 "GET /2 HTTP/1.1\r\nHost: a\r\n\r\n"),
	    SPAN(""), "event REQUEST_BODY_UNEXPECTED\ntoserver http.uri=/2\ntx 1\n!tx 2" },
};

static const struct conversation answers[] = {
	{ "until the connection closes", SPAN("GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
	    SPAN("HTTP/1.1 200 OK\r\n\r\nabc\r\ndef"),
	    "toclient http.response_body=abc\\r\\ndef" },
	{ "100 before the answer",
	    SPAN("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx"),
	    SPAN("HTTP/1.1 100 Continue\r\nA: b\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: "
		 "0\r\n\r\n"),
	    "toclient http.stat_code=200\n!toclient http.stat_code=100\n!tx 1" },
	{ "two answers of 100",
	    SPAN("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx"),
	    SPAN("HTTP/1.1 100 C\r\n\r\nHTTP/1.1 100 C\r\n\r\nHTTP/1.1 200 OK\r\n\r\n"),
	    "event 100_CONTINUE_ALREADY_SEEN\ntoclient http.stat_code=200" },
	{ "HEAD has no body",
	    SPAN("HEAD /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n"
		 "\r\n"),
	    SPAN("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nHTTP/1.1 404 "
		 "No\r\nContent-Length: "
		 "0\r\n\r\n"),
	    "toclient http.stat_code=200\ntoclient http.stat_code=404\ntx 1" },
	{ "304 that names a length",
	    SPAN("GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n"),
	    SPAN("HTTP/1.1 304 Not\r\nContent-Length: 100\r\n\r\nHTTP/1.1 200 "
		 "OK\r\nContent-Length: "
		 "1\r\n\r\nx"),
	    "toclient http.stat_code=304\ntoclient http.stat_code=200\ntoclient "
	    "http.response_body=x" },
	{ "304 with a body all the same", SPAN("GET /1 HTTP/1.1\r\nHost: a\r\n\r\n"),
	    SPAN("HTTP/1.1 304 Not\r\nContent-Length: 4\r\n\r\nbody"),
	    "toclient http.response_body=body\nevent RESPONSE_BODY_UNEXPECTED" },
	{ "no request seen", SPAN(""), SPAN("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx"),
	    "event UNABLE_TO_MATCH_RESPONSE_TO_REQUEST\n"
	    "toserver http.uri=/libhtp::request_uri_not_seen\n"
	    "toclient http.response_body=x" },
	{ "status that is no number", SPAN("GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
	    SPAN("HTTP/1.1 2xx Yes\r\nContent-Length: 1\r\n\r\nx"),
	    "event RESPONSE_INVALID_STATUS\ntoclient http.stat_code=2xx\n"
	    "record {\"hostname\":\"a\",\"url\":\"/\",\"http_method\":\"GET\","
	    "\"protocol\":\"HTTP/1.1\",\"status_string\":\"2xx\",\"length\":1}" },
	{ "redirect", SPAN("GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
	    SPAN("HTTP/1.1 302 Found\r\nLocation: /b\r\nContent-Type: text/html; charset=x\r\n"
		 "Content-Length: 0\r\n\r\n"),
	    "toclient http.location=/b\n"
	    "record {\"hostname\":\"a\",\"url\":\"/\",\"http_content_type\":\"text/html\","
	    "\"http_method\":\"GET\",\"protocol\":\"HTTP/1.1\",\"status\":302,\"redirect\":\"/"
	    "b\","
	    "\"length\":0}" },
	{ "upgrade", SPAN("GET / HTTP/1.1\r\nHost: a\r\nUpgrade: w\r\n\r\n"),
	    SPAN("HTTP/1.1 101 Switch\r\nUpgrade: w\r\n\r\n\x81\x02hiHTTP/1.1 200 no\r\n\r\n"),
	    "toclient http.stat_code=101\n!tx 1" },
	{ "invalid status line before one", SPAN("GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
	    SPAN("nonsense\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx"),
	    "toclient http.stat_code=200\ntoclient http.response_body=x" },
};

/* The ways a browser still finds the content that a gateway would miss. */
static const struct conversation evasions[] = {
	{ "chunk lengths with blanks, zeros and junk",
	    SPAN("GET /f HTTP/1.1\r\nHost: a\r\n\r\n"),
	    SPAN("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n \t0004 ,\r\nevil\r\n"
		 "\r\n\v5;x\r\n code\r\n0\r\n\r\n"),
	    "toclient file.data=evil code" },
	{ "chunked in name only", SPAN("GET /f HTTP/1.1\r\nHost: a\r\n\r\n"),
	    SPAN("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nnot chunked"),
	    "toclient file.data=not chunked\nevent INVALID_RESPONSE_CHUNK_LEN" },
	{ "chunked hidden by a NUL", SPAN("GET /f HTTP/1.1\r\nHost: a\r\n\r\n"),
	    SPAN("HTTP/1.1 200 OK\r\nTransfer\0-Encoding: "
		 "chun\0ked\r\n\r\n4\r\nevil\r\n0\r\n\r\n"),
	    "toclient file.data=evil" },
	{ "chunked by a fold", SPAN("GET /f HTTP/1.1\r\nHost: a\r\n\r\n"),
	    SPAN("HTTP/1.1 200 OK\r\nTransfer-Encoding:\r\n \r\n "
		 "chunked\r\n\r\n4\r\nevil\r\n0\r\n\r\n"),
	    "toclient file.data=evil" },
	{ "an indented header", SPAN("GET /f HTTP/1.1\r\nHost: a\r\n\r\n"),
	    SPAN("HTTP/1.1 200 OK\r\nA: b\r\n Transfer-Encoding: "
		 "chunked\r\n\r\n4\r\nevil\r\n0\r\n\r\n"),
	    "toclient file.data=evil\ntoclient http.response_header=A: b" },
	{ "headers that end in CR alone", SPAN("GET /f HTTP/1.1\r\nHost: a\r\n\r\n"),
	    SPAN("HTTP/1.1 200 OK\rX: y\rContent-Length: 4\r\n\r\nevil"),
	    "toclient file.data=evil\ntoclient http.response_header=X: y" },
	{ "LF CR and CR LF mixed", SPAN("GET /f HTTP/1.1\r\nHost: a\r\n\r\n"),
	    SPAN("HTTP/1.1 200 OK\r\nX: y\r\nContent-Length: 4\n\r\r\n\r\nevil"),
	    "toclient file.data=evil" },
	{ "a CR between headers", SPAN("GET /f HTTP/1.1\r\nHost: a\r\n\r\n"),
	    SPAN("HTTP/1.1 200 OK\r\nX: y\r\n\r\r\nTransfer-Encoding: "
		 "chunked\r\n\r\n4\r\nevil\r\n"
		 "0\r\n\r\n"),
	    "toclient file.data=evil" },
	{ "lower case protocol and odd versions", SPAN("GET /f HTTP/1.1\r\nHost: a\r\n\r\n"),
	    SPAN(" \0http/1.01\t200 ok\r\nContent-Length: 4\r\n\r\nevil"),
	    "toclient file.data=evil\ntoclient http.stat_code=200" },
	{ "content length in parentheses", SPAN("GET /f HTTP/1.1\r\nHost: a\r\n\r\n"),
	    SPAN("HTTP/1.1 200 OK\r\nContent-Length: (4) 2\r\n\r\nevil"),
	    "toclient file.data=evil" },
	{ "a name from the disposition", SPAN("GET /f HTTP/1.1\r\nHost: a\r\n\r\n"),
	    SPAN("HTTP/1.1 200 OK\r\nContent-Disposition: attachment; filename=\"a;b.exe\"; "
		 "x=y\r\n"
		 "Content-Length: 1\r\n\r\nx"),
	    "toclient file.name=a;b.exe" },
};

static void
run(const struct conversation *all, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		char *text = bench_conversation(NULL, 80, all[i].toserver, all[i].toclient);
		bench_expect(all[i].name, text, all[i].expected);
		free(text);
	}
}

#define RUN(table) run(table, sizeof(table) / sizeof((table)[0]))

static void
requests_are_read_the_same_in_any_split(void **state)
{
	RUN(requests);
}

static void
answers_are_read_the_same_in_any_split(void **state)
{
	RUN(answers);
}

static void
evasions_show_what_a_browser_would(void **state)
{
	RUN(evasions);
}

static void
addresses_are_made_comparable(void **state)
{
	static const struct {
		const char *raw, *norm;
	} table[] = {
		{ "/", "/" },
		{ "/a//b///c", "/a/b/c" },
		{ "/a/./b/../c", "/a/c" },
		{ "/a/..", "/" },
		{ "/a/.", "/a/" },
		{ "/../../etc/passwd", "/etc/passwd" },
		{ "/%2e%2e/%65tc", "/etc" },
		{ "/%2E%2e%2fetc", "/etc" },
		{ "/a\\b", "/a/b" },
		{ "/%5c%5Cx", "/x" },
		{ "/%u0041%U0062", "/Ab" },
		{ "/%uff0e%uff0e/x", "/x" },
		{ "/%c0%ae%c0%ae/x", "/x" },
		{ "/%ef%bc%8fx", "/x" },
		{ "/%e4%b8%ad", "/\xe4\xb8\xad" },
		{ "/%zz%4", "/%zz%4" },
		{ "/%2525", "/%25" },
		{ "/a%00b", "/a" },
		{ "/A?B=%2e%2e/&c=%41+d", "/A?B=../&c=A+d" },
		{ "/a#f%41", "/a#fA" },
		{ "http://h/p", "/p" },
		{ "http://h?q", "?q" },
		{ "*", "*" },
	};
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct bench b;
		char request[256];
		bench_open(&b, NULL, 80, IP_PROTO_TCP);
		snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\nHost: h\r\n\r\n",
		    table[i].raw);
		bench_feed(&b, DIR_TOSERVER, span_str(request));
		struct http_tx *tx = (struct http_tx *)app_tx_last(b.flow.app);
		assert_non_null(tx);
		size_t len = strlen(table[i].norm);
		if (tx->uri_norm.len < len || memcmp(tx->uri_norm.p, table[i].norm, len) != 0) {
			print_message("%s: %.*s\n", table[i].raw, (int)tx->uri_norm.len,
			    (char *)tx->uri_norm.p);
			fail();
		}
		/* A NUL that was encoded stays, and hides nothing behind it. */
		if (!strstr(table[i].raw, "%00"))
			assert_int_equal(tx->uri_norm.len, len);
		bench_end(&b);
		bench_close(&b);
	}
}

static void
double_encoding_is_taken_off_only_when_asked(void **state)
{
	const char *config = "app-layer:\n  protocols:\n    http:\n      libhtp:\n"
			     "        default-config:\n          double-decode-path: yes\n"
			     "          double-decode-query: yes\n";
	char *text = bench_conversation(config, 80,
	    SPAN("GET /%2541?%2542 HTTP/1.1\r\nHost: a\r\n\r\n"), SPAN_NONE);
	bench_expect("double", text, "toserver http.uri=/A?B\nevent DOUBLE_ENCODED_URI");
	free(text);
}

static void
files_in_a_form_are_found(void **state)
{
	static const char body[] =
	    "preamble\r\n--XyZ\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nfield\r\n"
	    "--XyZ\r\nContent-Disposition: form-data; name=\"f\"; filename=\"one.txt\"\r\n"
	    "Content-Type: text/plain\r\n\r\nfirst\r\n--Xy not it\r\n--XyZ\r\n"
	    "Content-Disposition: form-data; name=\"g\"; filename=two.bin\r\n\r\n\r\nsecond\r\n"
	    "--XyZ--\r\nepilogue";
	char request[1024];
	snprintf(request, sizeof(request),
	    "POST /up HTTP/1.1\r\nHost: a\r\nContent-Type: multipart/form-data; "
	    "boundary=\"XyZ\"\r\nContent-Length: %zu\r\n\r\n%s",
	    sizeof(body) - 1, body);
	char *text = bench_conversation(NULL, 80, span_str(request), SPAN_NONE);
	bench_expect("form", text,
	    "toserver file.name=one.txt\n"
	    "toserver file.data=first\\r\\n--Xy not it\n"
	    "toserver file.name=two.bin\n"
	    "toserver file.data=\\r\\nsecond\n"
	    "!toserver file.name=/up\n"
	    "!event MULTIPART_GENERIC_ERROR");
	free(text);
}

static void
files_are_hashed_when_asked(void **state)
{
	/* "abc": RFC 1321 and FIPS 180-4 give these. */
	static const uint8_t md5[] = { 0x90, 0x01, 0x50, 0x98 };
	static const uint8_t sha256[] = { 0xba, 0x78, 0x16, 0xbf };
	struct bench b;
	bench_open(&b,
	    "outputs:\n  - eve-log:\n      types:\n        - files:\n"
	    "            force-hash: [md5, sha256]\n",
	    80, IP_PROTO_TCP);
	bench_feed(&b, DIR_TOSERVER, SPAN("GET /f HTTP/1.1\r\nHost: a\r\n\r\n"));
	bench_feed(&b, DIR_TOCLIENT,
	    SPAN("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
		 "1\r\na\r\n"));
	struct tx *tx = app_tx_last(b.flow.app);
	const struct file *file = file_at(tx, DIR_TOCLIENT, 0);
	assert_non_null(file);
	assert_int_equal(file->state, FILE_OPEN);
	assert_int_equal(file->hashes.kinds, 0);
	b.hooks.tx_done = NULL;
	tx->is_done[DIR_TOSERVER] = false; /* stays, to be looked at */
	bench_feed(&b, DIR_TOCLIENT, SPAN("2\r\nbc\r\n0\r\n\r\n"));
	assert_ptr_equal(file_at(tx, DIR_TOCLIENT, 0), file);
	assert_int_equal(file_size(file), 3);
	assert_int_equal(file->state, FILE_CLOSED);
	assert_int_equal(file->hashes.kinds, PROTO_MD5 | PROTO_SHA256);
	assert_memory_equal(file->hashes.md5, md5, sizeof(md5));
	assert_memory_equal(file->hashes.sha256, sha256, sizeof(sha256));
	assert_null(file_at(tx, DIR_TOCLIENT, 1));
	bench_end(&b);
	bench_close(&b);
}

static void
a_gap_in_a_body_is_stepped_over(void **state)
{
	struct bench b;
	bench_open(&b, NULL, 80, IP_PROTO_TCP);
	bench_feed(&b, DIR_TOSERVER,
	    SPAN("GET /1 HTTP/1.1\r\nHost: a\r\n\r\n"
		 "GET /2 HTTP/1.1\r\nHost: a\r\n\r\n"));
	bench_feed(&b, DIR_TOCLIENT, SPAN("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nab"));
	bench_gap(&b, DIR_TOCLIENT, 5);
	bench_feed(&b, DIR_TOCLIENT, SPAN("xyzHTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n"));
	assert_int_equal(b.done_count, 2);
	bench_expect("gap", b.log,
	    "toclient http.response_body=xyz\ntoclient http.stat_code=404\n!tx 2");
	assert_int_equal(b.worker->counters.gaps[PROTO_ID_http], 1);
	bench_end(&b);
	bench_close(&b);
}

static void
what_comes_along_with_a_body_is_shown(void **state)
{
	struct bench b;
	bench_open(&b, NULL, 80, IP_PROTO_TCP);
	bench_feed(&b, DIR_TOSERVER, SPAN("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
	bench_feed(&b, DIR_TOCLIENT, SPAN("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nxyz"));
	assert_int_equal(b.done_count, 1);
	/* Later it is nobody's, and no answer. */
	bench_feed(&b, DIR_TOCLIENT, SPAN("more\r\n"));
	bench_end(&b);
	assert_int_equal(b.done_count, 1);
	bench_expect("more", b.log,
	    "toclient http.response_body=xyz\nevent RESPONSE_BODY_UNEXPECTED");
	bench_close(&b);
}

static void
behind_a_gap_the_next_message_is_found(void **state)
{
	struct bench b;
	bench_open(&b, NULL, 80, IP_PROTO_TCP);
	bench_feed(&b, DIR_TOSERVER, SPAN("GET /1 HTTP/1.1\r\nHost: a\r\nX-Long: abc"));
	bench_gap(&b, DIR_TOSERVER, 1000);
	bench_feed(&b, DIR_TOSERVER,
	    SPAN("of a header\r\nY: z\r\n\r\nGET /2 HTTP/1.1\r\nHost: b\r\n"
		 "\r\n"));
	bench_eof(&b, DIR_TOSERVER);
	bench_end(&b);
	bench_expect("lost", b.log, "toserver http.uri=/1\ntoserver http.uri=/2\n!tx 2");
	bench_close(&b);
}

static void
a_tunnel_is_probed_anew(void **state)
{
	struct bench b;
	bench_open(&b, NULL, 3128, IP_PROTO_TCP);
	bench_feed(&b, DIR_TOSERVER,
	    SPAN("CONNECT in.side:80 HTTP/1.1\r\nHost: in.side:80\r\n\r\n"));
	bench_feed(&b, DIR_TOCLIENT, SPAN("HTTP/1.1 200 Established\r\n\r\n"));
	assert_int_equal(b.done_count, 1);
	bench_feed(&b, DIR_TOSERVER, SPAN("GET /inner HTTP/1.1\r\nHost: in.side\r\n\r\n"));
	bench_feed(&b, DIR_TOCLIENT, SPAN("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx"));
	assert_int_equal(b.done_count, 2);
	assert_int_equal(b.flow.app->old_id, PROTO_ID_http);
	bench_expect("tunnel", b.log,
	    "!tx 1\ntoserver http.method=CONNECT\ntoserver http.host=in.side\n"
	    "toserver http.uri=/inner\ntoclient http.response_body=x");
	bench_end(&b);
	bench_close(&b);
}

static void
a_refused_tunnel_leaves_http(void **state)
{
	char *text = bench_conversation(NULL, 3128,
	    SPAN("CONNECT x:1 HTTP/1.1\r\nHost: x:1\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n"),
	    SPAN("HTTP/1.1 407 Auth\r\nContent-Length: 0\r\n\r\n"));
	bench_expect("refused", text,
	    "toclient http.stat_code=407\ntoserver http.method=CONNECT");
	free(text);
}

static void
an_endless_header_is_given_up(void **state)
{
	struct bench b;
	bench_open(&b, NULL, 80, IP_PROTO_TCP);
	bench_feed(&b, DIR_TOSERVER, SPAN("GET / HTTP/1.1\r\nHost: a\r\nX: "));
	char junk[1000];
	memset(junk, 'a', sizeof(junk));
	for (int i = 0; i < 30; i++)
		bench_feed(&b, DIR_TOSERVER, span_of(junk, sizeof(junk)));
	assert_true(b.flow.app->is_broken[DIR_TOSERVER]);
	assert_int_equal(b.worker->counters.broken[PROTO_ID_http], 1);
	assert_true(b.stream[DIR_TOSERVER].kept == 0);
	bench_end(&b);
	bench_expect("endless", b.log, "event REQUEST_FIELD_TOO_LONG");
	bench_close(&b);
}

static void
unanswered_requests_are_capped(void **state)
{
	struct bench b;
	bench_open(&b, NULL, 80, IP_PROTO_TCP);
	for (int i = 0; i < 2000; i++)
		bench_feed(&b, DIR_TOSERVER, SPAN("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
	assert_true(b.flow.app->tx_count <= proto_http.max_txs);
	assert_true(b.worker->counters.txs_shed[PROTO_ID_http] >= 2000 - proto_http.max_txs);
	bench_end(&b);
	assert_int_equal(b.done_count, 2000);
	bench_close(&b);
}

static void
a_flood_in_one_piece_is_capped(void **state)
{
	struct bench b;
	struct proto_buf flood = { 0 };
	bench_open(&b, NULL, 80, IP_PROTO_TCP);
	for (int i = 0; i < 5000; i++)
		proto_buf_append(b.worker, &flood, SPAN("GET / HTTP/1.0\n\n"), 1u << 20);
	bench_feed(&b, DIR_TOSERVER, proto_buf_span(&flood));
	proto_buf_free(b.worker, &flood);
	assert_true(b.done_count <= 2 * proto_http.max_txs);
	bench_end(&b);
	bench_close(&b);
}

static void
without_memory_it_goes_on_without_content(void **state)
{
	struct bench b;
	bench_open(&b, NULL, 80, IP_PROTO_TCP);
	proto_worker_free(b.worker);
	b.options.max_heap_bytes = 256;
	b.worker = proto_worker_new(&b.options);
	bench_feed(&b, DIR_TOSERVER, SPAN("GET /a HTTP/1.1\r\nHost: abcdefgh\r\nX: 1\r\n\r\n"));
	bench_feed(&b, DIR_TOCLIENT, SPAN("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc"));
	bench_eof(&b, DIR_TOSERVER);
	bench_eof(&b, DIR_TOCLIENT);
	assert_int_equal(b.done_count, 1);
	assert_true(b.worker->counters.memory_shed > 0);
	bench_end(&b);
	bench_close(&b);
}

static void
a_body_is_shown_in_steps_and_to_its_limit(void **state)
{
	const char *config = "app-layer:\n  protocols:\n    http:\n      libhtp:\n"
			     "        default-config:\n          response-body-limit: 5000\n"
			     "          response-body-minimal-inspect-size: 1000\n"
			     "          response-body-inspect-window: 500\n";
	struct bench b;
	struct field_value v;
	char junk[400];
	memset(junk, 'b', sizeof(junk));
	bench_open(&b, config, 80, IP_PROTO_TCP);
	bench_feed(&b, DIR_TOSERVER, SPAN("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
	bench_feed(&b, DIR_TOCLIENT, SPAN("HTTP/1.1 200 OK\r\nContent-Length: 8000\r\n\r\n"));
	struct http_tx *tx = (struct http_tx *)app_tx_last(b.flow.app);
	const struct body *body = &tx->message[DIR_TOCLIENT].body;
	static const size_t seen[] = { 0, 0, 1200, 1200, 2000, 2000, 2800, 2800, 3600, 3600,
		4400, 4400, 5000, 5000 };
	for (size_t i = 0; i < sizeof(seen) / sizeof(seen[0]); i++) {
		bench_feed(&b, DIR_TOCLIENT, span_of(junk, sizeof(junk)));
		bool is_there = body_get(body, &v);
		assert_int_equal(is_there ? v.bytes.len : 0, seen[i]);
		assert_int_equal(is_there && v.is_final, seen[i] == 5000);
	}
	assert_true(body->is_cut);
	bench_end(&b);
	bench_close(&b);
}

static void
wrong_options_are_told_with_their_place(void **state)
{
	static const struct {
		const char *line;
		bool is_right;
	} rows[] = {
		{ "request-body-limit: many", false },
		{ "request-body-limit: 16mb", true },
		{ "request-body-limit: 16777217", false },
		{ "response-body-limit: 4gb", false },
		{ "response-body-limit: 0", true },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *conf_error = NULL;
		const char *error = NULL;
		char text[256];
		snprintf(text, sizeof(text),
		    "app-layer:\n  protocols:\n    http:\n      libhtp:\n"
		    "        default-config:\n          %s\n",
		    rows[i].line);
		struct arena *arena = arena_new(4096, 0);
		struct conf *conf = conf_read_text("my.yaml", span_str(text), &conf_error);
		struct proto_options options = { 0 };
		int r = proto_options_read(&options, arena, conf_root(conf), &error);
		assert_int_equal(r == 0, rows[i].is_right);
		if (r < 0) {
			assert_non_null(strstr(error, "my.yaml:6:"));
			assert_non_null(strstr(error, "body-limit"));
		}
		conf_free(conf);
		arena_free(arena);
	}
}

static void
headers_are_dumped_when_asked(void **state)
{
	const char *config = "outputs:\n  - eve-log:\n      types:\n        - http:\n"
			     "            extended: no\n            dump-all-headers: both\n"
			     "            custom: [Accept-Encoding, server]\n";
	char *text = bench_conversation(config, 80,
	    SPAN("GET / HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n"),
	    SPAN("HTTP/1.1 200 OK\r\nServer: s\r\nContent-Length: 0\r\n\r\n"));
	bench_expect("dump", text,
	    "record "
	    "{\"hostname\":\"a\",\"url\":\"/\",\"accept_encoding\":\"gzip\",\"server\":\"s\","
	    "\"request_headers\":[{\"name\":\"Host\",\"value\":\"a\"},{\"name\":\"Accept-"
	    "Encoding\","
	    "\"value\":\"gzip\"}],\"response_headers\":[{\"name\":\"Server\",\"value\":\"s\"},"
	    "{\"name\":\"Content-Length\",\"value\":\"0\"}]}");
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests_are_read_the_same_in_any_split),
		cmocka_unit_test(answers_are_read_the_same_in_any_split),
		cmocka_unit_test(evasions_show_what_a_browser_would),
		cmocka_unit_test(addresses_are_made_comparable),
		cmocka_unit_test(double_encoding_is_taken_off_only_when_asked),
		cmocka_unit_test(files_in_a_form_are_found),
		cmocka_unit_test(files_are_hashed_when_asked),
		cmocka_unit_test(a_gap_in_a_body_is_stepped_over),
		cmocka_unit_test(what_comes_along_with_a_body_is_shown),
		cmocka_unit_test(behind_a_gap_the_next_message_is_found),
		cmocka_unit_test(a_tunnel_is_probed_anew),
		cmocka_unit_test(a_refused_tunnel_leaves_http),
		cmocka_unit_test(an_endless_header_is_given_up),
		cmocka_unit_test(unanswered_requests_are_capped),
		cmocka_unit_test(a_flood_in_one_piece_is_capped),
		cmocka_unit_test(without_memory_it_goes_on_without_content),
		cmocka_unit_test(a_body_is_shown_in_steps_and_to_its_limit),
		cmocka_unit_test(wrong_options_are_told_with_their_place),
		cmocka_unit_test(headers_are_dumped_when_asked),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
