/* SPDX-License-Identifier: Apache-2.0 */
/*
 * x509: a walk over DER, top to bottom.
 *
 *   Certificate  ::= SEQUENCE { tbsCertificate, signatureAlgorithm, signature }
 *   tbsCertificate ::= SEQUENCE { [0] version OPTIONAL, serial INTEGER, signature SEQUENCE,
 *       issuer Name, validity SEQUENCE { Time, Time }, subject Name, key SEQUENCE,
 *       [1] issuerUniqueID OPTIONAL, [2] subjectUniqueID OPTIONAL, [3] extensions OPTIONAL }
 */
#include "sensor/proto/x509.h"

#include <stdio.h>
#include <time.h>

#include "sensor/proto/der.h"

/* Kinds of alternative names. */
enum alt_tag {
	ALT_MAIL = DER_CONTEXT(1),
	ALT_DNS = DER_CONTEXT(2),
	ALT_URI = DER_CONTEXT(6),
	ALT_IP = DER_CONTEXT(7),
};

/* Extensions and alternative names looked at; certificates of content networks have hundreds.
 */
#define EXTENSIONS_MAX 256
#define ALT_NAMES_MAX 4096

/* --- Time --- */

static int
digits(struct cursor *c, int count)
{
	int value = 0;
	for (int i = 0; i < count; i++) {
		uint8_t d = cursor_u8(c);
		if (d < '0' || d > '9') {
			c->is_short = true;
			return 0;
		}
		value = value * 10 + (d - '0');
	}
	return value;
}

static bool
read_time(uint8_t tag, struct span text, int64_t *ret)
{
	struct cursor c = cursor_span(text);
	struct tm tm = { 0 };
	if (tag == DER_UTC_TIME) {
		int year = digits(&c, 2);
		tm.tm_year = year >= 50 ? year : year + 100;
	} else if (tag == DER_GENERAL_TIME) {
		tm.tm_year = digits(&c, 4) - 1900;
	} else {
		return false;
	}
	tm.tm_mon = digits(&c, 2) - 1;
	tm.tm_mday = digits(&c, 2);
	tm.tm_hour = digits(&c, 2);
	tm.tm_min = digits(&c, 2);
	/* Old certificates leave the seconds out. */
	if (cursor_left(&c) && c.p[0] != 'Z')
		tm.tm_sec = digits(&c, 2);
	if (c.is_short || tm.tm_mon < 0 || tm.tm_mon > 11 || tm.tm_mday < 1 ||
	    tm.tm_mday > 31 || tm.tm_hour > 23 || tm.tm_min > 59 || tm.tm_sec > 60)
		return false;
	*ret = timegm(&tm);
	return true;
}

void
x509_time(int64_t seconds, char buf[X509_TIME_LEN])
{
	time_t t = (time_t)seconds;
	struct tm tm;
	buf[0] = 0;
	if (gmtime_r(&t, &tm))
		strftime(buf, X509_TIME_LEN, "%Y-%m-%dT%H:%M:%S", &tm);
}

/* --- Names --- */

struct attribute {
	const char *oid; /* DER */
	uint8_t oid_len;
	const char *name;
};

#define ATTRIBUTE(oid, name)               \
	{                                  \
		oid, sizeof(oid) - 1, name \
	}
static const struct attribute attributes[] = {
	ATTRIBUTE("\x55\x04\x03", "CN"),
	ATTRIBUTE("\x55\x04\x04", "surname"),
	ATTRIBUTE("\x55\x04\x05", "serialNumber"),
	ATTRIBUTE("\x55\x04\x06", "C"),
	ATTRIBUTE("\x55\x04\x07", "L"),
	ATTRIBUTE("\x55\x04\x08", "ST"),
	ATTRIBUTE("\x55\x04\x09", "street"),
	ATTRIBUTE("\x55\x04\x0a", "O"),
	ATTRIBUTE("\x55\x04\x0b", "OU"),
	ATTRIBUTE("\x55\x04\x0c", "title"),
	ATTRIBUTE("\x55\x04\x0d", "description"),
	ATTRIBUTE("\x55\x04\x0f", "businessCategory"),
	ATTRIBUTE("\x55\x04\x11", "postalCode"),
	ATTRIBUTE("\x55\x04\x29", "name"),
	ATTRIBUTE("\x55\x04\x2a", "givenName"),
	ATTRIBUTE("\x55\x04\x2b", "initials"),
	ATTRIBUTE("\x55\x04\x2e", "dnQualifier"),
	ATTRIBUTE("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x01", "Email"),
	ATTRIBUTE("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x02", "unstructuredName"),
	ATTRIBUTE("\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x19", "DC"),
	ATTRIBUTE("\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x01", "UID"),
	ATTRIBUTE("\x2b\x06\x01\x04\x01\x82\x37\x3c\x02\x01\x01", "jurisdictionL"),
	ATTRIBUTE("\x2b\x06\x01\x04\x01\x82\x37\x3c\x02\x01\x02", "jurisdictionST"),
	ATTRIBUTE("\x2b\x06\x01\x04\x01\x82\x37\x3c\x02\x01\x03", "jurisdictionC"),
};

