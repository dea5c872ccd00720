/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>

#include "sensor/flow/flow.h"

struct vector {
	const char *src, *dst;
	uint8_t ip_version, ip_proto;
	uint16_t a, b; /* ports; type and code */
	const char *id;
};

/* The examples of the specification's repository. */
static const struct vector vectors[] = {
	{ "128.232.110.120", "66.35.250.204", 4, 6, 34855, 80,
	    "1:LQU9qZlK+B5F3KDmev6m5PMibrg=" },
	{ "66.35.250.204", "128.232.110.120", 4, 6, 80, 34855,
	    "1:LQU9qZlK+B5F3KDmev6m5PMibrg=" },
	{ "192.168.1.52", "8.8.8.8", 4, 17, 54585, 53, "1:d/FP5EW3wiY1vCndhwleRRKHowQ=" },
	{ "192.168.0.89", "192.168.0.1", 4, 1, 8, 0, "1:X0snYXpgwiv9TZtqg64sgzUn6Dk=" },
	{ "192.168.0.1", "192.168.0.89", 4, 1, 0, 0, "1:X0snYXpgwiv9TZtqg64sgzUn6Dk=" },
	{ "192.168.170.8", "192.168.170.56", 4, 132, 7, 80, "1:jQgCxbku+pNGw8WPbEc/TS/uTpQ=" },
	{ "fe80::200:86ff:fe05:80da", "fe80::260:97ff:fe07:69ea", 6, 58, 135, 0,
	    "1:dGHyGvjMfljg6Bppwm3bg0LO8TY=" },
};

static struct flow_key
key_of(const struct vector *v)
{
	struct flow_key key = {
		.client_port = v->a,
		.server_port = v->b,
		.ip_proto = v->ip_proto,
		.ip_version = v->ip_version,
	};
	int family = v->ip_version == 4 ? AF_INET : AF_INET6;

	assert_int_equal(inet_pton(family, v->src, key.client.b), 1);
	assert_int_equal(inet_pton(family, v->dst, key.server.b), 1);
	return key;
}

static void
published_vectors_are_met(void **state)
{
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		struct flow_key key = key_of(&vectors[i]);
		char out[COMMUNITY_ID_LEN];
		flow_community_id(&key, 0, out);
		assert_string_equal(out, vectors[i].id);
	}
}

static void
the_seed_changes_the_id(void **state)
{
	struct flow_key key = key_of(&vectors[0]);
	char a[COMMUNITY_ID_LEN], b[COMMUNITY_ID_LEN];

	flow_community_id(&key, 0, a);
	flow_community_id(&key, 1, b);
	assert_string_not_equal(a, b);
}

static void
one_way_messages_keep_their_direction(void **state)
{
	struct vector there = { "10.0.0.1", "10.0.0.2", 4, 1, 3, 1, NULL };
	struct vector back = { "10.0.0.2", "10.0.0.1", 4, 1, 3, 1, NULL };
	struct flow_key there_key = key_of(&there);
	struct flow_key back_key = key_of(&back);
	char a[COMMUNITY_ID_LEN], b[COMMUNITY_ID_LEN];

	flow_community_id(&there_key, 0, a);
	flow_community_id(&back_key, 0, b);
	assert_string_not_equal(a, b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(published_vectors_are_met),
		cmocka_unit_test(the_seed_changes_the_id),
		cmocka_unit_test(one_way_messages_keep_their_direction),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
