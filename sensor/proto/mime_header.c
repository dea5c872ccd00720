/* SPDX-License-Identifier: Apache-2.0 */
/* mime_header: headers, their parameters, and what they say of a part; see mime.h. */
#include "sensor/proto/mime.h"

#define NAME_LEGAL 75
#define SECTIONS_MAX 64 /* RFC 2231 pieces of one parameter */

/* --- The table --- */

static unsigned
count_of(const struct mime *mime)
{
	return mime->headers.len / (uint32_t)sizeof(struct mime_header);
}

static struct mime_header
header_get(const struct mime *mime, unsigned index)
{
	struct mime_header header;
	memcpy(&header, mime->headers.p + index * sizeof(header), sizeof(header));
	return header;
}

static struct span
name_of(const struct mime *mime, struct mime_header header)
{
	return span_of(mime->text.p + header.name_off, header.name_len);
}

static struct span
value_of(const struct mime *mime, struct mime_header header)
{
	return span_of(mime->text.p + header.value_off, header.value_len);
}

bool
mime_header_at(const struct mime *mime, struct span name, unsigned index, struct span *ret)
{
	unsigned count = mime->has_headers ? mime->main_count : count_of(mime);
	for (unsigned i = 0; i < count; i++) {
		struct mime_header header = header_get(mime, i);
		if (!span_caseeq(name_of(mime, header), name) || index--)
			continue;
		*ret = value_of(mime, header);
		return true;
	}
	return false;
}

void
mime_headers_forget(struct mime *mime)
{
	if (!mime->has_headers)
		return;
	mime->headers.len = mime->main_count * (uint32_t)sizeof(struct mime_header);
	mime->text.len = mime->main_text;
	mime->is_header_cut = true;
}

/* As much of the value as is kept, and as there is room for. */
static uint32_t
value_append(struct mime *mime, uint32_t have, struct span bytes)
{
	uint32_t depth = mime->config->header_value_depth;
	if (depth == 0 || depth > MIME_VALUE_MAX)
		depth = MIME_VALUE_MAX;
	uint32_t room = depth > have ? depth - have : 0;
	if (bytes.len > room) {
		mime_event(mime, MIME_EVENT_LONG_HEADER_VALUE);
		bytes = span_sub(bytes, 0, room);
	}
	uint32_t before = mime->text.len;
	(void)proto_buf_append(mime->app->worker, &mime->text, bytes, MIME_TEXT_MAX);
	return mime->text.len - before;
}

static void
fold(struct mime *mime, struct span line)
{
	unsigned count = count_of(mime);
	unsigned first = mime->has_headers ? mime->main_count : 0;
	if (mime->is_header_cut || count <= first)
		return;
	struct mime_header header = header_get(mime, count - 1);
	header.value_len += value_append(mime, header.value_len, line);
	memcpy(mime->headers.p + (count - 1) * sizeof(header), &header, sizeof(header));
}

void
mime_header_line(struct mime *mime, struct span line)
{
	struct proto_worker *worker = mime->app->worker;
	/* A fold stands for nothing but itself: the blank goes, what stood around it joins. */
	if (line.p[0] == ' ' || line.p[0] == '\t') {
		fold(mime, span_from(line, 1));
		return;
	}
	ptrdiff_t colon = span_chr(line, ':');
	mime->is_header_cut = true;
	if (colon <= 0)
		return;
	struct span name = span_trim(span_sub(line, 0, (size_t)colon));
	struct span value = span_from(line, (size_t)colon + 1);
	while (value.len && (value.p[0] == ' ' || value.p[0] == '\t'))
		value = span_from(value, 1);
	if (name.len > NAME_LEGAL)
		mime_event(mime, MIME_EVENT_LONG_HEADER_NAME);
	if (count_of(mime) >= MIME_HEADERS_MAX)
		return;
	struct mime_header header = { .name_off = mime->text.len };
	if (!proto_buf_append(worker, &mime->text, name, MIME_TEXT_MAX))
		return;
	header.name_len = (uint32_t)name.len;
	header.value_off = mime->text.len;
	header.value_len = value_append(mime, 0, value);
	if (proto_buf_append(worker, &mime->headers, span_of(&header, sizeof(header)),
		MIME_HEADERS_MAX * (uint32_t)sizeof(header)))
		mime->is_header_cut = false;
}