struct text {
	char *p;
	size_t len;
};

static void
add(struct text *text, struct span bytes)
{
	size_t n = X509_NAME_MAX - text->len;
	if (bytes.len < n)
		n = bytes.len;
	if (n)
		memcpy(text->p + text->len, bytes.p, n);
	text->len += n;
}

static void
add_type(struct text *text, struct span oid)
{
	for (size_t i = 0; i < sizeof(attributes) / sizeof(attributes[0]); i++) {
		if (span_eq(oid, span_of(attributes[i].oid, attributes[i].oid_len))) {
			add(text, span_str(attributes[i].name));
			return;
		}
	}
	/* Nobody gave it a short name. */
	text->len += der_oid_text(oid, text->p + text->len, X509_NAME_MAX - text->len);
}

/* UTF-16 or UTF-32, big endian, as UTF-8. */
static void
add_wide(struct text *text, struct span bytes, unsigned width)
{
	struct cursor c = cursor_span(bytes);
	while (cursor_left(&c) >= width) {
		uint32_t u = width == 2 ? cursor_be16(&c) : cursor_be32(&c);
		uint8_t out[4];
		size_t n;
		if (u < 0x80) {
			out[0] = (uint8_t)u;
			n = 1;
		} else if (u < 0x800) {
			out[0] = (uint8_t)(0xc0 | u >> 6);
			out[1] = (uint8_t)(0x80 | (u & 0x3f));
			n = 2;
		} else if (u < 0x10000) {
			out[0] = (uint8_t)(0xe0 | u >> 12);
			out[1] = (uint8_t)(0x80 | (u >> 6 & 0x3f));
			out[2] = (uint8_t)(0x80 | (u & 0x3f));
			n = 3;
		} else {
			out[0] = (uint8_t)(0xf0 | (u >> 18 & 7));
			out[1] = (uint8_t)(0x80 | (u >> 12 & 0x3f));
			out[2] = (uint8_t)(0x80 | (u >> 6 & 0x3f));
			out[3] = (uint8_t)(0x80 | (u & 0x3f));
			n = 4;
		}
		add(text, span_of(out, n));
	}
}

static void
add_value(struct text *text, uint8_t tag, struct span value)
{
	if (tag == DER_BMP_STRING)
		add_wide(text, value, 2);
	else if (tag == DER_UNIVERSAL_STRING)
		add_wide(text, value, 4);
	else
		add(text, value);
}

size_t
x509_name(struct span name, char *buf)
{
	struct text text = { .p = buf };
	struct cursor c = cursor_span(name);
	struct span set;
	while (cursor_left(&c) && text.len < X509_NAME_MAX && der_expect(&c, DER_SET, &set)) {
		struct cursor in_set = cursor_span(set);
		struct span pair, oid, value;
		bool is_joined = false;
		while (cursor_left(&in_set) && text.len < X509_NAME_MAX &&
		       der_expect(&in_set, DER_SEQUENCE, &pair)) {
			struct cursor in_pair = cursor_span(pair);
			uint8_t tag;
			if (!der_expect(&in_pair, DER_OID, &oid) ||
			    !der_take(&in_pair, &tag, &value))
				break;
			if (text.len)
				add(&text, is_joined ? SPAN(" + ") : SPAN(", "));
			add_type(&text, oid);
			add(&text, SPAN("="));
			add_value(&text, tag, value);
			is_joined = true;
		}
	}
	return text.len;
}

bool
x509_alt_name(struct span names, unsigned index, char *buf, struct span *ret)
{
	struct cursor c = cursor_span(names);
	unsigned at = 0;
	uint8_t tag;
	struct span value;
	for (unsigned i = 0; i < ALT_NAMES_MAX && cursor_left(&c); i++) {
		if (!der_take(&c, &tag, &value))
			return false;
		bool is_ip = tag == ALT_IP && (value.len == 4 || value.len == 16);
		if (!is_ip && tag != ALT_DNS && tag != ALT_MAIL && tag != ALT_URI)
			continue;
		if (at++ != index)
			continue;
		if (!is_ip) {
			*ret = value;
			return true;
		}
		size_t len = 0;
		for (size_t k = 0; k < value.len; k++) {
			if (value.len == 4)
				len += (size_t)snprintf(buf + len, X509_ALT_MAX - len, "%s%u",
				    k ? "." : "", value.p[k]);
			else
				len += (size_t)snprintf(buf + len, X509_ALT_MAX - len, "%s%02x",
				    k && k % 2 == 0 ? ":" : "", value.p[k]);
		}
		*ret = span_of(buf, len);
		return true;
	}
	return false;
}

/* --- The certificate --- */

