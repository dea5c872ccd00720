/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ja4: the fingerprint of a TLS client that does not change with the order of its lists.
 *
 *   t13d1516h2_8daaf6152771_e5627efa2ab1
 *   |||| | |   |            SHA-256 of the sorted extensions (without server name and ALPN),
 *   |||| | |   |            '_' and the signature algorithms as they stand, 12 digits
 *   |||| | |   SHA-256 of the sorted ciphers, 12 digits
 *   |||| | first and last letter of the first ALPN name, "00" without
 *   |||| number of ciphers, number of extensions, at most 99 each
 *   |||d with server name, i without
 *   |version
 *   t TCP, q QUIC
 *
 * All without GREASE. Only this part of the family, which its makers gave away freely, is here.
 */
#ifndef GUAN_SENSOR_PROTO_JA4_H
#define GUAN_SENSOR_PROTO_JA4_H

#include "sensor/proto/tls_hello.h"

#define JA4_LEN 37 /* with its NUL */

void ja4_text(const struct tls_hello *hello, char transport, char buf[JA4_LEN]);

#endif
