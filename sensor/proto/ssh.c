/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ssh: banners and key exchange offers, up to where ciphertext begins.
 *
 *   banner   SSH-protoversion-softwareversion [SP comments] CR LF     RFC 4253 section 4.2
 *   packet   length(4) padding_length(1) payload padding              section 6
 *   KEXINIT  20 cookie(16) and ten lists of names: key exchange, host key, ciphers, MACs,
 *            compression, languages, each pair client to server, server to client   section 7.1
 *
 * A server may send lines before its banner. Of SSH 1 only the banner is read.
 *
 * HASSH: MD5 of "kex;ciphers;macs;compressions", the lists of the sender's own direction.
 */
#include "common/cursor.h"
#include "common/digest.h"
#include "sensor/proto/app.h"

/* RFC: 255 bytes with CR and LF. */
#define BANNER_MAX 255
/* Before the banner: more than any legal notice shown at a login. */
#define LINES_MAX 64
/* RFC 4253 section 6.1: what everyone must take; no offer of names needs more. */
#define PACKET_MAX 35000
#define PACKET_HEADER_LEN 6 /* length, padding length, message number */
#define COOKIE_LEN 16
#define LISTS 10
#define HASH_LEN 33

enum ssh_message {
	SSH_KEXINIT = 20,
	SSH_NEWKEYS = 21,
};

enum ssh_progress {
	SSH_NONE,
	SSH_BANNER,
	SSH_OFFER,
	SSH_DONE, /* ciphertext from here on */
};

#define SSH_EVENTS(X)                       \
	X(INVALID_BANNER, "invalid_banner") \
	X(LONG_BANNER, "long_banner")       \
	X(INVALID_RECORD, "invalid_record") \
	X(LONG_KEX_RECORD, "long_kex_record")
enum ssh_event {
#define X(id, name) SSH_EVENT_##id,
	SSH_EVENTS(X)
#undef X
	    SSH_EVENT_COUNT
};

struct ssh_side {
	uint8_t banner[BANNER_MAX];
	uint8_t proto_len, software_at, software_len; /* proto begins behind "SSH-" */
	struct proto_buf hassh;                       /* the text */
	char hash[HASH_LEN];                          /* empty: none */
};

struct ssh_tx {
	struct tx tx;
	struct ssh_side side[2]; /* by enum dir */
};

struct ssh_stream {
	bool has_banner;
	bool is_skipping_line; /* the rest of a line that is too long */
	bool is_encrypted;     /* or nothing that we read */
	bool is_lost;          /* a gap hides where packets begin */
	uint8_t lines;         /* before the banner */
	uint32_t skip;         /* of a packet nobody reads */
};

struct ssh_flow {
	struct ssh_stream stream[2];
	struct ssh_tx *tx;
	bool is_tx_made;
};

enum ssh_encryption {
	SSH_ENCRYPTION_TRACK_ONLY,
	SSH_ENCRYPTION_BYPASS,
	SSH_ENCRYPTION_FULL,
};

struct ssh_config {
	bool has_hassh;
	uint8_t encryption; /* enum ssh_encryption */
};

struct feed {
	struct app *app;
	struct ssh_flow *flow;
	struct ssh_stream *stream;
	enum dir dir;
	nsec_t ts;
};

static const struct ssh_config *
config_of(const struct app *app)
{
	return app->worker->options->config[app->proto->id];
}

static enum proto_verdict
ssh_probe(const struct proto_probe *probe)
{
	struct span head = span_sub(probe->data, 0, 4);
	if (!span_eq(head, span_sub(SPAN("SSH-"), 0, head.len)))
		return PROTO_NO;
	return head.len == 4 ? PROTO_YES : PROTO_MORE;
}

static void
event(struct feed *feed, enum ssh_event what)
{
	if (feed->flow->tx)
		tx_event(&feed->flow->tx->tx, what);
}

