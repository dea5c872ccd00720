/* SPDX-License-Identifier: Apache-2.0 */
/* alert: why a rule fired, with what an analyst needs to believe it. */
#include <stdio.h>

#include "sensor/record/geo.h"
#include "sensor/record/recorder.h"

static void
put_metadata(struct json *json, const struct rule *rule)
{
	char key[RECORD_KEY_MAX];

	if (!rule->metadata)
		return;
	json_open_object(json, "metadata");
	for (const struct rule_metadata *m = rule->metadata; m; m = m->next) {
		bool is_told = false;
		for (const struct rule_metadata *e = rule->metadata; e != m; e = e->next)
			is_told |= strcmp(e->key, m->key) == 0;
		if (is_told)
			continue;
		json_open_array(json, record_key(m->key, key, sizeof(key)));
		for (const struct rule_metadata *e = m; e; e = e->next)
			if (strcmp(e->key, m->key) == 0)
				json_put_str(json, NULL, e->value);
		json_close(json);
	}
	json_close(json);
}

static void
put_end(struct json *json, const char *key, const struct packet *p, bool is_source)
{
	char text[ADDR_TEXT_LEN];
	size_t len = addr_format_eve(is_source ? &p->src : &p->dst, p->ip_version, text);

	json_open_object(json, key);
	json_put_text(json, "ip", span_of(text, len));
	if (p->layers & (LAYER_TCP | LAYER_UDP | LAYER_SCTP))
		json_put_uint(json, "port", is_source ? p->sport : p->dport);
	json_close(json);
}

/* Where the systems that public rule sets name keep what they know. */
static const char *
reference_prefix(const char *system)
{
	static const struct {
		const char *system, *prefix;
	} known[] = {
		{ "bid", "http://www.securityfocus.com/bid/" },
		{ "bugtraq", "http://www.securityfocus.com/bid/" },
		{ "cve", "https://cve.mitre.org/cgi-bin/cvename.cgi?name=" },
		{ "et", "http://doc.emergingthreats.net/" },
		{ "exploitdb", "http://www.exploit-db.com/exploits/" },
		{ "md5", "http://www.threatexpert.com/report.aspx?md5=" },
		{ "nessus", "http://cgi.nessus.org/plugins/dump.php3?id=" },
		{ "secunia", "http://www.secunia.com/advisories/" },
	};
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (strcmp(known[i].system, system) == 0)
			return known[i].prefix;
	}
	return "https://";
}

static void
put_reference(struct json *json, const struct rule_reference *reference)
{
	char text[512];
	bool is_address = strncmp(reference->id, "http", 4) == 0;

	snprintf(text, sizeof(text), "%s%s",
	    is_address ? "" : reference_prefix(reference->system), reference->id);
	json_put_str(json, NULL, text);
}

static void
put_alert(struct recorder *r, struct json *json, const struct alert *a)
{
	const struct rule *rule = a->rule;

	json_open_object(json, "alert");
	json_put_str(json, "action", "allowed");
	json_put_uint(json, "gid", rule->gid);
	json_put_uint(json, "signature_id", rule->sid);
	json_put_uint(json, "rev", rule->rev);
	json_put_str(json, "signature", rule->msg ? rule->msg : "");
	json_put_str(json, "category", rule->class_text ? rule->class_text : "");
	json_put_uint(json, "severity", rule->priority);
	if (rule->target) {
		put_end(json, "source", a->packet, rule->target == 2);
		put_end(json, "target", a->packet, rule->target == 1);
	}
	if (r->options->alert.metadata_rule)
		put_metadata(json, rule);
	if (rule->references && r->options->alert.references) {
		json_open_array(json, "references");
		for (const struct rule_reference *e = rule->references; e; e = e->next)
			put_reference(json, e);
		json_close(json);
	}
	record_alert_context(r, json, rule);
	if (r->options->alert.raw_rule)
		json_put_str(json, "rule", rule->text);
	json_close(json);
}

