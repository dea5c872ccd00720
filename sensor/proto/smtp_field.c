/* SPDX-License-Identifier: Apache-2.0 */
/* smtp_field: what rules see of a mail, and its record; see smtp.h. */
#include "common/digest.h"
#include "sensor/proto/smtp.h"

#define GETTER(function)                                                               \
	static bool function(const struct app *app, const struct tx *tx, enum dir dir, \
	    unsigned index, struct arena *scratch, struct field_value *ret)

static const struct smtp_tx *
smtp_of(const struct tx *tx)
{
	return (const struct smtp_tx *)tx;
}

GETTER(get_helo)
{
	const struct smtp_flow *flow = app->state;
	ret->bytes = proto_buf_span(&flow->helo);
	return flow->helo.len > 0;
}

GETTER(get_mail_from)
{
	ret->bytes = proto_buf_span(&smtp_of(tx)->mail_from);
	return smtp_of(tx)->mail_from.len > 0;
}

GETTER(get_rcpt_to)
{
	return mime_list_at(&smtp_of(tx)->rcpt_to, index, &ret->bytes);
}

static bool
header_get(const struct tx *tx, struct span name, unsigned index, struct field_value *ret)
{
	const struct mime *mime = smtp_of(tx)->mime;
	return mime && mime_header_at(mime, name, index, &ret->bytes);
}

#define HEADER_GETTER(function, name)                          \
	GETTER(function)                                       \
	{                                                      \
		return header_get(tx, SPAN(name), index, ret); \
	}

HEADER_GETTER(get_from, "from")
HEADER_GETTER(get_to, "to")
HEADER_GETTER(get_cc, "cc")
HEADER_GETTER(get_subject, "subject")
HEADER_GETTER(get_date, "date")
HEADER_GETTER(get_message_id, "message-id")
HEADER_GETTER(get_x_mailer, "x-mailer")
HEADER_GETTER(get_received, "received")

GETTER(get_url)
{
	const struct mime *mime = smtp_of(tx)->mime;
	return mime && mime_list_at(&mime->urls, index, &ret->bytes);
}

GETTER(get_body_md5)
{
	static const char digits[] = "0123456789abcdef";
	const struct mime *mime = smtp_of(tx)->mime;
	if (!mime || !mime->has_md5)
		return false;
	char *text = arena_alloc(scratch, 2 * sizeof(mime->md5));
	if (!text)
		return false;
	for (size_t i = 0; i < sizeof(mime->md5); i++) {
		text[2 * i] = digits[mime->md5[i] >> 4];
		text[2 * i + 1] = digits[mime->md5[i] & 15];
	}
	ret->bytes = span_of(text, 2 * sizeof(mime->md5));
	return true;
}

#define CLIENT DIR_BIT(DIR_TOSERVER)
#define HEADER(name, help, example, get)                                                       \
	{                                                                                      \
		name, help, example, FIELD_BYTES, CLIENT, SMTP_CONTENT, NULL, NULL, NULL, get, \
		    NULL                                                                       \
	}

const struct field smtp_fields[] = {
	FILE_FIELDS(CLIENT, SMTP_CONTENT),
	HEADER("email.from", "the mail's From header",
	    "email.from; content:\"toto <toto@example.com>\";", get_from),
	HEADER("email.to", "the mail's To header", "email.to; content:\"@example.com\";",
	    get_to),
	HEADER("email.cc", "the mail's Cc header", "email.cc; content:\"@example.com\";",
	    get_cc),
	HEADER("email.subject", "the mail's Subject header",
	    "email.subject; content:\"invoice\"; nocase;", get_subject),
	HEADER("email.date", "the mail's Date header",
	    "email.date; content:\"+0000\"; endswith;", get_date),
	HEADER("email.message_id", "the mail's Message-ID header",
	    "email.message_id; content:\"@example.com>\";", get_message_id),
	HEADER("email.x_mailer", "the mail's X-Mailer header",
	    "email.x_mailer; content:\"Microsoft Office Outlook\";", get_x_mailer),
	{ "email.received", "the mail's Received headers",
	    "email.received; content:\"from example.com\";", FIELD_MULTI, CLIENT, SMTP_CONTENT,
	    NULL, NULL, NULL, get_received, NULL },
	{ "email.url", "URLs in the mail and its attachments",
	    "email.url; content:\"example.com/\";", FIELD_MULTI, CLIENT, SMTP_CONTENT, NULL,
	    NULL, NULL, get_url, NULL },
	{ "email.body_md5", "MD5 of the mail's body, in hex, when mime.body-md5 is set",
	    "email.body_md5; content:\"ed00c81b85fa455d60e19f1230977134\";", FIELD_BYTES,
	    CLIENT, SMTP_DONE, NULL, NULL, NULL, get_body_md5, NULL },
	{ "smtp.helo", "the name the client gives itself", "smtp.helo; content:\"localhost\";",
	    FIELD_BYTES, CLIENT, SMTP_HELO, NULL, NULL, NULL, get_helo, NULL },
	{ "smtp.mail_from", "the sender on the envelope",
	    "smtp.mail_from; content:\"@example.com>\"; endswith;", FIELD_BYTES, CLIENT,
	    SMTP_MAIL, NULL, NULL, NULL, get_mail_from, NULL },
	{ "smtp.rcpt_to", "the recipients on the envelope",
	    "smtp.rcpt_to; content:\"@example.com>\"; endswith;", FIELD_MULTI, CLIENT,
	    SMTP_RCPT, NULL, NULL, NULL, get_rcpt_to, NULL },
	{ 0 },
};

/* --- EVE --- */

