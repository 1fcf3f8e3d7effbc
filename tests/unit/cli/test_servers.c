/* SPDX-License-Identifier: MIT */
/* Where the server is, and what of dev.json is believed. */
#include "servers.h"

#include <sys/stat.h>

#include "capture.h"
#include "dev_file.h"
#include "support/suite.h"

static char folder[] = "/tmp/centro-servers-XXXXXX";
static struct cli cli;

static void setup(void)
{
	memcpy(folder + sizeof(folder) - 7, "XXXXXX", 6);
	ck_assert_ptr_nonnull(mkdtemp(folder));
	setenv("XDG_RUNTIME_DIR", folder, 1);
	unsetenv("CENTRO_SERVER_ADDR");
	cli = (struct cli){.verb = "ps"};
}

static void teardown(void)
{
	char path[128];
	snprintf(path, sizeof(path), "%s/centro/dev.json", folder);
	unlink(path);
	snprintf(path, sizeof(path), "%s/centro", folder);
	rmdir(path);
	rmdir(folder);
	free(cli.server_text);
}

static void write_dev(const char *text, mode_t folder_mode, mode_t file_mode)
{
	char path[128];
	snprintf(path, sizeof(path), "%s/centro", folder);
	mkdir(path, 0700);
	snprintf(path, sizeof(path), "%s/centro/dev.json", folder);
	FILE *file = fopen(path, "w");
	fputs(text, file);
	fclose(file);
	ck_assert_int_eq(chmod(path, file_mode), 0);
	snprintf(path, sizeof(path), "%s/centro", folder);
	ck_assert_int_eq(chmod(path, folder_mode), 0);
}

static void finds(const char *address, const char *origin)
{
	ck_assert_int_eq(servers_find(&cli), 0);
	ck_assert_uint_eq(cli.server_count, 1);
	ck_assert_str_eq(cli.servers[0], address);
	ck_assert_str_eq(cli.server_origin, origin);
}

START_TEST(nothing_is_said)
{
	finds("127.0.0.1:50051", "the default");
}
END_TEST

START_TEST(a_dev_that_runs)
{
	ck_assert_int_eq(dev_file_write(&cli, "127.0.0.1:1234"), 0);
	finds("127.0.0.1:1234", "dev.json");
	dev_file_remove();
	ck_assert_ptr_null(dev_file_read());
}
END_TEST

START_TEST(the_environment_wins_over_dev)
{
	ck_assert_int_eq(dev_file_write(&cli, "127.0.0.1:1234"), 0);
	setenv("CENTRO_SERVER_ADDR", "a:1, b:2,c:3", 1);
	ck_assert_int_eq(servers_find(&cli), 0);
	ck_assert_uint_eq(cli.server_count, 3);
	ck_assert_str_eq(cli.servers[1], "b:2");
	ck_assert_str_eq(cli.server_origin, "CENTRO_SERVER_ADDR");
	free(cli.server_text);

	cli = (struct cli){.verb = "ps"};
	setenv("CENTRO_SERVER_ADDR", " , ", 1);
	finds("127.0.0.1:1234", "dev.json");
}
END_TEST

START_TEST(a_flag_wins_over_all)
{
	setenv("CENTRO_SERVER_ADDR", "a:1", 1);
	cli.servers[0] = "flag:1";
	cli.server_count = 1;
	cli.server_origin = "--server";
	finds("flag:1", "--server");
}
END_TEST

START_TEST(too_many)
{
	char list[8 * SERVERS_MAX + 8] = "";
	struct capture capture;
	for (int i = 0; i <= SERVERS_MAX; i++)
		strcat(list, "a:1,");
	setenv("CENTRO_SERVER_ADDR", list, 1);
	capture_begin(&capture, stderr);
	ck_assert_int_eq(servers_find(&cli), EXIT_CLI_USAGE);
	ck_assert_ptr_nonnull(
		strstr(capture_end(&capture), "CENTRO_SERVER_ADDR: at most 16 addresses"));
}
END_TEST

START_TEST(what_others_may_have_written_is_not_believed)
{
	char text[64];
	snprintf(text, sizeof(text), "{\"address\":\"x:1\",\"pid\":%d}", (int)getpid());
	write_dev(text, 0700, 0600);
	char *address = dev_file_read();
	ck_assert_str_eq(address, "x:1");
	free(address);
	write_dev(text, 0700, 0620);
	ck_assert_ptr_null(dev_file_read());
	write_dev(text, 0770, 0600);
	ck_assert_ptr_null(dev_file_read());
	write_dev(text, 0700, 0602);
	ck_assert_ptr_null(dev_file_read());
}
END_TEST

START_TEST(a_dev_that_is_gone_is_not_believed)
{
	/* Above any pid_max. */
	write_dev("{\"address\":\"x:1\",\"pid\":2000000000}", 0700, 0600);
	ck_assert_ptr_null(dev_file_read());
	write_dev("{\"address\":\"x:1\"}", 0700, 0600);
	ck_assert_ptr_null(dev_file_read());
	write_dev("nonsense", 0700, 0600);
	ck_assert_ptr_null(dev_file_read());
	/* And not removed by somebody else's end. */
	dev_file_remove();
	char path[128];
	snprintf(path, sizeof(path), "%s/centro/dev.json", folder);
	ck_assert_int_eq(access(path, F_OK), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cli/servers");
	TCase *tcase = tcase_create("servers");
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, nothing_is_said);
	tcase_add_test(tcase, a_dev_that_runs);
	tcase_add_test(tcase, the_environment_wins_over_dev);
	tcase_add_test(tcase, a_flag_wins_over_all);
	tcase_add_test(tcase, too_many);
	tcase_add_test(tcase, what_others_may_have_written_is_not_believed);
	tcase_add_test(tcase, a_dev_that_is_gone_is_not_believed);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
