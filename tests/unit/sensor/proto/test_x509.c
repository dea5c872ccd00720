/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/sensor/proto/bench.h"

#include "sensor/proto/x509.h"

/* The parts of a certificate; their lengths are written by seq() and friends. */
struct der {
	uint8_t p[2048];
	size_t len;
};

static void
add(struct der *out, uint8_t tag, struct span value)
{
	assert_true(out->len + value.len + 4 <= sizeof(out->p));
	out->p[out->len++] = tag;
	if (value.len >= 128) {
		out->p[out->len++] = 0x82;
		out->p[out->len++] = (uint8_t)(value.len >> 8);
	}
	out->p[out->len++] = (uint8_t)value.len;
	if (value.len)
		memcpy(out->p + out->len, value.p, value.len);
	out->len += value.len;
}

static struct span
whole(const struct der *d)
{
	return span_of(d->p, d->len);
}

static void
add_attribute(struct der *name, struct span oid, uint8_t tag, struct span value)
{
	struct der pair = { .len = 0 }, seq = { .len = 0 };
	add(&pair, 0x06, oid);
	add(&pair, tag, value);
	add(&seq, 0x30, whole(&pair));
	add(name, 0x31, whole(&seq));
}

struct recipe {
	struct span version, serial, not_before, not_after, subject, extensions;
	uint8_t time_tag;
};

static struct recipe
plain_recipe(void)
{
	return (struct recipe){ .version = SPAN("\2\1\2"),
		.serial = SPAN("\0\xab"),
		.not_before = SPAN("691231000000Z"),
		.not_after = SPAN("381231001003Z"),
		.subject = SPAN("x"),
		.time_tag = 0x17 };
}

static void
make(const struct recipe *r, struct der *out)
{
	struct der tbs = { .len = 0 }, part = { .len = 0 }, key = { .len = 0 },
		   name = { .len = 0 };
	if (r->version.len)
		add(&tbs, 0xa0, r->version);
	add(&tbs, 0x02, r->serial);
	add(&part, 0x06, SPAN("\x2a\x81\x1c\xcf\x55\1\x83\x75"));
	add(&tbs, 0x30, whole(&part));
	add(&tbs, 0x30, SPAN_NONE); /* an issuer without attributes */
	part.len = 0;
	add(&part, r->time_tag, r->not_before);
	add(&part, r->time_tag, r->not_after);
	add(&tbs, 0x30, whole(&part));
	add_attribute(&name, SPAN("\x55\4\3"), 0x0c, r->subject);
	add(&tbs, 0x30, whole(&name));
	part.len = 0;
	add(&part, 0x06, SPAN("\x2a\x86\x48\xce\x3d\2\1"));
	add(&part, 0x06, SPAN("\x2a\x81\x1c\xcf\x55\1\x82\x2d"));
	add(&key, 0x30, whole(&part));
	add(&key, 0x03, SPAN("\0k"));
	add(&tbs, 0x30, whole(&key));
	if (r->extensions.len)
		add(&tbs, 0xa3, r->extensions);
	part.len = 0;
	add(&part, 0x30, whole(&tbs));
	out->len = 0;
	add(out, 0x30, whole(&part));
}

static void
the_parts_are_found(void **state)
{
	struct recipe recipe = plain_recipe();
	struct der der;
	struct x509 x;
	char text[X509_NAME_MAX], time[X509_TIME_LEN];
	recipe.subject = SPAN("a\0b");
	make(&recipe, &der);
	assert_true(x509_read(whole(&der), &x));
	assert_int_equal(x.faults, 0);
	assert_int_equal(x.version, 3);
	assert_true(span_eq(x.serial, SPAN("\0\xab")));
	assert_true(x.has_issuer);
	assert_int_equal(x509_name(x.issuer, text), 0);
	assert_int_equal(x509_name(x.subject, text), 6);
	assert_memory_equal(text, "CN=a\0b", 6);
	x509_time(x.not_before, time);
	assert_string_equal(time, "1969-12-31T00:00:00");
	x509_time(x.not_after, time);
	assert_string_equal(time, "2038-12-31T00:10:03");
	assert_true(span_eq(x.key_curve, SPAN("\x2a\x81\x1c\xcf\x55\1\x82\x2d")));
}

