/* SPDX-License-Identifier: MIT */
/* Tests of lib/store/file_worker.c. */
#include "store/file_worker.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "support/failing_allocator.h"
#include "support/suite.h"

static struct {
	int count;
	pthread_t thread;
	sigset_t blocked;
	int block_fd; /* -1: none; the work ends when it can read this */
} job;

static int event_fd;
static struct ctr_worker *worker;

static void work(void *arg)
{
	ck_assert_ptr_eq(arg, &job);
	job.count++;
	job.thread = pthread_self();
	pthread_sigmask(SIG_SETMASK, NULL, &job.blocked);
	char byte;
	if (job.block_fd >= 0)
		(void)!read(job.block_fd, &byte, 1);
}

static void setup(void)
{
	job.count = 0;
	job.block_fd = -1;
	event_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	ck_assert_int_eq(ctr_worker_start(NULL, work, &job, event_fd, &worker), CENTRO_OK);
}

static void teardown(void)
{
	ctr_worker_stop(worker);
	ctr_worker_stop(NULL);
	close(event_fd);
}

START_TEST(work_is_done_elsewhere_and_once)
{
	for (int i = 1; i <= 1000; i++) {
		uint64_t events = 0;
		struct pollfd fd = {.fd = event_fd, .events = POLLIN};
		ctr_worker_submit(worker);
		ck_assert_int_eq(poll(&fd, 1, 10000), 1);
		/* The event comes after the work, so it can be taken now. */
		ck_assert(ctr_worker_take(worker));
		ck_assert(!ctr_worker_take(worker));
		ck_assert_int_eq(job.count, i);
		ck_assert_int_eq(read(event_fd, &events, sizeof(events)), sizeof(events));
		ck_assert_uint_eq(events, 1);
	}
	ck_assert(!pthread_equal(job.thread, pthread_self()));
}
END_TEST

START_TEST(it_can_be_waited_for)
{
	int pipe_fds[2];
	ck_assert_int_eq(pipe(pipe_fds), 0);
	job.block_fd = pipe_fds[0];
	ctr_worker_submit(worker);
	ck_assert(!ctr_worker_take(worker));
	ck_assert_int_eq(write(pipe_fds[1], "x", 1), 1);
	ctr_worker_wait(worker);
	ck_assert_int_eq(job.count, 1);
	ck_assert(!ctr_worker_take(worker));
	close(pipe_fds[0]);
	close(pipe_fds[1]);
}
END_TEST

START_TEST(signals_are_for_other_threads)
{
	sigset_t before, after;
	pthread_sigmask(SIG_SETMASK, NULL, &before);
	ctr_worker_submit(worker);
	ctr_worker_wait(worker);
	pthread_sigmask(SIG_SETMASK, NULL, &after);
	ck_assert_int_eq(sigismember(&job.blocked, SIGTERM), 1);
	ck_assert_int_eq(sigismember(&job.blocked, SIGCHLD), 1);
	ck_assert_int_eq(sigismember(&after, SIGTERM), sigismember(&before, SIGTERM));
}
END_TEST

START_TEST(without_memory_there_is_none)
{
	struct failing_allocator failing;
	struct ctr_worker *none = NULL;
	failing_allocator_init(&failing, 1);
	ck_assert_int_eq(ctr_worker_start(&failing.allocator, work, &job, event_fd, &none),
			 CENTRO_ERR_NOMEM);
	ck_assert_ptr_null(none);
}
END_TEST

START_TEST(two_at_a_time_are_a_defect)
{
	ctr_worker_submit(worker);
	ctr_worker_submit(worker);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("store/file_worker");
	TCase *tcase = tcase_create("all");
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 30);
	tcase_add_test(tcase, work_is_done_elsewhere_and_once);
	tcase_add_test(tcase, it_can_be_waited_for);
	tcase_add_test(tcase, signals_are_for_other_threads);
	tcase_add_test(tcase, without_memory_there_is_none);
	tcase_add_test_raise_signal(tcase, two_at_a_time_are_a_defect, SIGABRT);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