/* --- Parameters: word; name=value; name="quoted \" value"; name*0=be; name*1=gin --- */

struct parameter {
	struct span name, value;
	bool is_quoted;
};

static bool
is_blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Takes the next parameter from what stands behind a ';'. */
static bool
parameter_next(struct span *rest, struct parameter *ret)
{
	while (rest->len && (is_blank(rest->p[0]) || rest->p[0] == ';'))
		*rest = span_from(*rest, 1);
	if (rest->len == 0)
		return false;
	size_t n = 0;
	while (n < rest->len && rest->p[n] != '=' && rest->p[n] != ';')
		n++;
	*ret = (struct parameter){ .name = span_trim(span_sub(*rest, 0, n)) };
	*rest = span_from(*rest, n);
	if (rest->len == 0 || rest->p[0] == ';')
		return true;
	*rest = span_from(*rest, 1);
	while (rest->len && is_blank(rest->p[0]))
		*rest = span_from(*rest, 1);
	n = 0;
	if (rest->len && rest->p[0] == '"') {
		ret->is_quoted = true;
		*rest = span_from(*rest, 1);
		while (n < rest->len && rest->p[n] != '"')
			n += rest->p[n] == '\\' && n + 1 < rest->len ? 2 : 1;
		ret->value = span_sub(*rest, 0, n);
		*rest = span_from(*rest, n + 1);
		while (rest->len && rest->p[0] != ';')
			*rest = span_from(*rest, 1);
		return true;
	}
	while (n < rest->len && rest->p[n] != ';')
		n++;
	ret->value = span_trim(span_sub(*rest, 0, n));
	*rest = span_from(*rest, n);
	return true;
}

static int
hex_digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

struct sink {
	uint8_t *out;
	size_t len, size;
	bool is_long;
};

static void
sink_put(struct sink *sink, uint8_t c)
{
	if (sink->len < sink->size)
		sink->out[sink->len++] = c;
	else
		sink->is_long = true;
}

static void
sink_value(struct sink *sink, const struct parameter *parameter, bool is_percent)
{
	struct span v = parameter->value;
	for (size_t i = 0; i < v.len; i++) {
		uint8_t c = v.p[i];
		if (parameter->is_quoted && c == '\\' && i + 1 < v.len) {
			sink_put(sink, v.p[++i]);
		} else if (is_percent && c == '%' && i + 2 < v.len + 0u &&
			   hex_digit(v.p[i + 1]) >= 0 && hex_digit(v.p[i + 2]) >= 0) {
			sink_put(sink,
			    (uint8_t)(hex_digit(v.p[i + 1]) << 4 | hex_digit(v.p[i + 2])));
			i += 2;
		} else {
			sink_put(sink, c);
		}
	}
}

/* charset'language'text: the text. */
static struct span
behind_charset(struct span value)
{
	ptrdiff_t first = span_chr(value, '\'');
	ptrdiff_t second = first < 0 ? -1 : span_chr(span_from(value, (size_t)first + 1), '\'');
	return second < 0 ? value : span_from(value, (size_t)(first + second) + 2);
}

/* What stands behind the name: 0 nothing, 1 "*" or "*N" or "*N*", with the number (or -1). */
static bool
section_of(struct span name, const char *wanted, int *ret_number, bool *ret_is_percent)
{
	struct span base = span_str(wanted);
	if (!span_caseeq(span_sub(name, 0, base.len), base))
		return false;
	struct span rest = span_from(name, base.len);
	*ret_number = -1;
	*ret_is_percent = false;
	if (rest.len == 0)
		return true;
	if (rest.p[0] != '*')
		return false;
	rest = span_from(rest, 1);
	if (rest.len && rest.p[rest.len - 1] == '*') {
		*ret_is_percent = true;
		rest.len--;
	}
	if (rest.len == 0) {
		*ret_is_percent = true;
		return true;
	}
	int number = 0;
	for (size_t i = 0; i < rest.len; i++) {
		if (rest.p[i] < '0' || rest.p[i] > '9' || number > SECTIONS_MAX)
			return false;
		number = number * 10 + (rest.p[i] - '0');
	}
	*ret_number = number;
	return true;
}

