/* SPDX-License-Identifier: Apache-2.0 */
/* What rules remember: variables of flows, bits of hosts, sets of values; and thresholds'
 * lines. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>

#include <cmocka.h>

#include "sensor/rule/address.h"
#include "sensor/rule/dataset.h"
#include "sensor/rule/inspect.h"
#include "sensor/rule/match.h"
#include "sensor/rule/thread.h"
#include "sensor/rule/threshold_data.h"
#include "sensor/rule/vars.h"
#include "tests/unit/sensor/rule/rule_text.h"

static void
a_name_has_one_number(void **state)
{
	uint32_t a = var_id(SPAN("var-a")), b = var_id(SPAN("var-b"));
	assert_int_not_equal(a, 0);
	assert_int_not_equal(a, b);
	assert_int_equal(var_id(SPAN("var-a")), a);
	assert_string_equal(var_name(b), "var-b");
	for (unsigned i = 0; i < 2000; i++) {
		char name[32];
		int len = snprintf(name, sizeof(name), "var-%u", i);
		assert_int_not_equal(var_id(span_of(name, (size_t)len)), 0);
	}
	assert_int_equal(var_id(SPAN("var-a")), a);
}

/* The linker sends all locking of the program through here. */
int __real_pthread_mutex_lock(pthread_mutex_t *lock);
int __wrap_pthread_mutex_lock(pthread_mutex_t *lock);
static _Thread_local unsigned locks_taken;

int
__wrap_pthread_mutex_lock(pthread_mutex_t *lock)
{
	locks_taken++;
	return __real_pthread_mutex_lock(lock);
}

static void
a_name_is_read_without_a_lock(void **state)
{
	uint32_t id = var_id(SPAN("var-lock"));
	unsigned before = locks_taken;
	assert_int_not_equal(before, 0);
	assert_string_equal(var_name(id), "var-lock");
	assert_string_equal(var_name(0), "");
	assert_string_equal(var_name(UINT32_MAX), "");
	assert_int_equal(locks_taken, before);
}

static atomic_bool is_over;

static void *
names_read(void *arg)
{
	const uint32_t *first = arg;
	while (!atomic_load(&is_over))
		for (uint32_t id = *first; *var_name(id); id++)
			if (strncmp(var_name(id), "grow-", 5) != 0)
				return arg;
	return NULL;
}

/* Run under a thread sanitizer this is the proof; elsewhere it fails only with luck. */
static void
names_may_be_made_while_others_are_read(void **state)
{
	pthread_t reader;
	void *wrong;
	uint32_t first = var_id(SPAN("grow-first"));
	atomic_store(&is_over, false);
	assert_int_equal(pthread_create(&reader, NULL, names_read, &first), 0);
	for (unsigned i = 0; i < 5000; i++) {
		char name[32];
		int len = snprintf(name, sizeof(name), "grow-%u", i);
		assert_int_equal(var_id(span_of(name, (size_t)len)), first + 1 + i);
	}
	atomic_store(&is_over, true);
	assert_int_equal(pthread_join(reader, &wrong), 0);
	assert_null(wrong);
	assert_string_equal(var_name(first + 5000), "grow-4999");
}

static void
note_name(const struct flow_var *var, void *arg)
{
	char *names = arg;
	strcat(names, var->name);
	strcat(names, " ");
}

static void
flow_variables_keep_their_order(void **state)
{
	struct rule_thread *thread = rule_thread_new(64, NULL);
	struct flow_vars *vars = NULL;
	uint32_t a = var_id(SPAN("a")), b = var_id(SPAN("b")), c = var_id(SPAN("c"));
	uint32_t number;
	struct span text;
	assert_false(flow_bit_isset(vars, a));
	flow_bit_set(&vars, thread, a);
	flow_bit_set(&vars, thread, b);
	flow_int_set(&vars, thread, c, 7);
	flow_text_set(&vars, thread, c, SPAN("text"));
	flow_bit_unset(&vars, a);
	flow_bit_toggle(&vars, thread, a);
	flow_once_set(&vars, thread, 99);
	assert_true(flow_bit_isset(vars, a) && flow_bit_isset(vars, b));
	assert_false(flow_bit_isset(vars, c));
	assert_true(flow_int_get(vars, c, &number) && number == 7);
	assert_true(flow_text_get(vars, c, &text) && span_eq(text, SPAN("text")));
	char names[64] = "";
	flow_vars_each(vars, note_name, names);
	assert_string_equal(names, "b c c a ");
	flow_vars_free(vars, thread);
	assert_int_equal(slab_in_use(thread->vars), 0);
	rule_thread_free(thread);
}

