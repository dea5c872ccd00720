/* SPDX-License-Identifier: Apache-2.0 */
/* flow: what a conversation was, when it ends. */
#include "sensor/flow/tcp.h"
#include "sensor/record/recorder.h"

static void
put_flags(struct json *json, const char *key, uint8_t flags)
{
	json_put_hex(json, key, span_of(&flags, 1), 0);
}

static const char *const tcp_flag_names[] = { "fin", "syn", "rst", "psh", "ack", "urg", "ecn",
	"cwr" };

static void
put_flag_names(struct json *json, uint8_t flags)
{
	for (unsigned bit = 0; bit < 8; bit++)
		if (flags >> bit & 1)
			json_put_bool(json, tcp_flag_names[bit], true);
}

static void
put_tcp(struct json *json, const struct flow *f)
{
	uint8_t ts = f->half[DIR_TOSERVER].tcp_flags, tc = f->half[DIR_TOCLIENT].tcp_flags;

	json_open_object(json, "tcp");
	put_flags(json, "tcp_flags", ts | tc);
	put_flags(json, "tcp_flags_ts", ts);
	put_flags(json, "tcp_flags_tc", tc);
	put_flag_names(json, ts | tc);
	json_put_str(json, "state", tcp_state_name(tcp_state(f)));
	json_close(json);
}

/* One direction of a flow: netflow's unit. */
static void
record_half(struct recorder *r, const struct flow *f, enum dir dir)
{
	const struct flow_half *half = &f->half[dir];
	struct record_ends ends = record_ends_flow(f, dir);
	struct record_head head = { .class = RECORD_FLOW, .type = "netflow", .ts = f->last_ns };
	struct json json;

	if (!record_begin(r, &json, &head, f, NULL, &ends))
		return;
	record_app_proto(&json, f);
	json_open_object(&json, "netflow");
	json_put_uint(&json, "pkts", half->packets);
	json_put_uint(&json, "bytes", half->bytes);
	json_put_time_eve(&json, "start", f->first_ns);
	json_put_time_eve(&json, "end", f->last_ns);
	json_put_uint(&json, "age", f->last_ns / NSEC_PER_SEC - f->first_ns / NSEC_PER_SEC);
	json_put_uint(&json, "min_ttl", half->ttl_min);
	json_put_uint(&json, "max_ttl", half->ttl_max);
	json_close(&json);
	if (r->options->has_metadata)
		record_flow_vars(&json, f);
	if (flow_is_tcp(f)) {
		json_open_object(&json, "tcp");
		put_flags(&json, "tcp_flags", half->tcp_flags);
		put_flag_names(&json, half->tcp_flags);
		json_close(&json);
	}
	record_guan(r, &json);
	record_end(r, &json, &head);
}

void
recorder_flow(struct recorder *r, const struct flow *f, enum flow_end why)
{
	struct json json;
	struct record_ends ends = record_ends_flow(f, DIR_TOSERVER);
	/* Time of the last packet, not of the sweep that found it: equal in every replay. */
	struct record_head head = { .class = RECORD_FLOW, .type = "flow", .ts = f->last_ns };

	if (r->options->netflow) {
		record_half(r, f, DIR_TOSERVER);
		if (f->half[DIR_TOCLIENT].packets)
			record_half(r, f, DIR_TOCLIENT);
	}
	if (!r->options->flow || !record_begin(r, &json, &head, f, NULL, &ends))
		return;
	record_app_proto(&json, f);
	json_open_object(&json, "flow");
	json_put_uint(&json, "pkts_toserver", f->half[DIR_TOSERVER].packets);
	json_put_uint(&json, "pkts_toclient", f->half[DIR_TOCLIENT].packets);
	json_put_uint(&json, "bytes_toserver", f->half[DIR_TOSERVER].bytes);
	json_put_uint(&json, "bytes_toclient", f->half[DIR_TOCLIENT].bytes);
	json_put_time_eve(&json, "start", f->first_ns);
	json_put_time_eve(&json, "end", f->last_ns);
	json_put_uint(&json, "age", f->last_ns / NSEC_PER_SEC - f->first_ns / NSEC_PER_SEC);
	json_put_str(&json, "state", flow_state_name(f->state));
	json_put_str(&json, "reason", flow_end_name(why));
	json_put_bool(&json, "alerted", f->has_alert);
	if (f->app && f->app->next_tx_id)
		json_put_uint(&json, "tx_cnt", f->app->next_tx_id);
	json_close(&json);
	if (r->options->has_metadata)
		record_flow_vars(&json, f);
	if (flow_is_tcp(f))
		put_tcp(&json, f);
	record_guan(r, &json);
	dpi_record(f, &json);
	record_end(r, &json, &head);
}
