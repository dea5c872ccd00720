/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "collector/registry/lookup.h"
#include "collector/registry/prefix.h"
#include "tests/unit/collector/scratch.h"

struct fixture {
	struct scratch scratch;
	struct lookup *lookup;
};

static const char *const registry[] = {
	"INSERT INTO zone (id, code, name, kind) VALUES (1, 'net', 'n', 'NET-PORTAL'),"
	" (2, 'port', 'p', 'PRIV-PORT'), (3, 'lock', 'l', 'PRIV-LOCK'), (4, 'empty', 'e', "
	"'PRIV-GOV')",
	"INSERT INTO facility (id, code, name, level, class, updated_at) VALUES"
	" (1, 'F1', 'f', '省级', 'PTL', 0), (2, 'F2', 'f', '省级', 'PTL', 0),"
	" (3, 'F3', 'f', '省级', 'PTL', 0), (4, 'F4', 'f', '省级', 'PTL', 0),"
	" (5, 'F5', 'f', '省级', 'PTL', 0)",
	"INSERT INTO network (facility, zone, prefix, vlan) VALUES"
	" (1, 1, '203.0.113.0/28', NULL), (2, 1, '203.0.113.10/32', NULL),"
	" (3, 2, '10.40.0.0/16', NULL), (4, 3, '10.40.0.0/16', NULL),"
	" (5, 2, '10.40.0.0/16', 100), (1, 2, '10.40.7.0/24', NULL),"
	" (2, 1, '2001:db8::/32', NULL), (3, 1, '2001:db8:1::/48', NULL),"
	" (4, 1, '2001:db8::1/128', NULL), (5, 3, '0.0.0.0/0', NULL)",
	"INSERT INTO server_name (facility, zone, name) VALUES (3, 1, 'www.example'),"
	" (4, 1, '*.cdn.example'), (5, 1, 'a.cdn.example'), (2, 2, 'www.example')",
};

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	char error[256];
	scratch_open(&f->scratch);
	for (size_t i = 0; i < sizeof(registry) / sizeof(registry[0]); i++)
		assert_int_equal(db_run(f->scratch.db, NULL, registry[i], ""), 0);
	f->lookup = lookup_load(f->scratch.db, error, sizeof(error));
	assert_non_null(f->lookup);
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;
	lookup_free(f->lookup);
	scratch_done(&f->scratch);
	free(f);
	return 0;
}

static size_t
address(const char *text, uint8_t bytes[16])
{
	if (!text)
		return 0;
	if (inet_pton(AF_INET, text, bytes) == 1)
		return 4;
	assert_int_equal(inet_pton(AF_INET6, text, bytes), 1);
	return 16;
}

