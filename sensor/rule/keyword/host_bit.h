/* SPDX-License-Identifier: Apache-2.0 */
/* host_bit: what xbits and hostbits share: bits of hosts and host pairs. */
#ifndef GUAN_SENSOR_RULE_KEYWORD_HOST_BIT_H
#define GUAN_SENSOR_RULE_KEYWORD_HOST_BIT_H

#include "sensor/rule/parser.h"
#include "sensor/rule/vars.h"

enum host_bit_action {
	HOST_BIT_ISSET,
	HOST_BIT_ISNOTSET,
	HOST_BIT_SET,
	HOST_BIT_UNSET,
	HOST_BIT_TOGGLE,
};

struct host_bit {
	uint8_t action; /* enum host_bit_action */
	uint8_t key;    /* enum host_key */
	uint32_t id;
	uint32_t expire_seconds;
};

/* Reads action and name; 1 for noalert, which is done; negative when refused. */
int host_bit_read(struct rule_parser *parser, struct span action, struct span name,
    struct host_bit *ret);
void host_bit_add(struct rule_parser *parser, const struct keyword *keyword,
    const struct host_bit *bit);

bool host_bit_match(const struct match *match, const struct match_context *ctx);
void host_bit_fire(const struct match *match, const struct match_context *ctx);

#endif
