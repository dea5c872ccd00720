/* SPDX-License-Identifier: Apache-2.0 */
/* dns_code: names of record types and answer codes, as IANA's "DNS Parameters" lists them. */
#include "sensor/proto/dns.h"

/* By number, for the search below. */
const struct field_name dns_type_names[] = {
	{ "A", 1 },
	{ "NS", 2 },
	{ "MD", 3 },
	{ "MF", 4 },
	{ "CNAME", 5 },
	{ "SOA", 6 },
	{ "MB", 7 },
	{ "MG", 8 },
	{ "MR", 9 },
	{ "NULL", 10 },
	{ "WKS", 11 },
	{ "PTR", 12 },
	{ "HINFO", 13 },
	{ "MINFO", 14 },
	{ "MX", 15 },
	{ "TXT", 16 },
	{ "RP", 17 },
	{ "AFSDB", 18 },
	{ "X25", 19 },
	{ "ISDN", 20 },
	{ "RT", 21 },
	{ "NSAP", 22 },
	{ "NSAPPTR", 23 },
	{ "SIG", 24 },
	{ "KEY", 25 },
	{ "PX", 26 },
	{ "GPOS", 27 },
	{ "AAAA", 28 },
	{ "LOC", 29 },
	{ "NXT", 30 },
	{ "SRV", 33 },
	{ "ATMA", 34 },
	{ "NAPTR", 35 },
	{ "KX", 36 },
	{ "CERT", 37 },
	{ "A6", 38 },
	{ "DNAME", 39 },
	{ "OPT", 41 },
	{ "APL", 42 },
	{ "DS", 43 },
	{ "SSHFP", 44 },
	{ "IPSECKEY", 45 },
	{ "RRSIG", 46 },
	{ "NSEC", 47 },
	{ "DNSKEY", 48 },
	{ "DHCID", 49 },
	{ "NSEC3", 50 },
	{ "NSEC3PARAM", 51 },
	{ "TLSA", 52 },
	{ "SMIMEA", 53 },
	{ "HIP", 55 },
	{ "CDS", 59 },
	{ "CDNSKEY", 60 },
	{ "OPENPGPKEY", 61 },
	{ "CSYNC", 62 },
	{ "ZONEMD", 63 },
	{ "SVCB", 64 },
	{ "HTTPS", 65 },
	{ "SPF", 99 },
	{ "TKEY", 249 },
	{ "TSIG", 250 },
	{ "IXFR", 251 },
	{ "AXFR", 252 },
	{ "MAILB", 253 },
	{ "MAILA", 254 },
	{ "ANY", 255 },
	{ "URI", 256 },
	{ "CAA", 257 },
	{ 0 },
};

const struct field_name dns_rcode_names[] = {
	{ "NOERROR", 0 },
	{ "FORMERR", 1 },
	{ "SERVFAIL", 2 },
	{ "NXDOMAIN", 3 },
	{ "NOTIMP", 4 },
	{ "REFUSED", 5 },
	{ "YXDOMAIN", 6 },
	{ "YXRRSET", 7 },
	{ "NXRRSET", 8 },
	{ "NOTAUTH", 9 },
	{ "NOTZONE", 10 },
	{ 0 },
};

#define TYPE_COUNT (sizeof(dns_type_names) / sizeof(dns_type_names[0]) - 1)
#define RCODE_COUNT (sizeof(dns_rcode_names) / sizeof(dns_rcode_names[0]) - 1)

const char *
dns_type_name(uint16_t type)
{
	size_t low = 0, high = TYPE_COUNT;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (dns_type_names[mid].value < type)
			low = mid + 1;
		else
			high = mid;
	}
	return low < TYPE_COUNT && dns_type_names[low].value == type ? dns_type_names[low].name
								     : NULL;
}

const char *
dns_rcode_name(unsigned rcode)
{
	return rcode < RCODE_COUNT ? dns_rcode_names[rcode].name : NULL;
}

bool
dns_type_find(struct span name, uint16_t *ret)
{
	for (const struct field_name *n = dns_type_names; n->name; n++) {
		if (span_caseeq(span_str(n->name), name)) {
			*ret = (uint16_t)n->value;
			return true;
		}
	}
	return false;
}
