/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Options end at a semicolon that no backslash precedes, in quotes too: that is how the public
 * rule sets are written. Escapes inside an option's text are its keyword's business, so that a
 * pointer into the arguments is a pointer into the rule and a mistake has a line and a column.
 */
#include "sensor/rule/parser.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>

#include "common/log.h"
#include "sensor/rule/check.h"
#include "sensor/rule/content.h"
#include "sensor/rule/field.h"
#include "sensor/rule/header.h"
#include "sensor/rule/loader.h"
#include "sensor/rule/refused.h"

void *
rule_alloc(struct rule_parser *parser, size_t size)
{
	void *memory = arena_zalloc(parser->arena, size);
	if (!memory)
		log_fatal("out of memory while reading rules (%s:%u)", parser->file,
		    parser->line);
	return memory;
}

struct span
rule_copy(struct rule_parser *parser, struct span bytes)
{
	uint8_t *copy = rule_alloc(parser, bytes.len + 1);
	if (bytes.len)
		memcpy(copy, bytes.p, bytes.len);
	return span_of(copy, bytes.len);
}

const char *
rule_str(struct rule_parser *parser, struct span text)
{
	return (const char *)rule_copy(parser, text).p;
}

/* --- Mistakes --- */

static void
parser_where(const struct rule_parser *parser, const void *at, unsigned *line, unsigned *column)
{
	const uint8_t *p = at;
	if (!p || p < parser->text.p || p > parser->text.p + parser->text.len)
		p = parser->keyword.p ? parser->keyword.p : parser->text.p;
	size_t offset = (size_t)(p - parser->text.p);
	size_t start = 0;
	*line = parser->line;
	for (unsigned i = 0; i < parser->break_count && parser->breaks[i] <= offset; i++) {
		start = parser->breaks[i];
		*line = parser->line + i + 1;
	}
	*column = (unsigned)(offset - start) + 1;
}

static void
parser_report(struct rule_parser *parser, const void *at, bool is_warning, const char *format,
    va_list args)
{
	char reason[512];
	vsnprintf(reason, sizeof(reason), format, args);
	struct rule_refusal refusal = { .file = parser->file,
		.sid = parser->rule ? parser->rule->sid : 0,
		.keyword = rule_str(parser, parser->keyword),
		.reason = rule_str(parser, span_str(reason)),
		.is_warning = is_warning };
	parser_where(parser, at, &refusal.line, &refusal.column);
	loader_refuse(parser->loader, &refusal);
}

int
rule_error(struct rule_parser *parser, const void *at, const char *format, ...)
{
	if (parser->is_refused)
		return -EINVAL;
	parser->is_refused = true;
	va_list args;
	va_start(args, format);
	parser_report(parser, at, false, format, args);
	va_end(args);
	return -EINVAL;
}

void
rule_warn(struct rule_parser *parser, const void *at, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	parser_report(parser, at, true, format, args);
	va_end(args);
}

/* --- Attaching --- */

static void
list_append(struct match_list *list, struct match *match)
{
	if (list->last)
		list->last->next = match;
	else
		list->first = match;
	list->last = match;
	list->count++;
}

static struct match *
list_add(struct rule_parser *parser, struct match_list *list, const struct keyword *keyword,
    const void *data)
{
	struct match *match = rule_alloc(parser, sizeof(*match));
	match->keyword = keyword;
	match->data = data;
	list_append(list, match);
	return match;
}

/* Equal chains of transforms become one pointer for the whole rule set. */
static const struct transform *
parser_chain(struct rule_parser *parser)
{
	if (!parser->transforms)
		return NULL;
	struct rule_loader *loader = parser->loader;
	struct span text = span_of(parser->transforms_text, parser->transforms_len);
	const void *known;
	if (text_cache_get(loader->chain_cache, text, &known))
		return known;
	parser->transforms->chain = ++loader->chain_count;
	text_cache_put(loader->chain_cache, rule_copy(parser, text), parser->transforms);
	return parser->transforms;
}

