/* SPDX-License-Identifier: MIT */
#include "io/attempt_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "io/spare_dirs.h"
#include "support/failing_allocator.h"
#include "support/suite.h"
#include "temp_dir.h"

static struct temp_dir temp;
static struct ctr_state_dir state;
static struct ctr_buf scratch;
static struct ctr_trash trash;
static struct ctr_spare_dirs spares;
static const char *const argv_true[] = {"true", "x"};
static const char *const env_one[] = {"A=1"};
static const struct ctr_attempt_spec spec = {
	.ref = {.job = UINT64_MAX, .task = 1, .index = UINT32_MAX, .attempt = 2},
	.argv = argv_true,
	.argc = 2,
	.env = env_one,
	.envc = 1,
	.working_dir = "/w",
	.lease = {11},
	.lease_notice = {12},
	.time_limit = {13},
	.kill_grace = {14},
};

static void set_up(void)
{
	temp_dir_init(&temp);
	ck_assert_int_eq(ctr_state_dir_open(&state, temp.path, NULL), CENTRO_OK);
	ctr_buf_init(&scratch, NULL, 0);
	ctr_trash_init(&trash, state.trash_fd, NULL);
	ctr_spare_dirs_init(&spares, state.spare_fd, &trash);
}

static void tear_down(void)
{
	ctr_buf_fini(&scratch);
	ctr_state_dir_close(&state);
	temp_dir_fini(&temp);
}

START_TEST(test_names)
{
	char name[CTR_ATTEMPT_NAME_SIZE];
	struct centro_attempt_ref ref;
	ck_assert_str_eq(ctr_attempt_name(&spec.ref, name), "18446744073709551615.1.4294967295.2");
	ck_assert(ctr_attempt_name_parse(name, &ref));
	ck_assert_uint_eq(ref.job, spec.ref.job);
	ck_assert_uint_eq(ref.task, spec.ref.task);
	ck_assert_uint_eq(ref.index, spec.ref.index);
	ck_assert_uint_eq(ref.attempt, spec.ref.attempt);
	static const char *const wrong[] = {
		"",         "1",        "1.2.3",    "1.2.3.4.", "1.2.3.x",
		"+1.2.3.4", " 1.2.3.4", "1.2.3.04", "1..3.4",   "18446744073709551616.0.0.1"};
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		ck_assert_msg(!ctr_attempt_name_parse(wrong[i], &ref), "%s", wrong[i]);
}
END_TEST

START_TEST(test_make_and_read)
{
	struct ctr_shim_record record;
	enum ctr_attempt_stage stage;
	struct centro_error_text text;
	ck_assert_int_eq(ctr_attempt_dir_make(&state, &spares, &spec, 9, &scratch, &text),
			 CENTRO_OK);
	ck_assert_int_eq(ctr_attempt_dir_make(&state, &spares, &spec, 9, &scratch, &text),
			 CENTRO_ERR_EXISTS);
	int dir_fd = ctr_attempt_dir_open(&state, &spec.ref);
	ck_assert_int_ge(dir_fd, 0);
	ck_assert_int_eq(ctr_attempt_dir_read(dir_fd, &stage, &record), CENTRO_OK);
	ck_assert_uint_eq(stage, CTR_ATTEMPT_CLAIMED);
	ck_assert_uint_eq(record.spec.slot, 9);
	ck_assert_uint_eq(record.spec.job, UINT64_MAX);
	ck_assert_uint_eq(record.spec.lease_ns, 11);
	ck_assert_uint_eq(record.spec.lease_notice_ns, 12);
	ck_assert_uint_eq(record.spec.time_limit_ns, 13);
	ck_assert_uint_eq(record.spec.kill_grace_ns, 14);
	ck_assert_uint_eq(record.spec.argc, 2);
	ck_assert_uint_eq(record.spec.envc, 2); /* with the mark */
	ck_assert_mem_eq(record.boot_id, state.boot_id, sizeof(record.boot_id));
	ck_assert(!ctr_shim_end_is_whole(&record.end));
	ck_assert(ctr_attempt_dir_void(dir_fd));
	ck_assert(!ctr_attempt_dir_void(dir_fd));
	ck_assert_int_eq(ctr_attempt_dir_read(dir_fd, &stage, &record), CENTRO_OK);
	ck_assert_uint_eq(stage, CTR_ATTEMPT_ENDED);
	close(dir_fd);
}
END_TEST

