/* SPDX-License-Identifier: Apache-2.0 */
/* pcre: a regular expression on the chosen buffer.   pcre:"/^GET [^ ]+\.php/i";  pcre:!"/x/R";
 *
 * Letters behind the second slash: i s m x A E G as in Perl; R starts at the last match; O is
 * accepted; the older ones name a buffer (U I P H D M C S Y B V W Q Z). Groups can be kept:
 *   pcre:"/user=([a-z]+)/, flow:user";  pcre:"/(?P<pkt_user>[a-z]+)/";
 *
 * When what follows depends on its place and fails, the expression is searched again from one
 * byte behind the start of its match, as for contents. */
#include <ctype.h>
#include <errno.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "sensor/rule/inspect.h"
#include "sensor/rule/parser.h"
#include "sensor/rule/vars.h"

struct pcre_capture {
	uint32_t var_id;
	uint32_t group;
	uint8_t scope; /* enum var_scope */
};

struct pcre {
	pcre2_code *code;
	bool is_relative, is_negated, is_retried;
	uint8_t capture_count;
	struct pcre_capture captures[RULE_CAPTURES_MAX];
};

/* --- Inspection --- */

static void
pcre_captures(struct inspection *i, const struct pcre *p, struct span subject)
{
	struct rule_thread *thread = i->thread;
	const PCRE2_SIZE *at = pcre2_get_ovector_pointer(thread->pcre_data);
	uint32_t pairs = pcre2_get_ovector_count(thread->pcre_data);
	for (unsigned k = 0; k < p->capture_count; k++) {
		const struct pcre_capture *c = &p->captures[k];
		if (c->group >= pairs || at[2 * c->group] == PCRE2_UNSET ||
		    thread->capture_count == RULE_CAPTURES_MAX)
			continue;
		struct span text = span_sub(subject, at[2 * c->group],
		    at[2 * c->group + 1] - at[2 * c->group]);
		uint8_t *copy = arena_copy(thread->scratch, text.p, text.len);
		if (!copy) {
			thread->counters.scratch_shed++;
			continue;
		}
		thread->captures[thread->capture_count++] =
		    (struct rule_capture){ .var_id = c->var_id,
			    .scope = c->scope,
			    .value = span_of(copy, text.len) };
	}
}

/* Runs the expression from start on; where the match lies is left in the match data. */
static bool
pcre_run(struct inspection *i, const struct pcre *p, struct span subject, size_t start)
{
	struct rule_thread *thread = i->thread;
	int r = pcre2_match(p->code, subject.p ? subject.p : (const uint8_t *)"", subject.len,
	    start, 0, thread->pcre_data, thread->pcre_context);
	/* 0: more groups than pairs, still a match. */
	if (r < 0 && r != PCRE2_ERROR_NOMATCH)
		thread->counters.pcre_limit++;
	return r >= 0;
}

static enum inspect_result
pcre_inspect(struct inspection *i, const struct match *match)
{
	const struct pcre *p = match->data;
	uint64_t before = i->at;
	struct span subject = i->bytes;
	uint64_t base = i->offset;
	if (p->is_relative) {
		if (before < i->offset || before > inspect_end(i))
			return INSPECT_NO;
		subject = span_from(i->bytes, (size_t)(before - i->offset));
		base = before;
	}
	enum inspect_result no = p->is_relative ? INSPECT_NO : INSPECT_STOP;
	if (p->is_negated)
		return pcre_run(i, p, subject, 0) ? no : INSPECT_YES;
	unsigned hits = i->thread->hit_count, captures = i->thread->capture_count;
	size_t start = 0;
	while (start <= subject.len && pcre_run(i, p, subject, start)) {
		if (++i->thread->inspection_count > i->thread->inspection_limit)
			return INSPECT_STOP;
		const PCRE2_SIZE *at = pcre2_get_ovector_pointer(i->thread->pcre_data);
		size_t from = at[0], to = at[1] < at[0] ? at[0] : at[1];
		inspect_hit(i, base + from, to - from);
		pcre_captures(i, p, subject);
		i->at = base + to;
		if (!match->next)
			return INSPECT_DONE;
		enum inspect_result result = inspect_from(i, match->next);
		if (result == INSPECT_YES)
			return INSPECT_DONE;
		i->at = before;
		i->thread->hit_count = hits;
		i->thread->capture_count = captures;
		if (result == INSPECT_STOP || !p->is_retried)
			return INSPECT_STOP;
		start = from + 1;
	}
	return no;
}

static unsigned
pcre_position(const struct match *match)
{
	const struct pcre *p = match->data;
	return (p->is_relative ? POSITION_USES : 0u) | (p->is_negated ? 0u : POSITION_SETS);
}

