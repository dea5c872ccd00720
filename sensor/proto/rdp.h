/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rdp: what the files of the RDP parser share.
 *
 * Each message of the connection's beginning is a transaction, at once complete. rdp.c finds
 * them, rdp_client.c reads what the client says of itself, rdp_record.c writes it down.
 */
#ifndef GUAN_SENSOR_PROTO_RDP_H
#define GUAN_SENSOR_PROTO_RDP_H

#include "common/cursor.h"
#include "sensor/proto/app.h"

#define RDP_CHANNELS_MAX 31
#define RDP_CHANNEL_NAME_LEN 8
#define RDP_SERIALS_MAX 8
#define RDP_SERIAL_MAX 32

enum rdp_kind {
	RDP_INITIAL_REQUEST,
	RDP_INITIAL_RESPONSE,
	RDP_CONNECT_REQUEST,
	RDP_CONNECT_RESPONSE,
	RDP_TLS_HANDSHAKE,
};

/* TS_UD_CS_CORE, [MS-RDPBCGR] section 2.2.1.3.2; optional parts are 0 or empty. */
struct rdp_client {
	uint32_t version;
	uint16_t width, height, colour_depth;
	uint32_t keyboard_layout, build;
	uint32_t keyboard_type, keyboard_subtype, function_keys;
	uint16_t product_id, capabilities;
	uint32_t serial_number;
	uint8_t connection;
	uint32_t physical_width, physical_height, scale_factor, device_scale_factor;
	uint16_t orientation;
	char name[64], ime[128], id[128]; /* UTF-8, ended by NUL */
	uint8_t channel_count;
	uint8_t channels[RDP_CHANNELS_MAX][RDP_CHANNEL_NAME_LEN];
};

struct rdp_tx {
	struct tx tx;
	uint8_t kind; /* enum rdp_kind */
	bool has_negotiation, is_failure;
	uint8_t flags;      /* of the negotiation */
	uint32_t protocols; /* asked for, or chosen; or why not */
	struct proto_buf cookie;
	struct rdp_client *client;
	uint8_t serial_count;
	uint8_t serial_len[RDP_SERIALS_MAX];
	uint8_t serials[RDP_SERIALS_MAX][RDP_SERIAL_MAX];
};

/* Reads the blocks of the client's data. False: they cannot be read. */
bool rdp_client_read(struct span blocks, struct rdp_client *ret);

bool rdp_record(const struct app *app, const struct tx *tx, struct json *json);

#endif