START_TEST(test_limits)
{
	struct centro_error_text text;
	struct ctr_attempt_spec large = spec;
	static const char *many[CTR_SHIM_STRINGS_MAX + 1];
	for (size_t i = 0; i < sizeof(many) / sizeof(many[0]); i++)
		many[i] = "x";
	large.argv = many;
	large.argc = CTR_SHIM_STRINGS_MAX + 1;
	ck_assert_int_eq(ctr_attempt_dir_make(&state, &spares, &large, 9, &scratch, &text),
			 CENTRO_ERR_INVALID);
	ck_assert_str_eq(text.text, "command and env: at most 65536 strings each");
	large.argc = CTR_SHIM_STRINGS_MAX;
	ck_assert_int_eq(ctr_attempt_dir_make(&state, &spares, &large, 9, &scratch, &text),
			 CENTRO_OK);

	char *huge = malloc(5 << 20);
	memset(huge, 'x', (5 << 20) - 1);
	huge[(5 << 20) - 1] = '\0';
	const char *const huge_argv[] = {huge};
	large.argv = huge_argv;
	large.argc = 1;
	large.ref.job = 1;
	ck_assert_int_eq(ctr_attempt_dir_make(&state, &spares, &large, 9, &scratch, &text),
			 CENTRO_ERR_INVALID);
	ck_assert_str_eq(text.text, "command and env: at most 4194304 bytes together");
	ck_assert_int_lt(ctr_attempt_dir_open(&state, &large.ref), 0);
	free(huge);
}
END_TEST

START_TEST(test_no_memory)
{
	struct failing_allocator failing;
	struct ctr_buf buf;
	failing_allocator_init(&failing, 1);
	ctr_buf_init(&buf, &failing.allocator, 0);
	ck_assert_int_eq(ctr_attempt_dir_make(&state, &spares, &spec, 9, &buf, NULL),
			 CENTRO_ERR_NOMEM);
	ctr_buf_fini(&buf);
	ck_assert_int_lt(ctr_attempt_dir_open(&state, &spec.ref), 0);
}
END_TEST

/* No end but a whole one is believed. */
START_TEST(test_checksum)
{
	struct ctr_shim_end end = {.magic = CTR_SHIM_MAGIC, .cause = 1, .exit_code = 7};
	end.checksum = ctr_shim_checksum(&end);
	ck_assert(ctr_shim_end_is_whole(&end));
	for (size_t i = 0; i < sizeof(end); i++) {
		((uint8_t *)&end)[i] ^= 0x10;
		ck_assert_msg(!ctr_shim_end_is_whole(&end), "%zu", i);
		((uint8_t *)&end)[i] ^= 0x10;
	}
	memset(&end, 0, sizeof(end));
	ck_assert(!ctr_shim_end_is_whole(&end));
}
END_TEST

static void expect_message(uint32_t step, int error, const char *message)
{
	struct ctr_attempt_end end;
	struct ctr_shim_record record = {.end = {.magic = CTR_SHIM_MAGIC,
						 .cause = CTR_SHIM_START_FAILED,
						 .step = step,
						 .error = error}};
	record.end.checksum = ctr_shim_checksum(&record.end);
	int dir_fd = ctr_attempt_dir_open(&state, &spec.ref);
	ctr_attempt_dir_describe(dir_fd, &record, &scratch, &end);
	close(dir_fd);
	ck_assert_uint_eq(end.cause, CENTRO_CAUSE_START_FAILED);
	ck_assert_str_eq(end.message, message);
}

START_TEST(test_messages)
{
	ck_assert_int_eq(ctr_attempt_dir_make(&state, &spares, &spec, 9, &scratch, NULL),
			 CENTRO_OK);
	expect_message(CTR_SHIM_STEP_EXEC, ENOENT, "command: \"true\" is in no directory of PATH");
	expect_message(CTR_SHIM_STEP_EXEC, EACCES, "command: \"true\": Permission denied");
	expect_message(CTR_SHIM_STEP_CHDIR, ENOTDIR, "working_dir: \"/w\": Not a directory");
	expect_message(CTR_SHIM_STEP_OUTPUT, ENOSPC,
		       "could not open the files for output: No space left on device");
	expect_message(CTR_SHIM_STEP_COUNT, ENOSPC,
		       "could not start the command: No space left on device");
}
END_TEST

START_TEST(test_forget)
{
	ck_assert_int_eq(ctr_attempt_dir_make(&state, &spares, &spec, 9, &scratch, NULL),
			 CENTRO_OK);
	int dir_fd = ctr_attempt_dir_open(&state, &spec.ref);
	int fd = openat(dir_fd, "out", O_WRONLY | O_CREAT, 0600);
	ck_assert_int_eq(write(fd, "abc", 3), 3);
	close(fd);
	ck_assert_int_eq(mkdirat(dir_fd, "work", 0700), 0);
	ck_assert_uint_eq(ctr_attempt_stream_bytes(&state, &spec.ref, CTR_LOG_OUT), 3);
	ck_assert_uint_eq(ctr_attempt_stream_bytes(&state, &spec.ref, CTR_LOG_ERR), 0);
	ck_assert_uint_eq(ctr_attempt_dir_forget(&state, &spec.ref, &trash, &spares),
			  CTR_ATTEMPT_REST_OUTPUT);
	ck_assert_int_ne(faccessat(dir_fd, "work", F_OK, 0), 0);
	ck_assert_int_ne(faccessat(dir_fd, "claimed", F_OK, 0), 0);
	/* Something of the job's own, where only ours should be. */
	ck_assert_int_eq(unlinkat(dir_fd, "out", 0), 0);
	ck_assert_int_eq(mkdirat(dir_fd, "more", 0700), 0);
	ck_assert_uint_eq(ctr_attempt_dir_forget(&state, &spec.ref, &trash, &spares),
			  CTR_ATTEMPT_REST_FILES);
	ck_assert_int_eq(unlinkat(dir_fd, "more", AT_REMOVEDIR), 0);
	ck_assert_uint_eq(ctr_attempt_dir_forget(&state, &spec.ref, &trash, &spares),
			  CTR_ATTEMPT_REST_NONE);
	ck_assert_uint_eq(ctr_attempt_dir_forget(&state, &spec.ref, &trash, &spares),
			  CTR_ATTEMPT_REST_NONE);
	close(dir_fd);
}
END_TEST

