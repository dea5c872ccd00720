/* SPDX-License-Identifier: Apache-2.0 */
/* stats: everything the sensor counts, under Suricata's names where it has one; and alarms,
 * what the sensor has to say about itself. */
#include "sensor/record/recorder.h"

static void
put_decode(struct json *json, const struct decode_counters *d)
{
	const struct {
		const char *name;
		uint64_t value;
	} rows[] = { { "pkts", d->packets }, { "bytes", d->bytes }, { "invalid", d->invalid },
		{ "ipv4", d->ipv4 }, { "ipv6", d->ipv6 }, { "ethernet", d->ethernet },
		{ "arp", d->arp }, { "unknown_ethertype", d->unknown_ethertype },
		{ "raw", d->raw }, { "null", d->null_loop }, { "sll", d->sll },
		{ "sll2", d->sll2 }, { "tcp", d->tcp }, { "udp", d->udp }, { "sctp", d->sctp },
		{ "esp", d->esp }, { "icmpv4", d->icmpv4 }, { "icmpv6", d->icmpv6 },
		{ "ppp", d->ppp }, { "pppoe", d->pppoe }, { "geneve", d->geneve },
		{ "gre", d->gre }, { "vlan", d->vlan }, { "vlan_qinq", d->vlan_qinq },
		{ "vxlan", d->vxlan }, { "teredo", d->teredo }, { "ipip", d->ipip },
		{ "mpls", d->mpls }, { "erspan", d->erspan },
		{ "unsupported_link", d->unsupported_link } };

	json_object(json, "decoder");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		json_uint(json, rows[i].name, rows[i].value);
	json_object(json, "event");
	for (unsigned e = 0; e < DECODE_EVENT_COUNT; e++)
		if (d->events[e])
			json_uint(json, decode_event_name(e), d->events[e]);
	json_end(json);
	json_end(json);
}

static void
put_flow(struct json *json, const struct record_stats *s)
{
	json_object(json, "flow");
	json_uint(json, "total", s->flow.created);
	json_uint(json, "active", s->flow.active);
	json_uint(json, "peak", s->flow.peak);
	json_uint(json, "tcp", s->flow.tcp);
	json_uint(json, "udp", s->flow.udp);
	json_uint(json, "icmp", s->flow.icmp);
	json_uint(json, "other", s->flow.other);
	json_uint(json, "timed_out", s->flow.timed_out);
	json_uint(json, "evicted", s->flow.evicted);
	json_uint(json, "tcp_reuse", s->flow.reused);
	json_end(json);
	json_object(json, "defrag");
	json_uint(json, "fragments", s->defrag.fragments);
	json_uint(json, "reassembled", s->defrag.reassembled);
	json_uint(json, "timed_out", s->defrag.timed_out);
	json_uint(json, "over_limit", s->defrag.over_limit);
	json_uint(json, "overlaps", s->defrag.overlaps);
	json_end(json);
}

static void
put_tcp(struct json *json, const struct tcp_counters *t)
{
	json_object(json, "tcp");
	json_uint(json, "sessions", t->sessions);
	json_uint(json, "midstream_pickups", t->midstream);
	json_uint(json, "syn", t->syn);
	json_uint(json, "synack", t->synack);
	json_uint(json, "rst", t->rst);
	json_uint(json, "no_session", t->no_session);
	json_uint(json, "invalid_checksum", t->invalid_checksum);
	json_uint(json, "segments_held", t->segments_held);
	json_uint(json, "segments_shed", t->segments_shed);
	json_uint(json, "reassembly_gap", t->gaps);
	json_uint(json, "gap_bytes", t->gap_bytes);
	json_uint(json, "overlap", t->overlaps);
	json_uint(json, "stream_depth_reached", t->depth_reached);
	json_uint(json, "window_copied_bytes", t->window_copied);
	json_end(json);
}

