/* SPDX-License-Identifier: MIT */
/* An agent comes back: it finds its attempts, and takes no other process for one. */
#include "io/runner.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/time.h"
#include "io/clock.h"
#include "io/shim_abi.h"
#include "runner_fixture.h"
#include "support/suite.h"

static struct run_fixture fixture;
static char own_dir[160];

static void set_up(void)
{
	run_fixture_init(&fixture);
	snprintf(own_dir, sizeof(own_dir), "X=%s.x", fixture.dir);
}

static void tear_down(void)
{
	run_fixture_fini(&fixture);
}

static uint32_t start(const char *script, struct centro_attempt_ref *ret_ref)
{
	const char *const env[] = {"PATH=/usr/bin:/bin", own_dir, NULL};
	return run_start(&fixture, &(struct run_what){.script = script, .env = env}, ret_ref);
}

static void restart(void)
{
	run_fixture_close_runner(&fixture);
	run_fixture_open_runner(&fixture);
}

/* "<state>/attempts/<attempt>/FILE", in a buffer that the second next call uses again. */
static const char *attempt_path(const struct centro_attempt_ref *ref, const char *file)
{
	static char paths[2][192];
	static int next;
	char *path = paths[next++ % 2];
	snprintf(path, sizeof(paths[0]), "%s/attempts/%llu.0.3.1/%s", fixture.dir,
		 (unsigned long long)ref->job, file);
	return path;
}

static bool exists(const char *path)
{
	struct stat stat_buffer;
	return lstat(path, &stat_buffer) == 0;
}

static struct ctr_shim_record read_record(const char *path)
{
	struct ctr_shim_record record;
	FILE *file = fopen(path, "r");
	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fread(&record, sizeof(record), 1, file), 1);
	fclose(file);
	return record;
}

static void write_record(const char *path, const struct ctr_shim_record *record)
{
	int fd = open(path, O_WRONLY);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(pwrite(fd, record, sizeof(*record), 0), sizeof(*record));
	close(fd);
}

/* ---- what runs, and what ended ---- */

/* The agent is killed, the job goes on, and a new agent gets its exit code. */
START_TEST(test_running_attempt_goes_on)
{
	run_fixture_close_runner(&fixture);
	pid_t agent = fork();
	if (agent == 0) {
		run_fixture_open_runner(&fixture);
		start("echo $$ >$X/main; while [ ! -e $X/go ]; do sleep 0.02; done; echo done; "
		      "exit 7",
		      NULL);
		for (;;)
			run_turn(&fixture, 1000);
	}
	run_read_number(&fixture, "main");
	kill(agent, SIGKILL);
	waitpid(agent, NULL, 0);

	run_fixture_open_runner(&fixture);
	uint64_t now_ns = ctr_clock_now().wall.ns;
	ck_assert_uint_eq(fixture.adopted_count, 1);
	struct ctr_adopted_attempt *found = &fixture.adopted[0];
	ck_assert_uint_eq(found->ref.job, 1000);
	ck_assert_uint_eq(found->ref.index, 3);
	ck_assert(!found->has_ended);
	ck_assert_uint_gt(found->start_wall.ns, now_ns - 30 * CTR_NS_PER_SEC);
	ck_assert_uint_le(found->start_wall.ns, now_ns);
	ck_assert_uint_eq(found->lease.ns, 60 * CTR_NS_PER_SEC);
	ck_assert_uint_eq(found->kill_grace.ns, 2 * CTR_NS_PER_SEC);
	fclose(fopen(run_path(&fixture, "go"), "w"));
	const struct ctr_attempt_end *end = run_wait(&fixture, found->handle);
	ck_assert_uint_eq(end->cause, CENTRO_CAUSE_EXITED);
	ck_assert_int_eq(end->exit_code, 7);
	ck_assert_str_eq(run_output(&fixture, &found->ref, CTR_LOG_OUT), "done\n");
}
END_TEST

