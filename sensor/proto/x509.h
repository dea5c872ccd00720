/* SPDX-License-Identifier: Apache-2.0 */
/*
 * x509: what is told about a certificate, read from its DER without trusting a length in it.
 *
 * x509_read() only finds the parts; they stay spans into the caller's bytes. Nothing is
 * verified. A certificate in which a part is odd or missing is still read as far as it goes:
 * malware's certificates are odd, and those are the ones that matter.
 *
 * Sources: RFC 5280 section 4, X.690.
 */
#ifndef GUAN_SENSOR_PROTO_X509_H
#define GUAN_SENSOR_PROTO_X509_H

#include "common/span.h"

/* Text of a name; what is longer is cut. */
#define X509_NAME_MAX 4096

/* Why a part could not be read, as bits of x509.faults. */
enum x509_fault {
	X509_FAULT_DER,
	X509_FAULT_VERSION,
	X509_FAULT_SERIAL,
	X509_FAULT_ALGORITHM,
	X509_FAULT_ISSUER,
	X509_FAULT_VALIDITY,
	X509_FAULT_DATE,
	X509_FAULT_SUBJECT,
	X509_FAULT_EXTENSIONS,
	X509_FAULT_COUNT
};

struct x509 {
	unsigned faults;
	uint8_t version; /* 1, 2, 3 */
	bool has_not_before, has_not_after;
	bool has_issuer, has_subject;
	int64_t not_before, not_after; /* seconds since 1970 */
	struct span serial;            /* as it stands, leading zeros too */
	struct span issuer, subject;   /* of the Name: x509_name() */
	struct span names;             /* of the subject alternative names: x509_alt_name() */
	struct span signature;         /* OID of tbsCertificate's signature algorithm */
	struct span key_algorithm;     /* OID of the key */
	struct span key_curve;         /* OID in its parameters, if that is what they are */
};

/* False: not even the outer shape of a certificate is there (faults says so too). */
bool x509_read(struct span der, struct x509 *ret);

/* "C=CN, O=Example, CN=www.example.com" into buf[X509_NAME_MAX]; the length. */
size_t x509_name(struct span name, char *buf);

/*
 * The alternative name of that index: DNS names, mail addresses and URIs as they are, IP
 * addresses as text in buf (X509_ALT_MAX). False: there is none.
 */
#define X509_ALT_MAX 64
bool x509_alt_name(struct span names, unsigned index, char *buf, struct span *ret);

/* "2023-03-01T06:47:30" and NUL. */
#define X509_TIME_LEN 32
void x509_time(int64_t seconds, char buf[X509_TIME_LEN]);

#endif