int
rule_add_transform(struct rule_parser *parser, const struct transform_kind *kind,
    struct span args, void *data)
{
	if (!parser->buffer)
		return rule_error(parser, NULL, "needs a sticky buffer before it");
	if (parser->section) {
		/* What came before is looked for without it, what follows with it. */
		parser->section = NULL;
		parser->transforms = parser->transforms_last = NULL;
		parser->transforms_len = 0;
	}
	int n = snprintf(parser->transforms_text + parser->transforms_len,
	    RULE_CHAIN_TEXT_MAX - parser->transforms_len, "%s:%.*s;", kind->name, (int)args.len,
	    args.p ? (const char *)args.p : "");
	parser->transforms_len += (size_t)n;
	if (parser->transforms_len >= RULE_CHAIN_TEXT_MAX)
		return rule_error(parser, NULL, "transforms are too long");
	struct transform *transform = rule_alloc(parser, sizeof(*transform));
	transform->kind = kind;
	transform->data = data;
	if (parser->transforms_last)
		parser->transforms_last->next = transform;
	else
		parser->transforms = transform;
	parser->transforms_last = transform;
	return 0;
}

static struct rule_section *
section_new(struct rule_parser *parser, const struct buffer *buffer,
    const struct transform *chain)
{
	struct rule_section *section = rule_alloc(parser, sizeof(*section));
	section->buffer = buffer;
	section->transforms = chain;
	struct rule_section **end = &parser->rule->sections;
	while (*end)
		end = &(*end)->next;
	*end = section;
	return section;
}

/*
 * The section of a buffer. Naming a buffer twice continues its section, except when it has
 * several instances: then the second naming may be satisfied by another instance.
 */
static struct rule_section *
section_of(struct rule_parser *parser, const struct buffer *buffer,
    const struct transform *chain)
{
	if (!buffer->is_multi)
		for (struct rule_section *s = parser->rule->sections; s; s = s->next)
			if (s->buffer == buffer && s->transforms == chain &&
			    s->dirs == parser->buffer_dirs)
				return s;
	struct rule_section *section = section_new(parser, buffer, chain);
	section->dirs = parser->buffer_dirs;
	return section;
}

static struct match_list *
parser_list(struct rule_parser *parser)
{
	if (parser->nested)
		return parser->nested;
	if (!parser->section)
		parser->section = section_of(parser,
		    parser->buffer ? parser->buffer : buffer_payload(), parser_chain(parser));
	return &parser->section->matches;
}

struct match *
rule_add_inspect(struct rule_parser *parser, const struct keyword *keyword, const void *data)
{
	struct match probe = { .keyword = keyword, .data = data };
	bool is_relative =
	    keyword->position && (keyword->position(&probe) & POSITION_USES) != 0;
	struct match_list *list;
	/* Without a sticky buffer, what is relative goes where the match before it went, even
	 * when a legacy modifier has moved that. A content has its modifiers still to come. */
	if (is_relative && !parser->buffer && !parser->nested && parser->last_list)
		list = parser->last_list;
	else
		list = parser_list(parser);
	parser->last_list = list;
	return list_add(parser, list, keyword, data);
}

struct match *
rule_add_packet(struct rule_parser *parser, const struct keyword *keyword, const void *data)
{
	return list_add(parser, &parser->rule->packet, keyword, data);
}

struct match *
rule_add_tx(struct rule_parser *parser, const struct keyword *keyword, const void *data)
{
	parser->seen |= SEEN_TX_TEST;
	return list_add(parser, &parser->rule->tx, keyword, data);
}

struct match *
rule_add_fire(struct rule_parser *parser, const struct keyword *keyword, const void *data)
{
	return list_add(parser, &parser->rule->fire, keyword, data);
}

struct match *
rule_add_threshold(struct rule_parser *parser, const struct keyword *keyword, const void *data)
{
	return list_add(parser, &parser->rule->threshold, keyword, data);
}

static void
list_take(struct match_list *list, struct match *match)
{
	struct match **link = &list->first, *before = NULL;
	while (*link != match) {
		before = *link;
		link = &(*link)->next;
	}
	*link = match->next;
	if (list->last == match)
		list->last = before;
	list->count--;
	match->next = NULL;
}

/* A section whose only match has left is none. */
static void
sections_prune(struct rule_parser *parser)
{
	struct rule_section **link = &parser->rule->sections;
	while (*link) {
		if ((*link)->matches.count == 0 && *link == parser->section)
			parser->section = NULL;
		if ((*link)->matches.count == 0)
			*link = (*link)->next;
		else
			link = &(*link)->next;
	}
}

/* An instance of its own would part contents that belong together: legacy keywords know no
 * instances. */
static struct rule_section *
section_shared(struct rule_parser *parser, const struct buffer *buffer)
{
	struct rule_section *section = NULL;
	for (struct rule_section *s = parser->rule->sections; s; s = s->next)
		if (s->buffer == buffer && !s->transforms)
			section = s;
	return section ? section : section_new(parser, buffer, NULL);
}