static void
what_does_not_fit_is_counted_and_not_set(void **state)
{
	struct rule_thread *thread = rule_thread_new(2, NULL);
	struct flow_vars *vars = NULL, *other = NULL;
	for (unsigned i = 0; i < 40; i++) {
		char name[32];
		int len = snprintf(name, sizeof(name), "many-%u", i);
		flow_bit_set(&vars, thread, var_id(span_of(name, (size_t)len)));
	}
	assert_true(flow_bit_isset(vars, var_id(SPAN("many-31"))));
	assert_false(flow_bit_isset(vars, var_id(SPAN("many-32"))));
	flow_bit_set(&other, thread, var_id(SPAN("many-0")));
	assert_null(other);
	assert_int_equal(thread->counters.vars_shed, 9);
	flow_vars_free(vars, thread);
	rule_thread_free(thread);
}

static void
rules_set_and_ask_for_bits_of_a_flow(void **state)
{
	struct rule_thread *thread = rule_thread_new(16, NULL);
	struct ruleset *set =
	    rule_text_load("alert tcp any any -> any any (flowbits:isset,seen|other; sid:1;)\n"
			   "alert tcp any any -> any any (flowbits:set,seen; "
			   "flowint:count,+,1; sid:2;)\n"
			   "alert tcp any any -> any any (flowint:count,>,1; sid:3;)\n");
	struct flow flow = { 0 };
	struct flow_vars *vars = NULL;
	struct packet packet = { .layers = LAYER_TCP | LAYER_IPV4, .flow = &flow };
	struct match_context ctx = { .packet = &packet,
		.flow = &flow,
		.thread = thread,
		.vars = &vars };
	ctx.rule = set->rules[0];
	assert_false(rule_packet_matches(&ctx));
	ctx.rule = set->rules[1];
	assert_true(rule_packet_matches(&ctx));
	rule_fire(&ctx);
	ctx.rule = set->rules[0];
	assert_true(rule_packet_matches(&ctx));
	ctx.rule = set->rules[2];
	assert_false(rule_packet_matches(&ctx));
	ctx.rule = set->rules[1];
	rule_fire(&ctx);
	ctx.rule = set->rules[2];
	assert_true(rule_packet_matches(&ctx));
	flow_vars_free(vars, thread);
	ruleset_free(set);
	rule_thread_free(thread);
}

static struct packet
packet_between(const char *src, const char *dst)
{
	struct packet packet = { .ip_version = 4 };
	uint8_t version;
	assert_true(addr_parse(span_str(src), &packet.src, &version));
	assert_true(addr_parse(span_str(dst), &packet.dst, &version));
	return packet;
}

static void
bits_of_hosts_expire(void **state)
{
	struct host_vars *hosts = host_vars_new(1024);
	struct packet there = packet_between("192.0.2.1", "192.0.2.2");
	struct packet back = packet_between("192.0.2.2", "192.0.2.1");
	host_bit_set(hosts, 1, HOST_KEY_SRC, &there, 100, 200);
	assert_true(host_bit_isset(hosts, 1, HOST_KEY_SRC, &there, 199));
	assert_true(host_bit_isset(hosts, 1, HOST_KEY_DST, &back, 199));
	assert_true(host_bit_isset(hosts, 1, HOST_KEY_BOTH, &back, 199));
	assert_false(host_bit_isset(hosts, 1, HOST_KEY_DST, &there, 199));
	assert_false(host_bit_isset(hosts, 2, HOST_KEY_SRC, &there, 199));
	assert_false(host_bit_isset(hosts, 1, HOST_KEY_SRC, &there, 200));
	host_bit_set(hosts, 3, HOST_KEY_PAIR, &there, 100, 300);
	assert_true(host_bit_isset(hosts, 3, HOST_KEY_PAIR, &back, 299));
	host_bit_unset(hosts, 3, HOST_KEY_PAIR, &back);
	assert_false(host_bit_isset(hosts, 3, HOST_KEY_PAIR, &there, 299));
	host_vars_free(hosts);
}

