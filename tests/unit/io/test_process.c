/* SPDX-License-Identifier: MIT */
#include "io/process.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/suite.h"

static int wait_status(int pidfd)
{
	int status;
	struct pollfd poll_fd = {.fd = pidfd, .events = POLLIN};
	ck_assert_int_eq(poll(&poll_fd, 1, 10000), 1);
	ck_assert(ctr_process_has_ended(pidfd, &status));
	return status;
}

START_TEST(test_start)
{
	int pipe_fds[2], status;
	char text[512];
	int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	ck_assert_int_eq(pipe2(pipe_fds, O_CLOEXEC), 0);
	int fds[] = {fcntl(null_fd, F_DUPFD_CLOEXEC, 3), fcntl(pipe_fds[1], F_DUPFD_CLOEXEC, 3),
		     fcntl(null_fd, F_DUPFD_CLOEXEC, 3)};
	const char *const argv[] = {
		"sh", "-c",
		"env | grep -v '^PWD=\\|^_=\\|^SHLVL='; echo; readlink /proc/$$/fd/0; "
		"cut -d' ' -f1,6 /proc/$$/stat; exit 3",
		NULL};
	int pidfd = ctr_process_start(&(struct ctr_process_start){
		.path = "/bin/sh", .argv = argv, .fds = fds, .fd_count = 3});
	ck_assert_int_ge(pidfd, 0);
	status = wait_status(pidfd);
	ck_assert_int_eq(WEXITSTATUS(status), 3);
	ck_assert_str_eq(ctr_process_status_text(status, text, sizeof(text)), "exited with 3");
	ssize_t size = read(pipe_fds[0], text, sizeof(text) - 1);
	ck_assert_int_gt(size, 0);
	text[size] = '\0';
	int pid, session;
	/* No environment before it. */
	ck_assert_msg(strncmp(text, "\n/dev/null\n", 11) == 0, "%s", text);
	ck_assert_int_eq(sscanf(text + 11, "%d %d", &pid, &session), 2);
	ck_assert_int_eq(pid, session);
	/* It has been waited for: this says no more. */
	ck_assert(ctr_process_has_ended(pidfd, &status));
	ck_assert_int_eq(status, -1);
	ck_assert_str_eq(ctr_process_status_text(status, text, sizeof(text)), "is gone");
	close(pidfd);
}
END_TEST

START_TEST(test_missing_program)
{
	const char *const argv[] = {"x", NULL};
	ck_assert_int_eq(
		ctr_process_start(&(struct ctr_process_start){.path = "/no/such", .argv = argv}),
		-1);
	ck_assert_int_eq(errno, ENOENT);
	ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
	ck_assert_int_eq(errno, ECHILD);
}
END_TEST

START_TEST(test_identity)
{
	int status;
	char text[64];
	pid_t pid = fork();
	if (pid == 0) {
		for (;;)
			pause();
	}
	uint64_t ticks = ctr_process_start_ticks(pid);
	ck_assert_uint_gt(ticks, 0);
	ck_assert_uint_ge(ticks, ctr_process_start_ticks(getpid()));
	int pidfd = ctr_process_open(pid, ticks);
	ck_assert_int_ge(pidfd, 0);
	ck_assert(ctr_process_is_alive(pidfd));
	ck_assert(!ctr_process_has_ended(pidfd, &status));
	ck_assert_int_eq(ctr_process_open(pid, ticks + 1), -1);
	ck_assert_int_eq(ctr_process_open(pid, 0), -1);
	ck_assert_int_eq(ctr_process_open(0, ticks), -1);
	kill(pid, SIGKILL);
	status = wait_status(pidfd);
	ck_assert_str_eq(ctr_process_status_text(status, text, sizeof(text)),
			 "was killed by signal 9");
	ck_assert_int_eq(ctr_process_open(pid, ticks), -1);
	ck_assert_uint_eq(ctr_process_start_ticks(pid), 0);
	close(pidfd);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("io/process");
	TCase *test_case = tcase_create("process");
	tcase_add_test(test_case, test_start);
	tcase_add_test(test_case, test_missing_program);
	tcase_add_test(test_case, test_identity);
	suite_add_tcase(suite, test_case);
	return ctr_suite_run(suite);
}