static void
pcre_settle(struct match *match, bool is_retried)
{
	((struct pcre *)match->data)->is_retried = is_retried;
}

/* --- Reading --- */

static const struct {
	char letter;
	const char *modifier;
} buffers[] = { { 'U', "http_uri" }, { 'I', "http_raw_uri" }, { 'P', "http_client_body" },
	{ 'Q', "file_data" }, { 'H', "http_header" }, { 'D', "http_raw_header" },
	{ 'M', "http_method" }, { 'C', "http_cookie" }, { 'S', "http_stat_code" },
	{ 'Y', "http_stat_msg" }, { 'V', "http_user_agent" }, { 'W', "http_host" },
	{ 'Z', "http_raw_host" } };

static int
pcre_buffer(struct rule_parser *parser, const uint8_t *at, const struct buffer **ret)
{
	for (size_t i = 0; i < sizeof(buffers) / sizeof(buffers[0]); i++) {
		if (buffers[i].letter != *at)
			continue;
		struct span name = span_str(buffers[i].modifier);
		const struct buffer *buffer = buffer_find_modifier(name);
		if (!buffer)
			buffer = buffer_find(name);
		if (!buffer)
			return rule_error(parser, at, "no buffer %s in this sensor",
			    buffers[i].modifier);
		if (*ret && *ret != buffer)
			return rule_error(parser, at, "names a second buffer");
		*ret = buffer;
		return 0;
	}
	return rule_error(parser, at, "unknown letter \"%c\" behind the expression", *at);
}

struct pcre_text {
	struct span expression, letters, captures;
};

/* "/expression/letters, captures": the last slash ends the expression. */
static int
pcre_split(struct rule_parser *parser, struct span args, struct pcre_text *ret)
{
	if (args.len < 2 || args.p[0] != '/')
		return rule_error(parser, args.p, "an expression stands between slashes");
	const uint8_t *end = memrchr(args.p + 1, '/', args.len - 1);
	if (!end)
		return rule_error(parser, args.p, "the expression's second slash is missing");
	ret->expression = span_of(args.p + 1, (size_t)(end - args.p - 1));
	struct span tail = span_of(end + 1, args.len - (size_t)(end + 1 - args.p));
	args_cut(tail, ',', &ret->letters, &ret->captures);
	return 0;
}

static int
pcre_letters(struct rule_parser *parser, struct pcre *p, struct span letters,
    uint32_t *ret_options, const struct buffer **ret_buffer)
{
	uint32_t options = 0;
	for (size_t i = 0; i < letters.len; i++) {
		switch (letters.p[i]) {
		case 'i':
			options |= PCRE2_CASELESS;
			break;
		case 'm':
			options |= PCRE2_MULTILINE;
			break;
		case 's':
			options |= PCRE2_DOTALL;
			break;
		case 'x':
			options |= PCRE2_EXTENDED;
			break;
		case 'A':
			options |= PCRE2_ANCHORED;
			break;
		case 'E':
			options |= PCRE2_DOLLAR_ENDONLY;
			break;
		case 'G':
			options |= PCRE2_UNGREEDY;
			break;
		case 'R':
			p->is_relative = true;
			break;
		case 'O':
		case 'B':
			break; /* limits are ours; bytes are raw anyway */
		default: {
			int r = pcre_buffer(parser, letters.p + i, ret_buffer);
			if (r < 0)
				return r;
		}
		}
	}
	*ret_options = options;
	return 0;
}

static int
pcre_capture_add(struct rule_parser *parser, struct pcre *p, struct span name,
    enum var_scope scope, uint32_t group)
{
	if (p->capture_count == RULE_CAPTURES_MAX)
		return rule_error(parser, NULL, "keeps more than %d groups", RULE_CAPTURES_MAX);
	uint32_t id = var_id(name);
	if (!id)
		return rule_error(parser, NULL, "no memory for a name");
	p->captures[p->capture_count++] =
	    (struct pcre_capture){ .var_id = id, .group = group, .scope = (uint8_t)scope };
	return 0;
}

