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

	json_open_object(json, "decoder");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		json_put_uint(json, rows[i].name, rows[i].value);
	json_open_object(json, "event");
	for (unsigned e = 0; e < DECODE_EVENT_COUNT; e++)
		if (d->events[e])
			json_put_uint(json, decode_event_name(e), d->events[e]);
	json_close(json);
	json_close(json);
}

static void
put_flow(struct json *json, const struct record_stats *s)
{
	json_open_object(json, "flow");
	json_put_uint(json, "total", s->flow.created);
	json_put_uint(json, "active", s->flow.active);
	json_put_uint(json, "peak", s->flow.peak);
	json_put_uint(json, "tcp", s->flow.tcp);
	json_put_uint(json, "udp", s->flow.udp);
	json_put_uint(json, "icmp", s->flow.icmp);
	json_put_uint(json, "other", s->flow.other);
	json_put_uint(json, "timed_out", s->flow.timed_out);
	json_put_uint(json, "evicted", s->flow.evicted);
	json_put_uint(json, "tcp_reuse", s->flow.reused);
	json_close(json);
	json_open_object(json, "defrag");
	json_put_uint(json, "fragments", s->defrag.fragments);
	json_put_uint(json, "reassembled", s->defrag.reassembled);
	json_put_uint(json, "timed_out", s->defrag.timed_out);
	json_put_uint(json, "over_limit", s->defrag.over_limit);
	json_put_uint(json, "overlaps", s->defrag.overlaps);
	json_close(json);
}

static void
put_tcp(struct json *json, const struct tcp_counters *t)
{
	json_open_object(json, "tcp");
	json_put_uint(json, "sessions", t->sessions);
	json_put_uint(json, "midstream_pickups", t->midstream);
	json_put_uint(json, "syn", t->syn);
	json_put_uint(json, "synack", t->synack);
	json_put_uint(json, "rst", t->rst);
	json_put_uint(json, "no_session", t->no_session);
	json_put_uint(json, "invalid_checksum", t->invalid_checksum);
	json_put_uint(json, "segments_held", t->segments_held);
	json_put_uint(json, "segments_shed", t->segments_shed);
	json_put_uint(json, "reassembly_gap", t->gaps);
	json_put_uint(json, "gap_bytes", t->gap_bytes);
	json_put_uint(json, "overlap", t->overlaps);
	json_put_uint(json, "stream_depth_reached", t->depth_reached);
	json_put_uint(json, "window_copied_bytes", t->window_copied);
	json_close(json);
}

static void
put_app(struct json *json, const struct proto_counters *p)
{
	json_open_object(json, "app_layer");
	json_open_object(json, "flow");
	for (unsigned id = 0; id < PROTO_ID_COUNT; id++)
		if (proto_get(id) || id == PROTO_ID_FAILED)
			json_put_uint(json, proto_name(id), p->flows[id]);
	json_close(json);
	json_open_object(json, "tx");
	for (unsigned id = 0; id < PROTO_ID_COUNT; id++)
		if (proto_get(id))
			json_put_uint(json, proto_name(id), p->txs[id]);
	json_close(json);
	json_open_object(json, "error");
	for (unsigned id = 0; id < PROTO_ID_COUNT; id++) {
		if (!proto_get(id))
			continue;
		json_open_object(json, proto_name(id));
		json_put_uint(json, "parser", p->broken[id]);
		json_put_uint(json, "gap", p->gaps[id]);
		json_put_uint(json, "tx_shed", p->txs_shed[id]);
		json_close(json);
	}
	json_put_uint(json, "memory_shed", p->memory_shed);
	json_put_uint(json, "files_shed", p->files_shed);
	json_close(json);
	json_close(json);
}

static void
put_files(struct json *json, const struct record_stats *s)
{
	json_open_object(json, "file_store");
	json_put_uint(json, "fs_errors", s->files.errors);
	json_put_uint(json, "stored", s->files.stored);
	json_put_uint(json, "bytes", s->files.bytes);
	json_put_uint(json, "shed", s->files.shed);
	json_put_uint(json, "not_stored", s->app.files_unstored);
	json_close(json);
}

static void
put_detect(struct json *json, const struct record_stats *s)
{
	json_open_object(json, "detect");
	json_open_array(json, "engines");
	json_open_object(json, NULL);
	json_put_uint(json, "id", 0);
	json_put_uint(json, "rules_loaded", s->rules_loaded);
	json_put_uint(json, "rules_failed", s->rules_failed);
	json_put_uint(json, "rules_skipped", s->rules_skipped);
	json_close(json);
	json_close(json);
	json_put_uint(json, "alert", s->detect.alerts);
	json_put_uint(json, "alert_queue_overflow", s->detect.alerts_over_max);
	json_put_uint(json, "alerts_suppressed", s->threshold.suppressed);
	json_put_uint(json, "scans", s->detect.scans);
	json_put_uint(json, "scan_bytes", s->detect.scan_bytes);
	json_put_uint(json, "prefilter_hits", s->detect.hits);
	json_put_uint(json, "candidates", s->detect.candidates);
	json_put_uint(json, "matches", s->detect.matches);
	json_close(json);
	json_open_object(json, "ndpi");
	json_put_uint(json, "packets", s->dpi.packets);
	json_put_uint(json, "decided", s->dpi.flows_decided);
	json_put_uint(json, "guessed", s->dpi.flows_guessed);
	json_put_uint(json, "unknown", s->dpi.flows_unknown);
	json_put_uint(json, "shed", s->dpi.flows_shed);
	json_close(json);
}

static void
put_records(struct json *json, const struct record_stats *s)
{
	static const char *const names[] = { "alarm", "alert", "anomaly", "protocol", "flow",
		"stats" };
	_Static_assert(sizeof(names) / sizeof(names[0]) == RECORD_CLASS_COUNT,
	    "a name a class");

	json_open_object(json, "records");
	for (unsigned c = 0; c < RECORD_CLASS_COUNT; c++)
		json_put_uint(json, names[c], s->records[c]);
	json_open_object(json, "shed");
	for (unsigned c = 0; c < RECORD_CLASS_COUNT; c++)
		json_put_uint(json, names[c], s->records_shed[c]);
	json_close(json);
	json_put_uint(json, "spool_bytes", s->spool_bytes);
	json_put_uint(json, "spool_waiting", s->spool_waiting);
	json_close(json);
}

void
recorder_stats(struct recorder *r, nsec_t ts, const struct record_stats *s)
{
	struct json json;
	struct record_head head = { .class = RECORD_STATS, .type = "stats", .ts = ts };

	if (!r->options->stats || !record_begin(r, &json, &head, NULL, NULL, NULL))
		return;
	json_open_object(&json, "stats");
	json_put_uint(&json, "uptime", s->uptime_ns / NSEC_PER_SEC);
	json_open_object(&json, "capture");
	json_put_uint(&json, "kernel_packets", s->kernel_packets);
	json_put_uint(&json, "kernel_drops", s->kernel_drops);
	json_put_uint(&json, "kernel_ifdrops", s->if_drops);
	json_close(&json);
	put_decode(&json, &s->decode);
	put_flow(&json, s);
	put_tcp(&json, &s->tcp);
	put_app(&json, &s->app);
	put_files(&json, s);
	put_detect(&json, s);
	put_records(&json, s);
	json_close(&json);
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
	json_open_object(&json, "alarm");
	json_put_str(&json, "kind", kind);
	json_put_str(&json, "text", text);
	json_put_uint(&json, "count", count);
	json_close(&json);
	record_guan(r, &json);
	record_end(r, &json, &head);
}
