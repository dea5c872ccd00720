/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages are put together here as the specifications draw them: a record's header, a header
 * of SMB 1 or 2, and the body, so that a test names what it varies and nothing else.
 */
#include "tests/unit/sensor/proto/bench.h"

#include "sensor/proto/smb.h"

struct wire {
	uint8_t b[1 << 17];
	size_t len;
};

static void
put(struct wire *w, const void *bytes, size_t len)
{
	assert_true(w->len + len <= sizeof(w->b));
	memcpy(w->b + w->len, bytes, len);
	w->len += len;
}

static void
put_number(struct wire *w, uint64_t value, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++) {
		uint8_t byte = (uint8_t)(value >> 8 * i);
		put(w, &byte, 1);
	}
}

static void
put_zeros(struct wire *w, size_t count)
{
	for (size_t i = 0; i < count; i++)
		put(w, "", 1);
}

static void
put_wide(struct wire *w, const char *text)
{
	for (; *text; text++)
		put_number(w, (uint8_t)*text, 2);
}

static void
put_record(struct wire *w, const struct wire *message)
{
	uint8_t head[4] = { 0, (uint8_t)(message->len >> 16), (uint8_t)(message->len >> 8),
		(uint8_t)message->len };
	put(w, head, 4);
	put(w, message->b, message->len);
}

static struct span
bytes_of(const struct wire *w)
{
	return span_of(w->b, w->len);
}

/* --- SMB 2 --- */

static void
begin2(struct wire *m, unsigned command, bool is_answer, uint64_t id, uint32_t status)
{
	put(m, "\xfeSMB", 4);
	put_number(m, 64, 2);
	put_number(m, 0, 2);
	put_number(m, status, 4);
	put_number(m, command, 2);
	put_number(m, 1, 2);
	put_number(m, is_answer, 4);
	put_number(m, 0, 4);
	put_number(m, id, 8);
	put_number(m, 0, 4);
	put_number(m, 5, 4);  /* tree */
	put_number(m, 77, 8); /* session */
	put_zeros(m, 16);
}

static void
end2(struct wire *w, struct wire *m)
{
	put_record(w, m);
	m->len = 0;
}

#define GUID "\1\2\3\4\5\6\7\x8\x9\xa\xb\xc\xd\xe\xf\x10"
static struct wire m; /* the message at hand */

static void
negotiate(struct wire *c, struct wire *s)
{
	begin2(&m, SMB2_NEGOTIATE, false, 0, 0);
	put_number(&m, 36, 2);
	put_number(&m, 2, 2);
	put_zeros(&m, 8);
	put(&m, GUID, 16);
	put_zeros(&m, 8);
	put_number(&m, 0x0202, 2);
	put_number(&m, 0x0311, 2);
	end2(c, &m);
	begin2(&m, SMB2_NEGOTIATE, true, 0, 0);
	put_number(&m, 65, 2);
	put_number(&m, 1, 2);
	put_number(&m, 0x0311, 2);
	put_number(&m, 0, 2);
	put(&m, GUID, 16);
	put_zeros(&m, 8);
	put_number(&m, 65536, 4);
	put_number(&m, 65536, 4);
	put_zeros(&m, 28);
	end2(s, &m);
}

static void
tree_connect(struct wire *c, struct wire *s, const char *share, unsigned type)
{
	begin2(&m, SMB2_TREE_CONNECT, false, 1, 0);
	put_number(&m, 9, 2);
	put_number(&m, 0, 2);
	put_number(&m, 72, 2);
	put_number(&m, 2 * strlen(share), 2);
	put_wide(&m, share);
	end2(c, &m);
	begin2(&m, SMB2_TREE_CONNECT, true, 1, 0);
	put_number(&m, 16, 2);
	put_number(&m, type, 1);
	put_zeros(&m, 13);
	end2(s, &m);
}

