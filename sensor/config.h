/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config: the sensor's settings, read once from YAML and the command line, checked, and typed.
 *
 * Each floor's options are filled from suricata.yaml's keys, ours from `guan:`. Every mistake
 * is reported with file, line, column and what was expected; all of them, not just the first.
 */
#ifndef GUAN_SENSOR_CONFIG_H
#define GUAN_SENSOR_CONFIG_H

#include "sensor/detect/detect.h"
#include "sensor/options.h"
#include "sensor/record/record.h"
#include "sensor/sink/filestore.h"
#include "sensor/sink/writer.h"
#include "sensor/syscalls.h"

struct sensor_config {
	struct arena *arena;
	struct conf *tree;
	const char
	    *dir; /* what relative names start at: the configuration file's folder, or "." */
	const char *log_dir;
	const char *zone;
	const char *sensor_id;
	const char *run_as;       /* user to become once an interface is open; NULL: stay */
	const char *geoip;        /* database, or NULL */
	const char *control_path; /* unix socket, or NULL */
	unsigned workers;
	bool split_segments;
	enum syscalls_mode syscalls;
	size_t ring_bytes; /* capture ring per worker, live */
	nsec_t stats_interval_ns;

	struct decode_options decode;
	struct defrag_options defrag;
	struct flow_table_options flow;
	struct tcp_options tcp;
	struct proto_options proto;
	struct dpi_options dpi;
	struct record_options *record;
	struct ruleset_options rules;
	struct detect_engine_options engine;
	struct writer_options writer;
	struct filestore_options files;
};

/* NULL when something was wrong; it has then been told on standard error, line by line. */
struct sensor_config *config_load(const struct options *options);
void config_free(struct sensor_config *config);

#endif
