/* SPDX-License-Identifier: MIT */
/* Commands under the real shim: how they start, and how they end by themselves. */
#include "io/runner.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
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

START_TEST(test_exit_code_and_output)
{
	struct centro_attempt_ref ref;
	struct run_what what = {.script = "echo out; echo err >&2; exit 7"};
	uint32_t handle = run_start(&fixture, &what, &ref);
	uint64_t before_ns = ctr_clock_now().wall.ns;
	const struct ctr_attempt_end *end = run_wait(&fixture, handle);
	ck_assert_uint_eq(end->cause, CENTRO_CAUSE_EXITED);
	ck_assert_int_eq(end->exit_code, 7);
	ck_assert_uint_eq(end->signal, 0);
	ck_assert_str_eq(end->message, "");
	ck_assert_uint_gt(end->start_wall.ns, before_ns - 10 * CTR_NS_PER_SEC);
	ck_assert_uint_ge(end->end_wall.ns, end->start_wall.ns);
	ck_assert_uint_eq(fixture.starts[handle], 1);
	ck_assert_str_eq(run_output(&fixture, &ref, CTR_LOG_OUT), "out\n");
	ck_assert_str_eq(run_output(&fixture, &ref, CTR_LOG_ERR), "err\n");
}
END_TEST

START_TEST(test_signal)
{
	struct run_what what = {.script = "kill -SEGV $$"};
	const struct ctr_attempt_end *end = run_wait(&fixture, run_start(&fixture, &what, NULL));
	ck_assert_uint_eq(end->cause, CENTRO_CAUSE_SIGNALLED);
	ck_assert_uint_eq(end->signal, SIGSEGV);
	ck_assert_int_eq(end->exit_code, 128 + SIGSEGV);
}
END_TEST

START_TEST(test_environment_is_what_was_given)
{
	struct centro_attempt_ref ref;
	const char *const env[] = {"PATH=/usr/bin:/bin", "A=1", "B=two words", NULL};
	const char *const argv[] = {"env", NULL};
	struct run_what what = {.argv = argv, .env = env};
	setenv("TOKEN", "secret", 1);
	setenv("CENTRO_TOKEN", "secret", 1);
	ck_assert_int_eq(run_wait(&fixture, run_start(&fixture, &what, &ref))->exit_code, 0);
	/* Before it stands only what the runner finds an attempt's processes by. */
	const char *text = run_output(&fixture, &ref, CTR_LOG_OUT);
	ck_assert_int_eq(strncmp(text, "CENTRO_MARK=", strlen("CENTRO_MARK=")), 0);
	ck_assert_str_eq(strchr(text, '\n') + 1, "PATH=/usr/bin:/bin\nA=1\nB=two words\n");
}
END_TEST