static void
put_app(struct json *json, const struct proto_counters *p)
{
	json_object(json, "app_layer");
	json_object(json, "flow");
	for (unsigned id = 0; id < PROTO_ID_COUNT; id++)
		if (proto_get(id) || id == PROTO_ID_FAILED)
			json_uint(json, proto_name(id), p->flows[id]);
	json_end(json);
	json_object(json, "tx");
	for (unsigned id = 0; id < PROTO_ID_COUNT; id++)
		if (proto_get(id))
			json_uint(json, proto_name(id), p->txs[id]);
	json_end(json);
	json_object(json, "error");
	for (unsigned id = 0; id < PROTO_ID_COUNT; id++) {
		if (!proto_get(id))
			continue;
		json_object(json, proto_name(id));
		json_uint(json, "parser", p->broken[id]);
		json_uint(json, "gap", p->gaps[id]);
		json_uint(json, "tx_shed", p->txs_shed[id]);
		json_end(json);
	}
	json_uint(json, "memory_shed", p->memory_shed);
	json_end(json);
	json_end(json);
}

static void
put_detect(struct json *json, const struct record_stats *s)
{
	json_object(json, "detect");
	json_array(json, "engines");
	json_object(json, NULL);
	json_uint(json, "id", 0);
	json_uint(json, "rules_loaded", s->rules_loaded);
	json_uint(json, "rules_failed", s->rules_failed);
	json_uint(json, "rules_skipped", s->rules_skipped);
	json_end(json);
	json_end(json);
	json_uint(json, "alert", s->detect.alerts);
	json_uint(json, "alert_queue_overflow", s->detect.alerts_over_max);
	json_uint(json, "alerts_suppressed", s->threshold.suppressed);
	json_uint(json, "scans", s->detect.scans);
	json_uint(json, "scan_bytes", s->detect.scan_bytes);
	json_uint(json, "prefilter_hits", s->detect.hits);
	json_uint(json, "candidates", s->detect.candidates);
	json_uint(json, "matches", s->detect.matches);
	json_end(json);
	json_object(json, "ndpi");
	json_uint(json, "packets", s->dpi.packets);
	json_uint(json, "decided", s->dpi.flows_decided);
	json_uint(json, "guessed", s->dpi.flows_guessed);
	json_uint(json, "unknown", s->dpi.flows_unknown);
	json_uint(json, "shed", s->dpi.flows_shed);
	json_end(json);
}

static void
put_records(struct json *json, const struct record_stats *s)
{
	static const char *const names[] = { "alarm", "alert", "anomaly", "protocol", "flow",
		"stats" };
	_Static_assert(sizeof(names) / sizeof(names[0]) == RECORD_CLASS_COUNT,
	    "a name a class");

	json_object(json, "records");
	for (unsigned c = 0; c < RECORD_CLASS_COUNT; c++)
		json_uint(json, names[c], s->records[c]);
	json_object(json, "shed");
	for (unsigned c = 0; c < RECORD_CLASS_COUNT; c++)
		json_uint(json, names[c], s->records_shed[c]);
	json_end(json);
	json_uint(json, "spool_bytes", s->spool_bytes);
	json_uint(json, "spool_waiting", s->spool_waiting);
	json_end(json);
}

void
recorder_stats(struct recorder *r, nsec_t ts, const struct record_stats *s)
{
	struct json json;
	struct record_head head = { .class = RECORD_STATS, .type = "stats", .ts = ts };

	if (!r->options->stats || !record_begin(r, &json, &head, NULL, NULL, NULL))
		return;
	json_object(&json, "stats");
	json_uint(&json, "uptime", s->uptime_ns / NSEC_PER_SEC);
	json_object(&json, "capture");
	json_uint(&json, "kernel_packets", s->kernel_packets);
	json_uint(&json, "kernel_drops", s->kernel_drops);
	json_uint(&json, "kernel_ifdrops", s->if_drops);
	json_end(&json);
	put_decode(&json, &s->decode);
	put_flow(&json, s);
	put_tcp(&json, &s->tcp);
	put_app(&json, &s->app);
	put_detect(&json, s);
	put_records(&json, s);
	json_end(&json);
	record_guan(r, &json);
	record_end(r, &json, &head);
}

void
recorder_alarm(struct recorder *r, nsec_t ts, const char *kind, const char *text,
    uint64_t count)
{
	struct json json;
	struct record_head head = { .class = RECORD_ALARM, .type = "alarm", .ts = ts };

	if (!r->options->is_on || !record_begin(r, &json, &head, NULL, NULL, NULL))
		return;
	json_object(&json, "alarm");
	json_str(&json, "kind", kind);
	json_str(&json, "text", text);
	json_uint(&json, "count", count);
	json_end(&json);
	record_guan(r, &json);
	record_end(r, &json, &head);
}
