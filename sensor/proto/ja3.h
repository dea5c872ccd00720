/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ja3: fingerprints of TLS hellos by their numbers in decimal.
 *
 *   client: version,ciphers,extensions,groups,point formats
 *   server: version,cipher,extensions
 *
 * Lists are joined by '-', GREASE is left out; the hash is MD5 of the text.
 */
#ifndef GUAN_SENSOR_PROTO_JA3_H
#define GUAN_SENSOR_PROTO_JA3_H

#include "sensor/proto/tls_hello.h"

/* What a hello can make at most is longer; real ones have a few hundred bytes. */
#define JA3_TEXT_MAX 4096
#define JA3_HASH_LEN 33 /* with its NUL */

/* The text of hello into buf[JA3_TEXT_MAX]; 0: it would be longer. */
size_t ja3_text(const struct tls_hello *hello, char *buf);

#endif