static void
each_flow_finds_its_facility_and_end(void **state)
{
	static const struct {
		const char *zone, *src, *dest;
		int vlan;
		const char *name;
		bool server_is_src;
		int64_t facility, other;
		enum lookup_end end;
		bool by_name;
	} cases[] = {
		/* the longest prefix */
		{ "net", "9.9.9.9", "203.0.113.9", -1, NULL, false, 1, 0, LOOKUP_DEST, false },
		{ "net", "9.9.9.9", "203.0.113.10", -1, NULL, false, 2, 0, LOOKUP_DEST, false },
		{ "net", "9.9.9.9", "203.0.113.16", -1, NULL, false, 0, 0, LOOKUP_NONE, false },
		/* the other end, and both */
		{ "net", "203.0.113.9", "9.9.9.9", -1, NULL, false, 1, 0, LOOKUP_SRC, false },
		{ "net", "203.0.113.9", "203.0.113.10", -1, NULL, false, 2, 1, LOOKUP_BOTH,
		    false },
		/* one address, several zones */
		{ "port", "10.99.0.1", "10.40.0.1", -1, NULL, false, 3, 0, LOOKUP_DEST, false },
		{ "empty", "10.99.0.1", "10.40.0.1", -1, NULL, false, 0, 0, LOOKUP_NONE,
		    false },
		{ "unheard of", "10.99.0.1", "10.40.0.1", -1, NULL, false, 0, 0, LOOKUP_NONE,
		    false },
		{ NULL, "10.99.0.1", "10.40.0.1", -1, NULL, false, 0, 0, LOOKUP_NONE, false },
		/* VLAN before any VLAN, but never before a longer prefix */
		{ "port", "10.99.0.1", "10.40.0.1", 100, NULL, false, 5, 0, LOOKUP_DEST,
		    false },
		{ "port", "10.99.0.1", "10.40.0.1", 101, NULL, false, 3, 0, LOOKUP_DEST,
		    false },
		{ "port", "10.99.0.1", "10.40.7.1", 100, NULL, false, 1, 0, LOOKUP_DEST,
		    false },
		/* a default route of a zone */
		{ "lock", "10.40.0.1", "8.8.8.8", -1, NULL, false, 5, 4, LOOKUP_BOTH, false },
		/* IPv6, up to the last bit */
		{ "net", "2001:db9::1", "2001:db8:ffff::1", -1, NULL, false, 2, 0, LOOKUP_DEST,
		    false },
		{ "net", "2001:db9::1", "2001:db8:1::1", -1, NULL, false, 3, 0, LOOKUP_DEST,
		    false },
		{ "net", "2001:db9::1", "2001:db8::1", -1, NULL, false, 4, 0, LOOKUP_DEST,
		    false },
		{ "net", "2001:db9::1", "2001:db8::2", -1, NULL, false, 2, 0, LOOKUP_DEST,
		    false },
		/* names: any case, a dot at the end, a star for what is below, a prefix first
		 */
		{ "net", "9.9.9.9", "192.0.2.1", -1, "WWW.Example", false, 3, 0, LOOKUP_DEST,
		    true },
		{ "net", "9.9.9.9", "192.0.2.1", -1, "www.example.", false, 3, 0, LOOKUP_DEST,
		    true },
		{ "net", "9.9.9.9", "192.0.2.1", -1, "x.y.cdn.example", false, 4, 0,
		    LOOKUP_DEST, true },
		{ "net", "9.9.9.9", "192.0.2.1", -1, "a.cdn.example", false, 5, 0, LOOKUP_DEST,
		    true },
		{ "net", "9.9.9.9", "192.0.2.1", -1, "cdn.example", false, 0, 0, LOOKUP_NONE,
		    false },
		{ "net", "9.9.9.9", "192.0.2.1", -1, "xwww.example", false, 0, 0, LOOKUP_NONE,
		    false },
		{ "net", "9.9.9.9", "203.0.113.9", -1, "www.example", false, 1, 0, LOOKUP_DEST,
		    false },
		{ "port", "9.9.9.9", "192.0.2.1", -1, "www.example", false, 2, 0, LOOKUP_DEST,
		    true },
		/* the answer of the server: the name is the source's */
		{ "net", "192.0.2.1", "9.9.9.9", -1, "www.example", true, 3, 0, LOOKUP_SRC,
		    true },
		/* no addresses at all */
		{ "net", NULL, NULL, -1, NULL, false, 0, 0, LOOKUP_NONE, false },
		{ "net", NULL, NULL, -1, ".", false, 0, 0, LOOKUP_NONE, false },
	};
	struct fixture *f = *state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint8_t src[16], dest[16];
		struct lookup_query query = {
			.zone = cases[i].zone,
			.src = src,
			.src_length = address(cases[i].src, src),
			.dest = dest,
			.dest_length = address(cases[i].dest, dest),
			.vlan = cases[i].vlan,
			.server_is_src = cases[i].server_is_src,
			.names = { cases[i].name },
		};
		struct lookup_result result = lookup_find(f->lookup, &query);
		if (result.facility != cases[i].facility || result.end != cases[i].end)
			print_error("case %zu: %s -> %s\n", i, cases[i].src, cases[i].dest);
		assert_int_equal(result.facility, cases[i].facility);
		assert_int_equal(result.other, cases[i].other);
		assert_int_equal(result.end, cases[i].end);
		assert_int_equal(result.by_name, cases[i].by_name);
	}
}

