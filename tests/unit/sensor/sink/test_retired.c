/* SPDX-License-Identifier: Apache-2.0 */
/* Rules that are replaced while alerts wait for their thresholds, seen from the writer's door.
 */
#include "tests/unit/sensor/sink/bench.h"

#include <stdatomic.h>
#include <time.h>

#include "sensor/sink/writer.h"
#include "tests/unit/sensor/rule/rule_text.h"

static char folder[64], eve[128];

static int
begin(void **state)
{
	folder_make(folder);
	snprintf(eve, sizeof(eve), "%s/eve.json", folder);
	return 0;
}

static int
end(void **state)
{
	folder_drop(folder);
	return 0;
}

static void
nap(unsigned ms)
{
	nanosleep(&(struct timespec){ .tv_nsec = ms * 1000000l }, NULL);
}

static void
rules_ended(void *arg)
{
	atomic_store((atomic_bool *)arg, true);
}

/* An alert of the set's only rule, which has a threshold, on packet 5. */
static void
put_ticketed(struct ring *ring, const struct detect_engine *engine)
{
	struct recorder_sink sink = ring_sink(ring);
	struct record_head head = { .class = RECORD_ALERT,
		.type = "alert",
		.number = 5,
		.has_ticket = true,
		.ticket = { .rule = detect_engine_rules(engine)->rules[0], .ip_version = 4 } };
	static const char text[] = "{\"event_type\":\"alert\",\"guan\":{\"zone\":\"z\"";
	char *p = sink.reserve(sink.arg, sizeof(text));

	assert_non_null(p);
	memcpy(p, text, sizeof(text) - 1);
	sink.commit(sink.arg, &head, sizeof(text) - 1);
}

static bool
comes_true(atomic_bool *what)
{
	for (unsigned i = 0; i < 500 && !atomic_load(what); i++)
		nap(10);
	return atomic_load(what);
}

/* Under an address sanitizer, a rule set that goes too early ends the test. */
static void
replaced_rules_stay_until_no_alert_names_them(void **state)
{
	struct writer_options options = { .sensor_id = "edge-1",
		.eve_path = eve,
		.max_thresholds = 100 };
	struct ring *rings[] = { ring_new(1, true), ring_new(1, true) };
	struct writer *writer;
	atomic_bool is_ended = false;
	struct ruleset *set = rule_text_load(
	    "alert ip any any -> any any (threshold: type limit, track by_src, count 1, "
	    "seconds 60; sid:1;)\n");
	char *error = NULL;

	ruleset_at_end(set, rules_ended, &is_ended);
	struct detect_engine *engine = detect_engine_new(set, NULL, &error);
	assert_non_null(engine);
	assert_int_equal(writer_open(&options, rings, 2, &writer), 0);
	assert_int_equal(writer_start(writer), 0);
	struct detect_engine *of_worker = detect_engine_ref(engine);
	put_ticketed(rings[0], engine);
	writer_retire(writer, engine);
	nap(100);
	assert_false(atomic_load(&is_ended)); /* a worker has not swapped */
	put_ticketed(rings[0], of_worker);
	detect_engine_unref(of_worker);
	nap(100);
	assert_false(atomic_load(&is_ended)); /* the other worker has not passed packet 5 */
	ring_progress(rings[0], 5);
	ring_progress(rings[1], 5);
	assert_true(comes_true(&is_ended));
	ring_close(rings[0]);
	ring_close(rings[1]);
	assert_int_equal(writer_finish(writer), 0);
	struct writer_status status = writer_status(writer);
	assert_int_equal(status.alerts, 1);
	assert_int_equal(status.threshold.checked, 2);
	writer_free(writer);
	ring_free(rings[0]);
	ring_free(rings[1]);
}

static void
what_was_replaced_last_goes_with_the_writer(void **state)
{
	struct writer_options options = { .sensor_id = "edge-1",
		.eve_path = eve,
		.max_thresholds = 100 };
	struct ring *ring = ring_new(1, true);
	struct writer *writer;
	atomic_bool is_ended = false;
	struct ruleset *set = rule_text_load("alert ip any any -> any any (sid:1;)\n");
	char *error = NULL;

	ruleset_at_end(set, rules_ended, &is_ended);
	assert_int_equal(writer_open(&options, &ring, 1, &writer), 0);
	writer_retire(writer, detect_engine_new(set, NULL, &error));
	assert_false(atomic_load(&is_ended));
	writer_free(writer);
	assert_true(atomic_load(&is_ended));
	ring_free(ring);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(replaced_rules_stay_until_no_alert_names_them),
		cmocka_unit_test(what_was_replaced_last_goes_with_the_writer),
	};
	return cmocka_run_group_tests(tests, begin, end);
}