/* "flow:name, pkt:name": the n-th names the n-th group. */
static int
pcre_capture_list(struct rule_parser *parser, struct pcre *p, struct span list)
{
	struct span rest = list, piece;
	uint32_t group = 1;
	while (args_next(&rest, ',', &piece)) {
		struct span scope, name;
		args_cut(piece, ':', &scope, &name);
		enum var_scope kind = VAR_PACKET_TEXT;
		if (args_is(scope, "flow"))
			kind = VAR_FLOW_TEXT;
		else if (args_is(scope, "alert"))
			kind = VAR_ALERT_TEXT;
		else if (!args_is(scope, "pkt"))
			return rule_error(parser, piece.p,
			    "expected flow:, pkt: or alert:name");
		if (!args_is_name(name))
			return rule_error(parser, piece.p, "expected a name");
		int r = pcre_capture_add(parser, p, name, kind, group++);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Groups named flow_x, pkt_x and alert_x, the older form. */
static int
pcre_capture_names(struct rule_parser *parser, struct pcre *p)
{
	uint32_t count = 0, size = 0;
	PCRE2_SPTR table = NULL;
	pcre2_pattern_info(p->code, PCRE2_INFO_NAMECOUNT, &count);
	pcre2_pattern_info(p->code, PCRE2_INFO_NAMEENTRYSIZE, &size);
	pcre2_pattern_info(p->code, PCRE2_INFO_NAMETABLE, &table);
	for (uint32_t i = 0; i < count; i++, table += size) {
		struct span name = span_str((const char *)table + 2);
		uint32_t group = (uint32_t)(table[0] << 8 | table[1]);
		enum var_scope scope;
		if (span_starts(name, SPAN("flow_"))) {
			scope = VAR_FLOW_TEXT;
			name = span_from(name, 5);
		} else if (span_starts(name, SPAN("pkt_"))) {
			scope = VAR_PACKET_TEXT;
			name = span_from(name, 4);
		} else if (span_starts(name, SPAN("alert_"))) {
			scope = VAR_ALERT_TEXT;
			name = span_from(name, 6);
		} else {
			continue;
		}
		int r = pcre_capture_add(parser, p, name, scope, group);
		if (r < 0)
			return r;
	}
	return 0;
}

static void
pcre_code_free(void *code)
{
	pcre2_code_free(code);
}

static int
pcre_compile(struct rule_parser *parser, struct pcre *p, struct span expression,
    uint32_t options)
{
	int error;
	PCRE2_SIZE at;
	p->code = pcre2_compile(expression.p, expression.len, options, &error, &at, NULL);
	if (!p->code) {
		char text[128];
		pcre2_get_error_message(error, (PCRE2_UCHAR *)text, sizeof(text));
		return rule_error(parser, expression.p + (at < expression.len ? at : 0), "%s",
		    text);
	}
	ruleset_at_end(parser->set, pcre_code_free, p->code);
	/* Without JIT support the interpreter runs it. */
	(void)pcre2_jit_compile(p->code, PCRE2_JIT_COMPLETE);
	return 0;
}

static int
pcre_parse(struct rule_parser *parser, struct span args, bool is_negated)
{
	struct pcre *p = rule_alloc(parser, sizeof(*p));
	struct pcre_text text;
	const struct buffer *buffer = NULL;
	uint32_t options;
	p->is_negated = is_negated;
	/* Quotes are customary and may be left out. */
	if (!args_unquote(args, &args))
		return rule_error(parser, args.p, "a quote is missing");
	if (pcre_split(parser, args, &text) < 0 ||
	    pcre_letters(parser, p, text.letters, &options, &buffer) < 0 ||
	    pcre_compile(parser, p, text.expression, options) < 0)
		return -EINVAL;
	if (pcre_capture_names(parser, p) < 0 ||
	    (text.captures.len && pcre_capture_list(parser, p, text.captures) < 0))
		return -EINVAL;
	if (is_negated && p->capture_count)
		return rule_error(parser, args.p, "a negated expression has nothing to keep");
	/* Q is the body of answers, which goes by two names. */
	bool is_body = buffer && parser->buffer && span_chr(text.letters, 'Q') >= 0 &&
		       strcmp(parser->buffer->name, "http.response_body") == 0;
	if (buffer && parser->buffer && parser->buffer != buffer && !is_body)
		return rule_error(parser, args.p,
		    "names a buffer while the sticky buffer %s is chosen",
		    parser->buffer->name);
	struct match *match = rule_add_inspect(parser, &keyword_pcre, p);
	if (buffer && !parser->buffer && !parser->nested)
		rule_move_match(parser, match, parser->last_list, buffer);
	return 0;
}

const struct keyword keyword_pcre = {
	.name = "pcre",
	.args = "[!]\"/expression/letters[, flow:name, pkt:name, alert:name]\"",
	.help = "a regular expression in the chosen buffer",
	.example = "pcre:\"/user=([a-z]+)/Ri, flow:user\";",
	.url = "rules/payload-keywords.html#pcre-perl-compatible-regular-expressions",
	.flags = KEYWORD_NEGATABLE,
	.parse = pcre_parse,
	.inspect = pcre_inspect,
	.position = pcre_position,
	.settle = pcre_settle,
};
