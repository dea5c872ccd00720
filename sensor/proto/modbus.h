/* SPDX-License-Identifier: Apache-2.0 */
/*
 * modbus: what one Modbus/TCP message says, for the modbus keyword and for records.
 *
 * Sources: MODBUS Application Protocol Specification V1.1b3; MODBUS Messaging on TCP/IP V1.0b.
 */
#ifndef GUAN_SENSOR_PROTO_MODBUS_H
#define GUAN_SENSOR_PROTO_MODBUS_H

#include "sensor/proto/proto.h"

enum modbus_access {
	MODBUS_READ = 1 << 0,
	MODBUS_WRITE = 1 << 1,
	MODBUS_DISCRETES = 1 << 2,
	MODBUS_COILS = 1 << 3,
	MODBUS_INPUT = 1 << 4,
	MODBUS_HOLDING = 1 << 5,
	MODBUS_SINGLE = 1 << 6,
	MODBUS_MULTIPLE = 1 << 7,
};

enum modbus_category {
	MODBUS_PUBLIC_ASSIGNED = 1 << 0,
	MODBUS_PUBLIC_UNASSIGNED = 1 << 1,
	MODBUS_USER_DEFINED = 1 << 2,
	MODBUS_RESERVED = 1 << 3,
};

enum modbus_error {
	MODBUS_ERROR_DATA_VALUE = 1 << 0,
	MODBUS_ERROR_DATA_LENGTH = 1 << 1,
	MODBUS_ERROR_EXC_CODE = 1 << 2,
	MODBUS_ERROR_FUNC_CODE = 1 << 3,
	MODBUS_ERROR_PROTO_ID = 1 << 4,
};

#define MODBUS_PDU_MAX 253

/* One message. Spans of bytes lie in data[]. */
struct modbus_pdu {
	bool is_set;
	bool is_response, is_exception;
	uint16_t transaction, protocol;
	uint8_t unit;
	uint8_t function_raw; /* with the exception bit */
	uint8_t function;     /* without */
	uint8_t access;       /* enum modbus_access */
	uint8_t category;     /* enum modbus_category */
	uint8_t errors;       /* enum modbus_error */
	uint8_t exception;    /* code, when is_exception */
	uint16_t subfunction; /* diagnostic (8) or MEI type (43) */
	bool has_subfunction, has_read, has_write;
	uint16_t read_address, read_quantity; /* of a request */
	uint16_t write_address, write_quantity;
	uint8_t values_at, values_len; /* written (request) or read (response) bytes in data[] */
	uint8_t len;
	uint8_t data[MODBUS_PDU_MAX]; /* behind the function code */
};

/* The message of a direction, or NULL when it has not been seen. */
const struct modbus_pdu *modbus_tx_pdu(const struct tx *tx, enum dir dir);

/* The value written to a coil (0, 1) or register; false when this request does not write it. */
bool modbus_written_value(const struct modbus_pdu *pdu, uint16_t address, uint16_t *ret);

#endif