START_TEST(test_adopted_attempt_obeys)
{
	uint32_t handle =
		start("trap '' TERM; echo $$ >$X/main; sleep 1000 & wait; sleep 1000", NULL);
	run_read_number(&fixture, "main");
	restart();
	ck_assert_uint_eq(fixture.adopted_count, 1);
	ck_assert_uint_eq(fixture.adopted[0].handle, handle);
	/* Its slot is its own: what is new gets others. */
	uint32_t other = start("sleep 0.1", NULL);
	ck_assert_uint_ne(other, handle);
	ctr_runner_host()->kill(fixture.runner, handle, CENTRO_CAUSE_CANCEL, ctr_span_ms(50));
	ck_assert_uint_eq(run_wait(&fixture, handle)->cause, CENTRO_CAUSE_CANCEL);
	ck_assert_uint_eq(run_wait(&fixture, other)->cause, CENTRO_CAUSE_EXITED);
}
END_TEST

START_TEST(test_ended_meanwhile)
{
	struct centro_attempt_ref ref;
	start("echo x; exit 7", &ref);
	run_fixture_close_runner(&fixture);
	for (int i = 0; i < 1000 && !exists(attempt_path(&ref, "ended")); i++)
		run_sleep(5);
	run_sleep(50);
	for (int round = 0; round < 2; round++) { /* until it is acknowledged */
		run_fixture_open_runner(&fixture);
		ck_assert_uint_eq(fixture.adopted_count, 1);
		ck_assert(fixture.adopted[0].has_ended);
		ck_assert_uint_gt(fixture.adopted[0].start_wall.ns, 0);
		ck_assert_int_eq(fixture.adopted[0].end.exit_code, 7);
		if (round == 1)
			ctr_runner_host()->forget(fixture.runner, fixture.adopted[0].handle);
		run_fixture_close_runner(&fixture);
	}
	run_fixture_open_runner(&fixture);
	ck_assert_uint_eq(fixture.adopted_count, 0);
	ck_assert_str_eq(run_output(&fixture, &ref, CTR_LOG_OUT), "x\n");
}
END_TEST

/* Claimed, and the agent died before it started it: nobody will. */
START_TEST(test_never_started)
{
	struct centro_attempt_ref ref;
	char command[600];
	run_prepare(&fixture, &(struct run_what){.script = "echo x"}, &ref);
	restart();
	ck_assert_uint_eq(fixture.adopted_count, 1);
	ck_assert(fixture.adopted[0].has_ended);
	ck_assert_uint_eq(fixture.adopted[0].end.cause, CENTRO_CAUSE_REVOKED);
	ck_assert_str_eq(fixture.adopted[0].end.message,
			 "the agent was restarted before it was started");
	/* A shim that was on its way all the time finds nothing to take. */
	snprintf(command, sizeof(command),
		 "exec 3<%s/attempts/%llu.0.3.1 4<>%s/leases 5>/dev/null; %s; test $? -eq 4",
		 fixture.dir, (unsigned long long)ref.job, fixture.dir, fixture.options.shim);
	ck_assert_int_eq(system(command), 0);
	ck_assert(!exists(attempt_path(&ref, "out")));
	ctr_runner_host()->forget(fixture.runner, fixture.adopted[0].handle);
	ck_assert(!exists(attempt_path(&ref, "")));
}
END_TEST

/* Stop a shim of that attempt right before it takes the record. */
static pid_t shim_before_its_rename(const struct centro_attempt_ref *ref)
{
	struct __ptrace_syscall_info info = {0};
	char leases[128];
	pid_t pid = fork();
	if (pid == 0) {
		snprintf(leases, sizeof(leases), "%s/leases", fixture.dir);
		dup2(open(attempt_path(ref, ""), O_RDONLY), CTR_SHIM_FD_DIR);
		dup2(open(leases, O_RDWR), CTR_SHIM_FD_LEASES);
		dup2(open("/dev/null", O_RDWR), CTR_SHIM_FD_WAKE);
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		execl(fixture.options.shim, "centro-shim", (char *)NULL);
		_exit(127);
	}
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	ck_assert_int_eq(
		ptrace(PTRACE_SETOPTIONS, pid, NULL, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL), 0);
	while (info.op != PTRACE_SYSCALL_INFO_ENTRY || info.entry.nr != SYS_renameat) {
		ck_assert_int_eq(ptrace(PTRACE_SYSCALL, pid, NULL, NULL), 0);
		ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
		ck_assert_int_gt(ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(info), &info), 0);
	}
	return pid;
}

