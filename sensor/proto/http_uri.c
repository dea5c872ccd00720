/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http_uri: the address of a request, taken apart and made comparable.
 *
 * Path: percent and %u encodings off, backslash to slash, slashes compressed, UTF-8 that is an
 * overlong or full-width form of ASCII mapped to it, dot segments removed (RFC 3986 5.2.4).
 * Query and fragment: percent encodings off. Letters keep their case.
 */
#include "sensor/proto/http.h"

/* --- Taking apart --- */

struct http_uri
http_uri_split(struct span uri)
{
	struct http_uri u = { 0 };
	struct span rest = uri;
	ptrdiff_t colon = span_chr(rest, ':');
	if (rest.len && rest.p[0] != '/' && colon >= 0) {
		u.scheme = span_sub(rest, 0, (size_t)colon);
		rest = span_from(rest, (size_t)colon + 1);
		/* Two slashes and no third: an authority. */
		if (span_starts(rest, SPAN("//")) && !(rest.len > 2 && rest.p[2] == '/')) {
			rest = span_from(rest, 2);
			size_t n = 0;
			while (n < rest.len && rest.p[n] != '/' && rest.p[n] != '?' &&
			       rest.p[n] != '#')
				n++;
			struct span authority = span_sub(rest, 0, n);
			rest = span_from(rest, n);
			ptrdiff_t at = span_chr(authority, '@');
			if (at >= 0) {
				u.has_user = true;
				u.user = span_sub(authority, 0, (size_t)at);
				authority = span_from(authority, (size_t)at + 1);
				ptrdiff_t sep = span_chr(u.user, ':');
				if (sep >= 0) {
					u.has_password = true;
					u.password = span_from(u.user, (size_t)sep + 1);
					u.user = span_sub(u.user, 0, (size_t)sep);
				}
			}
			(void)http_hostport(authority, &u.host, &u.port);
			u.has_port = u.port.len > 0;
		}
	}
	ptrdiff_t hash = span_chr(rest, '#');
	if (hash >= 0) {
		u.has_fragment = true;
		u.fragment = span_from(rest, (size_t)hash + 1);
		rest = span_sub(rest, 0, (size_t)hash);
	}
	ptrdiff_t question = span_chr(rest, '?');
	if (question >= 0) {
		u.has_query = true;
		u.query = span_from(rest, (size_t)question + 1);
		rest = span_sub(rest, 0, (size_t)question);
	}
	u.path = rest;
	return u;
}