static void
create(struct wire *c, struct wire *s, const char *name, uint32_t options)
{
	begin2(&m, SMB2_CREATE, false, 2, 0);
	put_number(&m, 57, 2);
	put_zeros(&m, 34);
	put_number(&m, 1, 4);
	put_number(&m, options, 4);
	put_number(&m, 120, 2);
	put_number(&m, 2 * strlen(name), 2);
	put_zeros(&m, 8);
	put_wide(&m, name);
	end2(c, &m);
	begin2(&m, SMB2_CREATE, true, 2, 0);
	put_number(&m, 89, 2);
	put_zeros(&m, 6);
	put_number(&m, 132223104000000000ull, 8); /* 2020-01-01 */
	put_zeros(&m, 24);
	put_number(&m, 4096, 8);
	put_number(&m, 10, 8);
	put_zeros(&m, 8);
	put(&m, GUID, 16);
	put_zeros(&m, 8);
	end2(s, &m);
}

static void
write_at(struct wire *c, uint64_t id, uint64_t offset, const void *bytes, size_t len)
{
	begin2(&m, SMB2_WRITE, false, id, 0);
	put_number(&m, 49, 2);
	put_number(&m, 112, 2);
	put_number(&m, len, 4);
	put_number(&m, offset, 8);
	put(&m, GUID, 16);
	put_zeros(&m, 16);
	put(&m, bytes, len);
	end2(c, &m);
}

static void
read_at(struct wire *c, struct wire *s, uint64_t id, uint64_t offset, const void *bytes,
    size_t len)
{
	begin2(&m, SMB2_READ, false, id, 0);
	put_number(&m, 49, 2);
	put_number(&m, 0, 2);
	put_number(&m, len, 4);
	put_number(&m, offset, 8);
	put(&m, GUID, 16);
	put_zeros(&m, 17);
	end2(c, &m);
	begin2(&m, SMB2_READ, true, id, 0);
	put_number(&m, 17, 2);
	put_number(&m, 80, 2);
	put_number(&m, len, 4);
	put_zeros(&m, 8);
	put(&m, bytes, len);
	end2(s, &m);
}

static void
close_file(struct wire *c, struct wire *s, uint64_t id)
{
	begin2(&m, SMB2_CLOSE, false, id, 0);
	put_number(&m, 24, 2);
	put_zeros(&m, 6);
	put(&m, GUID, 16);
	end2(c, &m);
	begin2(&m, SMB2_CLOSE, true, id, 0);
	put_number(&m, 60, 2);
	put_zeros(&m, 58);
	end2(s, &m);
}

static char *
converse(const struct wire *c, const struct wire *s)
{
	return bench_conversation(NULL, 445, bytes_of(c), bytes_of(s));
}

static void
a_file_is_written(void **state)
{
	static struct wire c, s;
	c.len = s.len = 0;
	negotiate(&c, &s);
	tree_connect(&c, &s, "\\\\srv\\data", 1);
	create(&c, &s, "dir\\a.txt", 0);
	write_at(&c, 3, 0, "hello ", 6);
	write_at(&c, 4, 11, "!", 1); /* before what stands before it */
	write_at(&c, 5, 6, "world", 5);
	close_file(&c, &s, 6);
	char *text = converse(&c, &s);
	bench_expect("written", text,
	    "toserver smb.share=\\\\srv\\data\n"
	    "toserver smb.version=2\n"
	    "toserver file.data=hello world!\n"
	    "toserver file.name=\n"
	    "!event malformed_data\n!event file_overlap");
	assert_non_null(strstr(text, "\"dialect\":\"3.11\",\"command\":"
				     "\"SMB2_COMMAND_NEGOTIATE_PROTOCOL\",\"status\":"
				     "\"STATUS_SUCCESS\",\"status_code\":\"0x0\","
				     "\"session_id\":77,\"tree_id\":5,\"client_dialects\":"
				     "[\"2.02\",\"3.11\"],\"client_guid\":"
				     "\"04030201-0605-0807-0a09-0c0b100f0e0d\""));
	assert_non_null(
	    strstr(text, "\"share\":\"\\\\\\\\srv\\\\data\",\"share_type\":\"FILE\""));
	assert_non_null(strstr(text, "\"filename\":\"dir\\\\a.txt\",\"access\":\"normal\","
				     "\"disposition\":\"FILE_OPEN\",\"created\":1577836800,"
				     "\"accessed\":0,\"modified\":0,\"changed\":0,\"size\":10,"
				     "\"fuid\":\"04030201-0605-0807-0a09-0c0b100f0e0d\""));
	free(text);
}