/*
 * I4: the shim has read the record, and written who it is into it, when the new
 * agent says that nobody will start it.
 */
START_TEST(test_adoption_wins_the_race)
{
	struct centro_attempt_ref ref;
	int status;
	run_prepare(&fixture, &(struct run_what){.script = "echo x"}, &ref);
	pid_t shim = shim_before_its_rename(&ref);
	restart();
	ck_assert_uint_eq(fixture.adopted_count, 1);
	ck_assert(fixture.adopted[0].has_ended);
	ck_assert_uint_eq(fixture.adopted[0].end.cause, CENTRO_CAUSE_REVOKED);
	ck_assert_int_eq(ptrace(PTRACE_CONT, shim, NULL, NULL), 0);
	ck_assert_int_eq(waitpid(shim, &status, 0), shim);
	ck_assert(WIFEXITED(status));
	ck_assert_int_eq(WEXITSTATUS(status), 4);
	ck_assert(!exists(attempt_path(&ref, "out")));
}
END_TEST

/* ---- other boots, other processes ---- */

static pid_t killed_shim(const struct centro_attempt_ref *ref)
{
	pid_t main_pid = (pid_t)run_read_number(&fixture, "main");
	run_fixture_close_runner(&fixture);
	struct ctr_shim_record record = read_record(attempt_path(ref, "running"));
	kill((pid_t)record.identity.pid, SIGKILL);
	ck_assert(run_wait_gone(main_pid, 5000));
	/* This process started it; as a new agent it would not be its parent. */
	waitpid((pid_t)record.identity.pid, NULL, 0);
	return (pid_t)record.identity.pid;
}

START_TEST(test_another_boot)
{
	struct centro_attempt_ref ref;
	start("echo $$ >$X/main; exec sleep 1000", &ref);
	killed_shim(&ref);
	struct ctr_shim_record record = read_record(attempt_path(&ref, "running"));
	record.boot_id[0] ^= 1;
	record.identity.pid = (uint32_t)getpid();
	write_record(attempt_path(&ref, "running"), &record);
	run_fixture_open_runner(&fixture);
	ck_assert_uint_eq(fixture.adopted_count, 1);
	ck_assert(fixture.adopted[0].has_ended);
	ck_assert_uint_eq(fixture.adopted[0].end.cause, CENTRO_CAUSE_LEASE_EXPIRED);
	ck_assert_str_eq(fixture.adopted[0].end.message, "the machine was restarted while it ran");
}
END_TEST

/* A power cut can undo the last rename, and not what was synced before it. */
START_TEST(test_synced_end_without_its_name)
{
	struct centro_attempt_ref ref;
	run_wait(&fixture, start("exit 7", &ref));
	run_fixture_close_runner(&fixture);
	ck_assert_int_eq(rename(attempt_path(&ref, "ended"), attempt_path(&ref, "running")), 0);
	struct ctr_shim_record record = read_record(attempt_path(&ref, "running"));
	record.boot_id[0] ^= 1;
	write_record(attempt_path(&ref, "running"), &record);
	run_fixture_open_runner(&fixture);
	ck_assert_uint_eq(fixture.adopted[0].end.cause, CENTRO_CAUSE_EXITED);
	ck_assert_int_eq(fixture.adopted[0].end.exit_code, 7);

	/* A torn end is none. */
	run_fixture_close_runner(&fixture);
	record.end.exit_code = 0;
	write_record(attempt_path(&ref, "running"), &record);
	run_fixture_open_runner(&fixture);
	ck_assert_uint_eq(fixture.adopted[0].end.cause, CENTRO_CAUSE_LEASE_EXPIRED);
}
END_TEST

/* A process that got the number `pid`, if this machine can be made to give it. */
static pid_t fork_decoy(pid_t pid)
{
	char text[32];
	int fd = open("/proc/sys/kernel/ns_last_pid", O_WRONLY);
	for (int tries = 0; fd >= 0 && tries < 50; tries++) {
		int size = snprintf(text, sizeof(text), "%d", (int)pid - 1);
		if (pwrite(fd, text, (size_t)size, 0) != size)
			break;
		pid_t decoy = fork();
		if (decoy == 0) {
			for (;;)
				pause();
		}
		if (decoy == pid) {
			close(fd);
			return decoy;
		}
		kill(decoy, SIGKILL);
		waitpid(decoy, NULL, 0);
	}
	if (fd >= 0)
		close(fd);
	return -1;
}