static struct ssh_side *
side_of(struct feed *feed)
{
	return feed->flow->tx ? &feed->flow->tx->side[feed->dir] : NULL;
}

/* Nothing of this direction will be read any more. */
static void
finish(struct feed *feed)
{
	if (!feed->flow->tx)
		return;
	tx_moved(&feed->flow->tx->tx, feed->dir, SSH_DONE, feed->ts);
	tx_done(&feed->flow->tx->tx, feed->dir, feed->ts);
}

/* --- Banner --- */

static void
banner_take(struct feed *feed, struct span line)
{
	struct ssh_side *side = side_of(feed);
	struct span text = span_from(line, 4);
	ptrdiff_t dash = span_chr(text, '-');
	feed->stream->has_banner = true;
	if (dash <= 0) {
		event(feed, SSH_EVENT_INVALID_BANNER);
		feed->stream->is_encrypted = true;
		finish(feed);
		return;
	}
	struct span proto = span_sub(text, 0, (size_t)dash);
	struct span software = span_from(text, (size_t)dash + 1);
	ptrdiff_t blank = span_chr(software, ' ');
	if (blank >= 0)
		software = span_sub(software, 0, (size_t)blank);
	if (side) {
		memcpy(side->banner, text.p, text.len);
		side->proto_len = (uint8_t)proto.len;
		side->software_at = (uint8_t)(dash + 1);
		side->software_len = (uint8_t)software.len;
		tx_moved(&feed->flow->tx->tx, feed->dir, SSH_BANNER, feed->ts);
	}
	if (!span_eq(proto, SPAN("2.0")) && !span_eq(proto, SPAN("1.99"))) {
		feed->stream->is_encrypted = true;
		finish(feed);
	}
}

static struct span
without_eol(struct span line)
{
	while (line.len && (line.p[line.len - 1] == '\r' || line.p[line.len - 1] == '\n'))
		line.len--;
	return line;
}

/* > 0: consumed; 0: needs more; < 0: not SSH. */
static ptrdiff_t
line_step(struct feed *feed, struct span rest, bool is_last)
{
	struct ssh_stream *s = feed->stream;
	ptrdiff_t lf = span_chr(rest, '\n');
	if (s->is_skipping_line) {
		s->is_skipping_line = lf < 0;
		return lf < 0 ? (ptrdiff_t)rest.len : lf + 1;
	}
	if (lf < 0 && rest.len <= BANNER_MAX && !is_last)
		return 0;
	bool is_whole = lf >= 0 && lf < BANNER_MAX;
	size_t used = lf >= 0 && is_whole ? (size_t)lf + 1 : rest.len;
	struct span line = span_sub(rest, 0, is_whole ? (size_t)lf : BANNER_MAX);
	if (!is_whole && rest.len > BANNER_MAX) {
		used = BANNER_MAX;
		s->is_skipping_line = true;
	}
	if (span_starts(line, SPAN("SSH-"))) {
		if (s->is_skipping_line)
			event(feed, SSH_EVENT_LONG_BANNER);
		banner_take(feed, without_eol(line));
		return (ptrdiff_t)used;
	}
	if (feed->dir == DIR_TOSERVER || ++s->lines > LINES_MAX) {
		event(feed, SSH_EVENT_INVALID_BANNER);
		return -1;
	}
	return (ptrdiff_t)used;
}

/* --- Key exchange --- */

static void
hassh_make(struct feed *feed, const struct span lists[LISTS])
{
	/* The sender's own direction: even lists are client to server. */
	unsigned own = feed->dir == DIR_TOSERVER ? 0 : 1;
	const struct span parts[] = { lists[0], lists[2 + own], lists[4 + own],
		lists[6 + own] };
	struct ssh_side *side = side_of(feed);
	struct proto_worker *worker = feed->app->worker;
	if (!side || side->hash[0] || !config_of(feed->app)->has_hassh)
		return;
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (i && !proto_buf_append(worker, &side->hassh, SPAN(";"), PACKET_MAX))
			goto no_memory;
		if (!proto_buf_append(worker, &side->hassh, parts[i], PACKET_MAX))
			goto no_memory;
	}
	digest_hex(DIGEST_MD5, proto_buf_span(&side->hassh), side->hash, HASH_LEN);
	return;

