/* SPDX-License-Identifier: MIT */
/* test_log_files.c - the kept ends of output: what is kept, what is refused, what goes. */
#include "io/log_files.h"

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"
#include "support/suite.h"

static char dir[64], path[256];
static struct ctr_log_files *files;
static const struct ctr_log_keeper *keeper;

static void setup(void)
{
	snprintf(dir, sizeof(dir), "/tmp/centro-logs-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	ck_assert_int_eq(ctr_log_files_new(NULL, dir, &files), CENTRO_OK);
	keeper = ctr_log_files_keeper(files);
}

static void teardown(void)
{
	char name[128];
	ctr_log_files_free(files);
	/* Only numbered folders with files of ours lie in it. */
	for (int folder = 0; folder <= CTR_LOG_FOLDERS_MAX + 2; folder++) {
		for (int job = folder * 1000; job < folder * 1000 + 4; job++) {
			snprintf(name, sizeof(name), "%s/%d/%d.0.0.1.out", dir, folder, job);
			unlink(name);
			snprintf(name, sizeof(name), "%s/%d/%d.0.0.1.err", dir, folder, job);
			unlink(name);
		}
		snprintf(name, sizeof(name), "%s/%d", dir, folder);
		rmdir(name);
	}
	ck_assert_int_eq(rmdir(dir), 0);
}

static int put(uint64_t job, uint32_t stream, uint64_t offset, const char *text)
{
	const struct centro_attempt_ref ref = { .job = job, .attempt = 1 };
	return keeper->put(keeper->arg, &ref, stream, offset, ctr_bytes_str(text));
}

static int get(uint64_t job, uint32_t stream, uint64_t *ret_offset, struct ctr_buf *buf)
{
	const struct centro_attempt_ref ref = { .job = job, .attempt = 1 };
	ctr_buf_clear(buf);
	return keeper->get(keeper->arg, &ref, stream, ret_offset, buf);
}

START_TEST(test_what_was_kept_comes_back)
{
	struct ctr_buf buf;
	uint64_t offset = 0;
	ctr_buf_init(&buf, NULL, 0);
	ck_assert_int_eq(get(1, 1, &offset, &buf), CENTRO_ERR_NOT_FOUND);
	ck_assert_int_eq(put(1, 1, UINT64_C(0x123456789a), "out"), CENTRO_OK);
	ck_assert_int_eq(put(1, 2, 7, "err"), CENTRO_OK);
	ck_assert_int_eq(get(1, 1, &offset, &buf), CENTRO_OK);
	ck_assert_uint_eq(offset, UINT64_C(0x123456789a));
	ck_assert(ctr_bytes_equal(ctr_buf_bytes(&buf), ctr_bytes_str("out")));
	ck_assert_int_eq(get(1, 2, &offset, &buf), CENTRO_OK);
	ck_assert_uint_eq(offset, 7);
	/* A later end replaces an earlier one. */
	ck_assert_int_eq(put(1, 1, 9, "x"), CENTRO_OK);
	ck_assert_int_eq(get(1, 1, &offset, &buf), CENTRO_OK);
	ck_assert_uint_eq(buf.size, 1);
	ctr_buf_fini(&buf);
}
END_TEST

START_TEST(test_a_file_that_is_too_short_or_a_link_is_not_read)
{
	struct ctr_buf buf;
	uint64_t offset;
	ctr_buf_init(&buf, NULL, 0);
	ck_assert_int_eq(put(1, 1, 0, "out"), CENTRO_OK);
	snprintf(path, sizeof(path), "%s/0/1.0.0.1.out", dir);
	ck_assert_int_eq(truncate(path, 5), 0);
	ck_assert_int_eq(get(1, 1, &offset, &buf), CENTRO_ERR_CORRUPT);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(symlink("/etc/passwd", path), 0);
	ck_assert_int_eq(get(1, 1, &offset, &buf), CENTRO_ERR_IO);
	ck_assert_int_eq(put(1, 1, 0, "out"), CENTRO_ERR_IO);
	ctr_buf_fini(&buf);
}
END_TEST

START_TEST(test_the_oldest_folders_go)
{
	struct ctr_buf buf;
	uint64_t offset;
	ctr_buf_init(&buf, NULL, 0);
	for (uint64_t folder = 0; folder <= CTR_LOG_FOLDERS_MAX; folder++)
		ck_assert_int_eq(put(folder * 1000, 1, folder, "x"), CENTRO_OK);
	ck_assert_int_eq(get(0, 1, &offset, &buf), CENTRO_ERR_NOT_FOUND);
	ck_assert_int_eq(get(1000, 1, &offset, &buf), CENTRO_OK);
	ck_assert_int_eq(get(CTR_LOG_FOLDERS_MAX * UINT64_C(1000), 1, &offset, &buf), CENTRO_OK);
	ctr_buf_fini(&buf);
}
END_TEST

START_TEST(test_a_place_that_cannot_be_written_is_said)
{
	struct ctr_log_files *other;
	ck_assert_int_eq(ctr_log_files_new(NULL, "/proc/none", &other), CENTRO_ERR_IO);
	snprintf(path, sizeof(path), "%s/5", dir);
	int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	ck_assert_int_ge(fd, 0);
	close(fd);
	ck_assert_int_eq(put(5000, 1, 0, "x"), CENTRO_ERR_IO);
	ck_assert_int_eq(unlink(path), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("io/log_files");
	TCase *tcase = tcase_create("log_files");
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, test_what_was_kept_comes_back);
	tcase_add_test(tcase, test_a_file_that_is_too_short_or_a_link_is_not_read);
	tcase_add_test(tcase, test_the_oldest_folders_go);
	tcase_add_test(tcase, test_a_place_that_cannot_be_written_is_said);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