static void
a_file_is_read(void **state)
{
	static struct wire c, s;
	static char big[70000];
	c.len = s.len = 0;
	memset(big, 'x', sizeof(big));
	create(&c, &s, "big", 0x1000);
	read_at(&c, &s, 3, 0, big, 40000);
	read_at(&c, &s, 4, 40000, big, 30000);
	close_file(&c, &s, 5);
	struct bench b;
	uint32_t seed = 3;
	bench_open(&b, NULL, 445, IP_PROTO_TCP);
	bench_feed_split(&b, DIR_TOSERVER, span_sub(bytes_of(&c), 0, c.len - 92), 0, &seed);
	bench_feed_split(&b, DIR_TOCLIENT, span_sub(bytes_of(&s), 0, s.len - 128), -900, &seed);
	struct tx *tx;
	uint64_t size = 0;
	TAILQ_FOREACH (tx, &b.flow.app->txs, link)
		if (file_at(tx, DIR_TOCLIENT, 0))
			size = file_size(file_at(tx, DIR_TOCLIENT, 0));
	assert_int_equal(size, 70000);
	bench_feed(&b, DIR_TOSERVER, span_from(bytes_of(&c), c.len - 92));
	bench_feed(&b, DIR_TOCLIENT, span_from(bytes_of(&s), s.len - 128));
	assert_int_equal(b.flow.app->tx_count, 0);
	bench_end(&b);
	assert_non_null(strstr(b.log, "\"access\":\"delete on close\""));
	bench_close(&b);
}

static void
holes_in_files_are_seen(void **state)
{
	static struct wire c, s;
	struct bench b;
	c.len = s.len = 0;
	create(&c, &s, "a", 0);
	write_at(&c, 3, 0, "0123456789012345678901234567890123456789", 40);
	size_t hole = c.len - 10;
	close_file(&c, &s, 4);
	bench_open(&b, NULL, 445, IP_PROTO_TCP);
	bench_feed(&b, DIR_TOSERVER, span_sub(bytes_of(&c), 0, hole));
	bench_gap(&b, DIR_TOSERVER, 3);
	bench_feed(&b, DIR_TOSERVER, span_from(bytes_of(&c), hole + 3));
	bench_feed(&b, DIR_TOCLIENT, bytes_of(&s));
	bench_end(&b);
	bench_expect("hole", b.log, "toserver file.data=3456789\n!event malformed_data");
	assert_non_null(strstr(b.log, "SMB2_COMMAND_CLOSE"));
	bench_close(&b);
	/* A hole that hides where records end. */
	bench_open(&b, NULL, 445, IP_PROTO_TCP);
	bench_feed(&b, DIR_TOSERVER, span_sub(bytes_of(&c), 0, 30));
	bench_gap(&b, DIR_TOSERVER, hole - 40);
	bench_feed(&b, DIR_TOSERVER, span_from(bytes_of(&c), hole - 10));
	bench_end(&b);
	assert_non_null(strstr(b.log, "SMB2_COMMAND_CLOSE"));
	bench_close(&b);
}

#define SVCCTL "\x81\xbb\x7a\x36\x44\x98\xf1\x35\xad\x32\x98\xf0\x38\x00\x10\x03"
#define BIND                                                                           \
	"\5\0\x0b\3\x10\0\0\0\x48\0\0\0\1\0\0\0\xd0\x16\xd0\x16\0\0\0\0\1\0\0\0\0\0\1" \
	"\0" SVCCTL                                                                    \
	"\2\0\0\0\x04\x5d\x88\x8a\xeb\x1c\xc9\x11\x9f\xe8\x08\x00\x2b\x10\x48\x60\x02\0\0\0"
