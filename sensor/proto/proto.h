/* SPDX-License-Identifier: Apache-2.0 */
/*
 * proto: the contract of an application protocol.
 *
 * A protocol is one file and one row of PROTOCOLS: how to recognise it, how to feed it, what it
 * remembers, which buffers and fields rules can look at, and its EVE record. The floors above
 * (rules, detection, records) read this table and never the protocol's own structures.
 *
 * The life of a protocol on a flow: app.c shows the first bytes of each direction to the
 * probes; the one that says yes is opened; parse() is then fed each direction's bytes in order,
 * makes transactions (struct tx) and moves their progress; after each feeding, detection looks
 * at the transactions that moved, the worker records those that are done, and app.c frees them.
 *
 * Parsers are incremental: any split of the input gives the same transactions. They read
 * through common/cursor.h only, allocate from the worker's pools only (struct proto_worker),
 * and cap all that traffic can fill.
 */
#ifndef GUAN_SENSOR_PROTO_PROTO_H
#define GUAN_SENSOR_PROTO_PROTO_H

#include <sys/queue.h>

#include "common/arena.h"
#include "common/conf.h"
#include "common/json.h"
#include "sensor/flow/flow.h"
#include "sensor/flow/tcp.h"

/* Sorted by name; the row's name is the C identifier of struct proto proto_<name>. */
#define PROTOCOLS(X) \
	X(bittorrent_dht)  \
	X(dcerpc)          \
	X(dhcp)            \
	X(dns)             \
	X(doh2)            \
	X(http)            \
	X(http2)           \
	X(ike)             \
	X(jt808)           \
	X(krb5)            \
	X(ldap)            \
	X(modbus)          \
	X(mqtt)            \
	X(ntp)             \
	X(pgsql)           \
	X(quic)            \
	X(rdp)             \
	X(rfb)             \
	X(sip)             \
	X(smb)             \
	X(smtp)            \
	X(snmp)            \
	X(ssh)             \
	X(tls)             \
	X(websocket)       \

enum proto_id {
	PROTO_ID_NONE,   /* not known (yet) */
	PROTO_ID_FAILED, /* looked at, none of ours */
#define X(name) PROTO_ID_##name,
	PROTOCOLS(X)
#undef X
	    PROTO_ID_COUNT
	};

enum proto_transport {
	PROTO_TCP = 1,
	PROTO_UDP = 2,
};

/* What a probe says of the first bytes of one direction. */
enum proto_verdict {
	PROTO_NO,
	PROTO_MORE, /* could still be: show it again with more bytes */
	PROTO_YES,
	PROTO_YES_REVERSED, /* yes, and the flow's client and server are the other way round */
};

struct app;
struct file;
struct tx;
struct proto_worker;

/*
 * One exchange: a request and its answer, or whatever the protocol counts by. A protocol's own
 * structure begins with it. progress is the protocol's own scale per direction, only growing;
 * a buffer's row says from which step on it can be read.
 */
struct tx {
	TAILQ_ENTRY(tx) link;
	uint64_t id;         /* from 0, within the flow: EVE's tx_id */
	uint8_t progress[2]; /* by enum dir */
	bool is_done[2];     /* nothing more will come in this direction */
	bool has_moved; /* since detection last looked; parse() sets it through tx_moved() */
	bool is_recorded;
	bool skip_record; /* by a rule (config keyword) or by the protocol's own wish */
	bool has_alert;
	bool lingers; /* recorded when done, but kept until the protocol takes this back */
	uint8_t store_dirs; /* DIR_BIT()s whose files are all stored: file_store_tx() */
	bool is_answer;  /* a message of the server alone: its record tells server to client */
	uint64_t events; /* bit set over proto->events */
	uint64_t events_told; /* already in anomaly records */
	nsec_t first_ns, last_ns;
	struct file *files[2]; /* what it carries, by enum dir, oldest first: file.h */
	struct tx_detect
	    *detect; /* detection's own: matched buffers, candidates; freed through it */
};
TAILQ_HEAD(tx_list, tx);

