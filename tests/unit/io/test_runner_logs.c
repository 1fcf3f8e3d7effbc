/* SPDX-License-Identifier: MIT */
/* Output: read back by offset, limited, kept for a while, and removed. */
#include "io/runner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/time.h"
#include "io/clock.h"
#include "runner_fixture.h"
#include "support/suite.h"

static struct run_fixture fixture;

static void set_up(void)
{
	run_fixture_init(&fixture);
}

static void tear_down(void)
{
	run_fixture_fini(&fixture);
}

/* Run a script to its end; then it is acknowledged. */
static struct centro_attempt_ref run_and_forget(const char *script)
{
	struct centro_attempt_ref ref;
	uint32_t handle = run_start(&fixture, &(struct run_what){.script = script}, &ref);
	run_wait(&fixture, handle);
	ctr_runner_host()->forget(fixture.runner, handle);
	return ref;
}

static int log_size(const struct centro_attempt_ref *ref, enum ctr_log_stream stream,
		    uint64_t *ret_bytes)
{
	return ctr_runner_host()->get_log_size(fixture.runner, ref, stream, ret_bytes);
}

static bool is_kept(const struct centro_attempt_ref *ref)
{
	uint64_t bytes;
	int status = log_size(ref, CTR_LOG_OUT, &bytes);
	ck_assert(status == CENTRO_OK || status == CENTRO_ERR_NOT_FOUND);
	return status == CENTRO_OK;
}

/* What is left in a directory of the state directory, as a number of entries at any depth. */
static int count_left(const char *dir)
{
	char command[200], text[32] = "";
	snprintf(command, sizeof(command), "find %s/%s -mindepth 1 | wc -l", fixture.dir, dir);
	FILE *pipe_file = popen(command, "r");
	ck_assert_ptr_nonnull(pipe_file);
	ck_assert_ptr_nonnull(fgets(text, sizeof(text), pipe_file));
	pclose(pipe_file);
	return atoi(text);
}

START_TEST(test_read_by_offset)
{
	struct centro_attempt_ref ref;
	uint8_t buffer[4];
	size_t size;
	uint64_t bytes;
	const struct ctr_agent_host *host = ctr_runner_host();
	run_wait(&fixture,
		 run_start(&fixture, &(struct run_what){.script = "printf 0123456789"}, &ref));
	ck_assert_int_eq(log_size(&ref, CTR_LOG_OUT, &bytes), CENTRO_OK);
	ck_assert_uint_eq(bytes, 10);
	ck_assert_int_eq(log_size(&ref, CTR_LOG_ERR, &bytes), CENTRO_OK);
	ck_assert_uint_eq(bytes, 0);
	ck_assert_int_eq(host->read_log(fixture.runner, &ref, CTR_LOG_OUT, 3, buffer, 4, &size),
			 CENTRO_OK);
	ck_assert_uint_eq(size, 4);
	ck_assert_mem_eq(buffer, "3456", 4);
	ck_assert_int_eq(host->read_log(fixture.runner, &ref, CTR_LOG_OUT, 8, buffer, 4, &size),
			 CENTRO_OK);
	ck_assert_uint_eq(size, 2);
	ck_assert_int_eq(host->read_log(fixture.runner, &ref, CTR_LOG_OUT, 10, buffer, 4, &size),
			 CENTRO_OK);
	ck_assert_uint_eq(size, 0);
	ck_assert_int_eq(
		host->read_log(fixture.runner, &ref, CTR_LOG_OUT, UINT64_MAX, buffer, 4, &size),
		CENTRO_OK);
	ck_assert_uint_eq(size, 0);
	ref.attempt++;
	ck_assert_int_eq(log_size(&ref, CTR_LOG_OUT, &bytes), CENTRO_ERR_NOT_FOUND);
}
END_TEST

/* A job that puts a link or a pipe where its output was shows nobody what is behind. */
START_TEST(test_replaced_output_is_not_followed)
{
	struct centro_attempt_ref ref;
	uint64_t bytes;
	run_wait(&fixture, run_start(&fixture,
				     &(struct run_what){.script = "cd ..; rm out err; mkfifo err; "
								  "ln -s /etc/passwd out"},
				     &ref));
	ck_assert_int_eq(log_size(&ref, CTR_LOG_OUT, &bytes), CENTRO_ERR_NOT_FOUND);
	ck_assert_int_eq(log_size(&ref, CTR_LOG_ERR, &bytes), CENTRO_ERR_NOT_FOUND);
}
END_TEST

