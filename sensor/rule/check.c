/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/rule/check.h"

#include <errno.h>

#include "sensor/rule/address.h"
#include "sensor/rule/content.h"
#include "sensor/rule/field.h"

/* --- Contents --- */

static unsigned
match_position(const struct match *match)
{
	return match->keyword->position ? match->keyword->position(match) : 0;
}

/* Whether something behind match depends on where it was found. */
static bool
match_is_retried(const struct match *match)
{
	for (const struct match *m = match->next; m; m = m->next) {
		unsigned position = match_position(m);
		if (position & POSITION_USES)
			return true;
		if (position & POSITION_SETS)
			return false;
	}
	return false;
}

void
rule_list_settle(const struct match_list *list)
{
	bool is_forward = true;
	for (struct match *m = list->first; m; m = m->next) {
		const struct content *content = content_of(m);
		if (content && match_is_retried(m))
			((struct content *)content)->flags |= CONTENT_IS_RETRIED;
		if (content && is_forward)
			((struct content *)content)->flags |= CONTENT_IS_FORWARD;
		if (!content && m->keyword != &keyword_pcre && match_position(m) != 0 &&
		    m->keyword != &keyword_byte_test && m->keyword != &keyword_isdataat)
			is_forward = false;
		if (m->keyword->settle)
			m->keyword->settle(m, match_is_retried(m));
	}
}

static const struct field *
buffer_field(const struct buffer *buffer, uint8_t app_id)
{
	if (app_id != PROTO_ID_NONE)
		return buffer->fields[app_id];
	const struct field *any = NULL;
	for (int i = 0; i < PROTO_ID_COUNT; i++) {
		const struct field *field = buffer->fields[i];
		if (field && (!any || field->check))
			any = field;
	}
	return any;
}

static int
section_contents_check(struct rule_parser *parser, const struct rule_section *section)
{
	const struct field *field = section->buffer->scope == BUFFER_TX
					? buffer_field(section->buffer, parser->rule->app_id)
					: NULL;
	for (const struct match *m = section->matches.first; m; m = m->next) {
		const struct content *c = content_of(m);
		if (!c || (c->flags & CONTENT_NEGATED))
			continue;
		const char *why = NULL;
		bool is_nocase = c->flags & CONTENT_NOCASE;
		if (section->transforms)
			why = transform_check(section->transforms, c->bytes, is_nocase);
		else if (field && field->check)
			why = field->check(c->bytes, is_nocase);
		if (why)
			return rule_error(parser, NULL, "%s: %s", section->buffer->name, why);
	}
	return 0;
}

/* --- Application protocol and direction --- */

static int
app_from_buffer(struct rule_parser *parser, const struct buffer *buffer)
{
	struct rule *rule = parser->rule;
	if (parser->named)
		return rule_error(parser, NULL, "%s: the sensor does not parse %s",
		    buffer->name, parser->named);
	if (rule->app_id != PROTO_ID_NONE) {
		if (buffer->fields[rule->app_id])
			return 0;
		return rule_error(parser, NULL, "%s is no buffer of %s", buffer->name,
		    proto_name(rule->app_id));
	}
	enum proto_id only = PROTO_ID_NONE;
	for (int i = 0; i < PROTO_ID_COUNT; i++) {
		if (!buffer->fields[i])
			continue;
		if (only != PROTO_ID_NONE)
			return 0; /* of several protocols: stays open */
		only = (enum proto_id)i;
	}
	return rule_select_app(parser, only);
}

static int
app_check(struct rule_parser *parser)
{
	struct rule *rule = parser->rule;
	for (const struct rule_section *s = rule->sections; s; s = s->next)
		if (s->buffer->scope == BUFFER_TX && app_from_buffer(parser, s->buffer) < 0)
			return -EINVAL;
	for (const struct match *m = rule->tx.first; m; m = m->next) {
		const struct buffer *buffer = field_buffer(m);
		if (buffer && app_from_buffer(parser, buffer) < 0)
			return -EINVAL;
	}
	return 0;
}

static uint8_t
buffer_dirs(const struct buffer *buffer, uint8_t app_id)
{
	const struct field *field = app_id != PROTO_ID_NONE && buffer->scope == BUFFER_TX
					? buffer->fields[app_id]
					: NULL;
	uint8_t dirs = field ? field->dirs : buffer->dirs;
	return dirs ? dirs : DIR_BOTH;
}

