/* SPDX-License-Identifier: Apache-2.0 */
/* content: a literal to find in the chosen buffer.   content:"GET";  content:!"|0d 0a|X";
 *
 * Bytes between pipes are hexadecimal; a backslash stands before a quote, semicolon, colon or
 * backslash. The keywords behind it (nocase, depth, distance, ...) say where and how it may
 * stand.
 *
 * A relative content is looked for from the end of the match before it; others anywhere between
 * offset and offset+depth. When what follows depends on where this content was found and fails,
 * its next occurrence is tried. When an unrelated content is not there at all, no other
 * position of earlier contents helps, and the whole section ends (INSPECT_STOP).
 */
#include "sensor/rule/content.h"

#include <ctype.h>
#include <errno.h>

#include "sensor/rule/inspect.h"
#include "sensor/rule/parser.h"

#define CONTENT_MAX 65535

static int
content_hex(struct rule_parser *parser, struct span s, size_t *at, uint8_t *ret)
{
	int value = 0;
	for (int digit = 0; digit < 2; digit++, (*at)++) {
		if (*at >= s.len || !isxdigit(s.p[*at]))
			return rule_error(parser, s.p + *at,
			    "expected two hexadecimal digits between the pipes");
		uint8_t c = s.p[*at];
		value = value * 16 + (isdigit(c) ? c - '0' : tolower(c) - 'a' + 10);
	}
	*ret = (uint8_t)value;
	return 0;
}

int
content_bytes(struct rule_parser *parser, struct span s, struct span *ret)
{
	uint8_t *bytes = rule_alloc(parser, s.len + 1);
	size_t len = 0;
	bool is_hex = false;
	for (size_t i = 0; i < s.len;) {
		uint8_t c = s.p[i];
		if (c == '|') {
			is_hex = !is_hex;
			i++;
		} else if (is_hex && c == ' ') {
			i++;
		} else if (is_hex) {
			int r = content_hex(parser, s, &i, &bytes[len++]);
			if (r < 0)
				return r;
		} else if (c == '\\') {
			if (i + 1 == s.len || !strchr("\\;:\"", s.p[i + 1]))
				return rule_error(parser, s.p + i,
				    "a backslash stands only before \\ ; : and \"");
			bytes[len++] = s.p[i + 1];
			i += 2;
		} else {
			bytes[len++] = c;
			i++;
		}
	}
	if (is_hex)
		return rule_error(parser, s.p + s.len,
		    "the pipes of hexadecimal bytes do not match");
	if (len == 0)
		return rule_error(parser, s.p, "content is empty");
	if (len > CONTENT_MAX)
		return rule_error(parser, s.p, "content is longer than %d bytes", CONTENT_MAX);
	*ret = span_of(bytes, len);
	return 0;
}

int
content_add(struct rule_parser *parser, struct span args, bool is_negated)
{
	struct span bytes;
	int r = content_bytes(parser, args, &bytes);
	if (r < 0)
		return r;
	struct content *content = rule_alloc(parser, sizeof(*content));
	content->bytes = bytes;
	content->flags = is_negated ? CONTENT_NEGATED : 0;
	parser->content_match = rule_add_inspect(parser, &keyword_content, content);
	parser->content = content;
	parser->content_list = parser->last_list;
	parser->is_content_movable = !parser->buffer && !parser->nested;
	return 0;
}

const struct content *
content_of(const struct match *match)
{
	return match && match->keyword == &keyword_content ? match->data : NULL;
}

/* Where the content may stand: from low on, ending at high at the latest. */
struct content_span {
	uint64_t low, high;
};

static int64_t
content_number(const struct inspection *i, bool is_var, int64_t number)
{
	if (!is_var)
		return number;
	/* A value from the wire moves no further than any buffer reaches. */
	uint64_t value = i->thread->byte_values[number];
	return value > INT32_MAX ? INT32_MAX : (int64_t)value;
}