#define REQUEST "\5\0\0\3\x10\0\0\0\x1c\0\0\0\2\0\0\0\4\0\0\0\0\0\x0c\0stub"
#define RESPONSE "\5\0\2\3\x10\0\0\0\x1c\0\0\0\2\0\0\0\4\0\0\0\0\0\0\0back"

static void
transceive(struct wire *w, uint64_t id, bool is_answer, const void *bytes, size_t len)
{
	begin2(&m, SMB2_IOCTL, is_answer, id, 0);
	put_number(&m, is_answer ? 49 : 57, 2);
	put_number(&m, 0, 2);
	put_number(&m, 0x0011c017, 4);
	put(&m, GUID, 16);
	if (is_answer)
		put_zeros(&m, 8);
	put_number(&m, is_answer ? 112 : 120, 4);
	put_number(&m, len, 4);
	put_zeros(&m, is_answer ? 8 : 24);
	put(&m, bytes, len);
	end2(w, &m);
}

static void
pipes_carry_calls(void **state)
{
	static struct wire c, s;
	c.len = s.len = 0;
	tree_connect(&c, &s, "\\\\srv\\IPC$", 2);
	create(&c, &s, "svcctl", 0);
	transceive(&c, 4, false, REQUEST, 28);
	transceive(&s, 4, true, RESPONSE, 28);
	char *text = converse(&c, &s);
	bench_expect("pipe", text,
	    "toserver smb.named_pipe=\\\\srv\\IPC$\ntoserver dcerpc.stub_data=stub\n"
	    "toclient dcerpc.stub_data=back");
	assert_non_null(strstr(text, "\"dcerpc\":{\"request\":\"REQUEST\",\"response\":"
				     "\"RESPONSE\",\"opnum\":12,\"req\":{\"frag_cnt\":1,"
				     "\"stub_data_size\":4},\"res\":{\"frag_cnt\":1,"
				     "\"stub_data_size\":4},\"call_id\":2}"));
	free(text);
}

static void
a_pipe_is_known_by_its_content(void **state)
{
	static struct wire c, s;
	c.len = s.len = 0;
	write_at(&c, 3, 0, BIND, 40); /* in two writes */
	write_at(&c, 4, 0, BIND "", 0);
	write_at(&c, 5, 0, (const uint8_t *)BIND + 40, 32);
	char *text = converse(&c, &s);
	assert_non_null(
	    strstr(text, "\"dcerpc\":{\"request\":\"BIND\",\"response\":\"UNREPLIED\","
			 "\"interfaces\":[{\"uuid\":"
			 "\"367abb81-9844-35f1-ad32-98f038001003\",\"version\":\"2.0\""
			 "}],\"call_id\":1}"));
	free(text);
}

/* Message 3 of NTLMSSP, in UTF-16: D\u, from host H. */
#define NTLMSSP_3                                                                             \
	"NTLMSSP\0\3\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\2\0\2\0\x48\0\0\0\2\0\2\0\x4a\0\0" \
	"\0"                                                                                  \
	"\2\0\2\0\x4c\0\0\0\0\0\0\0\0\0\0\0\1\0\0\2\x0a\0\x5a\x29\0\0\0\x0f"                  \
	"D\0u\0H\0"

