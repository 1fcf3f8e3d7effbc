/* SPDX-License-Identifier: MIT */
#include "runner_fixture.h"

#include <check.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/time.h"
#include "io/clock.h"

#define WAIT_MS 20000

static void on_started(void *arg, uint32_t handle, struct centro_instant wall)
{
	struct run_fixture *fixture = arg;
	ck_assert_uint_lt(handle, RUN_HANDLES_MAX);
	ck_assert_uint_gt(wall.ns, 0);
	fixture->starts[handle]++;
}

static void on_ended(void *arg, uint32_t handle, const struct ctr_attempt_end *end)
{
	struct run_fixture *fixture = arg;
	ck_assert_uint_lt(handle, RUN_HANDLES_MAX);
	fixture->ends[handle]++;
	fixture->end[handle] = *end;
}

static void on_adopted(void *arg, const struct ctr_adopted_attempt *attempt)
{
	struct run_fixture *fixture = arg;
	ck_assert_uint_lt(fixture->adopted_count, RUN_HANDLES_MAX);
	fixture->adopted[fixture->adopted_count++] = *attempt;
}

void run_fixture_open_runner(struct run_fixture *fixture)
{
	struct centro_error_text text = {""};
	memset(fixture->starts, 0, sizeof(fixture->starts));
	memset(fixture->ends, 0, sizeof(fixture->ends));
	fixture->adopted_count = 0;
	int status = ctr_runner_new(&fixture->options, &fixture->runner, &text);
	ck_assert_msg(status == CENTRO_OK, "%s", text.text);
	status = ctr_runner_adopt(fixture->runner, ctr_clock_now(), on_adopted, fixture);
	ck_assert_int_eq(status, CENTRO_OK);
}

void run_fixture_close_runner(struct run_fixture *fixture)
{
	ctr_runner_free(fixture->runner);
	fixture->runner = NULL;
}

