/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "common/json.h"
#include "sensor/detect/state.h"
#include "sensor/record/recorder.h"

static void
bits_of_traffic_are_told_once_in_a_place_of_their_own(void **state)
{
	static const char *const bits[] = { "traffic/id/toll", "seen", "traffic/label/clear",
		"traffic/other", "traffic" };
	struct rule_thread *thread = rule_thread_new(16, NULL);
	struct flow_detect detect = { 0 };
	struct flow flow = { .detect = &detect };
	char buf[1024];
	struct json json;

	for (size_t i = 0; i < sizeof(bits) / sizeof(bits[0]); i++)
		flow_bit_set(&detect.vars, thread, var_id(span_str(bits[i])));
	flow_int_set(&detect.vars, thread, var_id(SPAN("traffic/id/count")), 3);
	json_init(&json, buf, sizeof(buf));
	json_open_object(&json, NULL);
	record_flow_vars(&json, &flow);
	json_close(&json);
	assert_true(json_ok(&json));
	buf[json.len] = '\0';
	assert_string_equal(buf,
	    "{\"traffic\":{\"id\":[\"toll\"],\"label\":[\"clear\"]},"
	    "\"metadata\":{\"flowbits\":[\"seen\",\"traffic/other\",\"traffic\"],"
	    "\"flowints\":{\"traffic/id/count\":3}}}");
	flow_vars_free(detect.vars, thread);
	rule_thread_free(thread);
}

static void
what_a_rule_captured_stands_in_the_context_of_its_alert(void **state)
{
	struct rule_thread *thread = rule_thread_new(16, NULL);
	struct recorder recorder = { .rule_thread = thread };
	struct rule rule = { .sid = 7 };
	char buf[1024];
	struct json json;

	rule_thread_packet_begin(thread);
	packet_text_set(thread, VAR_ALERT_TEXT, var_id(SPAN("host")), 7, SPAN("a\"b"));
	packet_text_set(thread, VAR_ALERT_JSON, var_id(SPAN("list")), 7, SPAN("{\"n\":1}"));
	packet_text_set(thread, VAR_ALERT_JSON, var_id(SPAN("other")), 8, SPAN("{}"));
	json_init(&json, buf, sizeof(buf));
	json_open_object(&json, NULL);
	record_alert_context(&recorder, &json, &rule);
	json_close(&json);
	buf[json.len] = '\0';
	assert_string_equal(buf, "{\"context\":{\"host\":\"a\\\"b\",\"list\":{\"n\":1}}}");
	rule_thread_free(thread);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_a_rule_captured_stands_in_the_context_of_its_alert),
		cmocka_unit_test(bits_of_traffic_are_told_once_in_a_place_of_their_own),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
