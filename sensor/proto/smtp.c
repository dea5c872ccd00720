/* SPDX-License-Identifier: Apache-2.0 */
/* smtp: recognition, options and the row; see smtp.h. */
#include "sensor/proto/smtp.h"

/* A greeting that says nothing until here will not say more. */
#define GREETING_MAX 512

/* --- Recognition --- */

static bool
is_mail_port(const struct flow *flow)
{
	static const uint16_t ports[] = { 25, 465, 587, 2525 };
	for (size_t i = 0; i < sizeof(ports) / sizeof(ports[0]); i++) {
		if (flow->key.server_port == ports[i])
			return true;
	}
	return false;
}

static bool
has_word(struct span text, struct span word)
{
	for (size_t i = 0; text.len - i >= word.len && i < text.len; i++) {
		if (span_caseeq(span_sub(text, i, word.len), word))
			return true;
	}
	return false;
}

static bool
is_ours_already(const struct flow *flow)
{
	return flow->app && flow->app->id == PROTO_ID_smtp;
}

/* A first command: what only mail has, or, where mail is at home, what it may begin with too.
 */
static enum proto_verdict
probe_command(const struct proto_probe *probe)
{
	static const struct {
		struct span word;
		bool is_common; /* other protocols have it too */
	} commands[] = { { SPAN("EHLO"), false }, { SPAN("HELO"), false },
		{ SPAN("LHLO"), false }, { SPAN("MAIL FROM:"), false },
		{ SPAN("RCPT TO:"), false }, { SPAN("RSET"), true }, { SPAN("NOOP"), true },
		{ SPAN("QUIT"), true }, { SPAN("HELP"), true }, { SPAN("STARTTLS"), true },
		{ SPAN("AUTH"), true }, { SPAN("BDAT"), true }, { SPAN("DATA"), true } };
	bool is_home = is_mail_port(probe->flow) || is_ours_already(probe->flow);
	bool is_short = false;
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		struct span word = commands[i].word;
		struct span head = span_sub(probe->data, 0, word.len);
		if (commands[i].is_common && !is_home)
			continue;
		if (!span_caseeq(head, span_sub(word, 0, head.len)))
			continue;
		if (probe->data.len <= word.len) {
			is_short = true;
			continue;
		}
		uint8_t next = probe->data.p[word.len];
		if (next == ' ' || next == '\t' || next == '\r' || next == '\n' ||
		    word.p[word.len - 1] == ':')
			return PROTO_YES;
	}
	return is_short ? PROTO_MORE : PROTO_NO;
}

/* 220 and a name; that it is mail the greeting says, or the port. */
static enum proto_verdict
probe_greeting(const struct proto_probe *probe)
{
	struct span text = span_sub(probe->data, 0, GREETING_MAX);
	struct span code = span_sub(text, 0, 3);
	if (!span_eq(code, span_sub(SPAN("220"), 0, code.len)))
		return PROTO_NO;
	if (text.len < 4)
		return PROTO_MORE;
	if (text.p[3] != ' ' && text.p[3] != '-')
		return PROTO_NO;
	bool is_whole = span_chr(text, '\n') >= 0 || text.len == GREETING_MAX;
	if (!is_whole)
		return PROTO_MORE;
	ptrdiff_t lf = span_chr(text, '\n');
	if (lf >= 0)
		text = span_sub(text, 0, (size_t)lf);
	if (has_word(text, SPAN("SMTP")))
		return PROTO_YES;
	return is_mail_port(probe->flow) || is_ours_already(probe->flow) ? PROTO_YES : PROTO_NO;
}

/* Any answer, where the client has named the protocol. */
static bool
is_answer(struct span data)
{
	return data.len >= 3 && data.p[0] >= '2' && data.p[0] <= '5' && data.p[1] >= '0' &&
	       data.p[1] <= '9' && data.p[2] >= '0' && data.p[2] <= '9';
}

static enum proto_verdict
smtp_probe(const struct proto_probe *probe)
{
	bool is_reply = probe->dir == DIR_TOCLIENT;
	enum proto_verdict verdict = is_reply ? probe_greeting(probe) : probe_command(probe);
	if (verdict != PROTO_NO)
		return verdict;
	if (is_ours_already(probe->flow) && (!is_reply || is_answer(probe->data)))
		return PROTO_YES;
	if (!probe->flow->is_midstream)
		return PROTO_NO;
	verdict = is_reply ? probe_command(probe) : probe_greeting(probe);
	return verdict == PROTO_YES ? PROTO_YES_REVERSED : verdict;
}

static void
smtp_close(struct app *app)
{
	struct smtp_flow *flow = app->state;
	proto_buf_free(app->worker, &flow->helo);
}

/* --- Options --- */

struct reader {
	struct arena *arena;
	const char *error;
};

static void
wrong(struct reader *reader, const struct conf_node *node, const char *expected)
{
	char where[256];
	if (!reader->error)
		reader->error = arena_printf(reader->arena, "%s: %s: expected %s",
		    conf_where(node, where, sizeof(where)), node->key ? node->key : "value",
		    expected);
}

static const struct conf_node *
child(const struct conf_node *map, const char *key)
{
	return map && map->kind == CONF_MAP ? conf_child(map, key) : NULL;
}

static void
read_bool(struct reader *reader, const struct conf_node *map, const char *key, bool *value)
{
	const struct conf_node *node = child(map, key);
	if (!conf_bool(node, *value, value))
		wrong(reader, node, "yes or no");
}

