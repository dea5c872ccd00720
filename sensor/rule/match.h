/* SPDX-License-Identifier: Apache-2.0 */
/* match: the tests of a rule outside its buffers, each as one call for the engine. */
#ifndef GUAN_SENSOR_RULE_MATCH_H
#define GUAN_SENSOR_RULE_MATCH_H

#include "sensor/rule/keyword.h"

/*
 * Header: protocol word, addresses and ports against the packet's own source and destination;
 * <> also the other way round. Does not look at the application protocol (rule->app_id).
 */
bool rule_header_matches(const struct rule *rule, const struct packet *packet);

/*
 * The flow keyword: direction and state. is_stream tells that bytes of the reassembled stream
 * are being looked at, not the packet's own payload.
 */
bool rule_flow_matches(const struct rule *rule, const struct packet *packet, bool is_stream);

/* rule->packet: all of it holds. ctx->packet is set. */
bool rule_packet_matches(const struct match_context *ctx);

/* rule->tx: all of it holds in ctx->tx, as far as the direction has come. */
bool rule_tx_matches(const struct match_context *ctx);

/* What happens when a rule has fired (before thresholds): flowbits, captures, tag, ... */
void rule_fire(const struct match_context *ctx);

#endif