START_TEST(test_limit)
{
	struct centro_attempt_ref ref;
	uint64_t bytes;
	uint32_t handle = run_start(
		&fixture,
		&(struct run_what){.script = "trap '' TERM; while echo 0123456789; do :; done"},
		&ref);
	const struct ctr_attempt_end *end = run_wait(&fixture, handle);
	ck_assert_uint_eq(end->cause, CENTRO_CAUSE_LOG_LIMIT);
	ck_assert_str_eq(end->message,
			 "it wrote more than this node allows for out or err: 1 MiB");
	ck_assert_int_eq(log_size(&ref, CTR_LOG_OUT, &bytes), CENTRO_OK);
	ck_assert_uint_gt(bytes, 1 << 20);

	/* Just within it. */
	handle = run_start(&fixture,
			   &(struct run_what){.script = "head -c 1048576 /dev/zero >&2; sleep 1.5"},
			   &ref);
	ck_assert_uint_eq(run_wait(&fixture, handle)->cause, CENTRO_CAUSE_EXITED);
}
END_TEST

START_TEST(test_nothing_is_kept_of_silent_ones)
{
	for (int i = 0; i < 3; i++)
		run_and_forget("true");
	ck_assert_int_eq(count_left("attempts"), 0);
	ck_assert_int_eq(count_left("trash"), 0);
}
END_TEST

START_TEST(test_output_is_kept_and_the_rest_goes)
{
	struct centro_attempt_ref ref =
		run_and_forget("echo x; mkdir -p a/b/c/d; touch a/1 a/b/2 a/b/c/3 a/b/c/d/4; "
			       "ln -s /etc link; mkfifo pipe; chmod 000 a/b/c; chmod 500 a");
	for (int i = 0; i < 100 && count_left("trash") > 0; i++)
		run_turn(&fixture, 100);
	ck_assert_int_eq(count_left("trash"), 0);
	ck_assert_int_eq(count_left("attempts"), 3); /* the directory, out, err */
	ck_assert_str_eq(run_output(&fixture, &ref, CTR_LOG_OUT), "x\n");
}
END_TEST

/* Far more than one piece of work, and deeper than anybody would recurse. */
START_TEST(test_large_directories_go_by_and_by)
{
	run_and_forget("i=0; while [ $i -lt 400 ]; do mkdir d; cd d; i=$((i+1)); done 2>/dev/null; "
		       "cd /; true");
	struct centro_attempt_ref ref = run_and_forget("seq 2000 | xargs touch; echo x");
	for (int i = 0; i < 100 && count_left("trash") > 0; i++)
		run_turn(&fixture, 100);
	ck_assert_int_eq(count_left("trash"), 0);
	ck_assert(is_kept(&ref));
}
END_TEST

START_TEST(test_retention)
{
	run_fixture_close_runner(&fixture);
	fixture.options.log_retention = ctr_span_ms(600);
	run_fixture_open_runner(&fixture);
	struct centro_attempt_ref ref = run_and_forget("echo x");
	ck_assert(is_kept(&ref));
	run_turn(&fixture, 1500);
	ck_assert(!is_kept(&ref));
	ck_assert_int_eq(count_left("attempts") + count_left("trash"), 0);

	/* Over a restart: counted from when it ended. */
	ref = run_and_forget("echo x");
	run_fixture_close_runner(&fixture);
	run_sleep(700);
	run_fixture_open_runner(&fixture);
	run_turn(&fixture, 200);
	ck_assert(!is_kept(&ref));
}
END_TEST

/* 8 in this fixture. */
START_TEST(test_kept_max)
{
	struct centro_attempt_ref refs[10];
	for (int i = 0; i < 10; i++) {
		refs[i] = run_and_forget("echo x");
		ck_assert(is_kept(&refs[i]));
		run_sleep(2); /* a file system's times have a grain */
	}
	for (int i = 0; i < 10; i++)
		ck_assert_msg(is_kept(&refs[i]) == (i >= 2), "%d", i);
	/* A new agent that keeps fewer keeps the newest. */
	run_fixture_close_runner(&fixture);
	fixture.options.kept_max = 3;
	run_fixture_open_runner(&fixture);
	for (int i = 0; i < 10; i++)
		ck_assert_msg(is_kept(&refs[i]) == (i >= 7), "%d", i);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("io/runner_logs");
	TCase *test_case = tcase_create("logs");
	tcase_add_checked_fixture(test_case, set_up, tear_down);
	tcase_set_timeout(test_case, 60);
	tcase_add_test(test_case, test_read_by_offset);
	tcase_add_test(test_case, test_replaced_output_is_not_followed);
	tcase_add_test(test_case, test_limit);
	tcase_add_test(test_case, test_nothing_is_kept_of_silent_ones);
	tcase_add_test(test_case, test_output_is_kept_and_the_rest_goes);
	tcase_add_test(test_case, test_large_directories_go_by_and_by);
	tcase_add_test(test_case, test_retention);
	tcase_add_test(test_case, test_kept_max);
	suite_add_tcase(suite, test_case);
	return ctr_suite_run(suite);
}