struct match *
rule_add_inspect_in(struct rule_parser *parser, const struct buffer *buffer,
    const struct keyword *keyword, const void *data)
{
	return list_add(parser, &section_shared(parser, buffer)->matches, keyword, data);
}

void
rule_move_match(struct rule_parser *parser, struct match *match, struct match_list *from,
    const struct buffer *buffer)
{
	list_take(from, match);
	struct rule_section *section = section_shared(parser, buffer);
	list_append(&section->matches, match);
	parser->last_list = &section->matches;
	if (match == parser->content_match) {
		parser->content_list = &section->matches;
		parser->is_content_movable = false;
	}
	sections_prune(parser);
}

int
rule_select_buffer(struct rule_parser *parser, const struct buffer *buffer)
{
	parser->buffer = buffer;
	parser->buffer_dirs = 0;
	parser->section = NULL;
	parser->nested = NULL;
	parser->last_list = NULL;
	parser->transforms = parser->transforms_last = NULL;
	parser->transforms_len = 0;
	parser->content = NULL;
	parser->content_match = NULL;
	if (buffer && strcmp(buffer->name, "file.magic") == 0)
		parser->set->file_needs |= PROTO_MAGIC;
	if (buffer && buffer->scope == BUFFER_PACKET && buffer->needs)
		return rule_need_layers(parser, buffer->needs);
	return 0;
}

int
rule_select_app(struct rule_parser *parser, enum proto_id id)
{
	struct rule *rule = parser->rule;
	if (parser->named)
		return rule_error(parser, NULL, "belongs to %s, and the rule is for %s",
		    proto_name(id), parser->named);
	if (rule->app_id != PROTO_ID_NONE && rule->app_id != id)
		return rule_error(parser, NULL, "belongs to %s, and the rule is for %s",
		    proto_name(id), proto_name(rule->app_id));
	const struct proto *proto = proto_get(id);
	uint32_t layers = 0;
	if (proto && proto->transports & PROTO_TCP)
		layers |= LAYER_TCP;
	if (proto && proto->transports & PROTO_UDP)
		layers |= LAYER_UDP;
	rule->app_id = (uint8_t)id;
	/* "alert ip" or "alert tcp" with a buffer of the protocol. */
	if (layers & rule->layers)
		rule->layers &= layers;
	else if ((rule->layers & (LAYER_TCP | LAYER_UDP | LAYER_ICMP | LAYER_SCTP)) == 0)
		rule->layers = layers;
	else
		return rule_error(parser, NULL, "%s does not run over the rule's transport",
		    proto_name(id));
	return 0;
}

int
rule_need_layers(struct rule_parser *parser, uint32_t layers)
{
	const uint32_t transports = LAYER_TCP | LAYER_UDP | LAYER_ICMP | LAYER_SCTP;
	uint32_t have = parser->rule->layers;
	if ((have & transports) && (layers & transports) && !(have & layers))
		return rule_error(parser, NULL,
		    "can never hold for packets of the rule's protocol");
	return 0;
}

int
rule_byte_var_find(const struct rule_parser *parser, struct span name)
{
	for (unsigned i = 0; i < parser->byte_var_count; i++)
		if (span_eq(parser->byte_vars[i], name))
			return (int)i;
	return -1;
}

int
rule_byte_var_new(struct rule_parser *parser, struct span name)
{
	int known = rule_byte_var_find(parser, name);
	if (known >= 0)
		return known;
	if (!args_is_name(name) || isdigit(name.p[0])) {
		rule_error(parser, name.p, "\"%.*s\" cannot be the name of a variable",
		    (int)name.len, name.p);
		return -1;
	}
	if (parser->byte_var_count == RULE_BYTE_VARS_MAX) {
		rule_error(parser, name.p, "more than %d variables", RULE_BYTE_VARS_MAX);
		return -1;
	}
	parser->byte_vars[parser->byte_var_count] = name;
	return (int)parser->byte_var_count++;
}

/* --- Options --- */

static int
option_arguments(struct rule_parser *parser, const struct keyword *row, struct span *args,
    bool *is_negated)
{
	*is_negated = false;
	bool has_args = args->len > 0;
	if ((row->flags & KEYWORD_NO_ARGS) && has_args)
		return rule_error(parser, args->p, "takes no arguments");
	if (!(row->flags & (KEYWORD_NO_ARGS | KEYWORD_OPTIONAL_ARGS)) && !has_args)
		return rule_error(parser, NULL, "needs arguments: %s",
		    row->args ? row->args : "");
	if ((row->flags & KEYWORD_NEGATABLE) && has_args && args->p[0] == '!') {
		*is_negated = true;
		*args = args_trim(span_from(*args, 1));
	}
	if (row->flags & KEYWORD_QUOTED) {
		struct span inner;
		if (args->len < 2 || args->p[0] != '"' || !args_unquote(*args, &inner))
			return rule_error(parser, args->p,
			    "argument must stand in double quotes");
		*args = inner;
	}
	return 0;
}

