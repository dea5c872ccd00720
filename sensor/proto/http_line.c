/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http_line: first lines and headers out of bytes.
 *
 * What ends a line, what is a fold and where the headers end is read as browsers do in answers
 * (a lone CR ends a line, LF CR does too) and as servers do in requests (only LF ends it). A
 * decision is only taken once all bytes it can depend on are there, so that any split of the
 * input reads the same; is_last says that no more will come.
 */
#include "sensor/proto/http.h"

bool
http_is_space(uint8_t c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

struct span
http_trim(struct span s)
{
	while (s.len && http_is_space(s.p[0]))
		s = span_from(s, 1);
	while (s.len && http_is_space(s.p[s.len - 1]))
		s.len--;
	return s;
}

static bool
is_token(uint8_t c)
{
	return c > ' ' && c < 0x7f && !strchr("()<>@,;:\\\"/[]?={}", c);
}

/* --- First lines --- */

static struct span
take_word(struct span *rest)
{
	size_t n = 0;
	while (n < rest->len && !http_is_space(rest->p[n]))
		n++;
	struct span word = span_sub(*rest, 0, n);
	*rest = span_from(*rest, n);
	return word;
}

static struct span
take_spaces(struct span *rest)
{
	size_t n = 0;
	while (n < rest->len && http_is_space(rest->p[n]))
		n++;
	struct span spaces = span_sub(*rest, 0, n);
	*rest = span_from(*rest, n);
	return spaces;
}

static bool
is_only(struct span s, uint8_t c)
{
	for (size_t i = 0; i < s.len; i++) {
		if (s.p[i] != c)
			return false;
	}
	return true;
}

/* Cuts at the first space that is_delimiter accepts. */
static void
split_uri(struct span rest, bool any_space, struct http_request_line *ret)
{
	size_t n = 0;
	while (n < rest.len && !(any_space ? http_is_space(rest.p[n]) : rest.p[n] == ' '))
		n++;
	ret->uri = http_trim(span_sub(rest, 0, n));
	ret->protocol = n < rest.len ? http_trim(span_from(rest, n + 1)) : SPAN_NONE;
}

struct http_request_line
http_request_line(struct span line)
{
	struct http_request_line ret = { 0 };
	struct span rest = line;
	ret.has_leading_space = take_spaces(&rest).len > 0;
	ret.method = take_word(&rest);
	ret.is_method_delim_odd = !is_only(take_spaces(&rest), ' ');
	rest = http_trim(rest);
	if (rest.len == 0)
		return ret;
	split_uri(rest, false, &ret);
	/* Other white space in the address: servers split there, but only when no blank did. */
	for (size_t i = 0; i < ret.uri.len; i++) {
		if (http_is_space(ret.uri.p[i]) && ret.uri.p[i] != ' ')
			ret.is_uri_delim_odd = true;
	}
	if (ret.is_uri_delim_odd && ret.uri.len == rest.len)
		split_uri(rest, true, &ret);
	return ret;
}

struct http_status_line
http_status_line(struct span line)
{
	struct http_status_line ret = { 0 };
	struct span rest = line;
	while (rest.len && (http_is_space(rest.p[0]) || rest.p[0] == 0))
		rest = span_from(rest, 1);
	ret.protocol = take_word(&rest);
	if (take_spaces(&rest).len == 0)
		return ret;
	ret.status = take_word(&rest);
	if (take_spaces(&rest).len == 0)
		return ret;
	while (rest.len && (rest.p[rest.len - 1] == '\r' || rest.p[rest.len - 1] == '\n'))
		rest.len--;
	ret.message = rest;
	return ret;
}

/* HTTP/1.1, with white space around the slash and leading zeros forgiven. */
enum http_version
http_version(struct span protocol)
{
	struct span rest = http_trim(protocol);
	if (!span_caseeq(span_sub(rest, 0, 4), SPAN("HTTP")))
		return HTTP_VERSION_INVALID;
	rest = http_trim(span_from(rest, 4));
	if (rest.len == 0 || rest.p[0] != '/')
		return HTTP_VERSION_INVALID;
	rest = span_from(rest, 1);
	while (rest.len && (http_is_space(rest.p[0]) || rest.p[0] == '0'))
		rest = span_from(rest, 1);
	if (span_eq(rest, SPAN("1.1")))
		return HTTP_VERSION_1_1;
	if (span_eq(rest, SPAN("1.0")))
		return HTTP_VERSION_1_0;
	if (span_eq(rest, SPAN(".9")))
		return HTTP_VERSION_0_9;
	return HTTP_VERSION_INVALID;
}

static const struct {
	const char *name;
	uint8_t id;
} methods[] = {
	{ "GET", HTTP_METHOD_GET },
	{ "HEAD", HTTP_METHOD_HEAD },
	{ "POST", HTTP_METHOD_POST },
	{ "PUT", HTTP_METHOD_PUT },
	{ "CONNECT", HTTP_METHOD_CONNECT },
	{ "DELETE", HTTP_METHOD_OTHER },
	{ "OPTIONS", HTTP_METHOD_OTHER },
	{ "TRACE", HTTP_METHOD_OTHER },
	{ "PATCH", HTTP_METHOD_OTHER },
	{ "PROPFIND", HTTP_METHOD_OTHER },
	{ "PROPPATCH", HTTP_METHOD_OTHER },
	{ "MKCOL", HTTP_METHOD_OTHER },
	{ "COPY", HTTP_METHOD_OTHER },
	{ "MOVE", HTTP_METHOD_OTHER },
	{ "LOCK", HTTP_METHOD_OTHER },
	{ "UNLOCK", HTTP_METHOD_OTHER },
	{ "VERSION-CONTROL", HTTP_METHOD_OTHER },
	{ "CHECKOUT", HTTP_METHOD_OTHER },
	{ "UNCHECKOUT", HTTP_METHOD_OTHER },
	{ "CHECKIN", HTTP_METHOD_OTHER },
	{ "UPDATE", HTTP_METHOD_OTHER },
	{ "LABEL", HTTP_METHOD_OTHER },
	{ "REPORT", HTTP_METHOD_OTHER },
	{ "MKWORKSPACE", HTTP_METHOD_OTHER },
	{ "MKACTIVITY", HTTP_METHOD_OTHER },
	{ "BASELINE-CONTROL", HTTP_METHOD_OTHER },
	{ "MERGE", HTTP_METHOD_OTHER },
	{ "SEARCH", HTTP_METHOD_OTHER },
	{ "INVALID", HTTP_METHOD_OTHER },
};

enum http_method
http_method(struct span method)
{
	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		if (span_eq(method, span_str(methods[i].name)))
			return methods[i].id;
	}
	return HTTP_METHOD_UNKNOWN;
}

