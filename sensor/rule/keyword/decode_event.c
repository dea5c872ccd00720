/* SPDX-License-Identifier: Apache-2.0 */
/* decode-event: something wrong with the headers of a packet. decode-event:ipv4.pkt_too_small;
 */
#include "sensor/rule/parser.h"

static bool
decode_event_match(const struct match *match, const struct match_context *ctx)
{
	const int *event = match->data;
	return decode_events_has(&ctx->packet->events, (enum decode_event) * event);
}

static int
decode_event_parse(struct rule_parser *parser, struct span args, bool is_negated)
{
	struct span name = args;
	/* Older rules write all events of the engine through this keyword. */
	if (span_starts(name, SPAN("stream.")))
		return keyword_stream_event.parse(parser, span_from(name, 7), false);
	if (span_starts(name, SPAN("decoder.")))
		name = span_from(name, 8);
	int *event = rule_alloc(parser, sizeof(*event));
	*event = decode_event_find((const char *)name.p, (unsigned)name.len);
	if (*event < 0)
		return rule_error(parser, args.p, "unknown event \"%.*s\"", (int)args.len,
		    args.p);
	parser->seen |= SEEN_DECODE_EVENT;
	rule_add_packet(parser, &keyword_decode_event, event);
	return 0;
}

const struct keyword keyword_decode_event = {
	.name = "decode-event",
	.alias = "engine-event",
	.args = "name",
	.help = "something wrong with the headers of a packet",
	.example = "decode-event:ipv4.pkt_too_small;",
	.url = "rules/decode-layer.html",
	.flags = KEYWORD_OF_DECODER,
	.parse = decode_event_parse,
	.match_packet = decode_event_match,
};
