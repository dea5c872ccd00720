/* SPDX-License-Identifier: Apache-2.0 */
/* vars_private: the chunk a flow's variables lie in, for the pool that holds them. */
#ifndef GUAN_SENSOR_RULE_VARS_PRIVATE_H
#define GUAN_SENSOR_RULE_VARS_PRIVATE_H

#include "sensor/rule/thread.h"
#include "sensor/rule/vars.h"

#define VARS_PER_CHUNK 16

struct var {
	uint32_t id;
	uint8_t scope; /* enum var_scope */
	uint16_t text_len;
	union {
		uint32_t number;
		double real;
		struct flow_vars *text; /* a chunk of the same pool, holding bytes */
	};
};

/* A chunk holds variables, or the bytes of one text. */
struct flow_vars {
	struct flow_vars *next;
	uint16_t used;  /* of vars, without holes */
	uint16_t total; /* in the first chunk: variables of the flow */
	union {
		struct var vars[VARS_PER_CHUNK];
		uint8_t bytes[FLOW_VAR_TEXT_MAX];
	};
};

#endif
