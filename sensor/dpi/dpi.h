/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dpi: what nDPI says of a flow: application, category, risks. The only floor that knows nDPI.
 *
 * nDPI's answers are enrichment: our own parsers are the authority for rules and records. It is
 * fed in order, data as first seen, until it has decided or its packet limit is reached. Every
 * buffer handed to it has DPI_SLACK readable bytes behind it: nDPI 4.2 reads past the end of
 * odd packets. One dpi_worker per worker (nDPI's caches and scratch live in it); make them all
 * from the main thread before the workers start.
 */
#ifndef GUAN_SENSOR_DPI_DPI_H
#define GUAN_SENSOR_DPI_DPI_H

#include "sensor/flow/flow.h"

/* Readable bytes behind each packet that the caller vouches for, else the packet is copied. */
#define DPI_SLACK 64

struct dpi_worker;

struct dpi_options {
	bool is_enabled;
	unsigned packet_limit;       /* per flow, 6 to 32 */
	const char *const *excluded; /* protocol names that are not looked for, ended by NULL */
	const char *protocols_file;  /* nDPI's custom protocol file, or NULL */
	size_t max_flows;            /* flows under inspection at once */
};
struct dpi_options dpi_options_default(void);

/* NULL with a reason (static text) when nDPI cannot be set up as asked. */
struct dpi_worker *dpi_worker_new(const struct dpi_options *options, const char **ret_error);
void dpi_worker_free(struct dpi_worker *worker);

/* Feeds a packet of a flow, from its IP header, if nDPI still wants it. slack tells how many
 * bytes behind packet->ip are readable. */
void dpi_packet(struct dpi_worker *worker, struct flow *flow, const struct packet *packet,
    size_t slack);

/* The last word for a flow that ends undecided, and release of what nDPI holds for it. */
void dpi_flow_end(struct dpi_worker *worker, struct flow *flow);
void dpi_flow_free(struct dpi_worker *worker, struct flow *flow);

/* What is known now. Names are static. A guess (by port or address) is told apart. */
struct dpi_verdict {
	uint16_t master, app; /* nDPI protocol ids, 0 unknown */
	uint16_t category;
	uint64_t risk; /* bit set of nDPI risk numbers */
	bool is_final, is_guess;
	const char *confidence; /* nDPI's word, such as "DPI" */
};
struct dpi_verdict dpi_flow_verdict(const struct flow *flow);

/* Our own detection overrules nDPI (JT/T 808 is no MongoDB, TLCP is no obsolete TLS). */
void dpi_flow_overrule(struct flow *flow);

/* Names to numbers and back; -1 / NULL when unknown. Usable once dpi_names_init() has run. */
void dpi_names_init(void);
int dpi_protocol_find(const char *name);
int dpi_risk_find(const char *name); /* "RISK_NAME" or nDPI's text, any case */
const char *dpi_protocol_name(uint16_t id);
const char *dpi_category_name(uint16_t id);
const char *dpi_risk_name(unsigned bit);
unsigned dpi_risk_count(void);
const char *dpi_version(void);

/* EVE: members of the "ndpi" object. */
struct json;
void dpi_record(const struct flow *flow, struct json *json);

struct dpi_counters {
	uint64_t packets, flows_decided, flows_guessed, flows_unknown, flows_shed;
};
const struct dpi_counters *dpi_counters(const struct dpi_worker *worker);

#endif
