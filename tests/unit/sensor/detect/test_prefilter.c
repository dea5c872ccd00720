/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The fast path against the plain one: random rules on random traffic, with literals sought by
 * databases and with every rule asked about everything. Words, ports and buffers are few, so
 * that rules do fire, and in combinations nobody would write down.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "bench_sensor.h"

static uint32_t seed;

static uint32_t
pick(uint32_t n)
{
	seed = seed * 1664525u + 1013904223u;
	return (seed >> 8) % n;
}

static const char *const words[] = { "alpha", "beta", "gamma", "ab", "q", "delta-long-word",
	"portal", "login", "a longer literal that is cut at its start", "eta" };
#define WORDS (sizeof(words) / sizeof(words[0]))

struct text {
	char at[16384];
	size_t len;
};

static void __attribute__((format(printf, 2, 3)))
put(struct text *text, const char *format, ...)
{
	va_list ap;
	va_start(ap, format);
	int n = vsnprintf(text->at + text->len, sizeof(text->at) - text->len, format, ap);
	va_end(ap);
	assert_true(n >= 0 && text->len + (size_t)n < sizeof(text->at));
	text->len += (size_t)n;
}

static void
put_contents(struct text *text)
{
	unsigned count = 1 + pick(3);
	for (unsigned i = 0; i < count; i++) {
		bool is_negated = i && pick(4) == 0;
		put(text, "content:%s\"%s\"; ", is_negated ? "!" : "", words[pick(WORDS)]);
		if (pick(3) == 0)
			put(text, "nocase; ");
		if (i && !is_negated && pick(4) == 0)
			put(text, "distance:%u; ", pick(4));
		else if (!is_negated && pick(6) == 0)
			put(text, "offset:%u; depth:60; ", pick(4));
	}
}

static void
put_raw_rule(struct text *text, unsigned sid)
{
	static const char *const protos[] = { "tcp", "udp", "ip", "tcp-pkt", "http" };
	static const char *const ports[] = { "any", "80", "[80,81]", "!80", "82:90" };
	static const char *const flows[] = { "", "flow:to_server; ", "flow:to_client; ",
		"flow:established,to_server; ", "" };
	put(text, "%s %s any any -> any %s (", pick(40) ? "alert" : "pass", protos[pick(5)],
	    ports[pick(5)]);
	put(text, "%s", flows[pick(5)]);
	put_contents(text);
	put(text, "sid:%u;)\n", sid);
}

static void
put_http_rule(struct text *text, unsigned sid)
{
	static const char *const requests[] = { "http.uri; ", "http.method; ", "http.host; ",
		"http.request_body; ", "http.user_agent; " };
	static const char *const responses[] = { "http.stat_code; ", "file.data; ",
		"http.response_body; ", "http.server; " };
	bool is_request = pick(2);
	put(text, "alert http any any -> any any (flow:%s; ",
	    is_request ? "to_server" : "to_client");
	for (unsigned i = 0, n = 1 + pick(3); i < n; i++) {
		put(text, "%s", is_request ? requests[pick(5)] : responses[pick(4)]);
		switch (pick(5)) {
		case 0:
			put(text, "bsize:>%u; ", pick(8));
			break;
		case 1:
			put(text, "content:\"%s\"; ", is_request ? "/" : "2");
			break;
		default:
			put_contents(text);
		}
	}
	if (pick(6) == 0)
		put(text, "flowbits:set,bit%u; ", pick(2));
	else if (pick(6) == 0)
		put(text, "flowbits:isset,bit%u; ", pick(2));
	put(text, "sid:%u;)\n", sid);
}

static void
put_words(struct text *text, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		const char *word = words[pick(WORDS)];
		if (pick(4) == 0) {
			for (; *word; word++)
				put(text, "%c",
				    *word >= 'a' && *word <= 'z' ? *word - 32 : *word);
		} else {
			put(text, "%s", word);
		}
		put(text, "%s", pick(3) ? " " : "");
	}
}