static void
a_full_table_of_hosts_gives_up_what_ends_soonest(void **state)
{
	struct host_vars *hosts = host_vars_new(1);
	struct packet packet = packet_between("192.0.2.1", "192.0.2.2");
	for (uint32_t i = 0; i < 100000; i++) {
		packet.src.w[0] = i;
		host_bit_set(hosts, 1, HOST_KEY_SRC, &packet, 0, 1000 + i);
	}
	struct host_vars_counters counters = host_vars_counters(hosts);
	assert_true(counters.entries <= 16 * 16);
	assert_int_equal(counters.entries + counters.evicted, 100000);
	assert_true(host_bit_isset(hosts, 1, HOST_KEY_SRC, &packet, 0));
	host_vars_free(hosts);
}

static void
sets_tell_what_is_new(void **state)
{
	struct rule_thread *thread = rule_thread_new(16, NULL);
	struct ruleset *set = rule_text_load(
	    "alert tcp any any -> any any (ip.src; dataset:set,test-new,type ip; sid:1;)\n"
	    "alert tcp any any -> any any (ip.src; dataset:isset,test-new; sid:2;)\n"
	    "alert tcp any any -> any any (ip.src; dataset:unset,test-new; sid:3;)\n");
	if (set->count != 3)
		fail_msg("%s", rule_text_reason(set));
	static const struct {
		int rule;
		enum inspect_result result;
	} steps[] = { { 1, INSPECT_STOP }, { 0, INSPECT_YES }, { 0, INSPECT_STOP },
		{ 1, INSPECT_YES }, { 2, INSPECT_YES }, { 2, INSPECT_STOP },
		{ 1, INSPECT_STOP } };
	struct inspect_input input = { .bytes = SPAN("\xc0\0\2\1"), .is_final = true };
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		struct match_context ctx = { .rule = set->rules[steps[i].rule],
			.thread = thread };
		assert_int_equal(inspect_section(&ctx, ctx.rule->sections, &input),
		    steps[i].result);
	}
	ruleset_free(set);
	rule_thread_free(thread);
}

static enum inspect_result
inspect_bytes(const struct rule *rule, struct rule_thread *thread, struct span bytes)
{
	struct match_context ctx = { .rule = rule, .thread = thread };
	struct inspect_input input = { .bytes = bytes, .is_final = true };
	return inspect_section(&ctx, rule->sections, &input);
}

static void
a_set_keeps_within_its_memcap(void **state)
{
	struct rule_thread *thread = rule_thread_new(16, NULL);
	struct ruleset *set = rule_text_load(
	    "alert tcp any any -> any any (tcp.hdr; dataset:set,test-small,type string,"
	    "memcap 64kb; sid:1;)\n");
	if (set->count != 1)
		fail_msg("%s", rule_text_reason(set));
	struct dataset_counters before = dataset_counters();
	unsigned added = 0;
	for (unsigned i = 0; i < 10000; i++) {
		char text[16];
		int len = snprintf(text, sizeof(text), "%u", i);
		added += inspect_bytes(set->rules[0], thread, span_of(text, (size_t)len)) ==
			 INSPECT_YES;
	}
	struct dataset_counters c = dataset_counters();
	assert_in_range(added, 500, 5000);
	assert_int_equal(c.values - before.values, added);
	assert_int_equal(c.shed - before.shed, 10000 - added);
	assert_in_range(c.bytes - before.bytes, 1, 65536);
	ruleset_free(set);
	rule_thread_free(thread);
}

static void
a_list_over_the_memcap_is_refused(void **state)
{
	char path[] = "/tmp/rule-test-XXXXXX", text[256];
	FILE *list = fdopen(mkstemp(path), "w");
	for (unsigned i = 0; i < 5000; i++)
		fprintf(list, "10.0.%u.%u\n", i / 256, i % 256);
	fclose(list);
	snprintf(text, sizeof(text),
	    "alert ip any any -> any any (ip.src; dataset:isset,test-list,type ipv4,load %s,"
	    "memcap 64kb; sid:1;)\n",
	    path);
	struct ruleset *set = rule_text_load(text);
	assert_int_equal(set->count, 0);
	assert_non_null(strstr(rule_text_reason(set), "memcap"));
	ruleset_free(set);
	unlink(path);
}