/* The shim's number has gone to somebody else: who is no shim, and is not touched. */
START_TEST(test_recycled_number)
{
	struct centro_attempt_ref ref;
	start("echo $$ >$X/main; exec sleep 1000", &ref);
	pid_t pid = killed_shim(&ref);
	run_sleep(30); /* start times have a grain of 10 ms */
	pid_t decoy = fork_decoy(pid);
	if (decoy < 0) {
		/* Not possible here: at least one whose start time differs. */
		decoy = fork();
		if (decoy == 0) {
			for (;;)
				pause();
		}
		struct ctr_shim_record record = read_record(attempt_path(&ref, "running"));
		record.identity.pid = (uint32_t)decoy;
		write_record(attempt_path(&ref, "running"), &record);
	}
	run_fixture_open_runner(&fixture);
	ck_assert_uint_eq(fixture.adopted_count, 1);
	const struct ctr_attempt_end *end = run_wait(&fixture, fixture.adopted[0].handle);
	ck_assert_uint_eq(end->cause, CENTRO_CAUSE_LEASE_EXPIRED);
	ctr_runner_host()->forget(fixture.runner, fixture.adopted[0].handle);
	run_turn(&fixture, 100);
	ck_assert(run_is_alive(decoy));
	kill(decoy, SIGKILL);
	waitpid(decoy, NULL, 0);
}
END_TEST

/* ---- the directory ---- */

START_TEST(test_damaged_record_is_thrown_away)
{
	struct centro_attempt_ref ref;
	run_wait(&fixture, start("echo x", &ref));
	run_fixture_close_runner(&fixture);
	ck_assert_int_eq(truncate(attempt_path(&ref, "ended"), 100), 0);
	run_fixture_open_runner(&fixture);
	ck_assert_uint_eq(fixture.adopted_count, 0);
	ck_assert(!exists(attempt_path(&ref, "")));
}
END_TEST

START_TEST(test_names_that_are_none)
{
	char path[160];
	static const char *const names[] = {"x",      "1.2.3",    "1.2.3.4.5",       "01.2.3.4",
					    "1.2.3.", "-1.0.0.1", "1.0.0.4294967296"};
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/attempts/%s", fixture.dir, names[i]);
		ck_assert_int_eq(mkdir(path, 0700), 0);
	}
	restart();
	ck_assert_uint_eq(fixture.adopted_count, 0);
	ck_assert(exists(path));
}
END_TEST

START_TEST(test_one_agent_at_a_time)
{
	struct ctr_runner *second;
	struct centro_error_text text;
	char expected[200];
	ck_assert_int_eq(ctr_runner_new(&fixture.options, &second, &text), CENTRO_ERR_LOCKED);
	snprintf(expected, sizeof(expected),
		 "state directory %s: another agent uses it; give each its own", fixture.dir);
	ck_assert_str_eq(text.text, expected);
	uint64_t id = ctr_runner_agent_id(fixture.runner);
	restart();
	ck_assert_uint_eq(ctr_runner_agent_id(fixture.runner), id);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("io/runner_adopt");
	TCase *test_case = tcase_create("adopt");
	tcase_add_checked_fixture(test_case, set_up, tear_down);
	tcase_set_timeout(test_case, 60);
	tcase_add_test(test_case, test_running_attempt_goes_on);
	tcase_add_test(test_case, test_adopted_attempt_obeys);
	tcase_add_test(test_case, test_ended_meanwhile);
	tcase_add_test(test_case, test_never_started);
	tcase_add_test(test_case, test_adoption_wins_the_race);
	tcase_add_test(test_case, test_another_boot);
	tcase_add_test(test_case, test_synced_end_without_its_name);
	tcase_add_test(test_case, test_recycled_number);
	tcase_add_test(test_case, test_damaged_record_is_thrown_away);
	tcase_add_test(test_case, test_names_that_are_none);
	tcase_add_test(test_case, test_one_agent_at_a_time);
	suite_add_tcase(suite, test_case);
	return ctr_suite_run(suite);
}
