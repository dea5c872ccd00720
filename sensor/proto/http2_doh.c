/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http2_doh: DNS inside HTTP/2 (RFC 8484): a body of type application/dns-message, or the dns
 * parameter of a GET, in the base64 of addresses. The first of them makes the flow "doh2".
 */
#include "sensor/proto/http2.h"

#include "common/base64.h"

#define DNS_TYPE "application/dns-message"
/* RFC 1035 section 4.2.2. */
#define MESSAGE_MAX 65535
/* An address that holds a request: real ones have a few hundred bytes. */
#define PARAMETER_MAX 8192

static void
turn(struct app *app)
{
	if (app->id != PROTO_ID_http2 || !app->worker->options->is_enabled[PROTO_ID_doh2])
		return;
	app->worker->counters.flows[PROTO_ID_doh2]++;
	app->old_id = app->id;
	app->id = app->id_dir[0] = app->id_dir[1] = PROTO_ID_doh2;
	app->proto = &proto_doh2;
}

static void
message_read(struct http2_feed *feed, struct http2_tx *tx, struct span bytes)
{
	struct http2_message *message = &tx->message[feed->dir];
	if (message->dns || bytes.len == 0)
		return;
	message->dns = proto_alloc(feed->app->worker, sizeof(*message->dns));
	if (!message->dns)
		return;
	memset(message->dns, 0, sizeof(*message->dns));
	message->dns->tx.id = tx->tx.id;
	dns_tx_take(feed->app, message->dns, feed->dir, bytes, feed->ts);
}

/* "...?dns=AAABAAABAAAA...": the message, or nothing. */
static void
parameter_read(struct http2_feed *feed, struct http2_tx *tx, struct span path)
{
	char text[PARAMETER_MAX];
	uint8_t bytes[PARAMETER_MAX];
	if (!path.p)
		return;
	ptrdiff_t at = span_find(path, SPAN("?dns="));
	if (at < 0)
		at = span_find(path, SPAN("&dns="));
	if (at < 0)
		return;
	struct span value = span_from(path, (size_t)at + 5);
	ptrdiff_t end = span_chr(value, '&');
	if (end >= 0)
		value = span_sub(value, 0, (size_t)end);
	if (value.len > sizeof(text)) {
		tx_event(&tx->tx, HTTP2_EVENT_DNS_REQUEST_TOO_LONG);
		return;
	}
	for (size_t i = 0; i < value.len; i++)
		text[i] = value.p[i] == '-' ? '+' : value.p[i] == '_' ? '/' : (char)value.p[i];
	size_t len =
	    base64_decode(span_of(text, value.len), BASE64_RFC4648, bytes, sizeof(bytes), NULL);
	message_read(feed, tx, span_of(bytes, len));
}

static bool
header_says_dns(const struct http2_message *message, const char *name)
{
	struct span value;
	return http2_header_find(message, name, &value) && span_starts(value, SPAN(DNS_TYPE));
}

void
http2_doh_headers(struct http2_feed *feed, struct http2_tx *tx)
{
	struct http2_message *message = &tx->message[feed->dir];
	struct span path;
	if (!feed->app->worker->options->is_enabled[PROTO_ID_doh2])
		return;
	bool is_body = header_says_dns(message, "content-type");
	bool is_asked = feed->dir == DIR_TOSERVER && header_says_dns(message, "accept");
	if (is_body)
		message->is_dns = true;
	if (!is_body && !is_asked)
		return;
	turn(feed->app);
	if (feed->dir == DIR_TOSERVER && !is_body && http2_header_find(message, ":path", &path))
		parameter_read(feed, tx, path);
}

void
http2_doh_push(struct http2_feed *feed, struct http2_tx *tx, struct span bytes)
{
	struct http2_message *message = &tx->message[feed->dir];
	if (!proto_buf_append(feed->app->worker, &message->dns_bytes, bytes, MESSAGE_MAX) &&
	    bytes.len)
		tx_event(&tx->tx, feed->dir == DIR_TOSERVER
				      ? HTTP2_EVENT_DNS_REQUEST_TOO_LONG
				      : HTTP2_EVENT_DNS_RESPONSE_TOO_LONG);
}

void
http2_doh_end(struct http2_feed *feed, struct http2_tx *tx)
{
	struct http2_message *message = &tx->message[feed->dir];
	if (!message->is_dns)
		return;
	message_read(feed, tx, proto_buf_span(&message->dns_bytes));
	proto_buf_free(feed->app->worker, &message->dns_bytes);
}

void
http2_doh_free(struct app *app, struct http2_message *message)
{
	proto_buf_free(app->worker, &message->dns_bytes);
	if (!message->dns)
		return;
	dns_tx_drop(app, message->dns);
	proto_dealloc(app->worker, message->dns, sizeof(*message->dns));
	message->dns = NULL;
}

const struct dns_tx *
http2_dns_tx(const struct tx *tx, enum dir dir)
{
	return ((const struct http2_tx *)tx)->message[dir].dns;
}

const struct tx *
http2_doh_tx(const struct tx *tx)
{
	for (int dir = DIR_TOCLIENT; dir >= DIR_TOSERVER; dir--) {
		const struct dns_tx *dns = http2_dns_tx(tx, (enum dir)dir);
		if (dns && dns->is_readable)
			return &dns->tx;
	}
	return NULL;
}
