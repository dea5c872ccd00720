/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sip_message: the start line and the headers.
 *
 *   INVITE sip:bob@example.com SIP/2.0     or     SIP/2.0 180 Ringing
 *   Via: SIP/2.0/UDP host;branch=...              "v:" is the same, RFC 3261 section 7.3.3
 *   Subject: a value may go on
 *     in lines that begin with a blank
 *   (empty line)
 */
#include "sensor/proto/sip.h"

#include "sensor/proto/sdp.h"

static bool
is_token(uint8_t c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
	       (c && strchr("-.!%*_+`'~", c));
}

static bool
is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

/* "SIP/" digits "." digits */
static bool
is_version(struct span text)
{
	if (!span_starts(text, SPAN("SIP/")))
		return false;
	text = span_from(text, 4);
	ptrdiff_t dot = span_chr(text, '.');
	if (dot < 1 || (size_t)dot + 1 == text.len)
		return false;
	for (size_t i = 0; i < text.len; i++)
		if (i != (size_t)dot && !is_digit(text.p[i]))
			return false;
	return true;
}

/* A line without its end. False: there is no end yet. */
static bool
line_take(struct span *rest, struct span *ret)
{
	ptrdiff_t lf = span_chr(*rest, '\n');
	if (lf < 0)
		return false;
	*ret = span_sub(*rest, 0, (size_t)lf);
	if (ret->len && ret->p[ret->len - 1] == '\r')
		ret->len--;
	*rest = span_from(*rest, (size_t)lf + 1);
	return true;
}

/* Takes the line apart at its first two blanks. */
static bool
line_split(struct span line, struct span ret[3])
{
	ptrdiff_t a = span_chr(line, ' ');
	if (a <= 0)
		return false;
	ret[0] = span_sub(line, 0, (size_t)a);
	struct span rest = span_from(line, (size_t)a + 1);
	ptrdiff_t b = span_chr(rest, ' ');
	ret[1] = b < 0 ? rest : span_sub(rest, 0, (size_t)b);
	ret[2] = b < 0 ? span_from(rest, rest.len) : span_from(rest, (size_t)b + 1);
	return ret[1].len > 0;
}

static enum sip_kind
line_kind(const struct span part[3])
{
	if (is_version(part[0])) {
		if (part[1].len != 3)
			return SIP_NONE;
		for (size_t i = 0; i < 3; i++)
			if (!is_digit(part[1].p[i]))
				return SIP_NONE;
		return SIP_RESPONSE;
	}
	if (part[0].len > SIP_METHOD_MAX || !is_version(part[2]))
		return SIP_NONE;
	for (size_t i = 0; i < part[0].len; i++)
		if (!is_token(part[0].p[i]))
			return SIP_NONE;
	return SIP_REQUEST;
}

/* The URIs a request can begin with; what else has this shape is another protocol's. */
static enum proto_verdict
uri_probe(struct span uri)
{
	static const char *const schemes[] = { "sip:", "sips:", "tel:" };
	enum proto_verdict verdict = PROTO_NO;
	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		struct span scheme = span_str(schemes[i]);
		size_t n = uri.len < scheme.len ? uri.len : scheme.len;
		if (!span_caseeq(span_sub(uri, 0, n), span_sub(scheme, 0, n)))
			continue;
		if (n == scheme.len)
			return PROTO_YES;
		verdict = PROTO_MORE;
	}
	return verdict;
}

enum proto_verdict
sip_line_probe(struct span bytes, bool *ret_is_response)
{
	struct span version = span_sub(SPAN("SIP/2.0 "), 0, bytes.len);
	*ret_is_response = false;
	if (span_starts(bytes, version)) {
		*ret_is_response = true;
		return version.len == 8 ? PROTO_YES : PROTO_MORE;
	}
	size_t n = 0;
	while (n < bytes.len && n <= SIP_METHOD_MAX && is_token(bytes.p[n]))
		n++;
	if (n == bytes.len && n <= SIP_METHOD_MAX)
		return PROTO_MORE;
	if (n == 0 || n > SIP_METHOD_MAX || bytes.p[n] != ' ')
		return PROTO_NO;
	enum proto_verdict verdict = uri_probe(span_from(bytes, n + 1));
	if (verdict != PROTO_YES)
		return verdict;
	struct span line, part[3];
	if (!line_take(&bytes, &line))
		return PROTO_MORE;
	return line_split(line, part) && line_kind(part) == SIP_REQUEST ? PROTO_YES : PROTO_NO;
}

