/* SPDX-License-Identifier: Apache-2.0 */
/*
 * der: elements of ASN.1's basic encoding, as certificates, LDAP, SNMP and Kerberos use it.
 *
 *   tag (1 byte: class, constructed, number) | length (1 byte, or 0x80+n and n bytes) | value
 *
 * Only what those use is read: tags of one byte, lengths of at most four bytes, and none that
 * is left open. Every length is checked against the bytes that are there. Nothing recurses: a
 * reader asks for the elements of the depth it knows.
 *
 * Source: X.690 section 8.
 */
#ifndef GUAN_SENSOR_PROTO_DER_H
#define GUAN_SENSOR_PROTO_DER_H

#include "common/cursor.h"

enum der_tag {
	DER_BOOLEAN = 0x01,
	DER_INTEGER = 0x02,
	DER_BIT_STRING = 0x03,
	DER_OCTET_STRING = 0x04,
	DER_NULL = 0x05,
	DER_OID = 0x06,
	DER_ENUMERATED = 0x0a,
	DER_UTC_TIME = 0x17,
	DER_GENERAL_TIME = 0x18,
	DER_GENERAL_STRING = 0x1b,
	DER_UNIVERSAL_STRING = 0x1c,
	DER_BMP_STRING = 0x1e,
	DER_SEQUENCE = 0x30,
	DER_SET = 0x31,
};

/* Tags whose meaning the protocol gives; constructed ones hold elements. */
#define DER_APPLICATION(n) (0x40 | (n))
#define DER_APPLICATION_CONSTRUCTED(n) (0x60 | (n))
#define DER_CONTEXT(n) (0x80 | (n))
#define DER_CONTEXT_CONSTRUCTED(n) (0xa0 | (n))
#define DER_CLASS(tag) ((tag)&0xc0)
#define DER_NUMBER(tag) ((tag)&0x1f)

/* Takes one element; false (and the cursor short) when it is not whole, or of another form. */
bool der_take(struct cursor *c, uint8_t *ret_tag, struct span *ret);

/* Takes the next element when it has that tag; else leaves the cursor where it is. */
bool der_expect(struct cursor *c, uint8_t tag, struct span *ret);

/* The same, with a cursor over what is in it. */
bool der_enter(struct cursor *c, uint8_t tag, struct cursor *ret);

/*
 * What stands at the beginning of bytes: 1 and the size of the whole element with its head;
 * 0: not enough bytes to say; -1: not an element that is read here.
 */
int der_head(struct span bytes, uint8_t *ret_tag, uint64_t *ret_size);

/* The value of an INTEGER or ENUMERATED; false when it is empty or over 64 bits. */
bool der_int(struct span value, int64_t *ret);

/* Takes an INTEGER (or another element of that tag) as a number. */
bool der_take_int(struct cursor *c, uint8_t tag, int64_t *ret);

/* "1.3.6.1" into buf without NUL; what does not fit is left out. Returns the length. */
size_t der_oid_text(struct span oid, char *buf, size_t room);

#endif
