/* SPDX-License-Identifier: Apache-2.0 */
/*
 * parser: reads one rule's text into a struct rule, and says where it is wrong.
 *
 * A rule is a header and options in parentheses. Each option goes to its keyword's parse(),
 * which uses the functions below: it attaches matches, chooses buffers, and reports mistakes by
 * pointing into the text. When the last option is read, check.c sees to what only the whole
 * rule can tell.
 */
#ifndef GUAN_SENSOR_RULE_PARSER_H
#define GUAN_SENSOR_RULE_PARSER_H

#include <stdarg.h>

#include "sensor/rule/args.h"
#include "sensor/rule/buffer.h"
#include "sensor/rule/keyword.h"
#include "sensor/rule/ruleset.h"
#include "sensor/rule/thread.h"
#include "sensor/rule/transform.h"

struct rule_loader; /* ruleset.c: what all rules of a set share */

/* A rule over this length is refused: the longest known one has 8 KiB. */
#define RULE_TEXT_MAX 65536
#define RULE_LINE_BREAKS_MAX 64
#define RULE_CHAIN_TEXT_MAX 1024

struct rule_parser {
	struct arena *arena; /* the rule set's */
	struct rule_loader *loader;
	struct ruleset *set;
	struct rule *rule;

	/* Where we are */
	const char *file;
	struct span text;                    /* the whole rule, continuation lines joined */
	unsigned line;                       /* of its first byte */
	size_t breaks[RULE_LINE_BREAKS_MAX]; /* offsets in text at which a new line began */
	unsigned break_count;
	struct span keyword;       /* of the option being read; empty in the header */
	const struct keyword *row; /* its row, NULL for fields */
	const char *named;         /* the protocol word, when the sensor has no parser for it */
	bool is_refused, is_skipped; /* skipped: requires not met */

	/* Chosen buffer. section is made with the first match after it. */
	const struct buffer *buffer; /* NULL: payload */
	uint8_t buffer_dirs;         /* "http.connection:to_client;": of one direction; 0 all */
	struct transform *transforms, *transforms_last;
	char transforms_text[RULE_CHAIN_TEXT_MAX]; /* names and arguments: what makes chains
						      equal */
	size_t transforms_len;
	struct rule_section *section;
	struct match_list *nested;    /* base64_data: matches go here instead of a section */
	struct match_list *last_list; /* where the last match inside a buffer went */
	struct file_test *file_test;  /* of filename, fileext, filesize */
	struct match_list
	    *base64; /* of the last base64_decode: what base64_data makes nested */

	/* The last content or pcre: what modifiers act on. */
	struct content *content;
	struct match *content_match;
	struct match_list *content_list;
	bool is_content_movable; /* it stands in the payload, where legacy modifiers may move it
				  */

	struct span byte_vars[RULE_BYTE_VARS_MAX];
	unsigned byte_var_count;
	uint32_t seen;            /* enum parser_seen */
	uint32_t required_events; /* see keyword/app_layer_event.c */
};

enum parser_seen {
	SEEN_SID = 1 << 0,
	SEEN_REV = 1 << 1,
	SEEN_GID = 1 << 2,
	SEEN_MSG = 1 << 3,
	SEEN_CLASSTYPE = 1 << 4,
	SEEN_PRIORITY = 1 << 5,
	SEEN_FLOW = 1 << 6,
	SEEN_DSIZE = 1 << 7,
	SEEN_FAST = 1 << 8,
	SEEN_PKT_DATA = 1 << 9,
	SEEN_THRESHOLD = 1 << 10,
	SEEN_DECODE_EVENT = 1 << 11,
	SEEN_APP_PROTOCOL = 1 << 12,
	SEEN_APP_EVENT = 1 << 13,
	SEEN_FILTER = 1 << 14,
	SEEN_TARGET = 1 << 15,
	SEEN_TX_TEST = 1 << 16, /* a number of a transaction */
	SEEN_STREAM_TEST = 1 << 17,
	SEEN_DIRECTION = 1 << 18, /* flow said to_server or to_client */
};

/*
 * Reads the rule in parser->text. NULL when it was refused (reported) or skipped. The caller
 * has set arena, loader, set, file, text, line, breaks.
 */
struct rule *rule_parse(struct rule_parser *parser);

/* --- For keywords --- */

/*
 * Refuses the rule: at points into its text (NULL: at the option's name). Returns -EINVAL. Only
 * the first mistake of a rule is kept, as what follows is often its echo.
 */
int rule_error(struct rule_parser *parser, const void *at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Says something about a rule that loads all the same. */
void rule_warn(struct rule_parser *parser, const void *at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Memory of the rule set, zeroed. Never NULL: without memory at load the program ends. */
void *rule_alloc(struct rule_parser *parser, size_t size);
struct span rule_copy(struct rule_parser *parser, struct span bytes);
const char *rule_str(struct rule_parser *parser, struct span text);

/* Attach a match. The section is the chosen buffer's. */
struct match *rule_add_inspect(struct rule_parser *parser, const struct keyword *keyword,
    const void *data);
/* The same in a buffer that is not the chosen one (urilen). */
struct match *rule_add_inspect_in(struct rule_parser *parser, const struct buffer *buffer,
    const struct keyword *keyword, const void *data);
struct match *rule_add_packet(struct rule_parser *parser, const struct keyword *keyword,
    const void *data);
struct match *rule_add_tx(struct rule_parser *parser, const struct keyword *keyword,
    const void *data);
struct match *rule_add_fire(struct rule_parser *parser, const struct keyword *keyword,
    const void *data);
struct match *rule_add_threshold(struct rule_parser *parser, const struct keyword *keyword,
    const void *data);

/* Attaches a content as content:"..." would (uricontent); and reads the text of a literal. */
int content_add(struct rule_parser *parser, struct span args, bool is_negated);
int content_bytes(struct rule_parser *parser, struct span args, struct span *ret);

/* Moves a match from its list to the end of a buffer's section (legacy modifiers). */
void rule_move_match(struct rule_parser *parser, struct match *match, struct match_list *from,
    const struct buffer *buffer);

/* What follows is looked for in this buffer (NULL: payload). */
int rule_select_buffer(struct rule_parser *parser, const struct buffer *buffer);

/* What follows is looked for in the chosen buffer as this transform leaves it. */
int rule_add_transform(struct rule_parser *parser, const struct transform_kind *kind,
    struct span args, void *data);

/* The rule concerns this application protocol only; -EINVAL when it already is another's. */
int rule_select_app(struct rule_parser *parser, enum proto_id id);

/* The number of a byte variable, made when new (or -1, reported); of a known one, or -1. */
int rule_byte_var_new(struct rule_parser *parser, struct span name);
int rule_byte_var_find(const struct rule_parser *parser, struct span name);

/* "flags" and the like: a keyword that only makes sense in one transport. */
int rule_need_layers(struct rule_parser *parser, uint32_t layers);

#endif
