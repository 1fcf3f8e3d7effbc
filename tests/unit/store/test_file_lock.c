/* SPDX-License-Identifier: MIT */
/* Tests of lib/store/file_lock.c. */
#include "store/file_lock.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fixture.h"
#include "store/file_dir.h"

static struct fixture_dir dir;
static struct centro_error_text text;
static int dir_fd;

static void setup(void)
{
	fixture_dir_init(&dir);
	ck_assert_int_eq(ctr_file_dir_open(dir.path, &dir_fd, NULL), CENTRO_OK);
}

static void teardown(void)
{
	close(dir_fd);
	fixture_dir_fini(&dir);
}

static int take(int *ret_fd)
{
	return ctr_file_lock_take(dir_fd, dir.path, ret_fd, &text);
}

START_TEST(the_second_is_told_who_has_it)
{
	int first, second = -1;
	char pid[32];
	ck_assert_int_eq(take(&first), CENTRO_OK);
	ck_assert_int_eq(take(&second), CENTRO_ERR_LOCKED);
	ck_assert_int_eq(second, -1);
	snprintf(pid, sizeof(pid), "process %d on host ", (int)getpid());
	ck_assert_ptr_nonnull(strstr(text.text, pid));
	ck_assert_ptr_nonnull(strstr(text.text, dir.path));
	ck_assert_ptr_nonnull(strstr(text.text, "stop it, or choose another path"));
	ctr_file_lock_release(first);
	ck_assert_int_eq(take(&second), CENTRO_OK);
	ctr_file_lock_release(second);
}
END_TEST

/* As POSIX locks would be. */
START_TEST(another_close_does_not_drop_it)
{
	int first, second;
	ck_assert_int_eq(take(&first), CENTRO_OK);
	int other = openat(dir_fd, CTR_FILE_LOCK_NAME, O_RDWR);
	ck_assert_int_ge(other, 0);
	close(other);
	ck_assert_int_eq(take(&second), CENTRO_ERR_LOCKED);
	ctr_file_lock_release(first);
}
END_TEST

START_TEST(it_goes_with_the_process)
{
	int ready[2], fd;
	char byte;
	ck_assert_int_eq(pipe(ready), 0);
	pid_t child = fork();
	if (child == 0) {
		if (take(&fd) == CENTRO_OK)
			(void)!write(ready[1], "x", 1);
		pause();
		_exit(1);
	}
	ck_assert_int_eq(read(ready[0], &byte, 1), 1);
	ck_assert_int_eq(take(&fd), CENTRO_ERR_LOCKED);
	char pid[32];
	snprintf(pid, sizeof(pid), "process %d on host ", (int)child);
	ck_assert_ptr_nonnull(strstr(text.text, pid));
	kill(child, SIGKILL);
	ck_assert_int_eq(waitpid(child, NULL, 0), child);
	ck_assert_int_eq(take(&fd), CENTRO_OK);
	ctr_file_lock_release(fd);
	close(ready[0]);
	close(ready[1]);
}
END_TEST

/* The file's text comes from somebody else, and may be anything. */
START_TEST(what_it_says_is_not_trusted)
{
	static const char *const contents[] = {"",
					       "123",
					       "12a host",
					       "123 \x1b[2J",
					       " host",
					       "0 host",
					       "99999999999999999999999999999999999 host",
					       "1 "};
	int first, second;
	ck_assert_int_eq(take(&first), CENTRO_OK);
	for (size_t i = 0; i < sizeof(contents) / sizeof(contents[0]); i++) {
		ck_assert_int_eq(ftruncate(first, 0), 0);
		ck_assert_int_eq(pwrite(first, contents[i], strlen(contents[i]), 0),
				 (ssize_t)strlen(contents[i]));
		ck_assert_int_eq(take(&second), CENTRO_ERR_LOCKED);
		ck_assert_ptr_nonnull(strstr(text.text, "in use by another process"));
	}
	char many[4000];
	memset(many, 'h', sizeof(many));
	memcpy(many, "7 ", 2);
	ck_assert_int_eq(pwrite(first, many, sizeof(many), 0), (ssize_t)sizeof(many));
	ck_assert_int_eq(take(&second), CENTRO_ERR_LOCKED);
	ck_assert_ptr_nonnull(strstr(text.text, "process 7 on host hhh"));
	ctr_file_lock_release(first);
}
END_TEST

START_TEST(a_link_in_its_place_is_refused)
{
	int fd;
	ck_assert_int_eq(symlinkat("other", dir_fd, CTR_FILE_LOCK_NAME), 0);
	ck_assert_int_eq(take(&fd), CENTRO_ERR_IO);
	ck_assert_int_eq(faccessat(dir_fd, "other", F_OK, 0), -1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("store/file_lock");
	TCase *tcase = tcase_create("all");
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, the_second_is_told_who_has_it);
	tcase_add_test(tcase, another_close_does_not_drop_it);
	tcase_add_test(tcase, it_goes_with_the_process);
	tcase_add_test(tcase, what_it_says_is_not_trusted);
	tcase_add_test(tcase, a_link_in_its_place_is_refused);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