no_memory:
	proto_buf_free(worker, &side->hassh);
}

static void
offer_take(struct feed *feed, struct span payload)
{
	struct cursor c = cursor_span(payload);
	struct span lists[LISTS];
	cursor_skip(&c, COOKIE_LEN);
	for (int i = 0; i < LISTS; i++)
		lists[i] = cursor_bytes(&c, cursor_be32(&c));
	if (c.is_short) {
		event(feed, SSH_EVENT_INVALID_RECORD);
		return;
	}
	hassh_make(feed, lists);
	if (feed->flow->tx)
		tx_moved(&feed->flow->tx->tx, feed->dir, SSH_OFFER, feed->ts);
}

/* > 0: consumed; 0: needs more; < 0: not SSH. */
static ptrdiff_t
packet_step(struct feed *feed, struct span rest)
{
	struct ssh_stream *s = feed->stream;
	struct cursor c = cursor_span(rest);
	uint32_t len = cursor_be32(&c);
	uint8_t padding = cursor_u8(&c);
	uint8_t message = cursor_u8(&c);
	if (c.is_short)
		return 0;
	if (len < 2 || len > PACKET_MAX || padding > len - 2) {
		event(feed, SSH_EVENT_INVALID_RECORD);
		if (message == SSH_KEXINIT && len > PACKET_MAX)
			event(feed, SSH_EVENT_LONG_KEX_RECORD);
		return -1;
	}
	size_t whole = 4 + (size_t)len;
	if (message == SSH_KEXINIT) {
		if (rest.len < whole)
			return 0;
		offer_take(feed, span_sub(cursor_rest(&c), 0, len - 2 - padding));
		return (ptrdiff_t)whole;
	}
	if (message == SSH_NEWKEYS) {
		s->is_encrypted = true;
		finish(feed);
	}
	s->skip = len - 2;
	return PACKET_HEADER_LEN;
}

/* --- Feeding --- */

static ptrdiff_t
step(struct feed *feed, struct span rest, bool is_last)
{
	struct ssh_stream *s = feed->stream;
	if (s->skip) {
		size_t n = s->skip < rest.len ? s->skip : rest.len;
		s->skip -= (uint32_t)n;
		return (ptrdiff_t)n;
	}
	if (!s->has_banner || s->is_skipping_line)
		return line_step(feed, rest, is_last);
	return packet_step(feed, rest);
}

static void
gap(struct feed *feed, uint64_t bytes)
{
	struct ssh_stream *s = feed->stream;
	if (s->skip >= bytes && s->skip) {
		s->skip -= (uint32_t)bytes;
		return;
	}
	s->is_lost = true;
	finish(feed);
}

/* As TLS does it: with the first bytes after the handshake, so that rules still see its end. */
static bool
leave_inspection(struct feed *feed)
{
	const struct ssh_stream *s = feed->flow->stream;
	uint8_t how = config_of(feed->app)->encryption;
	if (!s[0].is_encrypted || !s[1].is_encrypted || how == SSH_ENCRYPTION_FULL)
		return false;
	feed->app->no_inspection = true;
	if (how == SSH_ENCRYPTION_BYPASS)
		feed->app->flow->state = FLOW_BYPASSED;
	return true;
}