static void
put_web(struct text *text, enum dir dir)
{
	struct text body = { .len = 0 };
	put_words(&body, pick(8));
	if (dir == DIR_TOSERVER)
		put(text, "%s /%s/%s HTTP/1.1\r\nHost: %s.example\r\nUser-Agent: %s\r\n",
		    pick(3) ? "GET" : "POST", words[pick(4)], words[pick(4)], words[pick(4)],
		    words[pick(WORDS)]);
	else
		put(text, "HTTP/1.1 %s OK\r\nServer: %s\r\n", pick(2) ? "200" : "404",
		    words[pick(WORDS)]);
	put(text, "Content-Length: %zu\r\n\r\n%.*s", body.len, (int)body.len, body.at);
}

/* The same traffic for the same seed, whatever the engine. */
static void
run(struct bench *b, uint32_t traffic)
{
	seed = traffic;
	struct talk talks[3];
	for (unsigned i = 0; i < 3; i++) {
		talks[i] = (struct talk){ .client = (uint8_t)(1 + i),
			.server = 9,
			.client_port = (uint16_t)(40000 + i),
			.server_port = (uint16_t)(80 + pick(4)) };
		bench_handshake(b, &talks[i]);
	}
	bool is_web[3] = { pick(2), pick(2), pick(2) };
	for (unsigned round = 0; round < 12; round++) {
		unsigned i = pick(3);
		static struct text text;
		text.len = 0;
		enum dir dir = (enum dir)(is_web[i] ? round / 3 % 2 : pick(2));
		if (is_web[i])
			put_web(&text, dir);
		else
			put_words(&text, 1 + pick(12));
		size_t step = pick(4) ? 1460 : 1 + pick(40);
		bench_send_split(b, &talks[i], dir, text.at, text.len, step);
		struct talk u = { .client = 4,
			.server = 8,
			.client_port = 5000,
			.server_port = (uint16_t)(80 + pick(4)) };
		text.len = 0;
		put_words(&text, pick(6));
		bench_udp(b, &u, (enum dir)pick(2), text.at, text.len);
	}
	bench_finish(b);
}

static const char *
rule_text(const struct bench *b, uint32_t sid)
{
	const struct ruleset *set = detect_engine_rules(b->engine);
	for (uint32_t i = 0; i < set->count; i++) {
		if (set->rules[i]->sid == sid)
			return set->rules[i]->text;
	}
	return "";
}

static int
fired_cmp(const void *va, const void *vb)
{
	return memcmp(va, vb, sizeof(struct fired));
}

static void
the_prefilter_changes_no_alert(void **state)
{
	static struct bench fast, plain;
	size_t total = 0, shed = 0;
	for (uint32_t round = 0; round < 60; round++) {
		seed = 7000 + round;
		struct text rules = { .len = 0 };
		for (unsigned sid = 1; sid <= 30; sid++)
			put_raw_rule(&rules, sid);
		for (unsigned sid = 101; sid <= 130; sid++)
			put_http_rule(&rules, sid);
		struct detect_engine_options with = { .alert_max = 200 };
		struct detect_engine_options without = { .alert_max = 200,
			.no_prefilter = true };
		bench_init(&fast, bench_compile(rules.at, &with));
		bench_init(&plain, bench_compile(rules.at, &without));
		run(&fast, round);
		run(&plain, round);
		/* Over the cap of what a flow can remember both may differ, and say so. */
		if (detect_counters(fast.detector)->notes_shed ||
		    detect_counters(plain.detector)->notes_shed) {
			shed++;
			bench_done(&fast);
			bench_done(&plain);
			continue;
		}
		qsort(fast.fired, fast.fired_count, sizeof(struct fired), fired_cmp);
		qsort(plain.fired, plain.fired_count, sizeof(struct fired), fired_cmp);
		size_t n =
		    fast.fired_count < plain.fired_count ? fast.fired_count : plain.fired_count;
		for (size_t i = 0; i < n; i++) {
			const struct fired *f = &fast.fired[i], *p = &plain.fired[i];
			if (fired_cmp(f, p) != 0)
				fail_msg("round %u: packet %u tx %d: %s\nplain: packet %u "
					 "tx %d: %s",
				    round, (unsigned)f->packet, (int)f->tx,
				    rule_text(&fast, f->sid), (unsigned)p->packet, (int)p->tx,
				    rule_text(&plain, p->sid));
		}
		assert_int_equal(fast.fired_count, plain.fired_count);
		total += n;
		bench_done(&fast);
		bench_done(&plain);
	}
	assert_true(total > 1000); /* it compared something */
	assert_true(shed < 20);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_prefilter_changes_no_alert),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