bool
smtp_record(const struct app *app, const struct tx *tx, struct json *json)
{
	const struct smtp_flow *flow = app->state;
	const struct smtp_tx *smtp = smtp_of(tx);
	struct span rcpt;
	if (flow->helo.len)
		json_put_text(json, "helo", proto_buf_span(&flow->helo));
	if (smtp->mail_from.len)
		json_put_text(json, "mail_from", proto_buf_span(&smtp->mail_from));
	if (!mime_list_at(&smtp->rcpt_to, 0, &rcpt))
		return true;
	json_open_array(json, "rcpt_to");
	for (unsigned i = 0; mime_list_at(&smtp->rcpt_to, i, &rcpt); i++)
		json_put_text(json, NULL, rcpt);
	json_close(json);
	return true;
}

const struct smtp_custom smtp_customs[] = {
	{ "bcc", "bcc" },
	{ "message_id", "message-id" },
	{ "subject", "subject" },
	{ "x_mailer", "x-mailer" },
	{ "user_agent", "user-agent" },
	{ "reply_to", "reply-to" },
	{ "received", "received" },
	{ "x_originating_ip", "x-originating-ip" },
	{ "in_reply_to", "in-reply-to" },
	{ "references", "references" },
	{ "importance", "importance" },
	{ "priority", "priority" },
	{ "sensitivity", "sensitivity" },
	{ "organization", "organization" },
	{ "content_md5", "content-md5" },
	{ "date", "date" },
	{ NULL, NULL },
};
/* The first five. */
const uint32_t smtp_customs_extended = (1u << 5) - 1;

static void
put_text(struct json *json, const struct mime *mime, const char *key, const char *header)
{
	struct span value;
	if (mime_header_at(mime, span_str(header), 0, &value))
		json_put_text(json, key, value);
}

/* Addresses in a list: a comma within quotes belongs to a name. */
static void
put_addresses(struct json *json, const struct mime *mime, const char *key)
{
	struct span rest;
	if (!mime_header_at(mime, span_str(key), 0, &rest))
		return;
	json_open_array(json, key);
	bool is_quoted = false;
	size_t n = 0;
	for (size_t i = 0; i <= rest.len; i++, n++) {
		bool is_end = i == rest.len;
		if (!is_end && rest.p[i] == '\\' && is_quoted && i + 1 < rest.len) {
			i++, n++;
			continue;
		}
		if (!is_end && rest.p[i] == '"')
			is_quoted = !is_quoted;
		if (!is_end && (is_quoted || rest.p[i] != ','))
			continue;
		json_put_text(json, NULL, span_trim(span_sub(rest, i - n, n)));
		n = SIZE_MAX; /* 0 behind the comma */
	}
	json_close(json);
}

static void
put_list(struct json *json, const struct mime *mime, const char *key, const char *header)
{
	struct span value;
	if (!mime_header_at(mime, span_str(header), 0, &value))
		return;
	json_open_array(json, key);
	for (unsigned i = 0; mime_header_at(mime, span_str(header), i, &value); i++)
		json_put_text(json, NULL, value);
	json_close(json);
}

static void
put_strings(struct json *json, const char *key, const struct mime_list *list)
{
	struct span item;
	if (!mime_list_at(list, 0, &item))
		return;
	json_open_array(json, key);
	for (unsigned i = 0; mime_list_at(list, i, &item); i++)
		json_put_text(json, NULL, item);
	json_close(json);
}

/* The last one found comes first, as Suricata has them. */
static void
put_urls(struct json *json, const struct mime_list *urls)
{
	unsigned count = urls->ends.len / (uint32_t)sizeof(uint32_t);
	struct span url;
	if (count == 0)
		return;
	json_open_array(json, "url");
	for (unsigned i = count; i > 0; i--) {
		if (mime_list_at(urls, i - 1, &url))
			json_put_text(json, NULL, url);
	}
	json_close(json);
}

static void
put_customs(struct json *json, const struct smtp_config *config, const struct mime *mime)
{
	for (unsigned i = 0; smtp_customs[i].key; i++) {
		const struct smtp_custom *custom = &smtp_customs[i];
		if (!(config->custom >> i & 1))
			continue;
		if (strcmp(custom->key, "received") == 0)
			put_list(json, mime, custom->key, custom->header);
		else if (strcmp(custom->key, "bcc") == 0)
			put_addresses(json, mime, custom->key);
		else
			put_text(json, mime, custom->key, custom->header);
	}
}

static void
put_md5s(struct json *json, const struct smtp_config *config, const struct mime *mime)
{
	char hex[2 * DIGEST_MD5_BYTES + 1];
	struct span subject;
	if (config->md5_body && mime->has_md5)
		json_put_hex(json, "body_md5", span_of(mime->md5, sizeof(mime->md5)), 0);
	if (config->md5_subject && mime_header_at(mime, SPAN("subject"), 0, &subject)) {
		digest_hex(DIGEST_MD5, subject, hex, sizeof(hex));
		json_put_str(json, "subject_md5", hex);
	}
}

void
smtp_record_email(const struct app *app, const struct tx *tx, struct json *json)
{
	const struct smtp_config *config = smtp_config(app);
	const struct mime *mime = smtp_of(tx)->mime;
	if (!mime)
		return;
	json_open_object(json, "email");
	json_put_str(json, "status", "PARSE_DONE");
	put_text(json, mime, "from", "from");
	put_addresses(json, mime, "to");
	put_addresses(json, mime, "cc");
	put_strings(json, "attachment", &mime->attachments);
	put_urls(json, &mime->urls);
	put_customs(json, config, mime);
	put_md5s(json, config, mime);
	json_close(json);
}
