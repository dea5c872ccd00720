/* SPDX-License-Identifier: Apache-2.0 */
/* The publisher against a real Redis, and against a library that has no memory for a command.
 */
#include "tests/unit/sensor/sink/bench.h"

#include <event2/event.h>
#include <hiredis/async.h>
#include <hiredis/hiredis.h>
#include <time.h>

#include "sensor/sink/redis.h"

static char folder[64], where[128];
static pid_t server;
static unsigned fail_at; /* which XADD from now on the library refuses; 0: none */

int __real_redisAsyncCommandArgv(redisAsyncContext *c, redisCallbackFn *fn, void *privdata,
    int argc, const char **argv, const size_t *lens);
int __wrap_redisAsyncCommandArgv(redisAsyncContext *c, redisCallbackFn *fn, void *privdata,
    int argc, const char **argv, const size_t *lens);

int
__wrap_redisAsyncCommandArgv(redisAsyncContext *c, redisCallbackFn *fn, void *privdata,
    int argc, const char **argv, const size_t *lens)
{
	if (fail_at && strcmp(argv[0], "XADD") == 0 && --fail_at == 0)
		return REDIS_ERR;
	return __real_redisAsyncCommandArgv(c, fn, privdata, argc, argv, lens);
}

static void
nap(void)
{
	nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
}

static redisContext *
ask(void)
{
	redisContext *c = NULL;

	for (unsigned i = 0; i < 500; i++, nap()) {
		if (c)
			redisFree(c);
		c = redisConnectUnix(where + strlen("unix:"));
		if (c && !c->err)
			return c;
	}
	fail_msg("no Redis at %s", where);
	return NULL;
}

static int
begin(void **state)
{
	folder_make(folder);
	snprintf(where, sizeof(where), "unix:%s/redis.sock", folder);
	server = fork();
	if (server == 0) {
		execlp("redis-server", "redis-server", "--port", "0", "--unixsocket",
		    where + strlen("unix:"), "--save", "", "--loglevel", "warning", "--dir",
		    folder, (char *)NULL);
		_exit(127);
	}
	redisFree(ask());
	return 0;
}

static int
end(void **state)
{
	kill(server, SIGKILL);
	assert_int_equal(waitpid(server, NULL, 0), server);
	folder_drop(folder);
	return 0;
}

static void
a_command_without_memory_costs_no_record(void **state)
{
	char spool_dir[128], id[64];
	struct event_base *base = event_base_new();
	struct spool *spool;
	int error;

	snprintf(spool_dir, sizeof(spool_dir), "%s/spool", folder);
	const struct spool_options so = { .dir = spool_dir,
		.segment_bytes = 1 << 20,
		.segment_age_ns = 5 * NSEC_PER_SEC,
		.keep_ns = NSEC_PER_SEC };
	const struct redis_options ro = { .where = where,
		.sensor_id = "edge-1",
		.stream_max = 1000 };
	assert_int_equal(spool_open(&so, &spool), 0);
	struct redis *redis = redis_new(base, spool, &ro, &error);
	struct span json = span_str("{}");
	for (unsigned i = 0; i < 10; i++)
		assert_true(spool_add(spool, 1, "alert", &json, 1));
	assert_int_equal(spool_flush(spool, clock_mono_ns()), 0);
	fail_at = 4;
	for (unsigned i = 0; i < 500 && spool_waiting(spool); i++, nap()) {
		redis_step(redis, clock_mono_ns());
		event_base_loop(base, EVLOOP_NONBLOCK);
	}
	assert_int_equal(fail_at, 0);
	assert_int_equal(spool_waiting(spool), 0);
	/* Each of the ten is there; what came before the refusal perhaps twice. */
	redisContext *c = ask();
	redisReply *all = redisCommand(c, "XRANGE guan:events:{edge-1} - +");
	assert_non_null(all);
	assert_int_equal(all->type, REDIS_REPLY_ARRAY);
	for (unsigned i = 1; i <= 10; i++) {
		bool is_there = false;
		snprintf(id, sizeof(id), "edge-1/%llu/%u",
		    (unsigned long long)spool_epoch(spool), i);
		for (size_t k = 0; k < all->elements; k++)
			is_there |=
			    strcmp(all->element[k]->element[1]->element[1]->str, id) == 0;
		assert_true(is_there);
	}
	freeReplyObject(all);
	redisFree(c);
	redis_free(redis);
	spool_close(spool);
	event_base_free(base);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(a_command_without_memory_costs_no_record),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