static void
a_set_that_is_only_read_may_be_changed_by_a_later_rule(void **state)
{
	struct rule_thread *thread = rule_thread_new(16, NULL);
	static const char rules[] =
	    "alert ip any any -> any any (ip.src; dataset:isset,test-later,type ip; sid:1;)\n"
	    "alert ip any any -> any any (ip.src; dataset:set,test-later; sid:2;)\n";
	struct ruleset *set = rule_text_load(rules);
	if (set->count != 2)
		fail_msg("%s", rule_text_reason(set));
	struct span address = SPAN("\xc0\0\2\1");
	assert_int_equal(inspect_bytes(set->rules[0], thread, address), INSPECT_STOP);
	assert_int_equal(inspect_bytes(set->rules[1], thread, address), INSPECT_YES);
	assert_int_equal(inspect_bytes(set->rules[0], thread, address), INSPECT_YES);
	/* And it outlives the rule set. */
	ruleset_free(set);
	set = rule_text_load(rules);
	assert_int_equal(inspect_bytes(set->rules[0], thread, address), INSPECT_YES);
	ruleset_free(set);
	rule_thread_free(thread);
}

static void
lines_of_thresholds_reach_the_rules_they_name(void **state)
{
	static const char lines[] =
	    "# comment\n"
	    "suppress gen_id 1, sig_id 1, track by_src, ip [192.0.2.0/24,198.51.100.1]\n"
	    "threshold gen_id 1, sig_id 2, type limit, track by_src, \\\n"
	    "    count 1, seconds 60\n"
	    "event_filter gen_id 0, sig_id 0, type both, track by_dst, count 5, seconds 10\n"
	    "rate_filter gen_id 1, sig_id 1, track by_rule, count 3, seconds 5, \\\n"
	    "    new_action drop, timeout 10\n"
	    "nonsense gen_id 1, sig_id 1\n";
	char rules_path[] = "/tmp/rule-test-XXXXXX", lines_path[] = "/tmp/rule-test-XXXXXX";
	static const char rules[] =
	    "alert ip any any -> any any (sid:1;)\nalert ip any any -> any any (sid:2;)\n";
	int fd = mkstemp(rules_path);
	assert_int_equal(write(fd, rules, strlen(rules)), strlen(rules));
	close(fd);
	fd = mkstemp(lines_path);
	assert_int_equal(write(fd, lines, strlen(lines)), strlen(lines));
	close(fd);
	const char *files[] = { rules_path };
	struct ruleset_options options = { .files = files,
		.file_count = 1,
		.threshold_file = lines_path };
	char *error;
	struct ruleset *set = ruleset_load(&options, &error);
	assert_non_null(set);
	const struct match *m = set->rules[0]->threshold.first;
	const struct threshold_data *data = m->data;
	assert_int_equal(data->type, THRESHOLD_SUPPRESS);
	assert_non_null(data->addrs);
	data = m->next->data;
	assert_int_equal(data->type, THRESHOLD_BOTH);
	data = m->next->next->data;
	/* A line for all rules leaves those alone that have a threshold of their own. */
	assert_int_equal(set->rules[1]->threshold.count, 1);
	assert_int_equal(
	    ((const struct threshold_data *)set->rules[1]->threshold.first->data)->seconds, 60);
	assert_int_equal(data->type, THRESHOLD_RATE);
	assert_int_equal(data->timeout_seconds, 10);
	assert_non_null(set->refusals);
	ruleset_free(set);
	unlink(rules_path);
	unlink(lines_path);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_has_one_number),
		cmocka_unit_test(a_name_is_read_without_a_lock),
		cmocka_unit_test(names_may_be_made_while_others_are_read),
		cmocka_unit_test(flow_variables_keep_their_order),
		cmocka_unit_test(what_does_not_fit_is_counted_and_not_set),
		cmocka_unit_test(rules_set_and_ask_for_bits_of_a_flow),
		cmocka_unit_test(bits_of_hosts_expire),
		cmocka_unit_test(a_full_table_of_hosts_gives_up_what_ends_soonest),
		cmocka_unit_test(sets_tell_what_is_new),
		cmocka_unit_test(a_set_keeps_within_its_memcap),
		cmocka_unit_test(a_list_over_the_memcap_is_refused),
		cmocka_unit_test(a_set_that_is_only_read_may_be_changed_by_a_later_rule),
		cmocka_unit_test(lines_of_thresholds_reach_the_rules_they_name),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