/* One piece of a parameter: number -1 is the whole. */
static bool
section_put(struct span value, const char *wanted, int wanted_number, struct sink *sink)
{
	ptrdiff_t semicolon = span_chr(value, ';');
	struct span rest = semicolon < 0 ? SPAN_NONE : span_from(value, (size_t)semicolon + 1);
	struct parameter parameter;
	while (parameter_next(&rest, &parameter)) {
		int number;
		bool is_percent;
		if (!section_of(parameter.name, wanted, &number, &is_percent) ||
		    number != wanted_number)
			continue;
		if (is_percent && number <= 0)
			parameter.value = behind_charset(parameter.value);
		sink_value(sink, &parameter, is_percent);
		return true;
	}
	return false;
}

size_t
mime_parameter(struct span value, const char *name, uint8_t *out, size_t size,
    bool *ret_is_long)
{
	struct sink sink = { .out = out, .size = size };
	if (!section_put(value, name, -1, &sink)) {
		for (int i = 0; i < SECTIONS_MAX; i++) {
			if (!section_put(value, name, i, &sink))
				break;
		}
	}
	*ret_is_long = sink.is_long;
	return sink.len;
}

/* --- What a part is --- */

static bool
part_header(const struct mime *mime, struct span name, struct span *ret)
{
	unsigned first = mime->has_headers ? mime->main_count : 0;
	for (unsigned i = first; i < count_of(mime); i++) {
		struct mime_header header = header_get(mime, i);
		if (!span_caseeq(name_of(mime, header), name))
			continue;
		*ret = value_of(mime, header);
		return true;
	}
	return false;
}

static void
level_add(struct mime *mime, struct span type)
{
	uint8_t text[MIME_BOUNDARY_MAX];
	bool is_long;
	size_t len = mime_parameter(type, "boundary", text, sizeof(text), &is_long);
	if (is_long)
		mime_event(mime, MIME_EVENT_LONG_BOUNDARY);
	if (len == 0)
		return;
	if (mime->level_count == MIME_LEVELS_MAX) {
		mime_event(mime, MIME_EVENT_MALFORMED_MSG);
		return;
	}
	struct mime_level *level = &mime->levels[mime->level_count++];
	memcpy(level->boundary, "--", 2);
	memcpy(level->boundary + 2, text, len);
	level->len = (uint16_t)(len + 2);
}

static void
encoding_find(struct mime *mime)
{
	struct span encoding;
	mime->quad_len = 0;
	mime->eol_len = 0;
	mime->encoding = MIME_PLAIN;
	if (!part_header(mime, SPAN("content-transfer-encoding"), &encoding))
		return;
	encoding = span_trim(encoding);
	if (span_caseeq(encoding, SPAN("base64")))
		mime->encoding = MIME_BASE64;
	else if (span_caseeq(encoding, SPAN("quoted-printable")))
		mime->encoding = MIME_QUOTED_PRINTABLE;
}

static void
file_find(struct mime *mime, struct span type)
{
	uint8_t name[FILE_NAME_MAX];
	bool is_long = false;
	size_t len = 0;
	struct span disposition;
	if (part_header(mime, SPAN("content-disposition"), &disposition))
		len = mime_parameter(disposition, "filename", name, sizeof(name), &is_long);
	if (len == 0)
		len = mime_parameter(type, "name", name, sizeof(name), &is_long);
	if (is_long)
		mime_event(mime, MIME_EVENT_LONG_FILENAME);
	if (len == 0)
		return;
	mime->has_file = true;
	(void)mime_list_add(mime->app->worker, &mime->attachments, span_of(name, len),
	    FILES_MAX);
	mime->file =
	    file_begin(mime->app, mime->tx, mime->dir, span_of(name, len), &mime->config->body);
}

void
mime_headers_end(struct mime *mime)
{
	struct span type = SPAN_NONE;
	bool has_type = part_header(mime, SPAN("content-type"), &type);
	ptrdiff_t semicolon = span_chr(type, ';');
	struct span word =
	    span_trim(semicolon < 0 ? type : span_sub(type, 0, (size_t)semicolon));
	mime->is_text = !has_type || span_caseeq(word, SPAN("text/plain")) ||
			span_caseeq(word, SPAN("text/html"));
	level_add(mime, type);
	encoding_find(mime);
	file_find(mime, type);
	if (mime->has_headers)
		return;
	mime->has_headers = true;
	mime->main_count = count_of(mime);
	mime->main_text = mime->text.len;
	if (mime->config->body_md5)
		mime->digest = file_digest_new(mime->app->worker, PROTO_MD5);
}
