/* SPDX-License-Identifier: MIT */
#include "io/trash.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "support/suite.h"
#include "temp_dir.h"

static struct temp_dir temp;
static struct ctr_trash trash;
static int dir_fd, trash_fd;

static void set_up(void)
{
	temp_dir_init(&temp);
	dir_fd = open(temp.path, O_RDONLY | O_DIRECTORY);
	ck_assert_int_eq(mkdirat(dir_fd, "trash", 0700), 0);
	trash_fd = openat(dir_fd, "trash", O_RDONLY | O_DIRECTORY);
	ctr_trash_init(&trash, trash_fd, NULL);
}

static void tear_down(void)
{
	close(trash_fd);
	close(dir_fd);
	temp_dir_fini(&temp);
}

static void shell(const char *script)
{
	char command[1024];
	snprintf(command, sizeof(command), "cd %s && %s", temp.path, script);
	ck_assert_msg(system(command) == 0, "%s", script);
}

static size_t count_trash(void)
{
	struct ctr_dir_reader reader;
	size_t count = 0;
	ctr_dir_reader_init(&reader, trash_fd);
	while (ctr_dir_reader_next(&reader))
		count++;
	return count;
}

START_TEST(test_bounded_work)
{
	shell("mkdir -p a/b/c && touch a/1 a/2 a/b/3 a/b/c/4 && ln -s /etc a/etc");
	ck_assert(ctr_trash_add(&trash, dir_fd, "a"));
	ck_assert_uint_eq(count_trash(), 1);
	int rounds = 1;
	while (ctr_trash_work(&trash, 2))
		rounds++;
	ck_assert_int_gt(rounds, 3);
	ck_assert_uint_eq(count_trash(), 0);
	ck_assert(!ctr_trash_work(&trash, 2));
	shell("test -e /etc/passwd");
	ck_assert(!ctr_trash_add(&trash, dir_fd, "a"));
	ck_assert_int_eq(errno, ENOENT);
}
END_TEST

/* What an earlier agent left, and names that it had used. */
START_TEST(test_earlier_trash)
{
	shell("mkdir -p trash/0/x trash/1 a && touch trash/0/x/y trash/2");
	ck_assert(ctr_trash_add(&trash, dir_fd, "a"));
	while (ctr_trash_work(&trash, 100))
		;
	ck_assert_uint_eq(count_trash(), 0);
}
END_TEST

START_TEST(test_what_cannot_be_removed_is_set_aside)
{
	char path[128];
	shell("mkdir -p a/b/mount && touch a/1");
	snprintf(path, sizeof(path), "%s/a/b/mount", temp.path);
	if (mount("none", path, "tmpfs", 0, NULL) != 0) {
		fprintf(stderr, "skipped: cannot mount here\n");
		return;
	}
	ck_assert(ctr_trash_add(&trash, dir_fd, "a"));
	int rounds = 0;
	while (ctr_trash_work(&trash, 10) && rounds < 100)
		rounds++;
	ck_assert_int_lt(rounds, 100);
	ck_assert_uint_eq(count_trash(), 1);
	shell("ls trash | grep -q '^stuck-'");
	shell("umount trash/stuck-*/mount");
}
END_TEST

START_TEST(test_dir_reader)
{
	struct ctr_dir_reader reader;
	const struct dirent64 *entry;
	bool seen[1000] = {false};
	shell("mkdir many && cd many && seq 0 999 | xargs touch");
	int fd = openat(dir_fd, "many", O_RDONLY | O_DIRECTORY);
	for (int round = 0; round < 2; round++) {
		size_t count = 0;
		ctr_dir_reader_init(&reader, fd);
		while ((entry = ctr_dir_reader_next(&reader))) {
			long number = strtol(entry->d_name, NULL, 10);
			ck_assert_int_lt(number, 1000);
			seen[number] = true;
			count++;
		}
		ck_assert_uint_eq(count, 1000);
	}
	for (int i = 0; i < 1000; i++)
		ck_assert(seen[i]);
	close(fd);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("io/trash");
	TCase *test_case = tcase_create("trash");
	tcase_add_checked_fixture(test_case, set_up, tear_down);
	tcase_add_test(test_case, test_bounded_work);
	tcase_add_test(test_case, test_earlier_trash);
	tcase_add_test(test_case, test_what_cannot_be_removed_is_set_aside);
	tcase_add_test(test_case, test_dir_reader);
	suite_add_tcase(suite, test_case);
	return ctr_suite_run(suite);
}