static const struct {
	const char *name;
	size_t field; /* of struct recipe */
	struct span value;
	unsigned faults;
} oddities[] = {
	{ "a version from the future", offsetof(struct recipe, version), SPAN("\2\1\7"),
	    1 << X509_FAULT_VERSION },
	{ "a month 13", offsetof(struct recipe, not_before), SPAN("691331000000Z"),
	    1 << X509_FAULT_DATE },
	{ "letters in a date", offsetof(struct recipe, not_after), SPAN("38xx31001003Z"),
	    1 << X509_FAULT_DATE },
	{ "an empty date", offsetof(struct recipe, not_after), SPAN(""), 1 << X509_FAULT_DATE },
	{ "extensions that are no list", offsetof(struct recipe, extensions), SPAN("\2\1\0"),
	    1 << X509_FAULT_EXTENSIONS },
	{ "an extension without value", offsetof(struct recipe, extensions),
	    SPAN("\x30\7\x30\5\6\3\x55\x1d\x11"), 1 << X509_FAULT_EXTENSIONS },
};

static void
odd_parts_are_told_and_the_rest_is_read(void **state)
{
	for (size_t i = 0; i < sizeof(oddities) / sizeof(oddities[0]); i++) {
		struct recipe recipe = plain_recipe();
		struct der der;
		struct x509 x;
		char text[X509_NAME_MAX];
		memcpy((char *)&recipe + oddities[i].field, &oddities[i].value,
		    sizeof(struct span));
		make(&recipe, &der);
		assert_true(x509_read(whole(&der), &x));
		if (x.faults != oddities[i].faults)
			fail_msg("%s: faults %x", oddities[i].name, x.faults);
		assert_int_equal(x509_name(x.subject, text), 4);
	}
}

static void
every_cut_and_every_broken_byte_is_survived(void **state)
{
	struct recipe recipe = plain_recipe();
	struct der der;
	recipe.extensions = SPAN("\x30\x12\x30\x10\6\3\x55\x1d\x11\4\x9\x30\7\x82\1"
				 "a\x87\2zz");
	make(&recipe, &der);
	for (size_t len = 0; len <= der.len; len++) {
		for (size_t at = 0; at <= len; at++) {
			struct x509 x;
			struct span name;
			char text[X509_NAME_MAX], alt[X509_ALT_MAX];
			uint8_t *copy = malloc(len ? len : 1);
			memcpy(copy, der.p, len);
			if (at < len)
				copy[at] ^= 0x80;
			bool is_read = x509_read(span_of(copy, len), &x);
			if (len < der.len)
				assert_false(is_read);
			if (is_read) {
				(void)x509_name(x.subject, text);
				for (unsigned i = 0; i < 4; i++)
					(void)x509_alt_name(x.names, i, alt, &name);
			}
			free(copy);
		}
	}
}

static void
names_become_text(void **state)
{
	struct der name = { .len = 0 };
	char text[X509_NAME_MAX];
	add_attribute(&name, SPAN("\x55\4\6"), 0x13, SPAN("CN"));
	add_attribute(&name, SPAN("\x55\4\x0a"), 0x1e, SPAN("\x6d\x59\x6c\x5f"));
	add_attribute(&name, SPAN("\x2a\x03\x04\x87\x67"), 0x0c, SPAN("v"));
	size_t len = x509_name(whole(&name), text);
	static const char expected[] = "C=CN, O=\xe6\xb5\x99\xe6\xb1\x9f, 1.2.3.4.999=v";
	assert_int_equal(len, sizeof(expected) - 1);
	assert_memory_equal(text, expected, len);
}

static void
a_name_without_end_is_cut(void **state)
{
	static struct der big;
	char *text = malloc(X509_NAME_MAX);
	uint8_t value[900];
	uint8_t all[8192];
	size_t len = 0;
	memset(value, 'v', sizeof(value));
	add_attribute(&big, SPAN("\x55\4\3"), 0x0c, span_of(value, sizeof(value)));
	while (len + big.len <= sizeof(all)) {
		memcpy(all + len, big.p, big.len);
		len += big.len;
	}
	assert_int_equal(x509_name(span_of(all, len), text), X509_NAME_MAX);
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_parts_are_found),
		cmocka_unit_test(odd_parts_are_told_and_the_rest_is_read),
		cmocka_unit_test(every_cut_and_every_broken_byte_is_survived),
		cmocka_unit_test(names_become_text),
		cmocka_unit_test(a_name_without_end_is_cut),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