void run_fixture_init(struct run_fixture *fixture)
{
	char own[80];
	memset(fixture, 0, sizeof(*fixture));
	snprintf(fixture->dir, sizeof(fixture->dir), "/tmp/ctr-run-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(fixture->dir));
	snprintf(own, sizeof(own), "%s.x", fixture->dir);
	ck_assert_int_eq(mkdir(own, 0700), 0);
	const char *shim = getenv("CENTRO_TEST_SHIM");
	ck_assert_msg(shim, "CENTRO_TEST_SHIM: path of centro-shim");
	fixture->options = (struct ctr_runner_options){
		.state_dir = fixture->dir,
		.shim = shim,
		.attempts_max = RUN_HANDLES_MAX - 1,
		.log_bytes_max = 1 << 20,
		.kept_max = 8,
		.log_retention = ctr_span_ms(3600000),
		.started = on_started,
		.ended = on_ended,
		.arg = fixture,
	};
	fixture->next_job = 1000;
	run_fixture_open_runner(fixture);
}

static void remove_tree(const char *path)
{
	pid_t pid = fork();
	if (pid == 0) {
		execlp("rm", "rm", "-rf", "--", path, (char *)NULL);
		_exit(127);
	}
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
}

void run_fixture_fini(struct run_fixture *fixture)
{
	char own[80];
	for (uint32_t handle = 1; fixture->runner && handle < RUN_HANDLES_MAX; handle++) {
		if (fixture->starts[handle] > 0 && fixture->ends[handle] == 0)
			ctr_runner_host()->kill(fixture->runner, handle, CENTRO_CAUSE_CANCEL,
						(struct centro_span){0});
	}
	for (size_t i = 0; fixture->runner && i < fixture->adopted_count; i++) {
		if (!fixture->adopted[i].has_ended &&
		    fixture->ends[fixture->adopted[i].handle] == 0)
			ctr_runner_host()->kill(fixture->runner, fixture->adopted[i].handle,
						CENTRO_CAUSE_CANCEL, (struct centro_span){0});
	}
	run_fixture_close_runner(fixture);
	snprintf(own, sizeof(own), "%s.x", fixture->dir);
	remove_tree(own);
	remove_tree(fixture->dir);
}

/* ---- attempts ---- */

static size_t count_strings(const char *const *strings)
{
	size_t count = 0;
	while (strings[count])
		count++;
	return count;
}

static struct centro_span span_or(uint64_t ms, uint64_t otherwise)
{
	return ctr_span_ms(ms ? ms : otherwise);
}

uint32_t run_prepare(struct run_fixture *fixture, const struct run_what *what,
		     struct centro_attempt_ref *ret_ref)
{
	const char *const shell[] = {"sh", "-c", what->script, NULL};
	static const char *const plain_env[] = {"PATH=/usr/bin:/bin", NULL};
	const char *const *argv = what->argv ? what->argv : shell;
	const char *const *env = what->env ? what->env : plain_env;
	struct ctr_attempt_spec spec = {
		.ref = {.job = fixture->next_job++, .index = 3, .attempt = 1},
		.argv = argv,
		.argc = count_strings(argv),
		.env = env,
		.envc = count_strings(env),
		.working_dir = what->working_dir ? what->working_dir : "",
		.lease = span_or(what->lease_ms, 60000),
		.lease_notice = ctr_span_ms(what->lease_notice_ms),
		.time_limit = ctr_span_ms(what->time_limit_ms),
		.kill_grace = span_or(what->grace_ms, 2000),
	};
	struct centro_error_text text = {""};
	uint32_t handle;
	int status = ctr_runner_host()->prepare(fixture->runner, &spec, &handle, &text);
	ck_assert_msg(status == CENTRO_OK, "%s", text.text);
	if (ret_ref)
		*ret_ref = spec.ref;
	return handle;
}

uint32_t run_start(struct run_fixture *fixture, const struct run_what *what,
		   struct centro_attempt_ref *ret_ref)
{
	struct centro_error_text text = {""};
	uint32_t handle = run_prepare(fixture, what, ret_ref);
	fixture->starts[handle] = fixture->ends[handle] = 0;
	uint64_t left_ms = what->lease_left_ms ? what->lease_left_ms : 60000;
	int status = ctr_runner_host()->start(fixture->runner, handle, run_in(left_ms), &text);
	ck_assert_msg(status == CENTRO_OK, "%s", text.text);
	return handle;
}

static void turn_once(struct run_fixture *fixture, struct centro_instant until)
{
	struct centro_time now = ctr_clock_now();
	struct centro_instant next = ctr_earlier(ctr_runner_tick(fixture->runner, now), until);
	uint64_t ms = ctr_between(now.steady, next).ns / CTR_NS_PER_MS;
	struct pollfd poll_fd = {.fd = ctr_runner_fd(fixture->runner), .events = POLLIN};
	poll(&poll_fd, 1, ms > 100 ? 100 : (int)ms + 1);
	ctr_runner_dispatch(fixture->runner);
}

void run_turn(struct run_fixture *fixture, uint64_t ms)
{
	struct centro_instant until = run_in(ms);
	while (!ctr_reached(until, ctr_clock_now().steady))
		turn_once(fixture, until);
}

const struct ctr_attempt_end *run_wait(struct run_fixture *fixture, uint32_t handle)
{
	struct centro_instant until = run_in(WAIT_MS);
	while (fixture->ends[handle] == 0) {
		ck_assert_msg(!ctr_reached(until, ctr_clock_now().steady), "it does not end");
		turn_once(fixture, until);
	}
	ck_assert_uint_eq(fixture->ends[handle], 1);
	return &fixture->end[handle];
}

void run_wait_started(struct run_fixture *fixture, uint32_t handle)
{
	struct centro_instant until = run_in(WAIT_MS);
	while (fixture->starts[handle] == 0) {
		ck_assert_msg(!ctr_reached(until, ctr_clock_now().steady), "it does not start");
		turn_once(fixture, until);
	}
}

const char *run_output(struct run_fixture *fixture, const struct centro_attempt_ref *ref,
		       enum ctr_log_stream stream)
{
	static char text[65536];
	size_t size = 0;
	int status = ctr_runner_host()->read_log(fixture->runner, ref, stream, 0, (uint8_t *)text,
						 sizeof(text) - 1, &size);
	ck_assert_int_eq(status, CENTRO_OK);
	text[size] = '\0';
	return text;
}

/* ---- files and processes of a test's own ---- */

const char *run_path(const struct run_fixture *fixture, const char *name)
{
	static char paths[3][128];
	static int next;
	char *path = paths[next++ % 3];
	snprintf(path, sizeof(paths[0]), "%s.x/%s", fixture->dir, name);
	return path;
}

long run_read_number(const struct run_fixture *fixture, const char *name)
{
	char text[64] = "";
	for (int i = 0; i < WAIT_MS / 5; i++) {
		FILE *file = fopen(run_path(fixture, name), "r");
		bool has_line = file && fgets(text, sizeof(text), file) && strchr(text, '\n');
		if (file)
			fclose(file);
		if (has_line)
			return strtol(text, NULL, 10);
		run_sleep(5);
	}
	ck_abort_msg("%s was not written", name);
	return 0;
}

bool run_is_alive(pid_t pid)
{
	char path[64], text[512];
	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	FILE *file = fopen(path, "r");
	if (!file)
		return false;
	size_t size = fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	text[size] = '\0';
	const char *at = strrchr(text, ')');
	return at && at[2] != 'Z' && at[2] != 'X';
}

bool run_wait_gone(pid_t pid, uint64_t ms)
{
	struct centro_instant until = run_in(ms);
	while (run_is_alive(pid)) {
		if (ctr_reached(until, ctr_clock_now().steady))
			return false;
		run_sleep(5);
	}
	return true;
}

void run_sleep(uint64_t ms)
{
	struct timespec span = {.tv_sec = (time_t)(ms / 1000),
				.tv_nsec = (long)(ms % 1000) * 1000000};
	while (nanosleep(&span, &span) != 0 && errno == EINTR)
		;
}

struct centro_instant run_in(uint64_t ms)
{
	return ctr_after(ctr_clock_now().steady, ctr_span_ms(ms));
}