/* Whether bytes begin with a known method and white space; *ret_more: they still could. */
bool
http_is_method_start(struct span bytes, bool *ret_more)
{
	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		struct span name = span_str(methods[i].name);
		if (bytes.len > name.len) {
			if (span_starts(bytes, name) && http_is_space(bytes.p[name.len]))
				return true;
		} else if (span_starts(name, bytes)) {
			*ret_more = true;
		}
	}
	return false;
}

/* --- Numbers --- */

bool
http_length(struct span text, uint64_t *ret, bool *ret_is_clean)
{
	struct span rest = span_trim(text);
	size_t n = 0;
	while (n < rest.len && (rest.p[n] < '0' || rest.p[n] > '9'))
		n++;
	bool is_clean = n == 0;
	rest = span_from(rest, n);
	uint64_t value = 0;
	for (n = 0; n < rest.len && rest.p[n] >= '0' && rest.p[n] <= '9'; n++) {
		if (value > (UINT64_MAX - 9) / 10)
			return false;
		value = value * 10 + (uint64_t)(rest.p[n] - '0');
	}
	if (n == 0)
		return false;
	*ret = value;
	*ret_is_clean = is_clean && n == rest.len;
	return true;
}

bool
http_is_chunk_blank(uint8_t c)
{
	return c == '\r' || c == '\n' || c == ' ' || c == '\t' || c == '\v' || c == '\f';
}