size_t
sip_head_end(struct span bytes, size_t *scanned)
{
	struct span rest = span_from(bytes, *scanned), line;
	while (line_take(&rest, &line)) {
		*scanned = bytes.len - rest.len;
		if (line.len == 0)
			return *scanned;
	}
	return 0;
}

/* --- Headers --- */

static const struct {
	const char *name, *compact;
} names[SIP_NAME_COUNT] = {
	[SIP_FROM] = { "From", "f" },
	[SIP_TO] = { "To", "t" },
	[SIP_VIA] = { "Via", "v" },
	[SIP_USER_AGENT] = { "User-Agent", NULL },
	[SIP_CONTENT_TYPE] = { "Content-Type", "c" },
	[SIP_CONTENT_LENGTH] = { "Content-Length", "l" },
};

static struct sip_piece
piece_of(const struct sip_tx *tx, struct span text)
{
	if (text.len == 0)
		return (struct sip_piece){ 0 };
	return (struct sip_piece){ (uint16_t)(text.p - tx->text.p), (uint16_t)text.len };
}

static void
header_read(struct sip_tx *tx, struct span line)
{
	ptrdiff_t colon = span_chr(line, ':');
	if (colon <= 0)
		return;
	struct span name = span_trim(span_sub(line, 0, (size_t)colon));
	struct span value = span_trim(span_from(line, (size_t)colon + 1));
	for (int i = 0; i < SIP_NAME_COUNT; i++) {
		if (!span_caseeq(name, span_str(names[i].name)) &&
		    (!names[i].compact || !span_caseeq(name, span_str(names[i].compact))))
			continue;
		if (tx->header_count < SIP_HEADERS_MAX)
			tx->headers[tx->header_count++] =
			    (struct sip_header){ piece_of(tx, value), (uint8_t)i };
		return;
	}
}

/* A header with the lines that go on with it. */
static bool
header_take(struct span *rest, struct span *ret)
{
	if (!line_take(rest, ret))
		return false;
	while (ret->len && rest->len && (rest->p[0] == ' ' || rest->p[0] == '\t')) {
		struct span more;
		if (!line_take(rest, &more))
			break;
		ret->len = (size_t)(more.p + more.len - ret->p);
	}
	return true;
}

bool
sip_head_read(struct sip_tx *tx)
{
	struct span rest = proto_buf_span(&tx->text), line, part[3];
	if (!line_take(&rest, &line))
		return false;
	if (!line_split(line, part))
		return false;
	tx->kind = (uint8_t)line_kind(part);
	if (tx->kind == SIP_NONE)
		return false;
	tx->line = piece_of(tx, line);
	for (int i = 0; i < 3; i++)
		tx->part[i] = piece_of(tx, part[i]);
	while (header_take(&rest, &line))
		header_read(tx, line);
	struct span type;
	if (sip_header_get(tx, SIP_CONTENT_TYPE, 0, &type)) {
		ptrdiff_t end = span_chr(type, ';');
		if (end >= 0)
			type = span_trim(span_sub(type, 0, (size_t)end));
		tx->has_sdp = span_caseeq(type, SPAN("application/sdp"));
	}
	return true;
}

bool
sip_body_length(const struct sip_tx *tx, uint64_t *ret)
{
	struct span text;
	*ret = 0;
	if (!sip_header_get(tx, SIP_CONTENT_LENGTH, 0, &text))
		return true;
	if (text.len == 0 || text.len > 10)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		if (!is_digit(text.p[i]))
			return false;
		*ret = *ret * 10 + (text.p[i] - '0');
	}
	return true;
}

bool
sip_header_get(const struct sip_tx *tx, enum sip_name name, unsigned index, struct span *ret)
{
	for (unsigned i = 0; i < tx->header_count; i++) {
		if (tx->headers[i].name == name && index-- == 0) {
			*ret = sip_span(tx, tx->headers[i].value);
			return true;
		}
	}
	return false;
}