static void
who_logs_in_is_told(void **state)
{
	static struct wire c, s;
	static const struct {
		size_t len;
		bool is_well;
	} cuts[] = { { 78, true }, { 77, false }, { 60, false }, { 12, false } };
	for (size_t i = 0; i < sizeof(cuts) / sizeof(cuts[0]); i++) {
		c.len = s.len = 0;
		begin2(&m, SMB2_SESSION_SETUP, false, 1, 0);
		put_number(&m, 25, 2);
		put_zeros(&m, 10);
		put_number(&m, 88, 2);
		put_number(&m, cuts[i].len, 2);
		put_zeros(&m, 8);
		put(&m, NTLMSSP_3, cuts[i].len);
		end2(&c, &m);
		char *text = converse(&c, &s);
		if (cuts[i].is_well) {
			bench_expect("login", text,
			    "toserver smb.ntlmssp_user=u\ntoserver smb.ntlmssp_domain=D");
			assert_non_null(strstr(text,
			    "\"ntlmssp\":{\"domain\":\"D\",\"user\":\"u\",\"host\":\"H\","
			    "\"version\":\"10.0 build 10586 rev 15\"}"));
		} else {
			bench_expect("cut login", text, "event malformed_ntlmssp_request");
		}
		free(text);
	}
}

static void
a_ticket_names_its_realm(void **state)
{
	static struct wire c, s;
	static const char ticket[] =
	    "\x06\x09\x2a\x86\x48\x86\xf7\x12\x01\x02\x02\x01\0"
	    "\x6e\x2e\x30\x2c\xa0\3\2\1\5\xa1\3\2\1\x0e\xa3\x20\x61\x1e\x30\x1c\xa0\3\2\1\5"
	    "\xa1\4\x1b\2RE\xa2\x0f\x30\x0d\xa0\3\2\1\2\xa1\6\x30\4\x1b\2sr";
	c.len = s.len = 0;
	begin2(&m, SMB2_SESSION_SETUP, false, 1, 0);
	put_number(&m, 25, 2);
	put_zeros(&m, 10);
	put_number(&m, 88, 2);
	put_number(&m, sizeof(ticket) - 1, 2);
	put_zeros(&m, 8);
	put(&m, ticket, sizeof(ticket) - 1);
	end2(&c, &m);
	char *text = converse(&c, &s);
	assert_non_null(strstr(text, "\"kerberos\":{\"realm\":\"RE\",\"snames\":[\"sr\"]}"));
	free(text);
}

static void
renaming_and_deleting_are_told(void **state)
{
	static struct wire c, s;
	c.len = s.len = 0;
	create(&c, &s, "old", 0);
	for (unsigned class = 10; class <= 13; class += 3) {
		unsigned len = class == 10 ? 26 : 1;
		begin2(&m, SMB2_SET_INFO, false, class, 0);
		put_number(&m, 33, 2);
		put_number(&m, 1, 1);
		put_number(&m, class, 1);
		put_number(&m, len, 4);
		put_number(&m, 96, 2);
		put_zeros(&m, 6);
		put(&m, GUID, 16);
		if (class == 10) {
			put_zeros(&m, 16);
			put_number(&m, 6, 4);
			put_wide(&m, "new");
		} else {
			put_number(&m, 1, 1);
		}
		end2(&c, &m);
	}
	/* Requests first: the name must be known by then. */
	struct bench b;
	bench_open(&b, NULL, 445, IP_PROTO_TCP);
	bench_feed(&b, DIR_TOSERVER, span_sub(bytes_of(&c), 0, 4 + 64 + 56 + 6));
	bench_feed(&b, DIR_TOCLIENT, bytes_of(&s));
	bench_feed(&b, DIR_TOSERVER, span_from(bytes_of(&c), 4 + 64 + 56 + 6));
	bench_end(&b);
	assert_non_null(strstr(b.log, "\"rename\":{\"from\":\"old\",\"to\":\"new\"}"));
	assert_non_null(strstr(b.log, "\"command\":\"SMB2_COMMAND_SET_INFO\""));
	assert_non_null(strstr(b.log, "\"filename\":\"old\",\"access\":\"delete on close\","
				      "\"fuid\""));
	bench_close(&b);
}

