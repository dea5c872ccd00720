/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Community ID v1: one text for a flow that every tool computes alike.
 *
 *   "1:" base64(sha1(seed (2) | source | destination | protocol | 0 | sport (2) | dport (2)))
 *
 * all in network order, the smaller end first. ICMP messages count type and the type of the
 * answer as ports; one-way messages count type and code, and their ends are not sorted.
 * Protocols without ports leave them out.
 */
#include "common/base64.h"
#include "common/digest.h"
#include "sensor/flow/flow.h"

/* The second "port" of an ICMP message; false when nothing answers it. */
static bool
icmp_answer(uint8_t ip_version, uint16_t type, uint16_t *ret_answer)
{
	int answer = flow_icmp_counterpart(ip_version, (uint8_t)type);

	if (answer < 0)
		return false;
	*ret_answer = (uint16_t)answer;
	return true;
}

void
flow_community_id(const struct flow_key *key, uint16_t seed, char out[COMMUNITY_ID_LEN])
{
	size_t addr_len = key->ip_version == 4 ? 4 : 16;
	const struct addr *a = &key->client;
	const struct addr *b = &key->server;
	uint16_t a_port = key->client_port;
	uint16_t b_port = key->server_port;
	bool is_one_way = false;
	bool has_ports = true;
	uint8_t text[2 + 32 + 2 + 4];
	uint8_t digest[DIGEST_MAX];
	size_t n = 0;

	switch (key->ip_proto) {
	case IP_PROTO_TCP:
	case IP_PROTO_UDP:
	case IP_PROTO_SCTP:
		break;
	case IP_PROTO_ICMP:
	case IP_PROTO_ICMP6:
		is_one_way = !icmp_answer(key->ip_version, a_port, &b_port);
		break;
	default:
		has_ports = false;
		a_port = b_port = 0;
	}
	int order = memcmp(a->b, b->b, addr_len);
	if (!is_one_way && (order > 0 || (order == 0 && a_port > b_port))) {
		const struct addr *addr = a;
		uint16_t port = a_port;
		a = b, b = addr;
		a_port = b_port, b_port = port;
	}
	text[n++] = (uint8_t)(seed >> 8);
	text[n++] = (uint8_t)seed;
	memcpy(text + n, a->b, addr_len), n += addr_len;
	memcpy(text + n, b->b, addr_len), n += addr_len;
	text[n++] = key->ip_proto;
	text[n++] = 0;
	if (has_ports) {
		text[n++] = (uint8_t)(a_port >> 8);
		text[n++] = (uint8_t)a_port;
		text[n++] = (uint8_t)(b_port >> 8);
		text[n++] = (uint8_t)b_port;
	}
	size_t len = digest_of(DIGEST_SHA1, span_of(text, n), digest);
	out[0] = '1';
	out[1] = ':';
	base64_encode(span_of(digest, len), out + 2);
	out[2 + base64_encoded_len(len)] = '\0';
}