/* The directions in which all that the rule looks at can be there. */
static int
dirs_check(struct rule_parser *parser)
{
	struct rule *rule = parser->rule;
	uint8_t dirs = rule->dirs, seen = 0;
	for (struct rule_section *s = rule->sections; s; s = s->next) {
		uint8_t wanted = s->dirs;
		s->dirs = buffer_dirs(s->buffer, rule->app_id);
		if (wanted && !(s->dirs & wanted))
			return rule_error(parser, NULL,
			    "%s is never there in the direction it is asked of",
			    s->buffer->name);
		if (wanted)
			s->dirs &= wanted;
		if (s->buffer->scope != BUFFER_TX)
			continue;
		seen |= s->dirs;
		if (rule->is_tx_bidirectional)
			continue;
		if (!(dirs & s->dirs))
			return rule_error(parser, NULL,
			    "%s is not there in the direction that the rest of the rule is "
			    "about",
			    s->buffer->name);
		dirs &= s->dirs;
	}
	for (const struct match *m = rule->tx.first; m; m = m->next) {
		const struct buffer *buffer = field_buffer(m);
		uint8_t mine = buffer ? buffer_dirs(buffer, rule->app_id) : DIR_BOTH;
		seen |= mine;
		if (rule->is_tx_bidirectional)
			continue;
		if (!(dirs & mine))
			return rule_error(parser, NULL,
			    "%s is not there in the direction that the rest of the rule is "
			    "about",
			    buffer->name);
		dirs &= mine;
	}
	if (rule->is_tx_bidirectional) {
		rule->dirs = DIR_BOTH;
		return seen ? 0 : rule_error(parser, NULL, "=> needs buffers of a transaction");
	}
	rule->dirs = dirs;
	for (struct rule_section *s = rule->sections; s; s = s->next)
		s->dirs &= dirs;
	return 0;
}

/* --- Kind --- */

static bool
has_tx(const struct rule *rule)
{
	if (rule->tx.first)
		return true;
	for (const struct rule_section *s = rule->sections; s; s = s->next)
		if (s->buffer->scope == BUFFER_TX)
			return true;
	return false;
}

static bool
has_scope(const struct rule *rule, enum buffer_scope scope)
{
	for (const struct rule_section *s = rule->sections; s; s = s->next)
		if (s->buffer->scope == scope)
			return true;
	return false;
}

/* Whether a payload content has a place in the packet, so that packets are looked at, too. */
static bool
has_placed_content(const struct rule *rule)
{
	for (const struct rule_section *s = rule->sections; s; s = s->next) {
		if (s->buffer->scope != BUFFER_PAYLOAD)
			continue;
		for (const struct match *m = s->matches.first; m; m = m->next) {
			const struct content *c = content_of(m);
			if (c && (c->flags & (CONTENT_DEPTH | CONTENT_OFFSET)))
				return true;
		}
	}
	return false;
}

static bool
needs_packet(const struct rule *rule)
{
	if (rule->is_packet_only || (rule->flow_needs & RULE_FLOW_NO_STREAM))
		return true;
	for (const struct match *m = rule->packet.first; m; m = m->next)
		if (m->keyword->flags & KEYWORD_NEEDS_PACKET)
			return true;
	return false;
}

static enum rule_kind
payload_kind(const struct rule *rule)
{
	if (rule->layers && !(rule->layers & (LAYER_TCP | LAYER_IP)))
		return RULE_KIND_PACKET;
	if (rule->is_stream_only || (rule->flow_needs & RULE_FLOW_ONLY_STREAM))
		return RULE_KIND_STREAM;
	if (needs_packet(rule))
		return RULE_KIND_PACKET;
	return has_placed_content(rule) ? RULE_KIND_PACKET_STREAM : RULE_KIND_STREAM;
}

/* A test that can change with each packet (states, bits, numbers) makes a rule of packets. */
static bool
is_only(const struct rule_parser *parser, uint32_t what)
{
	const struct rule *rule = parser->rule;
	if (rule->flow_needs & ~(uint32_t)RULE_FLOW_DIRECTION || rule->sections ||
	    rule->tx.first)
		return false;
	for (const struct match *m = rule->packet.first; m; m = m->next)
		if (!(m->keyword->flags & what))
			return false;
	return true;
}