static void
limits_of_the_configuration_hold(void **state)
{
	static struct wire c, s;
	struct bench b;
	c.len = s.len = 0;
	for (int i = 0; i < 9; i++)
		tree_connect(&c, &s, "\\\\a\\b", 1);
	bench_open(&b, "app-layer:\n  protocols:\n    smb:\n      max-tx: 3\n", 445,
	    IP_PROTO_TCP);
	bench_feed(&b, DIR_TOSERVER, bytes_of(&c));
	assert_true(b.flow.app->is_broken[DIR_TOSERVER]);
	bench_end(&b);
	bench_expect("max-tx", b.log, "event too_many_transactions\ntx 3\n!tx 5");
	bench_close(&b);

	c.len = s.len = 0;
	create(&c, &s, "a", 0);
	write_at(&c, 3, 0, "0123456789", 10);
	write_at(&c, 4, 10, "abc", 3);
	write_at(&c, 5, 100, "early", 5);
	bench_open(&b,
	    "app-layer:\n  protocols:\n    smb:\n      max-write-size: 9\n"
	    "      max-write-queue-size: 4\n",
	    445, IP_PROTO_TCP);
	bench_feed(&b, DIR_TOSERVER, bytes_of(&c));
	bench_end(&b);
	bench_expect("sizes", b.log,
	    "event write_request_too_large\nevent write_queue_size_exceeded");
	bench_close(&b);
}

/* --- SMB 1 --- */

static void
begin1(struct wire *w, unsigned command, bool is_answer, unsigned id)
{
	put(w, "\xffSMB", 4);
	put_number(w, command, 1);
	put_number(w, 0, 4);
	put_number(w, is_answer ? 0x80 : 0, 1);
	put_number(w, 0x4000, 2);
	put_zeros(w, 12);
	put_number(w, 9, 2);  /* tree */
	put_number(w, 11, 2); /* process */
	put_number(w, 33, 2); /* user */
	put_number(w, id, 2);
}

static void
the_first_version_writes_files_too(void **state)
{
	static struct wire c, s;
	c.len = s.len = 0;
	begin1(&m, SMB1_NEGOTIATE, false, 1);
	put_number(&m, 0, 1);
	put_number(&m, 20, 2);
	put(&m, "\2LANMAN1.0\0\2NT LM 0.12\0", 23);
	m.b[m.len - 23 - 2] = 23;
	end2(&c, &m);
	begin1(&m, SMB1_NEGOTIATE, true, 1);
	put_number(&m, 17, 1);
	put_number(&m, 1, 2);
	put_zeros(&m, 32);
	put_number(&m, 0, 2);
	end2(&s, &m);

	begin1(&m, SMB1_NT_CREATE_ANDX, false, 2);
	put_number(&m, 24, 1);
	put_number(&m, 0xff, 2);
	put_zeros(&m, 33);
	put_number(&m, 2, 4);
	put_zeros(&m, 9);
	put_number(&m, 7, 2);
	put(&m, "\\eicar\0", 7);
	end2(&c, &m);
	begin1(&m, SMB1_NT_CREATE_ANDX, true, 2);
	put_number(&m, 34, 1);
	put_number(&m, 0xff, 2);
	put_zeros(&m, 3);
	put_number(&m, 0x4000, 2);
	put_zeros(&m, 61);
	put_number(&m, 0, 2);
	end2(&s, &m);

	/* A write and the closing in one message. */
	begin1(&m, SMB1_WRITE_ANDX, false, 3);
	put_number(&m, 12, 1);
	put_number(&m, SMB1_CLOSE, 2);
	put_number(&m, 32 + 1 + 24 + 2 + 5, 2);
	put_number(&m, 0x4000, 2);
	put_zeros(&m, 12);
	put_number(&m, 0, 2);
	put_number(&m, 5, 2);
	put_number(&m, 32 + 1 + 24 + 2, 2);
	put_number(&m, 5, 2);
	put(&m, "virus", 5);
	put_number(&m, 3, 1);
	put_number(&m, 0x4000, 2);
	put_zeros(&m, 4);
	put_number(&m, 0, 2);
	end2(&c, &m);
	/* Answers come between, as the write must know the file's name. */
	char *text = converse(&c, &s);
	bench_expect("smb 1", text,
	    "toserver smb.version=1\ntoserver file.data=virus\n!event malformed_data");
	assert_non_null(strstr(text, "\"client_dialects\":[\"LANMAN1.0\",\"NT LM 0.12\"]"));
	assert_non_null(strstr(text, "\"filename\":\"\\\\eicar\",\"access\":\"normal\","
				     "\"disposition\":\"FILE_CREATE\""));
	assert_non_null(strstr(text, "\"fuid\":\"4000\""));
	free(text);
}