static void
fault(struct x509 *x, enum x509_fault what)
{
	x->faults |= 1u << what;
}

static void
read_validity(struct x509 *x, struct span validity)
{
	struct cursor c = cursor_span(validity);
	uint8_t tag;
	struct span text;
	if (!der_take(&c, &tag, &text)) {
		fault(x, X509_FAULT_VALIDITY);
		return;
	}
	x->has_not_before = read_time(tag, text, &x->not_before);
	if (!der_take(&c, &tag, &text)) {
		fault(x, X509_FAULT_VALIDITY);
		return;
	}
	x->has_not_after = read_time(tag, text, &x->not_after);
	if (!x->has_not_before || !x->has_not_after)
		fault(x, X509_FAULT_DATE);
}

static void
read_key(struct x509 *x, struct span key)
{
	struct cursor c = cursor_span(key);
	struct span algorithm;
	if (!der_expect(&c, DER_SEQUENCE, &algorithm)) {
		fault(x, X509_FAULT_ALGORITHM);
		return;
	}
	struct cursor in = cursor_span(algorithm);
	if (!der_expect(&in, DER_OID, &x->key_algorithm))
		fault(x, X509_FAULT_ALGORITHM);
	else
		der_expect(&in, DER_OID, &x->key_curve);
}

static void
read_extensions(struct x509 *x, struct span wrapped)
{
	struct cursor outer = cursor_span(wrapped);
	struct span list, one, oid, critical, value;
	if (!der_expect(&outer, DER_SEQUENCE, &list)) {
		fault(x, X509_FAULT_EXTENSIONS);
		return;
	}
	struct cursor c = cursor_span(list);
	for (int i = 0; i < EXTENSIONS_MAX && cursor_left(&c); i++) {
		if (!der_expect(&c, DER_SEQUENCE, &one)) {
			fault(x, X509_FAULT_EXTENSIONS);
			return;
		}
		struct cursor in = cursor_span(one);
		if (!der_expect(&in, DER_OID, &oid)) {
			fault(x, X509_FAULT_EXTENSIONS);
			return;
		}
		der_expect(&in, DER_BOOLEAN, &critical);
		if (!der_expect(&in, DER_OCTET_STRING, &value)) {
			fault(x, X509_FAULT_EXTENSIONS);
			return;
		}
		struct cursor names = cursor_span(value);
		if (span_eq(oid, SPAN("\x55\x1d\x11")) &&
		    !der_expect(&names, DER_SEQUENCE, &x->names))
			fault(x, X509_FAULT_EXTENSIONS);
	}
}

bool
x509_read(struct span der, struct x509 *ret)
{
	struct cursor outer = cursor_span(der);
	struct span certificate, tbs, part;
	struct x509 x = { .version = 1 };
	if (!der_expect(&outer, DER_SEQUENCE, &certificate))
		goto err;
	struct cursor in = cursor_span(certificate);
	if (!der_expect(&in, DER_SEQUENCE, &tbs))
		goto err;

	struct cursor c = cursor_span(tbs);
	if (der_expect(&c, DER_CONTEXT_CONSTRUCTED(0), &part)) {
		struct cursor v = cursor_span(part);
		struct span number;
		if (der_expect(&v, DER_INTEGER, &number) && number.len == 1 && number.p[0] <= 2)
			x.version = (uint8_t)(number.p[0] + 1);
		else
			fault(&x, X509_FAULT_VERSION);
	}
	if (!der_expect(&c, DER_INTEGER, &x.serial))
		fault(&x, X509_FAULT_SERIAL);
	if (der_expect(&c, DER_SEQUENCE, &part)) {
		struct cursor algorithm = cursor_span(part);
		if (!der_expect(&algorithm, DER_OID, &x.signature))
			fault(&x, X509_FAULT_ALGORITHM);
	} else {
		fault(&x, X509_FAULT_ALGORITHM);
	}
	x.has_issuer = der_expect(&c, DER_SEQUENCE, &x.issuer);
	if (!x.has_issuer)
		fault(&x, X509_FAULT_ISSUER);
	if (der_expect(&c, DER_SEQUENCE, &part))
		read_validity(&x, part);
	else
		fault(&x, X509_FAULT_VALIDITY);
	x.has_subject = der_expect(&c, DER_SEQUENCE, &x.subject);
	if (!x.has_subject)
		fault(&x, X509_FAULT_SUBJECT);
	if (der_expect(&c, DER_SEQUENCE, &part))
		read_key(&x, part);
	else
		fault(&x, X509_FAULT_ALGORITHM);
	while (cursor_left(&c)) {
		uint8_t tag;
		if (!der_take(&c, &tag, &part)) {
			fault(&x, X509_FAULT_DER);
			break;
		}
		if (tag == DER_CONTEXT_CONSTRUCTED(3))
			read_extensions(&x, part);
	}
	*ret = x;
	return true;

err:
	fault(&x, X509_FAULT_DER);
	*ret = x;
	return false;
}
