/* SPDX-License-Identifier: MIT */
/* Tests of lib/store/file_dir.c. */
#include "store/file_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fixture.h"

/* Somebody who is not root. */
#define NOBODY 65534

static struct fixture_dir dir;
static struct centro_error_text text;

static void setup(void)
{
	fixture_dir_init(&dir);
}

static void teardown(void)
{
	fixture_dir_fini(&dir);
}

static void make_file(const char *name, const char *content)
{
	char path[256];
	snprintf(path, sizeof(path), "%s/%s", dir.path, name);
	FILE *file = fopen(path, "w");
	ck_assert_ptr_nonnull(file);
	fputs(content, file);
	fclose(file);
}

/* The descriptor is closed again; -1 stands for an error. */
static int open_dir(void)
{
	int fd = -1;
	int status = ctr_file_dir_open(dir.path, &fd, &text);
	ck_assert((status == CENTRO_OK) == (fd >= 0));
	if (fd >= 0)
		close(fd);
	return status;
}

START_TEST(a_missing_one_is_made_for_the_owner_alone)
{
	struct stat info;
	ck_assert_int_eq(open_dir(), CENTRO_OK);
	ck_assert_int_eq(stat(dir.path, &info), 0);
	ck_assert_uint_eq(info.st_mode & 07777, 0700);
	ck_assert_int_eq(open_dir(), CENTRO_OK);
}
END_TEST

START_TEST(its_parent_must_be_there)
{
	char path[200];
	int fd;
	snprintf(path, sizeof(path), "%s/no/store", dir.base);
	ck_assert_int_eq(ctr_file_dir_open(path, &fd, &text), CENTRO_ERR_IO);
	ck_assert_ptr_nonnull(strstr(text.text, "No such file or directory"));
}
END_TEST

START_TEST(what_an_interrupted_start_left_is_no_obstacle)
{
	ck_assert_int_eq(open_dir(), CENTRO_OK);
	make_file(CTR_FILE_LOCK_NAME, "");
	make_file(CTR_FILE_NEW_NAME, "half");
	make_file("lock.mdb", "");
	ck_assert_int_eq(open_dir(), CENTRO_OK);
}
END_TEST

START_TEST(other_things_mean_a_wrong_path)
{
	ck_assert_int_eq(open_dir(), CENTRO_OK);
	make_file("other", "x");
	ck_assert_int_eq(open_dir(), CENTRO_ERR_CORRUPT);
	ck_assert_ptr_nonnull(strstr(text.text, "\"other\""));
	ck_assert_ptr_nonnull(strstr(text.text, dir.path));
	/* Beside a store they are somebody's own affair. */
	make_file(CTR_FILE_DATA_NAME, "x");
	ck_assert_int_eq(open_dir(), CENTRO_OK);
}
END_TEST

START_TEST(a_file_is_no_directory)
{
	FILE *file = fopen(dir.path, "w");
	ck_assert_ptr_nonnull(file);
	fclose(file);
	ck_assert_int_eq(open_dir(), CENTRO_ERR_CORRUPT);
	ck_assert_ptr_nonnull(strstr(text.text, "is no directory"));
}
END_TEST

START_TEST(it_knows_whether_it_has_a_store)
{
	bool has = true;
	int fd;
	ck_assert_int_eq(ctr_file_dir_open(dir.path, &fd, &text), CENTRO_OK);
	ck_assert_int_eq(ctr_file_dir_has_store(fd, dir.path, &has, &text), CENTRO_OK);
	ck_assert(!has);
	make_file(CTR_FILE_DATA_NAME, "");
	ck_assert_int_eq(ctr_file_dir_has_store(fd, dir.path, &has, &text), CENTRO_ERR_CORRUPT);
	make_file(CTR_FILE_DATA_NAME, "x");
	ck_assert_int_eq(ctr_file_dir_has_store(fd, dir.path, &has, &text), CENTRO_OK);
	ck_assert(has);
	close(fd);
}
END_TEST

START_TEST(publishing_gives_the_store_its_name)
{
	bool has = true;
	int fd;
	ck_assert_int_eq(ctr_file_dir_open(dir.path, &fd, &text), CENTRO_OK);
	ck_assert_int_eq(ctr_file_dir_publish(fd, dir.path, &text), CENTRO_ERR_IO);
	make_file(CTR_FILE_NEW_NAME, "x");
	ck_assert_int_eq(ctr_file_dir_publish(fd, dir.path, &text), CENTRO_OK);
	ck_assert_int_eq(ctr_file_dir_has_store(fd, dir.path, &has, &text), CENTRO_OK);
	ck_assert(has);
	close(fd);
}
END_TEST

/* Like /srv for a server that may only pass through. */
START_TEST(a_parent_that_is_closed_to_us_is_not_synced)
{
	int fd;
	ck_assert_int_eq(mkdir(dir.path, 0700), 0);
	if (geteuid() == 0)
		ck_assert_int_eq(chown(dir.path, NOBODY, NOBODY), 0);
	ck_assert_int_eq(chmod(dir.base, 0311), 0);
	ck_assert_int_eq(seteuid(geteuid() == 0 ? NOBODY : geteuid()), 0);
	ck_assert_int_lt(open(dir.base, O_RDONLY | O_CLOEXEC), 0);
	ck_assert_int_eq(ctr_file_dir_open(dir.path, &fd, &text), CENTRO_OK);
	ck_assert_int_eq(ctr_file_dir_sync(fd, dir.path, &text), CENTRO_OK);
	close(fd);
	ck_assert_int_eq(seteuid(getuid()), 0);
	ck_assert_int_eq(chmod(dir.base, 0700), 0);
}
END_TEST

START_TEST(errors_of_the_system_are_sorted)
{
	ck_assert_int_eq(ctr_file_error(&text, ENOSPC, "do", "it"), CENTRO_ERR_FULL);
	ck_assert_str_eq(text.text, "cannot do it: No space left on device");
	ck_assert_int_eq(ctr_file_error(&text, EDQUOT, "do", "it"), CENTRO_ERR_FULL);
	ck_assert_int_eq(ctr_file_error(&text, ENOMEM, "do", "it"), CENTRO_ERR_NOMEM);
	ck_assert_int_eq(ctr_file_error(NULL, EIO, "do", "it"), CENTRO_ERR_IO);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("store/file_dir");
	TCase *tcase = tcase_create("all");
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, a_missing_one_is_made_for_the_owner_alone);
	tcase_add_test(tcase, its_parent_must_be_there);
	tcase_add_test(tcase, what_an_interrupted_start_left_is_no_obstacle);
	tcase_add_test(tcase, other_things_mean_a_wrong_path);
	tcase_add_test(tcase, a_file_is_no_directory);
	tcase_add_test(tcase, it_knows_whether_it_has_a_store);
	tcase_add_test(tcase, publishing_gives_the_store_its_name);
	tcase_add_test(tcase, a_parent_that_is_closed_to_us_is_not_synced);
	tcase_add_test(tcase, errors_of_the_system_are_sorted);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