static void
put_flow(struct json *json, const struct flow *f)
{
	struct record_ends e = record_ends_flow(f, DIR_TOSERVER);
	char text[ADDR_TEXT_LEN];

	json_open_object(json, "flow");
	json_put_uint(json, "pkts_toserver", f->half[DIR_TOSERVER].packets);
	json_put_uint(json, "pkts_toclient", f->half[DIR_TOCLIENT].packets);
	json_put_uint(json, "bytes_toserver", f->half[DIR_TOSERVER].bytes);
	json_put_uint(json, "bytes_toclient", f->half[DIR_TOCLIENT].bytes);
	json_put_time_eve(json, "start", f->first_ns);
	json_put_text(json, "src_ip",
	    span_of(text, addr_format_eve(e.src, e.ip_version, text)));
	json_put_text(json, "dest_ip",
	    span_of(text, addr_format_eve(e.dst, e.ip_version, text)));
	if (f->key.ip_proto == IP_PROTO_TCP || f->key.ip_proto == IP_PROTO_UDP) {
		json_put_uint(json, "src_port", e.sport);
		json_put_uint(json, "dest_port", e.dport);
	}
	json_close(json);
}

/* As libpcap names what is decoded here. */
static const char *
link_name(uint16_t link_type)
{
	static const struct {
		uint16_t number;
		const char *name;
	} names[] = { { 0, "NULL" }, { 1, "EN10MB" }, { 9, "PPP" }, { 12, "RAW" },
		{ 14, "RAW" }, { 50, "PPP_SERIAL" }, { 101, "RAW" }, { 104, "C_HDLC" },
		{ 108, "LOOP" }, { 113, "LINUX_SLL" }, { 228, "IPV4" }, { 229, "IPV6" },
		{ 276, "LINUX_SLL2" } };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].number == link_type)
			return names[i].name;
	return NULL;
}

/* The packet as it was on the wire, around what the record is about. */
static void
put_tunnel(struct json *json, const struct packet *packet)
{
	const struct packet *root = packet->outer;

	if (!root)
		return;
	while (root->outer)
		root = root->outer;
	if (!root->ip_version)
		return;
	json_open_object(json, "tunnel");
	record_addr(json, "src_ip", &root->src, root->ip_version);
	if (root->sport || root->dport)
		json_put_uint(json, "src_port", root->sport);
	record_addr(json, "dest_ip", &root->dst, root->ip_version);
	if (root->sport || root->dport)
		json_put_uint(json, "dest_port", root->dport);
	record_ip_proto(json, root->ip_proto);
	json_put_uint(json, "depth", packet->depth);
	if (root->number)
		json_put_uint(json, "pcap_cnt", root->number);
	json_put_str(json, "pkt_src", record_packet_source(root));
	json_close(json);
}

static void
put_payload(struct recorder *r, struct json *json, const struct alert *a)
{
	const struct alert_options *o = &r->options->alert;
	struct span payload = a->is_stream ? a->stream : a->packet->payload;

	if (payload.len > o->payload_max)
		payload.len = o->payload_max;
	if (o->payload && payload.len)
		json_put_base64(json, "payload", payload);
	if (o->payload_printable && payload.len)
		json_put_printable(json, "payload_printable", payload);
	if (o->payload_length && payload.len)
		json_put_uint(json, "payload_length", payload.len);
	if (payload.len || a->is_stream)
		json_put_uint(json, "stream", a->is_stream);
	if (!o->packet || a->packet->frame.len == 0)
		return;
	json_put_base64(json, "packet", a->packet->frame);
	json_open_object(json, "packet_info");
	json_put_uint(json, "linktype", a->packet->link_type);
	const char *name = link_name(a->packet->link_type);
	if (name)
		json_put_str(json, "linktype_name", name);
	json_close(json);
}