static ptrdiff_t
ssh_parse(struct app *app, const struct proto_input *in)
{
	struct ssh_flow *flow = app->state;
	struct feed feed = { app, flow, &flow->stream[in->dir], in->dir, in->ts };
	struct span rest = in->data;
	bool is_last = in->flags & STREAM_EOF;
	if (rest.len && leave_inspection(&feed))
		return (ptrdiff_t)in->data.len;
	if (!flow->is_tx_made) {
		flow->is_tx_made = true;
		flow->tx = (struct ssh_tx *)app_tx_new(app, in->ts);
	}
	if (in->gap_bytes && !feed.stream->is_lost && !feed.stream->is_encrypted)
		gap(&feed, in->gap_bytes);
	while (rest.len && !feed.stream->is_lost && !feed.stream->is_encrypted) {
		ptrdiff_t used = step(&feed, rest, is_last);
		if (used < 0) {
			feed.stream->is_lost = true;
			finish(&feed);
			return -1;
		}
		if (used == 0)
			return (ptrdiff_t)(in->data.len - rest.len);
		rest = span_from(rest, (size_t)used);
	}
	return (ptrdiff_t)in->data.len;
}

static void
ssh_tx_free(struct app *app, struct tx *tx)
{
	struct ssh_flow *flow = app->state;
	struct ssh_tx *ssh = (struct ssh_tx *)tx;
	if (flow->tx == ssh)
		flow->tx = NULL;
	for (int dir = 0; dir < 2; dir++)
		proto_buf_free(app->worker, &ssh->side[dir].hassh);
}

/* --- What rules see --- */

#define GETTER(function)                                                               \
	static bool function(const struct app *app, const struct tx *tx, enum dir dir, \
	    unsigned index, struct arena *scratch, struct field_value *ret)

static const struct ssh_side *
side_at(const struct tx *tx, enum dir dir)
{
	return &((const struct ssh_tx *)tx)->side[dir];
}

GETTER(get_proto)
{
	const struct ssh_side *side = side_at(tx, dir);
	ret->bytes = span_of(side->banner, side->proto_len);
	return side->proto_len > 0;
}

GETTER(get_software)
{
	const struct ssh_side *side = side_at(tx, dir);
	ret->bytes = span_of(side->banner + side->software_at, side->software_len);
	return side->software_len > 0;
}

GETTER(get_hassh)
{
	const struct ssh_side *side = side_at(tx, dir);
	ret->bytes = span_str(side->hash);
	return side->hash[0];
}

GETTER(get_hassh_text)
{
	const struct ssh_side *side = side_at(tx, dir);
	ret->bytes = proto_buf_span(&side->hassh);
	return side->hash[0];
}

#define CLIENT DIR_BIT(DIR_TOSERVER)
#define SERVER DIR_BIT(DIR_TOCLIENT)

static const struct field fields[] = {
	{ "ssh.hassh", "MD5 of what the client offers",
	    "ssh.hassh; content:\"ec7378c1a92f5a8dde7e8b7a1ddf33d1\";", FIELD_BYTES, CLIENT,
	    SSH_OFFER, NULL, NULL, NULL, get_hassh, NULL },
	{ "ssh.hassh.server", "MD5 of what the server offers",
	    "ssh.hassh.server; content:\"b12d2871a1189eff20364cf5333619ee\";", FIELD_BYTES,
	    SERVER, SSH_OFFER, NULL, NULL, NULL, get_hassh, NULL },
	{ "ssh.hassh.server.string", "what the server offers",
	    "ssh.hassh.server.string; content:\"umac-64-etm@openssh.com\";", FIELD_BYTES,
	    SERVER, SSH_OFFER, NULL, NULL, NULL, get_hassh_text, NULL },
	{ "ssh.hassh.string", "what the client offers",
	    "ssh.hassh.string; content:\"none,zlib@openssh.com,zlib\";", FIELD_BYTES, CLIENT,
	    SSH_OFFER, NULL, NULL, NULL, get_hassh_text, NULL },
	{ "ssh.proto", "version of the protocol", "ssh.proto; content:\"2.0\";", FIELD_BYTES,
	    DIR_BOTH, SSH_BANNER, NULL, "ssh_proto", NULL, get_proto, NULL },
	{ "ssh.software", "the software that the banner names",
	    "ssh.software; content:\"openssh\"; nocase;", FIELD_BYTES, DIR_BOTH, SSH_BANNER,
	    NULL, "ssh_software", NULL, get_software, NULL },
	{ 0 },
};