static struct content_span
content_where(const struct inspection *i, const struct content *c)
{
	uint64_t end = inspect_end(i);
	uint32_t f = c->flags;
	if (f & CONTENT_RELATIVE) {
		int64_t distance = 0;
		if (f & CONTENT_DISTANCE)
			distance = content_number(i, f & CONTENT_DISTANCE_VAR, c->distance);
		int64_t low = (int64_t)i->at + distance;
		int64_t high = (int64_t)end;
		if (f & CONTENT_WITHIN) {
			int64_t limit =
			    low + content_number(i, f & CONTENT_WITHIN_VAR, c->within);
			if (limit < high)
				high = limit;
		}
		return (struct content_span){ low > 0 ? (uint64_t)low : 0,
			high > 0 ? (uint64_t)high : 0 };
	}
	uint64_t low = 0, high = end;
	if (f & CONTENT_OFFSET)
		low = (uint64_t)content_number(i, f & CONTENT_OFFSET_VAR, c->offset);
	if (f & CONTENT_DEPTH) {
		uint64_t limit =
		    low + (uint64_t)content_number(i, f & CONTENT_DEPTH_VAR, c->depth);
		if (limit < high)
			high = limit;
	}
	return (struct content_span){ low, high };
}

/* The first place at or after low; false: none. */
static bool
content_find(const struct inspection *i, const struct content *c, struct content_span where,
    uint64_t *ret)
{
	uint64_t end = inspect_end(i);
	uint64_t low = where.low > i->offset ? where.low : i->offset;
	size_t len = c->bytes.len;
	if (where.high > end)
		where.high = end;
	if (where.high < low || where.high - low < len)
		return false;
	if (c->flags & CONTENT_ENDSWITH) {
		/* Only one place can end where the buffer does, once its end is known. */
		if (!i->is_final || where.high < end)
			return false;
		low = end - len;
	}
	struct span window = span_sub(i->bytes, 0, (size_t)(where.high - i->offset));
	const uint8_t *hit = content_search(window, (size_t)(low - i->offset), c->bytes,
	    c->flags & CONTENT_NOCASE);
	if (!hit)
		return false;
	*ret = i->offset + (uint64_t)(hit - i->bytes.p);
	return true;
}

static bool
content_has_var(const struct content *c)
{
	return c->flags & (CONTENT_DEPTH_VAR | CONTENT_OFFSET_VAR | CONTENT_DISTANCE_VAR |
			      CONTENT_WITHIN_VAR);
}

static enum inspect_result
content_absent(const struct content *c)
{
	if (content_has_var(c))
		return INSPECT_NO;
	/*
	 * What is looked for from some place to the end is not found from a later one either:
	 * without this, two common contents in a row take a square of the buffer.
	 */
	const uint32_t bounded = CONTENT_WITHIN | CONTENT_NEGATED;
	if ((c->flags & CONTENT_IS_FORWARD) && !(c->flags & bounded))
		return INSPECT_STOP;
	return c->flags & CONTENT_RELATIVE ? INSPECT_NO : INSPECT_STOP;
}

static enum inspect_result
content_inspect(struct inspection *i, const struct match *match)
{
	const struct content *c = match->data;
	struct content_span where = content_where(i, c);
	uint64_t at;
	if (c->flags & CONTENT_NEGATED)
		return content_find(i, c, where, &at) ? content_absent(c) : INSPECT_YES;
	uint64_t before = i->at;
	unsigned hits = i->thread->hit_count;
	enum inspect_result result = content_absent(c);
	while (content_find(i, c, where, &at)) {
		i->at = at + c->bytes.len;
		inspect_hit(i, at, c->bytes.len);
		if (!match->next)
			return INSPECT_DONE;
		result = inspect_from(i, match->next);
		if (result == INSPECT_YES)
			return INSPECT_DONE;
		i->at = before;
		i->thread->hit_count = hits;
		if (result == INSPECT_STOP)
			return INSPECT_STOP;
		if (!(c->flags & CONTENT_IS_RETRIED))
			return INSPECT_STOP;
		where.low = at + 1;
		result = content_absent(c);
	}
	return result;
}

static unsigned
content_position(const struct match *match)
{
	const struct content *c = match->data;
	unsigned uses = c->flags & CONTENT_RELATIVE ? POSITION_USES : 0;
	return uses | (c->flags & CONTENT_NEGATED ? 0 : POSITION_SETS);
}

const struct keyword keyword_content = {
	.name = "content",
	.args = "[!]\"literal\"",
	.help = "a literal in the chosen buffer, or the payload",
	.example = "content:\"GET |2f|\";",
	.url = "rules/payload-keywords.html#content",
	.flags = KEYWORD_QUOTED | KEYWORD_NEGATABLE,
	.parse = content_add,
	.inspect = content_inspect,
	.position = content_position,
};