static void
read_size(struct reader *reader, const struct conf_node *map, const char *key, uint32_t max,
    uint32_t *value)
{
	const struct conf_node *node = child(map, key);
	uint64_t size;
	if (!conf_size(node, *value, &size) || size > max)
		wrong(reader, node, "a size, like 100kb");
	else
		*value = (uint32_t)size;
}

static void
scheme_add(struct reader *reader, struct mime_config *config, const struct conf_node *node)
{
	if (node->kind != CONF_SCALAR || !node->value[0] ||
	    config->scheme_count == MIME_SCHEMES_MAX) {
		wrong(reader, node, "a list of at most 16 schemes");
		return;
	}
	/* The one that names no host. */
	const char *tail = strcmp(node->value, "mailto") == 0 ? ":" : "://";
	const char *text = arena_printf(reader->arena, "%s%s", node->value, tail);
	if (text)
		config->schemes[config->scheme_count++] = span_str(text);
	else
		reader->error = "no memory for the options of smtp";
}

static void
read_mime(struct reader *reader, const struct conf_node *map, struct smtp_config *config)
{
	struct mime_config *mime = &config->mime;
	read_bool(reader, map, "decode-mime", &config->decode_mime);
	read_bool(reader, map, "decode-base64", &mime->decode_base64);
	read_bool(reader, map, "decode-quoted-printable", &mime->decode_quoted_printable);
	read_size(reader, map, "header-value-depth", UINT32_MAX, &mime->header_value_depth);
	read_bool(reader, map, "extract-urls", &mime->extract_urls);
	read_bool(reader, map, "log-url-scheme", &mime->log_url_scheme);
	read_bool(reader, map, "body-md5", &mime->body_md5);
	const struct conf_node *schemes = child(map, "extract-urls-schemes");
	for (const struct conf_node *n = schemes ? schemes->first : NULL; n; n = n->next)
		scheme_add(reader, mime, n);
	if (!mime->scheme_count)
		mime->schemes[mime->scheme_count++] = SPAN("http://");
}

static void
read_eve(struct reader *reader, const struct conf_node *map, struct smtp_config *config)
{
	bool is_extended = false;
	read_bool(reader, map, "extended", &is_extended);
	if (is_extended)
		config->custom |= smtp_customs_extended;
	const struct conf_node *custom = child(map, "custom");
	for (const struct conf_node *n = custom ? custom->first : NULL; n; n = n->next) {
		if (n->kind != CONF_SCALAR) {
			wrong(reader, n, "a list of header names");
			return;
		}
		/* Names nobody knows are left alone, as in Suricata. */
		for (unsigned i = 0; smtp_customs[i].key; i++) {
			if (strcasecmp(n->value, smtp_customs[i].key) == 0 ||
			    strcasecmp(n->value, smtp_customs[i].header) == 0)
				config->custom |= 1u << i;
		}
	}
	const struct conf_node *md5 = child(map, "md5");
	for (const struct conf_node *n = md5 ? md5->first : NULL; n; n = n->next) {
		if (n->kind == CONF_SCALAR && strcasecmp(n->value, "body") == 0)
			config->md5_body = true;
		else if (n->kind == CONF_SCALAR && strcasecmp(n->value, "subject") == 0)
			config->md5_subject = true;
		else
			wrong(reader, n, "body or subject");
	}
}

static void *
smtp_configure(struct arena *arena, const struct conf_node *app_layer,
    const struct conf_node *eve_options, const char **ret_error)
{
	struct reader reader = { .arena = arena };
	struct smtp_config *config = arena_zalloc(arena, sizeof(*config));
	if (!config)
		return NULL;
	*config = (struct smtp_config){
		.decode_mime = true,
		.mime = {
			.decode_base64 = true,
			.decode_quoted_printable = true,
			.extract_urls = true,
			.header_value_depth = 2000,
			.body = { .limit = 100000, .min_bytes = 32768, .step_bytes = 4096 },
		},
	};
	read_bool(&reader, app_layer, "raw-extraction", &config->raw_extraction);
	read_mime(&reader, child(app_layer, "mime"), config);
	const struct conf_node *tracker = child(app_layer, "inspected-tracker");
	struct body_options *body = &config->mime.body;
	read_size(&reader, tracker, "content-limit", PROTO_BUF_MAX, &body->limit);
	read_size(&reader, tracker, "content-inspect-min-size", UINT32_MAX, &body->min_bytes);
	read_size(&reader, tracker, "content-inspect-window", UINT32_MAX, &body->step_bytes);
	read_eve(&reader, eve_options, config);
	if (reader.error) {
		*ret_error = reader.error;
		return NULL;
	}
	return config;
}

static const char *const event_names[] = {
#define X(id, name) name,
	SMTP_EVENTS(X) MIME_EVENTS(X)
#undef X
	    NULL,
};

const struct proto proto_smtp = {
	.name = "smtp",
	.help = "SMTP: envelopes, and the mails in them",
	.transports = PROTO_TCP,
	.ports = "25,465,587,2525",
	.id = PROTO_ID_smtp,
	.max_txs = 256,
	.probe = smtp_probe,
	.state_bytes = sizeof(struct smtp_flow),
	.tx_bytes = sizeof(struct smtp_tx),
	.close = smtp_close,
	.tx_free = smtp_tx_free,
	.parse = smtp_parse,
	.fields = smtp_fields,
	.events = event_names,
	.record = smtp_record,
	.record_beside = smtp_record_email,
	.configure = smtp_configure,
};
