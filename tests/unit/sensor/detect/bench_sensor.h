/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_sensor: the floors from decoding to detection on a table top, for tests of rules.
 *
 * A test gives rule texts and sends packets it makes itself; what fires is noted in order.
 */
#ifndef GUAN_TESTS_DETECT_BENCH_SENSOR_H
#define GUAN_TESTS_DETECT_BENCH_SENSOR_H

#include "sensor/decode/decode.h"
#include "sensor/detect/detect.h"
#include "sensor/flow/flow_table.h"
#include "sensor/flow/tcp.h"
#include "sensor/proto/app.h"

#define FIRED_MAX 4096

struct fired {
	uint32_t sid;
	uint64_t packet; /* number; 0: at the end of a flow */
	int64_t tx;      /* id, or -1 */
	bool is_stream;
};

struct bench {
	struct detect_engine *engine;
	struct detector *detector;
	struct decode_options decode;
	struct decode_counters decode_counters;
	struct flow_table *flows;
	struct tcp *tcp;
	struct proto_options proto_options;
	struct arena *arena;
	struct proto_worker *protos;
	struct app_hooks hooks;
	uint64_t number;
	nsec_t now;
	struct fired fired[FIRED_MAX];
	size_t fired_count;
};

/* One conversation: addresses as last bytes in 10.0.0.0/24 and 192.0.2.0/24. */
struct talk {
	uint8_t client, server;
	uint16_t client_port, server_port;
	uint32_t seq[2];
};

/* Fails the test when a rule is refused, unless may_refuse. */
struct detect_engine *bench_compile(const char *rules,
    const struct detect_engine_options *options);
void bench_init(struct bench *b, struct detect_engine *engine); /* takes the reference */
void bench_done(struct bench *b);

void bench_frame(struct bench *b, const uint8_t *frame, size_t len);
void bench_tcp(struct bench *b, struct talk *t, enum dir dir, uint8_t flags,
    const void *payload, size_t len);
void bench_handshake(struct bench *b, struct talk *t);
void bench_send(struct bench *b, struct talk *t, enum dir dir, const char *text);
/* The same in pieces of step bytes. */
void bench_send_split(struct bench *b, struct talk *t, enum dir dir, const void *bytes,
    size_t len, size_t step);
void bench_close(struct bench *b, struct talk *t);
void bench_udp(struct bench *b, struct talk *t, enum dir dir, const void *payload, size_t len);
void bench_icmp(struct bench *b, uint8_t client, uint8_t server, uint8_t type, uint8_t code);
/* Ends all flows. */
void bench_finish(struct bench *b);

unsigned bench_count(const struct bench *b, uint32_t sid);
void bench_forget(struct bench *b);

#endif
