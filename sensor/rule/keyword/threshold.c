/* SPDX-License-Identifier: Apache-2.0 */
/* threshold: how often the rule tells.
 *   threshold:type limit, track by_src, count 1, seconds 60; */
#include "sensor/rule/keyword/threshold_args.h"
#include "sensor/rule/parser.h"

static int
threshold_parse(struct rule_parser *parser, struct span args, bool is_negated)
{
	struct threshold_args t = { .data.type = THRESHOLD_LIMIT };
	const void *at = NULL;
	if (parser->seen & SEEN_FILTER)
		return rule_error(parser, NULL, "the rule has a detection_filter already");
	parser->seen |= SEEN_THRESHOLD;
	const char *why = threshold_args_parse(args, &t, &at);
	if (why)
		return rule_error(parser, at, "%s", why);
	unsigned need = THRESHOLD_GIVEN_TYPE | THRESHOLD_GIVEN_TRACK | THRESHOLD_GIVEN_COUNT |
			THRESHOLD_GIVEN_SECONDS;
	if (t.data.type == THRESHOLD_BACKOFF)
		need ^= THRESHOLD_GIVEN_SECONDS | THRESHOLD_GIVEN_MULTIPLIER;
	if (t.given != need)
		return rule_error(parser, args.p, "says more or less than it must");
	if (t.data.count == 0 || t.data.track == THRESHOLD_TRACK_EITHER)
		return rule_error(parser, args.p, "count must be over 0, track not by_either");
	struct threshold_data *data = rule_alloc(parser, sizeof(*data));
	*data = t.data;
	rule_add_threshold(parser, &keyword_threshold, data);
	return 0;
}

const struct keyword keyword_threshold = {
	.name = "threshold",
	.args = "type limit | threshold | both | backoff, track by_src | by_dst | by_both | "
		"by_rule | by_flow, count N, seconds S | multiplier M",
	.help = "how often the rule tells",
	.example = "threshold:type limit, track by_src, count 1, seconds 60;",
	.url = "rules/thresholding.html",
	.parse = threshold_parse,
};