static void
put_hits(struct json *json, const struct alert *a)
{
	if (!a->hit_count)
		return;
	json_open_array(json, "hits");
	for (unsigned i = 0; i < a->hit_count; i++) {
		json_open_object(json, NULL);
		json_put_str(json, "buffer", a->hits[i].buffer);
		json_put_uint(json, "offset", a->hits[i].offset);
		json_put_uint(json, "length", a->hits[i].length);
		json_close(json);
	}
	json_close(json);
}

/* What is left out of an alert that would not fit: the longest first, who met whom never. */
enum cut {
	CUT_NOTHING,
	CUT_PAYLOAD,
	CUT_DETAILS, /* what the application and the flow say, too */
	CUT_COUNT
};

static void
put_guan(struct recorder *r, struct json *json, const struct alert *a, enum cut cut)
{
	static const char
	    *const names[] = { [CUT_PAYLOAD] = "payload", [CUT_DETAILS] = "details" };

	record_guan(r, json);
	if (cut)
		json_put_str(json, "cut", names[cut]);
	json_put_str(json, "rule", a->rule->text);
	put_hits(json, a);
	if (a->packet->ip_version) {
		struct json_mark mark = json_mark(json);
		json_open_object(json, "geo");
		size_t empty = json->len;
		geo_record(json, "src", &a->packet->src, a->packet->ip_version);
		geo_record(json, "dest", &a->packet->dst, a->packet->ip_version);
		if (json->len == empty)
			json_rewind(json, mark);
		else
			json_close(json);
	}
	if (a->flow)
		dpi_record(a->flow, json);
}

static void
put_details(struct recorder *r, struct json *json, const struct alert *a)
{
	if (r->options->alert.metadata_app)
		record_app(json, a->app, a->tx);
	if (r->options->alert.metadata_rule && a->tx)
		record_alert_files(json, a->tx, a->packet->dir);
	if (r->options->has_metadata)
		record_alert_vars(r, json, a->flow, a->rule);
}

/* All behind what names the alert. */
static void
put_rest(struct recorder *r, struct json *json, const struct alert *a, enum cut cut)
{
	if (cut < CUT_DETAILS)
		put_details(r, json, a);
	if (a->flow) {
		record_app_proto(json, a->flow);
		json_put_str(json, "direction",
		    a->packet->dir == DIR_TOSERVER ? "to_server" : "to_client");
		if (r->options->alert.metadata_flow)
			put_flow(json, a->flow);
	}
	if (cut < CUT_PAYLOAD)
		put_payload(r, json, a);
	put_guan(r, json, a, cut);
}

void
recorder_alert(struct recorder *r, const struct alert *a)
{
	struct record_ends ends = record_ends_packet(a->packet);
	struct record_head head = { .class = RECORD_ALERT,
		.type = "alert",
		.ts = a->packet->ts,
		.number = a->packet->number ? a->packet->number : r->at };
	struct json json;

	if (a->flow)
		a->flow->has_alert = true;
	if (a->tx)
		a->tx->has_alert = true;
	if (!r->options->alert.is_on ||
	    !record_begin(r, &json, &head, a->flow, a->packet, &ends))
		return;
	if (a->tx)
		json_put_uint(&json, "tx_id", a->tx->id);
	put_alert(r, &json, a);
	put_tunnel(&json, a->packet);
	if (r->options->alert.verdict) {
		json_open_object(&json, "verdict");
		json_put_str(&json, "action", a->rule->action == RULE_PASS ? "pass" : "alert");
		json_close(&json);
	}
	struct json_mark mark = json_mark(&json);
	bool may_cut = !json.is_full;
	put_rest(r, &json, a, CUT_NOTHING);
	for (enum cut cut = CUT_PAYLOAD; may_cut && json.is_full && cut < CUT_COUNT; cut++) {
		json_rewind(&json, mark);
		json.is_full = false; /* all that found no room is behind the mark */
		put_rest(r, &json, a, cut);
	}
	head.has_ticket = threshold_applies(a->rule);
	if (head.has_ticket)
		threshold_ticket_of(a, &head.ticket);
	record_end(r, &json, &head);
}