/* What an agent may have that must not get through to a command. */
static const char *output_of(const char *const *argv)
{
	struct centro_attempt_ref ref;
	int leaked = open("/dev/zero", O_RDONLY); /* not close-on-exec */
	ck_assert_int_ge(leaked, 0);
	signal(SIGHUP, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	uint32_t handle = run_start(&fixture, &(struct run_what){.argv = argv}, &ref);
	ck_assert_int_eq(run_wait(&fixture, handle)->exit_code, 0);
	close(leaked);
	signal(SIGHUP, SIG_DFL);
	signal(SIGPIPE, SIG_DFL);
	return run_output(&fixture, &ref, CTR_LOG_OUT);
}

START_TEST(test_signals_and_privileges)
{
	const char *const argv[] = {"grep", "-E", "^(SigBlk|SigIgn|NoNewPrivs)",
				    "/proc/self/status", NULL};
	ck_assert_str_eq(output_of(argv), "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n"
					  "NoNewPrivs:\t1\n");
}
END_TEST

START_TEST(test_descriptors_and_session)
{
	const char *const argv[] = {"sh", "-c",
				    "ls /proc/$$/fd; readlink /proc/$$/fd/0; ulimit -n; "
				    "cut -d' ' -f5,6 /proc/$$/stat; echo $$",
				    NULL};
	long group, session, self;
	const char *text = output_of(argv);
	const char *start = "0\n1\n2\n/dev/null\n1024\n";
	ck_assert_msg(strncmp(text, start, strlen(start)) == 0, "%s", text);
	ck_assert_int_eq(sscanf(text + strlen(start), "%ld %ld %ld", &group, &session, &self), 3);
	ck_assert_int_eq(group, self);
	ck_assert_int_eq(session, self);
}
END_TEST

START_TEST(test_working_dir)
{
	struct centro_attempt_ref ref;
	struct run_what what = {.script = "pwd", .working_dir = "/usr/lib"};
	run_wait(&fixture, run_start(&fixture, &what, &ref));
	ck_assert_str_eq(run_output(&fixture, &ref, CTR_LOG_OUT), "/usr/lib\n");

	char own[192];
	struct run_what default_dir = {.script = "pwd; echo x >file"};
	ck_assert_int_eq(run_wait(&fixture, run_start(&fixture, &default_dir, &ref))->exit_code, 0);
	snprintf(own, sizeof(own), "%s/attempts/%llu.0.3.1/work\n", fixture.dir,
		 (unsigned long long)ref.job);
	ck_assert_str_eq(run_output(&fixture, &ref, CTR_LOG_OUT), own);
}
END_TEST

static void expect_start_failure(const struct run_what *what, const char *message)
{
	uint32_t handle = run_start(&fixture, what, NULL);
	const struct ctr_attempt_end *end = run_wait(&fixture, handle);
	ck_assert_uint_eq(end->cause, CENTRO_CAUSE_START_FAILED);
	ck_assert_str_eq(end->message, message);
	ck_assert_uint_eq(end->start_wall.ns, 0);
	ck_assert_uint_gt(end->end_wall.ns, 0);
	ck_assert_uint_eq(fixture.starts[handle], 0);
}

START_TEST(test_start_failures)
{
	const char *const missing[] = {"no-such-command", NULL};
	expect_start_failure(&(struct run_what){.argv = missing},
			     "command: \"no-such-command\" is in no directory of PATH");
	const char *const path[] = {"/no/such/command", NULL};
	expect_start_failure(&(struct run_what){.argv = path},
			     "command: \"/no/such/command\": No such file or directory");
	const char *const denied[] = {"/etc/passwd", NULL};
	expect_start_failure(&(struct run_what){.argv = denied},
			     "command: \"/etc/passwd\": Permission denied");
	expect_start_failure(&(struct run_what){.script = ":", .working_dir = "/no/such\n"},
			     "working_dir: \"/no/such\\x0a\": No such file or directory");
}
END_TEST

/* Not handed to a shell; and found behind a directory of PATH that does not hold it. */
START_TEST(test_no_shell_for_scripts)
{
	char message[300], path_env[200];
	FILE *file = fopen(run_path(&fixture, "script"), "w");
	ck_assert_ptr_nonnull(file);
	fputs("echo hello\n", file);
	fclose(file);
	ck_assert_int_eq(chmod(run_path(&fixture, "script"), 0755), 0);
	snprintf(path_env, sizeof(path_env), "PATH=/no/such:%s.x:/bin", fixture.dir);
	const char *const argv[] = {"script", NULL};
	const char *const env[] = {path_env, NULL};
	snprintf(message, sizeof(message),
		 "command: \"script\": Exec format error; "
		 "a script needs a first line such as #!/bin/sh");
	expect_start_failure(&(struct run_what){.argv = argv, .env = env}, message);
}
END_TEST

START_TEST(test_large_command_and_too_large_a_one)
{
	struct centro_attempt_ref ref;
	static char large[100001];
	memset(large, 'x', sizeof(large) - 1);
	const char *const argv[] = {"sh", "-c", "echo ${#1} ${#A}", "sh", large, NULL};
	static char env_text[50003];
	memset(env_text, 'y', sizeof(env_text) - 1);
	memcpy(env_text, "A=", 2);
	const char *const env[] = {"PATH=/bin", env_text, NULL};
	struct run_what what = {.argv = argv, .env = env};
	ck_assert_int_eq(run_wait(&fixture, run_start(&fixture, &what, &ref))->exit_code, 0);
	ck_assert_str_eq(run_output(&fixture, &ref, CTR_LOG_OUT), "100000 50000\n");

	static char huge[200001]; /* over the kernel's 128 KiB a string */
	memset(huge, 'x', sizeof(huge) - 1);
	const char *const too_large[] = {"true", huge, NULL};
	expect_start_failure(&(struct run_what){.argv = too_large},
			     "command: \"true\": Argument list too long: command and env are too "
			     "large for the kernel");
}
END_TEST

/* ---- the limits of prepare ---- */

START_TEST(test_attempts_max)
{
	struct centro_error_text text;
	uint32_t handle;
	const char *const argv[] = {"true"};
	struct ctr_attempt_spec spec = {
		.ref = {.job = 1, .attempt = 1}, .argv = argv, .argc = 1, .working_dir = ""};
	for (uint32_t i = 1; i < RUN_HANDLES_MAX; i++) {
		spec.ref.index = i;
		ck_assert_int_eq(ctr_runner_host()->prepare(fixture.runner, &spec, &handle, &text),
				 CENTRO_OK);
	}
	spec.ref.index++;
	ck_assert_int_eq(ctr_runner_host()->prepare(fixture.runner, &spec, &handle, &text),
			 CENTRO_ERR_LIMIT);
	ck_assert_str_eq(text.text, "this node runs at most 63 attempts");
	ctr_runner_host()->forget(fixture.runner, handle);
	ck_assert_int_eq(ctr_runner_host()->prepare(fixture.runner, &spec, &handle, &text),
			 CENTRO_OK);
}
END_TEST

START_TEST(test_an_attempt_is_prepared_once)
{
	struct centro_error_text text;
	struct centro_attempt_ref ref;
	uint32_t handle, other;
	handle = run_start(&fixture, &(struct run_what){.script = "echo x"}, &ref);
	run_wait(&fixture, handle);
	const char *const argv[] = {"true"};
	struct ctr_attempt_spec spec = {.ref = ref, .argv = argv, .argc = 1, .working_dir = ""};
	ck_assert_int_eq(ctr_runner_host()->prepare(fixture.runner, &spec, &other, &text),
			 CENTRO_ERR_EXISTS);
	/* Also when only its output is left. */
	ctr_runner_host()->forget(fixture.runner, handle);
	ck_assert_int_eq(ctr_runner_host()->prepare(fixture.runner, &spec, &other, &text),
			 CENTRO_ERR_EXISTS);
}
END_TEST

START_TEST(test_missing_shim)
{
	struct ctr_runner *runner;
	struct centro_error_text text;
	struct ctr_runner_options options = fixture.options;
	run_fixture_close_runner(&fixture);
	options.shim = "/no/such/shim";
	ck_assert_int_eq(ctr_runner_new(&options, &runner, &text), CENTRO_ERR_INVALID);
	ck_assert_str_eq(text.text, "shim: /no/such/shim: No such file or directory; the path of "
				    "the program centro-shim is needed");
}
END_TEST

/* One shim too many: whoever takes the record first is the only one. */
START_TEST(test_second_shim_starts_nothing)
{
	struct centro_attempt_ref ref;
	char command[600];
	uint32_t handle =
		run_start(&fixture, &(struct run_what){.script = "sleep 0.3; echo x"}, &ref);
	run_wait_started(&fixture, handle);
	snprintf(command, sizeof(command),
		 "exec 3<%s/attempts/%llu.0.3.1 4<>%s/leases 5>/dev/null; %s; test $? -eq 4",
		 fixture.dir, (unsigned long long)ref.job, fixture.dir, fixture.options.shim);
	ck_assert_int_eq(system(command), 0);
	ck_assert_int_eq(run_wait(&fixture, handle)->exit_code, 0);
	ck_assert_str_eq(run_output(&fixture, &ref, CTR_LOG_OUT), "x\n");
}
END_TEST

START_TEST(test_shim_by_hand)
{
	char command[300];
	snprintf(command, sizeof(command),
		 "%s 3<&- 2>%s; test $? -eq 2 && grep -q 'not by hand' %s", fixture.options.shim,
		 run_path(&fixture, "err"), run_path(&fixture, "err"));
	ck_assert_int_eq(system(command), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("io/runner");
	TCase *test_case = tcase_create("runner");
	tcase_add_checked_fixture(test_case, set_up, tear_down);
	tcase_set_timeout(test_case, 60);
	tcase_add_test(test_case, test_exit_code_and_output);
	tcase_add_test(test_case, test_signal);
	tcase_add_test(test_case, test_environment_is_what_was_given);
	tcase_add_test(test_case, test_signals_and_privileges);
	tcase_add_test(test_case, test_descriptors_and_session);
	tcase_add_test(test_case, test_working_dir);
	tcase_add_test(test_case, test_start_failures);
	tcase_add_test(test_case, test_no_shell_for_scripts);
	tcase_add_test(test_case, test_large_command_and_too_large_a_one);
	tcase_add_test(test_case, test_attempts_max);
	tcase_add_test(test_case, test_an_attempt_is_prepared_once);
	tcase_add_test(test_case, test_missing_shim);
	tcase_add_test(test_case, test_second_shim_starts_nothing);
	tcase_add_test(test_case, test_shim_by_hand);
	suite_add_tcase(suite, test_case);
	return ctr_suite_run(suite);
}
