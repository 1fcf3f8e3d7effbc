/* SPDX-License-Identifier: MIT */
#include "io/state_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "support/suite.h"
#include "temp_dir.h"

static struct temp_dir temp;
static char path[128];

static void set_up(void)
{
	temp_dir_init(&temp);
	snprintf(path, sizeof(path), "%s/a/b", temp.path);
}

static void tear_down(void)
{
	temp_dir_fini(&temp);
}

static int try_open(const char *where, struct centro_error_text *text)
{
	struct ctr_state_dir dir;
	int status = ctr_state_dir_open(&dir, where, text);
	if (status == CENTRO_OK)
		ctr_state_dir_close(&dir);
	return status;
}

START_TEST(test_made_private_and_the_id_stays)
{
	struct ctr_state_dir dir;
	struct stat stat_buffer;
	ck_assert_int_eq(ctr_state_dir_open(&dir, path, NULL), CENTRO_OK);
	uint64_t id = dir.agent_id;
	uint8_t boot_id[CTR_BOOT_ID_SIZE];
	memcpy(boot_id, dir.boot_id, sizeof(boot_id));
	ck_assert_uint_ne(id, 0);
	ck_assert_int_eq(fstat(dir.fd, &stat_buffer), 0);
	ck_assert_uint_eq(stat_buffer.st_mode & 0777, 0700);
	ctr_state_dir_close(&dir);
	ck_assert_int_eq(ctr_state_dir_open(&dir, path, NULL), CENTRO_OK);
	ck_assert_uint_eq(dir.agent_id, id);
	ck_assert_mem_eq(boot_id, dir.boot_id, sizeof(boot_id));
	ctr_state_dir_close(&dir);
}
END_TEST

START_TEST(test_lock_goes_with_its_process)
{
	struct ctr_state_dir dir;
	struct centro_error_text text;
	int pipe_fds[2];
	char byte;
	ck_assert_int_eq(pipe(pipe_fds), 0);
	pid_t holder = fork();
	if (holder == 0) {
		byte = ctr_state_dir_open(&dir, path, NULL) == CENTRO_OK;
		/* A POSIX lock would be lost by this. */
		close(openat(dir.fd, "lock", O_RDWR));
		if (write(pipe_fds[1], &byte, 1) == 1)
			pause();
		_exit(0);
	}
	ck_assert_int_eq(read(pipe_fds[0], &byte, 1), 1);
	ck_assert_int_eq(byte, 1);
	ck_assert_int_eq(try_open(path, &text), CENTRO_ERR_LOCKED);
	ck_assert_ptr_nonnull(strstr(text.text, "another agent uses it; give each its own"));
	kill(holder, SIGKILL);
	waitpid(holder, NULL, 0);
	ck_assert_int_eq(try_open(path, &text), CENTRO_OK);
}
END_TEST

START_TEST(test_refusals)
{
	struct centro_error_text text;
	ck_assert_int_eq(try_open("", &text), CENTRO_ERR_INVALID);
	char *long_path = malloc(5001);
	memset(long_path, 'x', 5000);
	long_path[5000] = '\0';
	ck_assert_int_eq(try_open(long_path, &text), CENTRO_ERR_INVALID);
	free(long_path);
	ck_assert_int_eq(try_open("/dev/null/x", &text), CENTRO_ERR_IO);
	ck_assert_str_eq(text.text, "state directory /dev/null/x: cannot be made: Not a directory");

	ck_assert_int_eq(try_open(path, &text), CENTRO_OK);
	ck_assert_int_eq(chmod(path, 0770), 0);
	ck_assert_int_eq(try_open(path, &text), CENTRO_ERR_DENIED);
	ck_assert_ptr_nonnull(strstr(text.text, "others may write to it; chmod 700 it"));
	ck_assert_int_eq(chmod(path, 0700), 0);
	if (geteuid() == 0) {
		ck_assert_int_eq(chown(path, 1, 1), 0);
		ck_assert_int_eq(try_open(path, &text), CENTRO_ERR_DENIED);
		ck_assert_ptr_nonnull(strstr(text.text, "belongs to user 1, not to 0"));
	}
}
END_TEST

START_TEST(test_damaged_id)
{
	static const char *const contents[] = {"", "0123456789abcdeg\n", "0000000000000000\n",
					       "0123456789abcdef", "0123456789abcdef\n\n"};
	struct centro_error_text text;
	char id_path[160];
	ck_assert_int_eq(try_open(path, &text), CENTRO_OK);
	snprintf(id_path, sizeof(id_path), "%s/id", path);
	for (size_t i = 0; i < sizeof(contents) / sizeof(contents[0]); i++) {
		FILE *file = fopen(id_path, "w");
		fputs(contents[i], file);
		fclose(file);
		ck_assert_int_eq(try_open(path, &text), CENTRO_ERR_CORRUPT);
	}
}
END_TEST

START_TEST(test_open_beneath)
{
	char link_path[160];
	int dir_fd = open(temp.path, O_RDONLY | O_DIRECTORY);
	snprintf(link_path, sizeof(link_path), "%s/link", temp.path);
	ck_assert_int_eq(symlink("/etc", link_path), 0);
	ck_assert_int_lt(ctr_open_beneath(dir_fd, "link/passwd", O_RDONLY, 0), 0);
	ck_assert_int_eq(errno, ELOOP);
	ck_assert_int_lt(ctr_open_beneath(dir_fd, "../../etc/passwd", O_RDONLY, 0), 0);
	ck_assert_int_eq(errno, EXDEV);
	ck_assert_int_lt(ctr_open_beneath(dir_fd, "/etc/passwd", O_RDONLY, 0), 0);
	int fd = ctr_open_beneath(dir_fd, "new", O_RDWR | O_CREAT, 0600);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
	close(fd);
	close(dir_fd);
}
END_TEST

START_TEST(test_replace_and_read)
{
	char buffer[8];
	int dir_fd = open(temp.path, O_RDONLY | O_DIRECTORY);
	ck_assert_int_lt(ctr_read_file_at(dir_fd, "f", buffer, sizeof(buffer)), 0);
	ck_assert_int_eq(errno, ENOENT);
	ck_assert(
		ctr_replace_file_at(dir_fd, "f", (struct centro_bytes){(const uint8_t *)"one", 3}));
	ck_assert(ctr_replace_file_at(dir_fd, "f",
				      (struct centro_bytes){(const uint8_t *)"twotwotwo", 9}));
	ck_assert_int_eq(ctr_read_file_at(dir_fd, "f", buffer, sizeof(buffer)), 7);
	ck_assert_str_eq(buffer, "twotwot");
	close(dir_fd);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("io/state_dir");
	TCase *test_case = tcase_create("state_dir");
	tcase_add_checked_fixture(test_case, set_up, tear_down);
	tcase_add_test(test_case, test_made_private_and_the_id_stays);
	tcase_add_test(test_case, test_lock_goes_with_its_process);
	tcase_add_test(test_case, test_refusals);
	tcase_add_test(test_case, test_damaged_id);
	tcase_add_test(test_case, test_open_beneath);
	tcase_add_test(test_case, test_replace_and_read);
	suite_add_tcase(suite, test_case);
	return ctr_suite_run(suite);
}