static bool
is_ip_only(const struct rule_parser *parser)
{
	const struct rule *rule = parser->rule;
	if (rule->app_id != PROTO_ID_NONE || (parser->seen & SEEN_FLOW) || rule->packet.first ||
	    rule->sections || rule->sport || rule->dport)
		return false;
	if (rule->is_packet_only || rule->is_stream_only)
		return false;
	/* Suricata looks at rules with negated addresses on every packet ("like_ip_only"). */
	return !(rule->src && rule->src->has_negation) &&
	       !(rule->dst && rule->dst->has_negation);
}

static enum rule_kind
rule_kind_of(const struct rule_parser *parser)
{
	const struct rule *rule = parser->rule;
	if ((parser->seen & SEEN_APP_PROTOCOL) && rule->app_id == PROTO_ID_NONE &&
	    is_only(parser, KEYWORD_OF_PROTOCOL))
		return RULE_KIND_PROTO_ONLY;
	if (has_tx(rule))
		return RULE_KIND_TX;
	if ((parser->seen & SEEN_DECODE_EVENT) && is_only(parser, KEYWORD_OF_DECODER))
		return RULE_KIND_DECODE_EVENT;
	if (is_ip_only(parser))
		return RULE_KIND_IP_ONLY;
	if (has_scope(rule, BUFFER_PAYLOAD))
		return payload_kind(rule);
	if (has_scope(rule, BUFFER_PACKET) || rule->packet.first)
		return RULE_KIND_PACKET;
	return rule->app_id != PROTO_ID_NONE ? RULE_KIND_APP : RULE_KIND_PACKET;
}

/*
 * A rule on decoder events is about packets whose headers may be broken: its protocol is what
 * the IP header names, not a transport header that could be read.
 */
static void
decode_event_settle(struct rule *rule)
{
	static const struct {
		uint32_t layers;
		uint8_t ip_proto;
	} transports[] = { { LAYER_TCP, IP_PROTO_TCP }, { LAYER_UDP, IP_PROTO_UDP },
		{ LAYER_ICMP4, IP_PROTO_ICMP }, { LAYER_ICMP6, IP_PROTO_ICMP6 },
		{ LAYER_SCTP, IP_PROTO_SCTP } };
	for (size_t i = 0; i < sizeof(transports) / sizeof(transports[0]); i++)
		if (rule->layers == transports[i].layers) {
			rule->layers = LAYER_IP;
			rule->ip_proto = transports[i].ip_proto;
		}
}

static int
meta_check(struct rule_parser *parser)
{
	struct rule *rule = parser->rule;
	if (!(parser->seen & SEEN_SID) || rule->sid == 0)
		return rule_error(parser, parser->text.p, "rule has no sid");
	if (rule->action == RULE_CONFIG && !rule->fire.first)
		return rule_error(parser, parser->text.p,
		    "action config needs the keyword config");
	if (rule->is_tx_bidirectional && rule->app_id == PROTO_ID_NONE && !has_tx(rule))
		return rule_error(parser, parser->text.p, "=> needs an application protocol");
	return 0;
}

int
rule_check(struct rule_parser *parser)
{
	struct rule *rule = parser->rule;
	if (meta_check(parser) < 0)
		return -EINVAL;
	for (struct rule_section *s = rule->sections; s; s = s->next)
		rule_list_settle(&s->matches);
	if (app_check(parser) < 0 || dirs_check(parser) < 0)
		return -EINVAL;
	for (struct rule_section *s = rule->sections; s; s = s->next)
		if (section_contents_check(parser, s) < 0 || length_check(parser, s) < 0)
			return -EINVAL;
	rule->kind = (uint8_t)rule_kind_of(parser);
	if (rule->kind == RULE_KIND_DECODE_EVENT)
		decode_event_settle(rule);
	for (struct rule_section *s = rule->sections; s; s = s->next)
		s->is_raw_only = s->buffer->scope == BUFFER_PAYLOAD && needs_packet(rule);
	rule_fast_select(rule);
	return 0;
}
