/* SPDX-License-Identifier: Apache-2.0 */
/* options: outputs.eve-log as the recorder's parts read it. For record/ only. */
#ifndef GUAN_SENSOR_RECORD_OPTIONS_H
#define GUAN_SENSOR_RECORD_OPTIONS_H

#include "sensor/record/record.h"

struct alert_options {
	bool is_on, payload, payload_printable, payload_length, packet, metadata_rule,
	    metadata_app, metadata_flow, raw_rule, references, tagged_packets, http_body,
	    http_body_printable, verdict;
	uint64_t payload_max;
};

struct record_options {
	bool is_on;
	const char *filename;
	const char *zone;
	bool has_community_id, has_ethernet, is_pcap;
	uint16_t community_seed;
	bool has_metadata; /* flow and packet variables */
	bool has_suricata_version;
	struct alert_options alert;
	bool anomaly, anomaly_decode, anomaly_stream, anomaly_app;
	bool flow, netflow;
	bool stats;
	bool files;
	bool protocol[PROTO_ID_COUNT];
};

#endif