/* --- EVE --- */

static void
put_side(struct json *json, const char *key, const struct ssh_side *side)
{
	if (!side->proto_len)
		return;
	json_open_object(json, key);
	json_put_text(json, "proto_version", span_of(side->banner, side->proto_len));
	json_put_text(json, "software_version",
	    span_of(side->banner + side->software_at, side->software_len));
	if (side->hash[0]) {
		json_open_object(json, "hassh");
		json_put_str(json, "hash", side->hash);
		json_put_text(json, "string", span_sub(proto_buf_span(&side->hassh), 0, 8192));
		json_close(json);
	}
	json_close(json);
}

static bool
ssh_record(const struct app *app, const struct tx *tx, struct json *json)
{
	const struct ssh_side *client = side_at(tx, DIR_TOSERVER);
	const struct ssh_side *server = side_at(tx, DIR_TOCLIENT);
	if (!client->proto_len && !server->proto_len)
		return false;
	put_side(json, "client", client);
	put_side(json, "server", server);
	return true;
}

/* --- Options --- */

static const char *
wrong(struct arena *arena, const struct conf_node *node, const char *expected)
{
	char where[256];
	return arena_printf(arena, "%s: %s: expected %s",
	    conf_where(node, where, sizeof(where)), node->key ? node->key : "value", expected);
}

static void *
ssh_configure(struct arena *arena, const struct conf_node *app_layer,
    const struct conf_node *eve_options, const char **ret_error)
{
	struct ssh_config *config = arena_zalloc(arena, sizeof(*config));
	bool is_map = app_layer && app_layer->kind == CONF_MAP;
	const struct conf_node *hassh = is_map ? conf_child(app_layer, "hassh") : NULL;
	const struct conf_node *how =
	    is_map ? conf_child(app_layer, "encryption-handling") : NULL;
	if (!config)
		return NULL;
	config->has_hassh = true;
	bool is_auto = hassh && hassh->kind == CONF_SCALAR && strcmp(hassh->value, "auto") == 0;
	if (!is_auto && !conf_bool(hassh, true, &config->has_hassh)) {
		*ret_error = wrong(arena, hassh, "yes, no or auto");
		return NULL;
	}
	const char *text = conf_text(how, "track-only");
	if (strcmp(text, "track-only") == 0 || strcmp(text, "default") == 0) {
		config->encryption = SSH_ENCRYPTION_TRACK_ONLY;
	} else if (strcmp(text, "bypass") == 0) {
		config->encryption = SSH_ENCRYPTION_BYPASS;
	} else if (strcmp(text, "full") == 0) {
		config->encryption = SSH_ENCRYPTION_FULL;
	} else {
		*ret_error = wrong(arena, how, "track-only, bypass or full");
		return NULL;
	}
	return config;
}

static const char *const event_names[] = {
#define X(id, name) name,
	SSH_EVENTS(X)
#undef X
	    NULL,
};

const struct proto proto_ssh = {
	.name = "ssh",
	.help = "SSH: banners, offers of algorithms, HASSH",
	.transports = PROTO_TCP,
	.ports = "22,2222",
	.id = PROTO_ID_ssh,
	.max_txs = 4, /* one, in truth */
	.probe = ssh_probe,
	.state_bytes = sizeof(struct ssh_flow),
	.tx_bytes = sizeof(struct ssh_tx),
	.tx_free = ssh_tx_free,
	.parse = ssh_parse,
	.fields = fields,
	.events = event_names,
	.record = ssh_record,
	.configure = ssh_configure,
};