static bool
label_is_valid(struct span label)
{
	if (label.len == 0 || label.len > 63)
		return false;
	for (size_t i = 0; i < label.len; i++) {
		uint8_t c = label.p[i];
		bool is_alnum = (c >= '0' && c <= '9') ||
				((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c >= 0x80;
		if (!is_alnum && c != '-' && c != '_')
			return false;
	}
	return true;
}

static bool
host_is_valid(struct span host)
{
	if (host.len == 0 || host.len > 255)
		return false;
	if (host.p[0] == '[') {
		if (host.len < 4 || host.p[host.len - 1] != ']')
			return false;
		for (size_t i = 1; i + 1 < host.len; i++) {
			uint8_t c = host.p[i];
			if (!(c >= '0' && c <= '9') &&
			    !((c | 0x20) >= 'a' && (c | 0x20) <= 'f') && c != ':' && c != '.')
				return false;
		}
		return true;
	}
	if (host.p[host.len - 1] == '.') /* the root's own dot */
		host.len--;
	while (host.len) {
		ptrdiff_t dot = span_chr(host, '.');
		struct span label = dot < 0 ? host : span_sub(host, 0, (size_t)dot);
		if (!label_is_valid(label))
			return false;
		if (dot < 0)
			return true;
		host = span_from(host, (size_t)dot + 1);
		if (host.len == 0)
			return false;
	}
	return false;
}

static bool
port_is_valid(struct span port, uint32_t *ret)
{
	uint32_t value = 0;
	if (port.len == 0 || port.len > 5)
		return false;
	for (size_t i = 0; i < port.len; i++) {
		if (port.p[i] < '0' || port.p[i] > '9')
			return false;
		value = value * 10 + (uint32_t)(port.p[i] - '0');
	}
	*ret = value;
	return value > 0 && value <= 65535;
}

bool
http_hostport(struct span text, struct span *ret_host, struct span *ret_port)
{
	*ret_host = *ret_port = SPAN_NONE;
	text = http_trim(text);
	struct span rest;
	if (text.len && text.p[0] == '[') {
		ptrdiff_t close = span_chr(text, ']');
		if (close < 0) {
			*ret_host = text;
			return false;
		}
		*ret_host = span_sub(text, 0, (size_t)close + 1);
		rest = span_from(text, (size_t)close + 1);
	} else {
		ptrdiff_t colon = span_chr(text, ':');
		*ret_host = http_trim(colon < 0 ? text : span_sub(text, 0, (size_t)colon));
		rest = colon < 0 ? SPAN_NONE : span_from(text, (size_t)colon);
	}
	bool is_valid = host_is_valid(*ret_host);
	if (rest.len == 0)
		return is_valid;
	if (rest.p[0] != ':')
		return false;
	*ret_port = http_trim(span_from(rest, 1));
	uint32_t port;
	return is_valid && port_is_valid(*ret_port, &port);
}

/* --- Decoding --- */

static int
hex_digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int
hex_pair(struct span s, size_t i)
{
	if (i + 2 > s.len)
		return -1;
	int hi = hex_digit(s.p[i]), lo = hex_digit(s.p[i + 1]);
	return hi < 0 || lo < 0 ? -1 : hi << 4 | lo;
}

/* What a code point above 255 looks like to a server that maps it to its nearest letter. */
static uint8_t
best_fit(uint32_t code)
{
	if (code < 0x100)
		return (uint8_t)code;
	if (code >= 0xff01 && code <= 0xff5e) /* full-width forms of ASCII */
		return (uint8_t)(code - 0xff01 + '!');
	switch (code) {
	case 0x2215: /* division slash */
	case 0x2044: /* fraction slash */
		return '/';
	case 0x2216: /* set minus */
		return '\\';
	case 0x2024: /* one dot leader */
		return '.';
	default:
		return '?';
	}
}

/*
 * One byte of the address with its encoding off. Invalid encodings stay as they are, so that
 * rules can see them. Returns how many bytes were used.
 */
static size_t
decode_one(struct span s, size_t i, bool plus_is_space, uint8_t *ret)
{
	uint8_t c = s.p[i];
	*ret = c;
	if (c == '+' && plus_is_space) {
		*ret = ' ';
		return 1;
	}
	if (c != '%')
		return 1;
	int first = hex_pair(s, i + 1);
	if (first >= 0) {
		*ret = (uint8_t)first;
		return 3;
	}
	if (i + 1 < s.len && (s.p[i + 1] | 0x20) == 'u') {
		int hi = hex_pair(s, i + 2), lo = hex_pair(s, i + 4);
		if (hi >= 0 && lo >= 0) {
			*ret = best_fit((uint32_t)hi << 8 | (uint32_t)lo);
			return 6;
		}
	}
	return 1;
}

/* In place: percent and %u encodings. Returns the new length. */
static size_t
decode(uint8_t *p, size_t len, bool plus_is_space)
{
	struct span s = span_of(p, len);
	size_t w = 0;
	for (size_t i = 0; i < len;)
		i += decode_one(s, i, plus_is_space, &p[w++]);
	return w;
}

/* In place: encodings, backslashes, double slashes of a path. */
static size_t
decode_path(uint8_t *p, size_t len)
{
	struct span s = span_of(p, len);
	size_t w = 0;
	for (size_t i = 0; i < len;) {
		uint8_t c;
		i += decode_one(s, i, false, &c);
		if (c == '\\')
			c = '/';
		if (c == '/' && w && p[w - 1] == '/')
			continue;
		p[w++] = c;
	}
	return w;
}

/* The code point of a UTF-8 sequence at i, overlong ones too; 0: none. *ret_len its bytes. */
static uint32_t
utf8_loose(const uint8_t *p, size_t len, size_t i, size_t *ret_len)
{
	uint8_t c = p[i];
	size_t n = (c & 0xe0) == 0xc0 ? 2 : (c & 0xf0) == 0xe0 ? 3 : (c & 0xf8) == 0xf0 ? 4 : 0;
	if (n == 0 || i + n > len)
		return 0;
	uint32_t code = c & (0x7fu >> n);
	for (size_t k = 1; k < n; k++) {
		if ((p[i + k] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (p[i + k] & 0x3fu);
	}
	*ret_len = n;
	return code;
}

/* In place: sequences that a lax server would take for ASCII. Others stay. */
static size_t
fit_utf8(uint8_t *p, size_t len)
{
	size_t w = 0;
	for (size_t i = 0; i < len;) {
		size_t n = 1;
		uint32_t code = p[i] < 0x80 ? 0 : utf8_loose(p, len, i, &n);
		bool is_ascii_form =
		    n > 1 && (code < 0x80 || (code >= 0xff01 && code <= 0xff5e));
		if (is_ascii_form) {
			uint8_t c = best_fit(code);
			if (c == '\\')
				c = '/';
			if (c != '/' || w == 0 || p[w - 1] != '/')
				p[w++] = c;
			i += n;
		} else {
			p[w++] = p[i++];
		}
	}
	return w;
}

/* In place: "/./" and "/../", and what dots there are at the start. */
static size_t
remove_dots(uint8_t *p, size_t len)
{
	size_t w = 0, i = 0;
	while (i < len) {
		struct span rest = span_of(p + i, len - i);
		if (span_starts(rest, SPAN("../"))) {
			i += 3;
		} else if (span_starts(rest, SPAN("./"))) {
			i += 2;
		} else if (span_starts(rest, SPAN("/./"))) {
			i += 2;
		} else if (span_eq(rest, SPAN("/."))) {
			p[++i] = '/';
		} else if (span_starts(rest, SPAN("/../")) || span_eq(rest, SPAN("/.."))) {
			if (rest.len == 3)
				p[i + 2] = '/';
			i += rest.len == 3 ? 2 : 3;
			while (w && p[--w] != '/')
				;
		} else if (span_eq(rest, SPAN(".")) || span_eq(rest, SPAN(".."))) {
			break;
		} else {
			do
				p[w++] = p[i++];
			while (i < len && p[i] != '/');
		}
	}
	return w;
}

/* --- The normalised address --- */

/* Appends text and decodes it where it lies. */
static bool
append_decoded(struct app *app, struct http_tx *tx, struct span text, bool is_double)
{
	const struct http_config *config = http_config(app);
	uint32_t at = tx->uri_norm.len;
	if (!proto_buf_append(app->worker, &tx->uri_norm, text, HTTP_TEXT_MAX))
		return false;
	uint8_t *p = tx->uri_norm.p + at;
	size_t len = text.len ? decode(p, text.len, config->plusspace_decode) : 0;
	if (is_double && len) {
		size_t again = decode(p, len, config->plusspace_decode);
		if (again < len)
			tx_event(&tx->tx, HTTP_EVENT_DOUBLE_ENCODED_URI);
		len = again;
	}
	tx->uri_norm.len = at + (uint32_t)len;
	return true;
}

static bool
append(struct app *app, struct http_tx *tx, struct span text)
{
	return proto_buf_append(app->worker, &tx->uri_norm, text, HTTP_TEXT_MAX);
}

static void
append_path(struct app *app, struct http_tx *tx, struct span path)
{
	uint32_t at = tx->uri_norm.len;
	if (path.len == 0 || !append(app, tx, path))
		return;
	uint8_t *p = tx->uri_norm.p + at;
	size_t len = remove_dots(p, fit_utf8(p, decode_path(p, path.len)));
	if (http_config(app)->double_decode_path && len) {
		size_t again = decode(p, len, false);
		if (again < len)
			tx_event(&tx->tx, HTTP_EVENT_DOUBLE_ENCODED_URI);
		len = again;
	}
	tx->path_len = (uint32_t)len;
	tx->uri_norm.len = at + (uint32_t)len;
}

static void
append_authority(struct app *app, struct http_tx *tx, const struct http_uri *u)
{
	if (u->scheme.len) {
		append(app, tx, u->scheme);
		append(app, tx, SPAN("://"));
	}
	if (u->has_user) {
		append_decoded(app, tx, u->user, false);
		append(app, tx, SPAN(":"));
		append_decoded(app, tx, u->password, false);
		append(app, tx, SPAN("@"));
	}
	append_decoded(app, tx, u->host, false);
	if (u->has_port) {
		append(app, tx, SPAN(":"));
		append(app, tx, u->port);
	}
}

static void
set_host(struct app *app, struct http_tx *tx, struct span host)
{
	tx->host.len = 0;
	proto_buf_append(app->worker, &tx->host, host, HTTP_FIELD_MAX);
	for (uint32_t i = 0; i < tx->host.len; i++) {
		uint8_t c = tx->host.p[i];
		if (c >= 'A' && c <= 'Z')
			tx->host.p[i] = c | 0x20;
	}
	while (tx->host.len && tx->host.p[tx->host.len - 1] == '.')
		tx->host.len--;
}

static void
set_port(struct http_tx *tx, struct span port)
{
	uint32_t value;
	if (port_is_valid(port, &value))
		tx->port = value;
}

void
http_uri_normalise(struct app *app, struct http_tx *tx)
{
	const struct http_message *request = &tx->message[DIR_TOSERVER];
	struct span raw = http_text(request, tx->uri);
	tx->uri_norm.len = 0;
	if (tx->method_id == HTTP_METHOD_CONNECT) {
		struct span host, port;
		if (!http_hostport(raw, &host, &port))
			tx_event(&tx->tx, HTTP_EVENT_REQUEST_URI_HOST_INVALID);
		set_host(app, tx, host);
		set_port(tx, port);
		append(app, tx, raw);
		return;
	}
	struct http_uri u = http_uri_split(raw);
	if (u.host.len) {
		if (!host_is_valid(u.host))
			tx_event(&tx->tx, HTTP_EVENT_REQUEST_URI_HOST_INVALID);
		set_host(app, tx, u.host);
		set_port(tx, u.port);
	}
	if (http_config(app)->uri_include_all)
		append_authority(app, tx, &u);
	append_path(app, tx, u.path);
	if (u.has_query && append(app, tx, SPAN("?")))
		append_decoded(app, tx, u.query, http_config(app)->double_decode_query);
	if (u.has_fragment && append(app, tx, SPAN("#")))
		append_decoded(app, tx, u.fragment, false);
}

void
http_host_determine(struct app *app, struct http_tx *tx)
{
	const struct http_message *request = &tx->message[DIR_TOSERVER];
	bool has_uri_host = tx->host.len > 0;
	const struct http_header *header = http_header_find(request, "host");
	if (!header) {
		if (request->version == HTTP_VERSION_1_1 ||
		    request->version == HTTP_VERSION_INVALID)
			tx_event(&tx->tx, HTTP_EVENT_MISSING_HOST_HEADER);
	} else {
		tx->host_raw = header->value;
		struct span host, port;
		struct span value = http_text(request, header->value);
		if (!http_hostport(value, &host, &port))
			tx_event(&tx->tx, HTTP_EVENT_REQUEST_HEADER_HOST_INVALID);
		if (has_uri_host) {
			while (host.len && host.p[host.len - 1] == '.')
				host.len--;
			if (!span_caseeq(host, proto_buf_span(&tx->host)))
				tx_event(&tx->tx, HTTP_EVENT_HOST_HEADER_AMBIGUOUS);
		} else {
			set_host(app, tx, host);
			set_port(tx, port);
		}
	}
	if (tx->port && tx->port != app->flow->key.server_port)
		tx_event(&tx->tx, HTTP_EVENT_REQUEST_SERVER_PORT_TCP_PORT_MISMATCH);
}
