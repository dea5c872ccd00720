/* SPDX-License-Identifier: Apache-2.0 */
/* mime_url: URLs in decoded text, by the schemes of the configuration; see mime.h. */
#include "sensor/proto/mime.h"

/* Where a URL in running text ends. */
static bool
is_url_end(uint8_t c)
{
	return c <= ' ' || c == '"' || c == '\'' || c == '<' || c == '>' || c == ']';
}

static ptrdiff_t
find_nocase(struct span text, struct span what)
{
	for (size_t i = 0; what.len <= text.len - i; i++) {
		if (span_caseeq(span_sub(text, i, what.len), what))
			return (ptrdiff_t)i;
	}
	return -1;
}

static void
line_search(struct mime *mime, struct span line)
{
	const struct mime_config *config = mime->config;
	if (span_chr(line, ':') < 0)
		return;
	for (unsigned i = 0; i < config->scheme_count; i++) {
		struct span scheme = config->schemes[i];
		struct span rest = line;
		ptrdiff_t at;
		while (rest.len >= scheme.len && (at = find_nocase(rest, scheme)) >= 0) {
			rest = span_from(rest, (size_t)at);
			size_t n = scheme.len;
			while (n < rest.len && !is_url_end(rest.p[n]))
				n++;
			size_t from = config->log_url_scheme ? 0 : scheme.len;
			(void)mime_list_add(mime->app->worker, &mime->urls,
			    span_sub(rest, from, n - from), MIME_URLS_MAX);
			rest = span_from(rest, n);
		}
	}
}

void
mime_url_end(struct mime *mime)
{
	if (mime->url_line.len)
		line_search(mime, proto_buf_span(&mime->url_line));
	mime->url_line.len = 0;
}

void
mime_url_push(struct mime *mime, struct span bytes)
{
	if (!mime->config->extract_urls)
		return;
	while (bytes.len) {
		ptrdiff_t lf = span_chr(bytes, '\n');
		size_t n = lf < 0 ? bytes.len : (size_t)lf + 1;
		size_t room = MIME_LINE_MAX - mime->url_line.len;
		if (n > room)
			n = room;
		struct span piece = span_sub(bytes, 0, n);
		bytes = span_from(bytes, n);
		bool is_whole = piece.p[n - 1] == '\n';
		if (mime->url_line.len == 0 && is_whole) {
			line_search(mime, piece);
			continue;
		}
		if (!proto_buf_append(mime->app->worker, &mime->url_line, piece, MIME_LINE_MAX))
			mime_event(mime, MIME_EVENT_PARSE_FAILED);
		if (is_whole || mime->url_line.len >= MIME_LINE_MAX)
			mime_url_end(mime);
	}
}