static void
no_cut_and_no_lie_does_harm(void **state)
{
	static struct wire c, s;
	c.len = s.len = 0;
	negotiate(&c, &s);
	tree_connect(&c, &s, "\\\\srv\\data", 1);
	create(&c, &s, "a", 0);
	write_at(&c, 3, 0, "0123456789", 10);
	read_at(&c, &s, 4, 0, "0123456789", 10);
	close_file(&c, &s, 5);
	/* Each byte of each message becomes the worst that it can be. */
	for (size_t i = 0; i < c.len + s.len; i++) {
		struct wire *w = i < c.len ? &c : &s;
		uint8_t *at = &w->b[i < c.len ? i : i - c.len], kept = *at;
		struct bench b;
		*at = 0xff;
		bench_open(&b, NULL, 445, IP_PROTO_TCP);
		bench_feed(&b, DIR_TOSERVER, bytes_of(&c));
		bench_feed(&b, DIR_TOCLIENT, bytes_of(&s));
		bench_end(&b);
		bench_close(&b);
		*at = kept;
	}
}

static void
probes_claim_nothing_else(void **state)
{
	static const struct {
		struct span bytes;
		bool is_midstream;
		enum proto_verdict verdict;
	} probes[] = {
		{ SPAN("\0\0\0\x40\xfeSMB"), false, PROTO_YES },
		{ SPAN("\0\0\0\x40\xffSMB\x72"), false, PROTO_YES },
		{ SPAN("\0\0\0"), false, PROTO_MORE },
		{ SPAN("\0\0\0\x40\xfeTLS"), false, PROTO_NO },
		{ SPAN("\0\0\0\1\xfeSMB"), false, PROTO_NO },
		{ SPAN("\x81\0\0\x44\x20"
		       "CKFDENECFDEFFCFGEFFCCACACACACACA"),
		    false, PROTO_YES },
		{ SPAN("\x81\0\0\x44\x21"
		       "CKF"),
		    false, PROTO_NO },
		{ SPAN("middle of a file\0\0\0\x40\xfeSMB"), false, PROTO_NO },
		{ SPAN("middle of a file\0\0\0\x40\xfeSMB"), true, PROTO_YES },
		{ SPAN("GET / HTTP/1.1\r\n"), false, PROTO_NO },
	};
	for (size_t i = 0; i < sizeof(probes) / sizeof(probes[0]); i++) {
		struct flow flow = { .key = { .ip_proto = IP_PROTO_TCP },
			.is_midstream = probes[i].is_midstream };
		struct proto_probe probe = { .data = probes[i].bytes, .flow = &flow };
		assert_int_equal(proto_smb.probe(&probe), probes[i].verdict);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_is_written),
		cmocka_unit_test(a_file_is_read),
		cmocka_unit_test(holes_in_files_are_seen),
		cmocka_unit_test(pipes_carry_calls),
		cmocka_unit_test(a_pipe_is_known_by_its_content),
		cmocka_unit_test(who_logs_in_is_told),
		cmocka_unit_test(a_ticket_names_its_realm),
		cmocka_unit_test(renaming_and_deleting_are_told),
		cmocka_unit_test(limits_of_the_configuration_hold),
		cmocka_unit_test(the_first_version_writes_files_too),
		cmocka_unit_test(no_cut_and_no_lie_does_harm),
		cmocka_unit_test(probes_claim_nothing_else),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