/* Against the plain way: go through all prefixes, keep the longest that covers. */
static void
random_tables_agree_with_a_plain_search(void **state)
{
	enum { NETS = 300, PROBES = 3000 };
	struct fixture *f = *state;
	struct prefix nets[NETS];
	unsigned random = 7;
	char error[256], text[PREFIX_TEXT_MAX];
	assert_int_equal(db_run(f->scratch.db, NULL, "DELETE FROM network", ""), 0);
	assert_int_equal(db_begin(f->scratch.db), 0);
	int count = 0;
	for (int i = 0; i < NETS; i++) {
		struct prefix p = { .length = 4 };
		random = random * 1103515245u + 12345u;
		p.bits = (uint8_t)(random >> 16) % 33;
		p.address[0] = 10;
		p.address[1] = (uint8_t)(random >> 20) & 3;
		p.address[2] = (uint8_t)(random >> 23) & 3;
		p.address[3] = (uint8_t)(random >> 25);
		prefix_mask(p.address, 4, p.bits);
		bool is_known = false;
		for (int k = 0; k < count; k++)
			is_known |= prefix_equal(&nets[k], &p);
		if (is_known)
			continue;
		nets[count++] = p;
		prefix_format(&p, text);
		/* the facility tells the length, so that the right answer can be computed */
		assert_int_equal(
		    db_run(f->scratch.db, NULL,
			"INSERT INTO facility (code, name, level, class, updated_at, id)"
			" VALUES ($1, 'f', '省级', 'PTL', 0, $2)",
			"tI", text, 1000 + count),
		    0);
		assert_int_equal(
		    db_run(f->scratch.db, NULL,
			"INSERT INTO network (facility, zone, prefix) VALUES ($1, 1, $2)", "It",
			1000 + count, text),
		    0);
	}
	assert_int_equal(db_commit(f->scratch.db), 0);
	struct lookup *lookup = lookup_load(f->scratch.db, error, sizeof(error));
	assert_non_null(lookup);
	for (int i = 0; i < PROBES; i++) {
		random = random * 1103515245u + 12345u;
		struct prefix host = { .length = 4,
			.bits = 32,
			.address = { 10, (uint8_t)(random >> 20) & 3,
			    (uint8_t)(random >> 23) & 3, (uint8_t)(random >> 12) } };
		int best = -1;
		for (int k = 0; k < count; k++)
			if (prefix_covers(&nets[k], &host) &&
			    (best < 0 || nets[k].bits > nets[best].bits))
				best = k;
		struct lookup_query query = { .zone = "net",
			.dest = host.address,
			.dest_length = 4,
			.vlan = -1 };
		struct lookup_result result = lookup_find(lookup, &query);
		assert_int_equal(result.facility, best < 0 ? 0 : 1001 + best);
	}
	lookup_free(lookup);
}

static void
prefixes_are_read_strictly(void **state)
{
	static const struct {
		const char *text;
		int result;
		const char *back;
	} cases[] = {
		{ "10.20.0.0/16", 0, "10.20.0.0/16" },
		{ "10.20.0.1", 0, "10.20.0.1/32" },
		{ "0.0.0.0/0", 0, "0.0.0.0/0" },
		{ "2001:DB8::/32", 0, "2001:db8::/32" },
		{ "::1", 0, "::1/128" },
		{ "10.20.0.1/16", -EDOM, NULL },
		{ "10.20.0.0/33", -EINVAL, NULL },
		{ "2001:db8::/129", -EINVAL, NULL },
		{ "10.20.0.0/", -EINVAL, NULL },
		{ "10.20.0.0/-1", -EINVAL, NULL },
		{ "10.20.0.0/1 ", -EINVAL, NULL },
		{ "10.20/16", -EINVAL, NULL },
		{ "", -EINVAL, NULL },
		{ "/8", -EINVAL, NULL },
		{ "10.020.0.0/16", -EINVAL, NULL },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct prefix prefix;
		char text[PREFIX_TEXT_MAX];
		assert_int_equal(prefix_parse(cases[i].text, &prefix), cases[i].result);
		if (cases[i].result < 0)
			continue;
		prefix_format(&prefix, text);
		assert_string_equal(text, cases[i].back);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(each_flow_finds_its_facility_and_end, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(random_tables_agree_with_a_plain_search, setup,
		    teardown),
		cmocka_unit_test(prefixes_are_read_strictly),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
