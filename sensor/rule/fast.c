/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The literal by which a rule is found decides how often the rule is looked at in vain. What
 * the author marked comes first. Otherwise each positive content gets a score: every byte
 * counts by how rare it is in traffic, up to a length that prefilters use; texts that stand in
 * nearly every message count little; buffers that are short and special come before bodies and
 * raw payload.
 */
#include "sensor/rule/check.h"
#include "sensor/rule/content.h"

#include <ctype.h>

/* More bytes than this make a literal no rarer in practice. */
#define SCORE_BYTES_MAX 24

/* Texts that HTTP and its like are full of: they say nothing about a rule. */
static const char *const common_texts[] = { "http/1.", "mozilla/", "user-agent", "content-type",
	"content-length", "content-disposition", "accept", "connection", "keep-alive",
	"host:", "http://", "https://", "windows nt", "text/html", "application/",
	"applewebkit", "gecko", "<html", "<script", "</script", "document", "function",
	"javascript", "charset", "cookie", "referer", "encoding", "multipart/form-data",
	"form-data; name=" };

/* Buffers whose values are the same few in all traffic. */
static const char *const common_buffers[] = { "http.method", "http.stat_code", "http.protocol",
	"http.stat_msg", "http.connection", "http.accept", "http.accept_enc",
	"http.accept_lang", "http.content_type", "http.header_names", "http.content_len",
	"http.start", "http.response_line", "tls.version", "http.header.raw" };

static unsigned
byte_score(uint8_t c)
{
	if (c == 0x00 || c == ' ' || c == 0xff)
		return 2;
	if (islower(c) || c == '/' || c == '.' || c == '=')
		return 4;
	if (isupper(c) || isdigit(c))
		return 5;
	return isprint(c) || isspace(c) ? 6 : 7;
}

static bool
bytes_contain_nocase(struct span bytes, const char *text)
{
	return content_search(bytes, 0, span_str(text), true) != NULL;
}

static unsigned
bytes_score(struct span bytes)
{
	unsigned score = 0;
	for (size_t i = 0; i < bytes.len && i < SCORE_BYTES_MAX; i++) {
		/* A run of one byte (padding, NOP sleds) is worth little more than two of it.
		 */
		bool is_run =
		    i >= 2 && bytes.p[i] == bytes.p[i - 1] && bytes.p[i] == bytes.p[i - 2];
		score += is_run ? 1 : byte_score(bytes.p[i]);
	}
	size_t common = 0;
	for (size_t i = 0; i < sizeof(common_texts) / sizeof(common_texts[0]); i++)
		if (bytes_contain_nocase(bytes, common_texts[i]))
			common += strlen(common_texts[i]) * 4;
	return score > common + 4 ? score - (unsigned)common : 4;
}

/* In sixteenths. */
static unsigned
buffer_factor(const struct buffer *buffer)
{
	for (size_t i = 0; i < sizeof(common_buffers) / sizeof(common_buffers[0]); i++)
		if (strcmp(buffer->name, common_buffers[i]) == 0)
			return 4;
	if (buffer->scope == BUFFER_PAYLOAD)
		return 11;
	if (buffer->scope == BUFFER_PACKET)
		return 3;
	return buffer->is_stream ? 11 : 16;
}

static unsigned
content_score(const struct rule_section *section, const struct content *c)
{
	/* One or two bytes are in every packet, wherever they stand. */
	if (c->bytes.len < 3)
		return (unsigned)c->bytes.len;
	return bytes_score(c->bytes) * buffer_factor(section->buffer) / 16 + 3;
}

static void
fast_take(struct rule *rule, const struct rule_section *section, const struct match *match)
{
	const struct content *c = content_of(match);
	struct fast_pattern *fast = &rule->fast;
	const uint32_t placed =
	    CONTENT_RELATIVE | CONTENT_DEPTH | CONTENT_OFFSET | CONTENT_ENDSWITH;
	fast->section = section;
	fast->match = match;
	fast->bytes = c->flags & CONTENT_FAST_CHOP
			  ? span_sub(c->bytes, c->chop_offset, c->chop_length)
			  : c->bytes;
	fast->is_nocase = c->flags & CONTENT_NOCASE;
	fast->is_only =
	    (c->flags & CONTENT_FAST_ONLY) ||
	    (!(c->flags & (placed | CONTENT_FAST_CHOP)) && section->matches.count == 1);
	fast->offset = fast->depth = UINT16_MAX;
	if (!(c->flags & (CONTENT_OFFSET_VAR | CONTENT_DEPTH_VAR | CONTENT_RELATIVE))) {
		if (c->flags & CONTENT_OFFSET)
			fast->offset = (uint16_t)c->offset;
		if (c->flags & CONTENT_DEPTH)
			fast->depth = (uint16_t)c->depth;
	}
}

void
rule_fast_select(struct rule *rule)
{
	unsigned best = 0;
	for (const struct rule_section *s = rule->sections; s; s = s->next) {
		if (s->is_absent_ok)
			continue; /* the rule may hold without these bytes */
		for (const struct match *m = s->matches.first; m; m = m->next) {
			const struct content *c = content_of(m);
			if (!c || (c->flags & CONTENT_NEGATED))
				continue;
			unsigned score =
			    c->flags & CONTENT_FAST ? UINT32_MAX : content_score(s, c);
			if (score > best) {
				best = score;
				fast_take(rule, s, m);
			}
		}
	}
}
