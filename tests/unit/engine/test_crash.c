/* SPDX-License-Identifier: MIT */
/*
 * kill -9, for real: a child submits and finishes jobs on a file store through the
 * public API, and writes each acknowledged job to a pipe. Whenever it is killed,
 * what it had acknowledged is there (I1), under numbers that never repeat.
 */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <centro/engine.h>

#include "base/prng.h"
#include "base/time.h"
#include "engine/public.h"
#include "support/suite.h"

#define KILLS      20
#define IN_FLIGHT  32
#define ACKED_MAX  1000000
#define RUN_MS_MAX 60

static char uri[128];

static struct centro_time now(void)
{
	struct timespec steady, wall;
	clock_gettime(CLOCK_BOOTTIME, &steady);
	clock_gettime(CLOCK_REALTIME, &wall);
	return (struct centro_time){
		{(uint64_t)steady.tv_sec * CTR_NS_PER_SEC + (uint64_t)steady.tv_nsec},
		{(uint64_t)wall.tv_sec * CTR_NS_PER_SEC + (uint64_t)wall.tv_nsec},
	};
}

/* ---- the child --------------------------------------------------- */

struct child {
	struct centro_engine *engine;
	int pipe;
	unsigned in_flight;
};

static void submitted(void *arg, const struct centro_submit_result *result)
{
	struct child *child = arg;
	child->in_flight--;
	if (result->status != CENTRO_OK ||
	    write(child->pipe, &result->job, sizeof(result->job)) != sizeof(result->job))
		_exit(3);
}

static void assigned(void *arg, const struct centro_assignment *assignment)
{
	struct child *child = arg;
	struct centro_report report = {
		.size = sizeof(report),
		.attempt = assignment->attempt,
		.node = assignment->node,
		.ended = true,
		.cause = CENTRO_CAUSE_EXITED,
	};
	if (centro_engine_report(child->engine, now(), &report, NULL, NULL) != CENTRO_OK)
		_exit(4);
}

static void wait_for_engine(struct centro_engine *engine)
{
	struct pollfd fd = {.fd = centro_engine_fd(engine), .events = POLLIN};
	struct centro_span left = ctr_between(now().steady, centro_engine_get_wake(engine));
	int ms = left.ns > 1000 * CTR_NS_PER_MS ? 1000 : (int)(left.ns / CTR_NS_PER_MS);
	poll(&fd, 1, ms);
}

static void run_child(int pipe)
{
	static const char spec[] = "{\"tasks\":[{\"command\":[\"true\"]}]}";
	struct child child = {.pipe = pipe};
	struct centro_engine_callbacks callbacks = CENTRO_ENGINE_CALLBACKS_INIT;
	callbacks.assignment = assigned;
	struct centro_engine_options options = CENTRO_ENGINE_OPTIONS_INIT;
	options.callbacks = &callbacks;
	options.arg = &child;
	options.store_bytes_max = 256 * 1024 * 1024;
	struct centro_error_text text;
	if (centro_engine_open(uri, &options, now(), &child.engine, &text) != CENTRO_OK) {
		fprintf(stderr, "%s\n", text.text);
		_exit(1);
	}
	struct centro_node_options node = CENTRO_NODE_OPTIONS_INIT;
	node.name = "n1";
	node.cpu_milli = 8000;
	node.memory_mib = 8000;
	centro_engine_register_node(child.engine, now(), &node, NULL, NULL, NULL);
	for (;;) {
		while (child.in_flight < IN_FLIGHT) {
			struct centro_bytes bytes = {(const uint8_t *)spec, sizeof(spec) - 1};
			if (centro_engine_submit_encoded(child.engine, now(), bytes, CENTRO_JSON,
							 NULL, submitted, &child,
							 NULL) != CENTRO_OK)
				_exit(2);
			child.in_flight++;
		}
		if (centro_engine_dispatch(child.engine, now()) != CENTRO_OK)
			_exit(5);
		wait_for_engine(child.engine);
	}
}

/* ---- the parent -------------------------------------------------- */

static centro_job_id acked[ACKED_MAX];
static size_t acked_count;

static void run_and_kill(struct ctr_prng *prng)
{
	int ends[2];
	ck_assert_int_eq(pipe(ends), 0);
	pid_t child = fork();
	ck_assert_int_ge(child, 0);
	if (child == 0) {
		close(ends[0]);
		run_child(ends[1]);
	}
	close(ends[1]);
	/* Some of the time it dies before its first acknowledgement. */
	uint64_t ms = ctr_prng_below(prng, RUN_MS_MAX);
	struct centro_instant deadline = ctr_after(now().steady, ctr_span_ms(ms));
	bool killed = false;
	for (;;) {
		if (!killed && ctr_reached(deadline, now().steady)) {
			kill(child, SIGKILL);
			killed = true;
		}
		struct pollfd fd = {.fd = ends[0], .events = POLLIN};
		if (poll(&fd, 1, 1) <= 0)
			continue;
		ck_assert_uint_lt(acked_count, ACKED_MAX);
		ssize_t got = read(ends[0], &acked[acked_count], sizeof(acked[0]));
		if (got == 0)
			break;
		ck_assert_int_eq(got, sizeof(acked[0]));
		acked_count++;
	}
	int status;
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_msg(WIFSIGNALED(status), "the child ended by itself: %d", WEXITSTATUS(status));
	close(ends[0]);
}

static void found(void *arg, int status, struct centro_bytes job)
{
	size_t *count = arg;
	ck_assert_int_eq(status, CENTRO_OK);
	++*count;
}

static void assert_all_there(void)
{
	struct centro_engine *engine;
	struct centro_error_text text = {0};
	int status = centro_engine_open(uri, NULL, now(), &engine, &text);
	ck_assert_msg(status == CENTRO_OK, "%s", text.text);
	status = ctr_core_check(ctr_engine_core(engine->engine), &text);
	ck_assert_msg(status == CENTRO_OK, "%s", text.text);

	size_t count = 0;
	for (size_t i = 0; i < acked_count; i++) {
		/* Numbers rise, in one life and from life to life. */
		ck_assert(i == 0 || acked[i] > acked[i - 1]);
		ck_assert_int_eq(centro_engine_get_job(engine, now(), acked[i], CENTRO_PROTOBUF,
						       found, &count),
				 CENTRO_OK);
		if (i % IN_FLIGHT == 0)
			ck_assert_int_eq(centro_engine_dispatch(engine, now()), CENTRO_OK);
	}
	while (count < acked_count)
		ck_assert_int_eq(centro_engine_dispatch(engine, now()), CENTRO_OK);
	centro_engine_free(engine);
}

START_TEST(what_was_acknowledged_survives_kill_9)
{
	char dir[] = "/tmp/centro-crash-XXXXXX";
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(uri, sizeof(uri), "file:%s/store", dir);
	struct ctr_prng prng;
	ctr_prng_init(&prng, 1);
	for (int i = 0; i < KILLS; i++)
		run_and_kill(&prng);
	ck_assert_uint_gt(acked_count, KILLS);
	assert_all_there();
	assert_all_there();
	char command[160];
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	ck_assert_int_eq(system(command), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("engine/crash");
	TCase *tcase = tcase_create("crash");
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, what_was_acknowledged_survives_kill_9);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