static int
option_dispatch(struct rule_parser *parser, struct span name, struct span args)
{
	const struct keyword *row = keyword_find(name);
	if (row && !(row->flags & KEYWORD_REFUSED)) {
		bool is_negated;
		parser->row = row;
		int r = option_arguments(parser, row, &args, &is_negated);
		return r < 0 ? r : row->parse(parser, args, is_negated);
	}
	if (row)
		return rule_error(parser, name.p, "%s", row->help);
	parser->row = NULL;
	const struct buffer *buffer = buffer_find(name);
	if (buffer)
		return field_parse(parser, buffer, args);
	buffer = buffer_find_modifier(name);
	if (buffer)
		return content_move(parser, buffer, args);
	const char *why = keyword_refusal(name);
	if (why)
		return rule_error(parser, name.p, "not supported: %s", why);
	return rule_error(parser, name.p, "unknown keyword");
}

/* The length of the option at the front, without its semicolon; len when there is none. */
static size_t
option_length(struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] == ';' && (i == 0 || s.p[i - 1] != '\\'))
			return i;
	return s.len;
}

static int
options_parse(struct rule_parser *parser, struct span s)
{
	while ((s = args_trim(s)).len) {
		size_t len = option_length(s);
		struct span name, args;
		args_cut(span_sub(s, 0, len), ':', &name, &args);
		parser->keyword = name;
		if (len == s.len)
			return rule_error(parser, s.p, "option does not end in a semicolon");
		s = span_from(s, len + 1);
		if (name.len == 0) {
			if (args.p)
				return rule_error(parser, args.p, "option without a name");
			continue; /* ";;" */
		}
		int r = option_dispatch(parser, name, args);
		if (r < 0)
			return r;
		if (parser->is_skipped)
			return 0;
	}
	return 0;
}

/* sid is read first, so that every refusal can name it. */
static uint32_t
parser_sid(struct span options)
{
	while ((options = args_trim(options)).len) {
		size_t len = option_length(options);
		struct span name, args;
		args_cut(span_sub(options, 0, len), ':', &name, &args);
		uint64_t sid;
		if (args_is_nocase(name, "sid") && args_unquote(args, &args) &&
		    args_uint(args, UINT32_MAX, &sid))
			return (uint32_t)sid;
		options = span_from(options, len + 1);
	}
	return 0;
}

static int
parser_header(struct rule_parser *parser, struct span *ret_options)
{
	struct span text = args_trim(parser->text);
	ptrdiff_t open = span_chr(text, '(');
	if (open < 0)
		return rule_error(parser, text.p, "rule has no options in parentheses");
	struct span options = span_from(text, (size_t)open);
	parser->rule->sid = parser_sid(span_from(options, 1));
	if (options.p[options.len - 1] != ')' || options.len < 2)
		return rule_error(parser, options.p + options.len - 1,
		    "rule does not end in a closing parenthesis");
	int r = rule_header_parse(parser, span_sub(text, 0, (size_t)open));
	if (r < 0)
		return r;
	*ret_options = span_sub(options, 1, options.len - 2);
	return 0;
}

static int
parser_read(struct rule_parser *parser)
{
	for (size_t i = 0; i < parser->text.len; i++)
		if (parser->text.p[i] == '\0')
			return rule_error(parser, parser->text.p + i,
			    "a zero byte in the rule's text");
	struct span options = SPAN_NONE;
	int r = parser_header(parser, &options);
	if (r < 0)
		return r;
	r = options_parse(parser, options);
	if (r < 0 || parser->is_skipped)
		return r;
	parser->keyword = SPAN_NONE;
	return rule_check(parser);
}

struct rule *
rule_parse(struct rule_parser *parser)
{
	struct rule *rule = rule_alloc(parser, sizeof(*rule));
	parser->rule = rule;
	rule->gid = 1;
	rule->priority = 3;
	rule->dirs = DIR_BOTH;
	rule->file = parser->file;
	rule->line = parser->line;
	rule->text = rule_str(parser, parser->text);
	parser->text = span_of(rule->text, parser->text.len);
	int r = parser_read(parser);
	return r < 0 || parser->is_refused || parser->is_skipped ? NULL : rule;
}