static void make_and_forget(uint64_t job, const char *leave)
{
	struct ctr_attempt_spec next = spec;
	next.ref.job = job;
	ck_assert_int_eq(ctr_attempt_dir_make(&state, &spares, &next, 9, &scratch, NULL),
			 CENTRO_OK);
	int dir_fd = ctr_attempt_dir_open(&state, &next.ref);
	ck_assert(mkdirat(dir_fd, "work", 0700) == 0 || errno == EEXIST);
	if (leave) {
		int fd = openat(dir_fd, leave, O_WRONLY | O_CREAT, 0600);
		ck_assert_int_ge(fd, 0);
		close(fd);
	}
	close(dir_fd);
	ctr_attempt_dir_forget(&state, &next.ref, &trash, &spares);
}

/* Only what is as new is used again, and a name is still given once. */
START_TEST(test_spares)
{
	make_and_forget(1, NULL);
	ck_assert_uint_eq(spares.count, 1);
	make_and_forget(2, NULL);
	ck_assert_uint_eq(spares.count, 1);
	make_and_forget(3, "work/x");
	ck_assert_uint_eq(spares.count, 0);
	make_and_forget(4, "x");
	ck_assert_uint_eq(spares.count, 0);
	make_and_forget(5, NULL);
	ck_assert_uint_eq(spares.count, 1);
	int dir_fd = openat(state.spare_fd, "0", O_RDONLY | O_DIRECTORY);
	ck_assert_int_eq(fchmodat(dir_fd, "work", 0777, 0), 0);
	ck_assert_int_eq(ctr_attempt_dir_make(&state, &spares, &spec, 9, &scratch, NULL),
			 CENTRO_OK);
	ck_assert_int_eq(ctr_attempt_dir_make(&state, &spares, &spec, 9, &scratch, NULL),
			 CENTRO_ERR_EXISTS);
	ctr_attempt_dir_forget(&state, &spec.ref, &trash, &spares);
	ck_assert_uint_eq(spares.count, 0);
	close(dir_fd);
}
END_TEST

/* 64 are kept; those of an earlier agent are not trusted. */
START_TEST(test_spares_max)
{
	struct ctr_attempt_spec next = spec;
	for (next.ref.job = 1; next.ref.job <= 70; next.ref.job++) {
		ck_assert_int_eq(ctr_attempt_dir_make(&state, &spares, &next, 9, &scratch, NULL),
				 CENTRO_OK);
		int dir_fd = ctr_attempt_dir_open(&state, &next.ref);
		ck_assert_int_eq(mkdirat(dir_fd, "work", 0700), 0);
		close(dir_fd);
	}
	for (next.ref.job = 1; next.ref.job <= 70; next.ref.job++)
		ck_assert_uint_eq(ctr_attempt_dir_forget(&state, &next.ref, &trash, &spares),
				  CTR_ATTEMPT_REST_NONE);
	ck_assert_uint_eq(spares.count, 64);
	ctr_spare_dirs_init(&spares, state.spare_fd, &trash);
	ck_assert_uint_eq(spares.count, 0);
	while (ctr_trash_work(&trash, 100))
		;
	next.ref.job = 1;
	ck_assert_int_eq(ctr_attempt_dir_make(&state, &spares, &next, 9, &scratch, NULL),
			 CENTRO_OK);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("io/attempt_dir");
	TCase *test_case = tcase_create("attempt_dir");
	tcase_add_checked_fixture(test_case, set_up, tear_down);
	tcase_add_test(test_case, test_names);
	tcase_add_test(test_case, test_make_and_read);
	tcase_add_test(test_case, test_limits);
	tcase_add_test(test_case, test_no_memory);
	tcase_add_test(test_case, test_checksum);
	tcase_add_test(test_case, test_messages);
	tcase_add_test(test_case, test_forget);
	tcase_add_test(test_case, test_spares);
	tcase_add_test(test_case, test_spares_max);
	suite_add_tcase(suite, test_case);
	return ctr_suite_run(suite);
}
