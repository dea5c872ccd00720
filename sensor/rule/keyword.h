/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keyword: the contract of a rule keyword. One file in rule/keyword/ and one row here.
 *
 * parse() reads the arguments and attaches matches to the rule being read; the match functions
 * below are called by the engine. Which of them a keyword has decides where it acts. Sticky
 * buffers and numbers of protocols need no file: every field of proto.h is a keyword by itself.
 */
#ifndef GUAN_SENSOR_RULE_KEYWORD_H
#define GUAN_SENSOR_RULE_KEYWORD_H

#include "sensor/rule/rule.h"

struct rule_parser; /* rule/parser.h: the rule being read, its current buffer, its errors */
struct inspection;  /* rule/inspect.h: a buffer under inspection */
struct flow_vars;   /* rule/vars.h: flowbits, flowints, captured values of a flow */

/* What a match function may look at. tx and app are NULL outside transactions. */
struct match_context {
	const struct rule *rule;
	struct packet *packet;
	struct flow *flow; /* NULL: packet without flow */
	struct app *app;
	struct tx *tx;
	enum dir dir;
	nsec_t now;
	struct rule_thread
	    *thread; /* rule/thread.h: scratch, captured byte variables, pcre data */
	struct flow_vars **vars; /* the flow's slot for them (rule/vars.h); NULL without flow */
};

enum keyword_flag {
	KEYWORD_NO_ARGS = 1 << 0,       /* "nocase;" */
	KEYWORD_OPTIONAL_ARGS = 1 << 1, /* "fast_pattern;" and "fast_pattern:only;" */
	KEYWORD_NEGATABLE = 1 << 2,     /* a leading ! is handed to parse() as is_negated */
	KEYWORD_QUOTED = 1 << 3,        /* the argument must stand in quotes */
	KEYWORD_META = 1 << 4,          /* says something about the rule, tests nothing */
	KEYWORD_REFUSED = 1 << 5,       /* known and not supported: help says why */
	KEYWORD_NEEDS_PACKET = 1 << 6,  /* about this packet: its rule is no stream rule */
	KEYWORD_OF_PROTOCOL =
	    1 << 7,                  /* holds once the protocol is known (app-layer-protocol) */
	KEYWORD_OF_DECODER = 1 << 8, /* about decoder events only */
};

/* How one content-like match went, inside a buffer. */
enum inspect_result {
	INSPECT_NO,   /* not with the earlier matches where they are */
	INSPECT_YES,  /* it holds; go on with the next */
	INSPECT_DONE, /* it holds, and so does all that follows: it has asked itself */
	INSPECT_STOP, /* no, and no other position of earlier matches can help */
};

/* What a match inside a buffer has to do with the position of the match before it. */
enum keyword_position {
	POSITION_USES = 1 << 0, /* relative: depends on where earlier matches were found */
	POSITION_SETS = 1 << 1, /* moves the position */
};

struct keyword {
	const char *name;
	const char *alias; /* older spelling, or NULL */
	const char *args;  /* "N | <N | >N | N-M", or NULL */
	const char *help;
	const char *example; /* a rule fragment that parses */
	const char *url;     /* page of the public rule documentation, or NULL for our own */
	unsigned flags;      /* enum keyword_flag */
	uint32_t needs; /* enum layer: match_packet() is called only with one of these; 0 any */

	/* Attaches matches; on a mistake reports it with rule_error() and returns -EINVAL. */
	int (*parse)(struct rule_parser *parser, struct span args, bool is_negated);

	bool (*match_packet)(const struct match *match, const struct match_context *ctx);
	bool (*match_tx)(const struct match *match, const struct match_context *ctx);
	enum inspect_result (
	    *inspect)(struct inspection *inspection, const struct match *match);
	void (*fire)(const struct match *match, const struct match_context *ctx);

	/* With inspect(): enum keyword_position of a match; NULL: none of it. */
	unsigned (*position)(const struct match *match);
	/* Told once the rule is whole: whether a later match depends on this one's position. */
	void (*settle)(struct match *match, bool is_retried);
};

/* Sorted by name; the only place that knows them all. The row x is struct keyword keyword_x. */
#include "sensor/rule/keyword/table.h"

#define X(name) extern const struct keyword keyword_##name;
KEYWORDS(X)
#undef X

/* Rows by number, for tests and lists; NULL behind the last. */
const struct keyword *keyword_at(unsigned index);
unsigned keyword_count(void);

/* By name or alias: a row of the table, or NULL (fields are found by buffer_find()). */
const struct keyword *keyword_find(struct span name);

/* --list-keywords: one line each, sorted: name, arguments, where it acts, help. */
void keyword_list_print(bool as_csv);

#endif
