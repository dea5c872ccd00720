/* SPDX-License-Identifier: Apache-2.0 */
/* krb5: what the keyword krb5.ticket_encryption asks of a Kerberos message. */
#ifndef GUAN_SENSOR_PROTO_KRB5_H
#define GUAN_SENSOR_PROTO_KRB5_H

#include "sensor/proto/proto.h"

/* The kinds of encryption that have names, ended by name NULL; the value is an int32_t. */
extern const struct field_name krb5_encryption_names[];

/* Whether an encryption is one that should not be used any more. */
bool krb5_is_weak(int32_t encryption);

/* How the ticket in an answer is encrypted. False: there is none. */
bool krb5_ticket_encryption(const struct tx *tx, int32_t *ret);

#endif