/* One flow's application layer. Made with the flow's first payload, ends with the flow. */
struct app {
	const struct proto *proto; /* NULL: none, or not known yet */
	uint8_t id;                /* enum proto_id */
	uint8_t id_dir[2];         /* what each direction looked like, for mismatch events */
	void *state; /* of the protocol, proto->state_bytes, zeroed before open() */
	struct flow *flow;
	struct proto_worker *worker;
	struct tx_list txs; /* oldest first */
	uint32_t tx_count;
	uint64_t next_tx_id;
	uint64_t events; /* enum app_event: protocol detection itself */
	uint64_t events_told;
	bool is_broken[2];  /* parse() gave up on this direction */
	bool is_changing;   /* CONNECT, STARTTLS, Upgrade: detection starts again */
	bool no_inspection; /* the rest is ciphertext or bulk: stop feeding and scanning */
	uint8_t old_id;     /* before a change */
	uint8_t next_id;    /* after it, where that is known */
	uint8_t *seed;      /* what the old protocol tells the new one, for its open() */
	uint32_t seed_len;
	uint8_t store_dirs; /* as in struct tx, for all transactions */
	/* Detection's memory between packets, see app.c. */
	bool is_probed[2];        /* the direction has been named, or never will be */
	bool is_fed[2];           /* parse() has been called */
	bool is_ended[2];         /* its end has been fed */
	uint8_t probe_count[2];   /* datagrams shown */
	uint64_t probe_masked[2]; /* bit per protocol id that said no */
	uint64_t next_offset[2];  /* of the first stream byte that parse() has not consumed */
};

/* Events of protocol detection, for app-layer-event and anomaly records. */
#define APP_EVENTS(X)                                                                        \
	X(MISMATCH_PROTOCOL_BOTH_DIRECTIONS, "applayer_mismatch_protocol_both_directions")   \
	X(WRONG_DIRECTION_FIRST_DATA, "applayer_wrong_direction_first_data")                 \
	X(DETECT_PROTOCOL_ONLY_ONE_DIRECTION, "applayer_detect_protocol_only_one_direction") \
	X(PROTO_DETECTION_SKIPPED, "applayer_proto_detection_skipped")                       \
	X(NO_TLS_AFTER_STARTTLS, "applayer_no_tls_after_starttls")                           \
	X(UNEXPECTED_PROTOCOL, "applayer_unexpected_protocol")
enum app_event {
#define X(id, name) APP_EVENT_##id,
	APP_EVENTS(X)
#undef X
	    APP_EVENT_COUNT
};

struct proto_probe {
	enum dir dir;
	struct span data; /* from the first byte of the direction (or of a datagram) */
	const struct flow *flow;
	const struct proto_worker *worker;
};

struct proto_input {
	enum dir dir;
	struct span
	    data; /* what parse() left last time, and what came since; may be empty at EOF */
	uint64_t
	    gap_bytes; /* lost before data; what was left unconsumed before a gap is gone too */
	unsigned flags; /* enum stream_flag */
	nsec_t ts;
	struct packet *packet; /* that brought it; may be NULL at the end of a flow */
};

/* How rules can look at something. */
enum field_kind {
	FIELD_BYTES,  /* a sticky buffer, whole once its step is reached */
	FIELD_MULTI,  /* the same, several instances: get() with index 0, 1, ... until false */
	FIELD_STREAM, /* a sticky buffer that grows (bodies): looked at on each growth */
	FIELD_UINT,   /* a number: keyword with N, <N, >N, N-M, !N, or lists of them */
	FIELD_ENUM,   /* a number with names (field->names), e.g. jt808.op_class */
};

/* What get() returns; only what the kind names is read. */
struct field_value {
	struct span bytes;
	uint64_t offset; /* FIELD_STREAM: of bytes.p[0] in the whole */
	bool is_final;   /* FIELD_STREAM: nothing will be added */
	uint64_t number;
};

struct field_name {
	const char *name;
	uint64_t value;
};

/*
 * A buffer or number of a protocol; each row becomes a rule keyword of that name.
 * get() false: not there in this transaction (for index: no further instance). Bytes live until
 * the next feeding; what must be put together is put into scratch.
 */
