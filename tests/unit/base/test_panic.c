/* SPDX-License-Identifier: MIT */
/* Tests of lib/base/panic.c and assert.h. */
#include "base/assert.h"

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/suite.h"

/* What a child that panics with `file` and `what` prints before it aborts. */
static void panic_text(const char *file, const char *what, char *text, size_t size)
{
	int ends[2];
	ck_assert_int_eq(pipe(ends), 0);
	pid_t child = fork();
	ck_assert_int_ge(child, 0);
	if (child == 0) {
		dup2(ends[1], STDERR_FILENO);
		ctr_panic(file, 42, what);
	}
	close(ends[1]);

	size_t length = 0;
	ssize_t got;
	while ((got = read(ends[0], text + length, size - 1 - length)) > 0)
		length += (size_t)got;
	text[length] = '\0';
	close(ends[0]);

	int status;
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFSIGNALED(status));
	ck_assert_int_eq(WTERMSIG(status), SIGABRT);
}

START_TEST(says_where_and_what)
{
	char text[1024];
	panic_text("lib/x.c", "it broke", text, sizeof(text));
	ck_assert_str_eq(text, "centro: lib/x.c:42: it broke\n");
}
END_TEST

START_TEST(a_long_text_is_cut_to_one_line)
{
	char what[2000], text[4000];
	memset(what, 'x', sizeof(what));
	what[sizeof(what) - 1] = '\0';
	panic_text("lib/x.c", what, text, sizeof(text));
	ck_assert_uint_eq(strlen(text), 512);
	ck_assert_int_eq(text[511], '\n');
	ck_assert_int_eq(text[510], 'x');
}
END_TEST

START_TEST(what_holds_goes_on)
{
	int evaluated = 0;
	CTR_ASSERT(++evaluated == 1);
	ck_assert_int_eq(evaluated, 1);
}
END_TEST

START_TEST(what_does_not_hold_ends_the_process)
{
	CTR_ASSERT(1 + 1 == 3);
}
END_TEST

START_TEST(the_unreachable_ends_the_process)
{
	CTR_UNREACHABLE();
}
END_TEST

START_TEST(container_of_finds_the_outer_struct)
{
	struct outer {
		int before;
		int inner;
	} outer;
	ck_assert_ptr_eq(CTR_CONTAINER_OF(&outer.inner, struct outer, inner), &outer);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("base/panic");
	TCase *tcase = tcase_create("panic");
	tcase_add_test(tcase, says_where_and_what);
	tcase_add_test(tcase, a_long_text_is_cut_to_one_line);
	tcase_add_test(tcase, what_holds_goes_on);
	tcase_add_test_raise_signal(tcase, what_does_not_hold_ends_the_process, SIGABRT);
	tcase_add_test_raise_signal(tcase, the_unreachable_ends_the_process, SIGABRT);
	tcase_add_test(tcase, container_of_finds_the_outer_struct);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