static int
hex_value(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool
http_chunk_length(struct span line, uint64_t *ret, bool *ret_has_extension)
{
	while (line.len && http_is_chunk_blank(line.p[0]))
		line = span_from(line, 1);
	uint64_t value = 0;
	size_t n = 0;
	for (; n < line.len && hex_value(line.p[n]) >= 0; n++) {
		/* A chunk longer than 2 GiB is a lie to make us skip what follows. */
		value = value << 4 | (uint64_t)hex_value(line.p[n]);
		if (value > INT32_MAX)
			return false;
	}
	if (n == 0)
		return false;
	*ret = value;
	*ret_has_extension = span_chr(span_from(line, n), ';') >= 0;
	return true;
}

/* --- Headers --- */

/* The bytes of a header block with the side they came from. */
struct header_bytes {
	const uint8_t *p;
	size_t len;
	bool is_answer;
	bool is_last;
};

static bool
is_eol_byte(const struct header_bytes *b, uint8_t c)
{
	return c == '\n' || (b->is_answer && c == '\r');
}

/* The byte at i, or -1 at the end of all, or -2 when more must come first. */
static int
byte_at(const struct header_bytes *b, size_t i)
{
	if (i < b->len)
		return b->p[i];
	return b->is_last ? -1 : -2;
}

/* Whether what stands at i is LF or CR LF: 1, 0, or -2. */
static int
is_plain_eol_at(const struct header_bytes *b, size_t i)
{
	int c = byte_at(b, i);
	if (c == '\n' || c == -2)
		return c == '\n' ? 1 : -2;
	if (c != '\r')
		return 0;
	c = byte_at(b, i + 1);
	return c == -2 ? -2 : c == '\n';
}

struct eol {
	bool needs_more;
	size_t len;   /* of the end of line as it will be taken */
	size_t plain; /* of its regular part: what a fold may follow */
	bool is_odd;
};

#define EOL_MORE ((struct eol){ .needs_more = true })

/* CR LF CR and then blanks or CRs, not before the block's end: some server's odd line end. */
static struct eol
eol_cr_run(const struct header_bytes *b, size_t i)
{
	size_t k = i + 3;
	int c;
	while ((c = byte_at(b, k)) == '\r' || c == ' ' || c == '\t')
		k++;
	if (c == -2)
		return EOL_MORE;
	if (k == i + 3)
		return (struct eol){ .len = 2, .plain = 2 };
	if (c == '\n')
		k++;
	int is_end = is_plain_eol_at(b, k);
	if (is_end == -2)
		return EOL_MORE;
	if (is_end)
		return (struct eol){ .len = 2, .plain = 2 };
	return (struct eol){ .len = k - i, .plain = 2, .is_odd = true };
}

/* LF CR CR LF just before the block's end counts as one line end. */
static struct eol
eol_lf_cr(const struct header_bytes *b, size_t i, size_t plain)
{
	int c2 = byte_at(b, i + 2), c3 = c2 == '\r' ? byte_at(b, i + 3) : 0;
	if (c2 == -2 || c3 == -2)
		return EOL_MORE;
	if (c2 == '\r' && c3 == '\n') {
		int is_end = is_plain_eol_at(b, i + 4);
		if (is_end == -2)
			return EOL_MORE;
		if (is_end)
			return (struct eol){ .len = 4, .plain = plain, .is_odd = true };
	}
	if (!b->is_answer && c2 == '\r' && c3 == '\n')
		return (struct eol){ .len = 2, .plain = plain, .is_odd = true };
	return (struct eol){ .len = plain, .plain = plain };
}

/* The end of line that starts at i, where is_eol_byte() holds or CR LF stands. */
static struct eol
eol_at(const struct header_bytes *b, size_t i)
{
	int c1 = byte_at(b, i + 1);
	if (c1 == -2)
		return EOL_MORE;
	if (b->p[i] == '\r') {
		if (c1 != '\n')
			return (struct eol){ .len = 1, .plain = 1 };
		int c2 = byte_at(b, i + 2);
		if (c2 == -2)
			return EOL_MORE;
		if (b->is_answer && c2 == '\r')
			return eol_cr_run(b, i);
		return (struct eol){ .len = 2, .plain = 2 };
	}
	bool is_crlf = !b->is_answer && i > 0 && b->p[i - 1] == '\r';
	if (c1 == '\r' && !is_crlf)
		return eol_lf_cr(b, i, b->is_answer ? 2 : 1);
	return (struct eol){ .len = 1, .plain = 1 };
}

/* After a fold in an answer: does a header of its own stand there, only indented? 1, 0 or -2.
 */
static int
is_name_at(const struct header_bytes *b, size_t i)
{
	int c;
	while ((c = byte_at(b, i)) == ' ' || c == '\t')
		i++;
	size_t start = i;
	while ((c = byte_at(b, i)) >= 0 && is_token((uint8_t)c))
		i++;
	if (c == -2)
		return -2;
	if (i == start)
		return 0;
	while ((c = byte_at(b, i)) == ' ' || c == '\t')
		i++;
	return c == -2 ? -2 : c == ':';
}

/* The value's text as it is put together across folds. */
struct value {
	struct proto_worker *worker;
	struct proto_buf *scratch;
	struct span plain; /* as long as there was no fold */
	bool is_folded;
};

static void
value_add(struct value *value, struct span bytes)
{
	(void)proto_buf_append(value->worker, value->scratch, bytes, HTTP_FIELD_MAX);
}

static void
value_fold(struct value *value, uint8_t fold)
{
	if (!value->is_folded) {
		value->is_folded = true;
		value->scratch->len = 0;
		value_add(value, value->plain);
	}
	/* A value that begins with a fold does not begin with a blank. */
	if (value->scratch->len)
		value_add(value, span_of(fold ? &fold : (const uint8_t *)" ", 1));
}

/*
 * Reads a value from i to the end of its last line. Returns where the next header stands, or
 * 0 when more bytes are needed.
 */
static size_t
value_take(const struct header_bytes *b, size_t i, struct value *value, unsigned *flags)
{
	size_t rest = 0; /* where the next header stands, should this line be the last */
	for (;;) {
		size_t end = i;
		while (end < b->len && !is_eol_byte(b, b->p[end]))
			end++;
		if (end == b->len && !b->is_last)
			return 0;
		size_t text_end = end;
		if (!b->is_answer && end < b->len && end > i && b->p[end - 1] == '\r')
			text_end--;
		struct span text = span_of(b->p + i, text_end - i);
		struct eol eol = { 0 };
		if (end < b->len) {
			eol = eol_at(b, end);
			if (eol.needs_more)
				return 0;
		}
		if (!value->is_folded)
			value->plain = text;
		else
			value_add(value, text);
		bool is_empty_fold =
		    value->is_folded && text.len == 0 && end - text_end + eol.len == 1;
		if (is_empty_fold && byte_at(b, end + 1) == -2)
			return 0;
		/* A blank alone on a line that a single byte ends stands for the empty line. */
		if (is_empty_fold && byte_at(b, end + 1) != '\n')
			return rest;
		if (eol.is_odd)
			*flags |= HTTP_HEADER_ODD_EOL;
		size_t plain_end = end + (b->is_answer ? eol.plain : eol.len);
		rest = end + eol.len;
		int next = end < b->len ? byte_at(b, plain_end) : -1;
		if (next == -2)
			return 0;
		if (next != ' ' && next != '\t' && next != 0)
			return rest;
		if (b->is_answer) {
			int is_name = is_name_at(b, plain_end + 1);
			if (is_name == -2)
				return 0;
			if (is_name)
				return plain_end + 1;
		}
		*flags |= HTTP_HEADER_FOLDED;
		value_fold(value, (uint8_t)next);
		i = rest = plain_end + 1;
	}
}

/*
 * Where the name ends: at the colon, possibly behind a fold. Returns the offset of the colon;
 * SIZE_MAX when the line has none; *ret_more when that is not decided yet.
 */
static size_t
name_end(const struct header_bytes *b, bool *ret_more)
{
	uint8_t ended_by = 0;
	for (size_t i = 0; i < b->len; i++) {
		uint8_t c = b->p[i];
		if (ended_by == 0) {
			if (c == ':')
				return i;
			if (is_eol_byte(b, c))
				ended_by = c;
		} else if (c == ' ') {
			ended_by = 0;
		} else if (c == '\n' && ended_by == '\r') {
			ended_by = c;
		} else {
			return SIZE_MAX;
		}
	}
	*ret_more = !b->is_last;
	return SIZE_MAX;
}

static unsigned
name_flags(struct span name)
{
	unsigned flags = 0;
	if (name.len == 0)
		return HTTP_HEADER_NO_NAME;
	if (name.p[0] == ' ' || name.p[0] == '\t')
		flags |= HTTP_HEADER_LEADING_SPACE;
	if (name.p[name.len - 1] == ' ' || name.p[name.len - 1] == '\t')
		flags |= HTTP_HEADER_TRAILING_SPACE;
	struct span bare = span_trim(name);
	for (size_t i = 0; i < bare.len; i++) {
		if (!is_token(bare.p[i]))
			flags |= HTTP_HEADER_NOT_TOKEN;
	}
	return flags;
}

/* Whether the headers end here: 1 with *ret_used, 0, or -2. */
static int
is_block_end(const struct header_bytes *b, size_t *ret_used)
{
	int c = byte_at(b, 0);
	if (c == '\n') {
		*ret_used = 1;
		return 1;
	}
	if (c != '\r')
		return c == -2 ? -2 : 0;
	c = byte_at(b, 1);
	if (c == -2)
		return -2;
	if (c != '\n' && !b->is_answer)
		return 0;
	*ret_used = c == '\n' ? 2 : 1;
	return 1;
}

enum http_need
http_header_take(struct proto_worker *worker, struct span bytes, enum dir dir, bool is_last,
    struct proto_buf *scratch, struct http_header_piece *ret)
{
	struct header_bytes b = { bytes.p, bytes.len, dir == DIR_TOCLIENT, is_last };
	*ret = (struct http_header_piece){ 0 };
	if (b.len == 0)
		return HTTP_NEEDS_MORE;
	int is_end = is_block_end(&b, &ret->used);
	if (is_end)
		return is_end == 1 ? HTTP_ABSENT : HTTP_NEEDS_MORE;

	bool more = false;
	size_t colon = name_end(&b, &more);
	if (more)
		return HTTP_NEEDS_MORE;
	size_t start = 0;
	if (colon == SIZE_MAX) {
		ret->flags = HTTP_HEADER_NO_COLON | HTTP_HEADER_NO_NAME;
	} else {
		struct span name = span_of(b.p, colon);
		ret->flags = name_flags(name);
		ret->name = http_trim(name);
		start = colon + 1;
		while (start < b.len && (b.p[start] == ' ' || b.p[start] == '\t'))
			start++;
	}
	struct value value = { .worker = worker, .scratch = scratch };
	ret->used = value_take(&b, start, &value, &ret->flags);
	if (ret->used == 0)
		return HTTP_NEEDS_MORE;
	ret->value = http_trim(value.is_folded ? proto_buf_span(scratch) : value.plain);
	return HTTP_FOUND;
}
