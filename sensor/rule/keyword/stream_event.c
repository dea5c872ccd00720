/* SPDX-License-Identifier: Apache-2.0 */
/* stream-event: something odd about a TCP connection.   stream-event:est_packet_out_of_window;
 */
#include "sensor/flow/stream_event.h"
#include "sensor/rule/parser.h"

static bool
stream_event_match(const struct match *match, const struct match_context *ctx)
{
	const int *event = match->data;
	return ctx->packet->stream_events >> *event & 1;
}

static int
stream_event_parse(struct rule_parser *parser, struct span args, bool is_negated)
{
	struct span name = args;
	if (span_starts(name, SPAN("stream.")))
		name = span_from(name, 7);
	int *event = rule_alloc(parser, sizeof(*event));
	*event = stream_event_find((const char *)name.p, (unsigned)name.len);
	if (*event < 0)
		return rule_error(parser, args.p, "unknown event \"%.*s\"", (int)args.len,
		    args.p);
	rule_add_packet(parser, &keyword_stream_event, event);
	return 0;
}

const struct keyword keyword_stream_event = {
	.name = "stream-event",
	.args = "name",
	.help = "something odd about a TCP connection",
	.example = "stream-event:est_packet_out_of_window;",
	.url = "rules/decode-layer.html",
	.flags = KEYWORD_NEEDS_PACKET,
	.needs = LAYER_TCP,
	.parse = stream_event_parse,
	.match_packet = stream_event_match,
};
