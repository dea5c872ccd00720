/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/rule/keyword/threshold_args.h"

#include "sensor/rule/rule.h"

static const struct {
	const char *name;
	int value;
} types[] = { { "limit", THRESHOLD_LIMIT }, { "threshold", THRESHOLD_THRESHOLD },
	{ "both", THRESHOLD_BOTH }, { "backoff", THRESHOLD_BACKOFF } },
  tracks[] = { { "by_src", THRESHOLD_TRACK_SRC }, { "by_dst", THRESHOLD_TRACK_DST },
	  { "by_both", THRESHOLD_TRACK_BOTH }, { "by_rule", THRESHOLD_TRACK_RULE },
	  { "by_flow", THRESHOLD_TRACK_FLOW }, { "by_either", THRESHOLD_TRACK_EITHER } },
  new_actions[] = { { "alert", RULE_ALERT }, { "pass", RULE_PASS }, { "drop", RULE_DROP },
	  { "reject", RULE_REJECT } };

#define LOOK_UP(table, word, result)                                               \
	do {                                                                       \
		for (size_t i_ = 0; i_ < sizeof(table) / sizeof((table)[0]); i_++) \
			if (args_is(word, (table)[i_].name)) {                     \
				*(result) = (uint8_t)(table)[i_].value;            \
				return NULL;                                       \
			}                                                          \
	} while (0)

static const char *
type_read(struct span word, uint8_t *ret)
{
	LOOK_UP(types, word, ret);
	return "type must be limit, threshold, both or backoff";
}

static const char *
track_read(struct span word, uint8_t *ret)
{
	LOOK_UP(tracks, word, ret);
	return "track must be by_src, by_dst, by_both, by_rule, by_flow or by_either";
}

static const char *
new_action_read(struct span word, uint8_t *ret)
{
	LOOK_UP(new_actions, word, ret);
	return "new_action must be alert, pass, drop or reject";
}

static const char *
number_read(struct span word, uint32_t *ret)
{
	uint64_t value;
	if (!args_uint(word, UINT32_MAX, &value))
		return "expected a number";
	*ret = (uint32_t)value;
	return NULL;
}

static const char *
threshold_arg(struct threshold_args *t, struct span name, struct span value,
    unsigned *ret_given)
{
	static const struct {
		const char *name;
		unsigned given;
	} names[] = { { "type", THRESHOLD_GIVEN_TYPE }, { "track", THRESHOLD_GIVEN_TRACK },
		{ "count", THRESHOLD_GIVEN_COUNT }, { "seconds", THRESHOLD_GIVEN_SECONDS },
		{ "multiplier", THRESHOLD_GIVEN_MULTIPLIER },
		{ "new_action", THRESHOLD_GIVEN_NEW_ACTION },
		{ "timeout", THRESHOLD_GIVEN_TIMEOUT }, { "ip", THRESHOLD_GIVEN_IP },
		{ "gen_id", THRESHOLD_GIVEN_GEN }, { "sig_id", THRESHOLD_GIVEN_SIG },
		{ "gid", THRESHOLD_GIVEN_GEN }, { "sid", THRESHOLD_GIVEN_SIG } };
	*ret_given = 0;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (args_is(name, names[i].name))
			*ret_given = names[i].given;
	switch (*ret_given) {
	case THRESHOLD_GIVEN_TYPE:
		return type_read(value, &t->data.type);
	case THRESHOLD_GIVEN_TRACK:
		return track_read(value, &t->data.track);
	case THRESHOLD_GIVEN_COUNT:
		return number_read(value, &t->data.count);
	case THRESHOLD_GIVEN_SECONDS:
		return number_read(value, &t->data.seconds);
	case THRESHOLD_GIVEN_MULTIPLIER:
		return number_read(value, &t->data.multiplier);
	case THRESHOLD_GIVEN_NEW_ACTION:
		return new_action_read(value, &t->data.new_action);
	case THRESHOLD_GIVEN_TIMEOUT:
		return number_read(value, &t->data.timeout_seconds);
	case THRESHOLD_GIVEN_IP:
		t->ip = value;
		return NULL;
	case THRESHOLD_GIVEN_GEN:
		return number_read(value, &t->gen_id);
	case THRESHOLD_GIVEN_SIG:
		return number_read(value, &t->sig_id);
	default:
		return "unknown word";
	}
}

const char *
threshold_args_parse(struct span args, struct threshold_args *ret, const void **ret_at)
{
	struct span rest = args, piece;
	while (args_next(&rest, ',', &piece)) {
		struct span name, value = piece;
		*ret_at = piece.p;
		if (!args_word(&value, &name))
			return "empty piece between commas";
		value = args_trim(value);
		/* A list in brackets holds commas of its own. */
		if (value.len && value.p[0] == '[' && value.p[value.len - 1] != ']') {
			const uint8_t *end = args.p + args.len;
			const uint8_t *close = memchr(value.p, ']', (size_t)(end - value.p));
			if (!close)
				return "brackets do not match";
			value = span_of(value.p, (size_t)(close + 1 - value.p));
			rest = span_of(close + 1, (size_t)(end - close - 1));
			ptrdiff_t comma = span_chr(rest, ',');
			rest = comma < 0 ? SPAN_NONE : span_from(rest, (size_t)comma + 1);
		}
		unsigned given;
		const char *why = threshold_arg(ret, name, value, &given);
		if (why)
			return why;
		if (ret->given & given)
			return "said twice";
		ret->given |= given;
	}
	return NULL;
}