struct field {
	const char *name; /* "http.uri" */
	const char *help;
	const char *example; /* a rule fragment that parses */
	enum field_kind kind;
	uint8_t dirs;         /* DIR_BIT()s in which it exists */
	uint8_t progress;     /* readable when tx->progress[dir] >= this */
	const char *modifier; /* legacy content modifier ("http_uri"), or NULL */
	const char *alias;    /* older name of the sticky buffer ("tls_sni"), or NULL */
	const struct field_name *names; /* FIELD_ENUM, ended by name NULL */
	bool (*get)(const struct app *app, const struct tx *tx, enum dir dir, unsigned index,
	    struct arena *scratch, struct field_value *ret);
	/* Checks a content pattern at rule load (http.method with a space, http.host with
	 * capitals): a reason to refuse, or NULL. May be NULL. */
	const char *(*check)(struct span pattern, bool is_nocase);
	bool is_multi; /* of a number: several instances, as FIELD_MULTI has them */
	bool is_flags; /* FIELD_ENUM: the names are bits, and a list of them asks for all */
};

/* What is made of a file's content when a rule or the configuration asks for it. */
enum proto_file_need {
	PROTO_MD5 = 1 << 0,
	PROTO_SHA1 = 1 << 1,
	PROTO_SHA256 = 1 << 2,
	PROTO_HASHES = PROTO_MD5 | PROTO_SHA1 | PROTO_SHA256,
	PROTO_MAGIC = 1 << 3, /* its kind, in libmagic's words */
	PROTO_STORE = 1 << 4, /* a rule may want it stored */
};

struct proto_hashes {
	uint8_t kinds; /* those that are there */
	uint8_t md5[16];
	uint8_t sha1[20];
	uint8_t sha256[32];
};

struct proto {
	const char *name;       /* in rules and as EVE's app_proto */
	const char *record_key; /* EVE event_type and object; NULL: same as name */
	const char *help;
	uint8_t transports; /* enum proto_transport bits */
	const char *ports;  /* usual ones, "80,8080": probed first there; not demanded */
	uint8_t id;         /* PROTO_ID_name */
	bool is_optional;   /* off where the configuration does not say enabled: yes */
	uint32_t max_txs;   /* open at once on a flow; over it the oldest is closed and counted */
	/* Its transactions are seen whole in both directions: a rule fires once on each. */
	bool has_single_alerts;

	enum proto_verdict (*probe)(const struct proto_probe *probe);

	/*
	 * The protocol whose flows may turn into this one's (PROTO_ID_name), by app->proto and
	 * app->id alone: structures and pools are the same. 0: none.
	 */
	uint8_t kin;

	size_t state_bytes;
	size_t tx_bytes;                /* of the protocol's struct around struct tx */
	int (*open)(struct app *app);   /* may be NULL; <0: no memory */
	void (*close)(struct app *app); /* may be NULL; transactions are freed before */
	/* What the tx holds, but for its files; may be NULL. */
	void (*tx_free)(struct app *app, struct tx *tx);

	/*
	 * Takes bytes of one direction. >= 0: how many were consumed; the rest is shown again
	 * with more behind it. < 0: not this protocol any more: the direction is left alone
	 * from now on. For datagrams data is one payload and the result is not kept.
	 */
	ptrdiff_t (*parse)(struct app *app, const struct proto_input *in);

	const struct field *fields; /* ended by name NULL */
	const char *const *events;  /* names for app-layer-event:proto.name, ended by NULL */

	/* Members of the record's object; the caller opens and closes it. False: write no
	 * record. */
	bool (*record)(const struct app *app, const struct tx *tx, struct json *json);
	/* What stands beside that object (a mail's "email"), with its own keys; may be NULL. */
	void (*record_beside)(const struct app *app, const struct tx *tx, struct json *json);

	/*
	 * What a transaction carries of another protocol (PROTO_ID_name), or NULL: its object
	 * stands beside the outer one, and the record is named after it.
	 */
	uint8_t inner_id;
	const struct tx *(*inner_tx)(const struct tx *tx);

	/*
	 * Makes options->config[id] from app-layer.protocols.<name> and the options of its EVE
	 * type (either node may be NULL: defaults). NULL: *ret_error is a sentence in the
	 * arena, or no memory. May be NULL.
	 */
	void *(*configure)(struct arena *arena, const struct conf_node *app_layer,
	    const struct conf_node *eve_options, const char **ret_error);
};

#define X(name) extern const struct proto proto_##name;
PROTOCOLS(X)
#undef X

/* The protocol of an id, or NULL. By name: also what rules call it; NULL when unknown. */
const struct proto *proto_get(enum proto_id id);
const struct proto *proto_find(const char *name);

/* "unknown", "failed" or the protocol's name: EVE's app_proto. */
const char *proto_name(enum proto_id id);
const char *app_event_name(enum app_event event);

#endif
