/* SPDX-License-Identifier: MIT */
/* Command lines: flags by tables, the config file, and what is said of wrong ones. */
#include "args.h"

#include "capture.h"
#include "support/suite.h"

enum { NAME = 1, COUNT, WAIT, LABEL = 100 };

static const struct flag own_flags[] = {
	{NAME, "name", 'n', "NAME", "a name"},
	{COUNT, "count", 0, "N", "how many"},
	{WAIT, "wait", 'w', NULL, "wait"},
	{0},
};
static const struct flag more_flags[] = {
	{LABEL, "label", 'l', "KEY=VALUE", "may be\nrepeated"},
	{0},
};
static const struct verb plain = {.name = "submit",
				  .arguments = "FILE",
				  .summary = "Submit.",
				  .flags = {own_flags, more_flags}};
static const struct verb command = {
	.name = "run", .arguments = "", .summary = "", .flags = {own_flags}, .has_command = true};

static struct cli cli;
static struct args args;
static struct capture said;

static void setup(void)
{
	cli = (struct cli){.verb = "submit"};
}

static void teardown(void)
{
	args_free(&args);
}

/* `args` points into the line, which getopt may put into another order. */
static int parse_words(const struct verb *verb, const char *const *words)
{
	static char *line[64];
	int count = 0;
	for (; words[count]; count++)
		line[count] = (char *)(uintptr_t)words[count];
	line[count] = NULL;
	capture_begin(&said, stderr);
	int code = args_parse(&cli, verb, count, line, &args);
	capture_end(&said);
	return code;
}
#define parse(verb, ...) parse_words(verb, (const char *[]){"verb", __VA_ARGS__, NULL})

START_TEST(flags_and_words_in_any_order)
{
	ck_assert_int_eq(parse(&plain, "a.yaml", "-n", "x", "--count=3", "b", "-wl", "k=v"), 0);
	ck_assert_uint_eq(args.flag_count, 4);
	ck_assert_int_eq(args.flags[0].id, NAME);
	ck_assert_str_eq(args.flags[0].value, "x");
	ck_assert_int_eq(args.flags[1].id, COUNT);
	ck_assert_str_eq(args.flags[1].value, "3");
	ck_assert_int_eq(args.flags[2].id, WAIT);
	ck_assert_ptr_null(args.flags[2].value);
	ck_assert_int_eq(args.flags[3].id, LABEL);
	ck_assert_uint_eq(args.word_count, 2);
	ck_assert_str_eq(args.words[1], "b");
	ck_assert_ptr_null(args.command);
}
END_TEST

START_TEST(a_command_is_left_alone)
{
	ck_assert_int_eq(parse(&plain, "-w", "--", "make", "-n", "--count"), 0);
	ck_assert_uint_eq(args.flag_count, 1);
	ck_assert_uint_eq(args.word_count, 0);
	ck_assert_uint_eq(args.command_count, 3);
	ck_assert_str_eq(args.command[1], "-n");
	args_free(&args);

	ck_assert_int_eq(parse(&plain, "file", "--", "make"), 0);
	ck_assert_uint_eq(args.word_count, 1);
	ck_assert_uint_eq(args.command_count, 1);
	args_free(&args);

	ck_assert_int_eq(parse(&command, "-w", "make", "-n", "--", "x"), 0);
	ck_assert_uint_eq(args.flag_count, 1);
	ck_assert_uint_eq(args.command_count, 4);
	args_free(&args);

	ck_assert_int_eq(parse(&command, "--", "-w"), 0);
	ck_assert_uint_eq(args.flag_count, 0);
	ck_assert_str_eq(args.command[0], "-w");
}
END_TEST

START_TEST(global_flags_are_taken)
{
	ck_assert_int_eq(parse(&plain, "-s", "a:1", "--server", "b:2", "-o", "jsonl", "-q", "-h",
			       "--color", "always"),
			 0);
	ck_assert_uint_eq(cli.server_count, 2);
	ck_assert_str_eq(cli.servers[1], "b:2");
	ck_assert_int_eq(cli.output, OUTPUT_JSONL);
	ck_assert(cli.quiet);
	ck_assert(cli.is_colored);
	ck_assert(args.wants_help);
	ck_assert_uint_eq(args.flag_count, 0);
}
END_TEST

START_TEST(before_the_verb_only_global_ones)
{
	static char words[][8] = {"centro", "-s", "a:1", "-q", "ps", "-a"};
	char *line[] = {words[0], words[1], words[2], words[3], words[4], words[5], NULL};
	int used;
	ck_assert_int_eq(args_parse_global(&cli, 6, line, &args, &used), 0);
	ck_assert_int_eq(used, 4);
	ck_assert_str_eq(cli.servers[0], "a:1");
	ck_assert(cli.quiet);
}
END_TEST

static void refuses(int code, const char *text)
{
	char expected[256];
	ck_assert_int_eq(code, EXIT_CLI_USAGE);
	snprintf(expected, sizeof(expected), "centro submit: %s\nTry: centro help submit\n", text);
	ck_assert_str_eq(said.text, expected);
	args_free(&args);
}

START_TEST(what_is_wrong_is_named)
{
	refuses(parse(&plain, "--conut", "3"), "no such flag: --conut; did you mean --count?");
	refuses(parse(&plain, "--lable=a=b"), "no such flag: --lable; did you mean --label?");
	refuses(parse(&plain, "--frobnicate"), "no such flag: --frobnicate");
	refuses(parse(&plain, "-wz"), "no such flag: -z");
	refuses(parse(&plain, "-n"), "--name: its NAME is missing");
	refuses(parse(&plain, "--count"), "--count: its N is missing");
	refuses(parse(&plain, "--wait=3"), "--wait takes no value");
	refuses(parse(&plain, "-o", "xml"),
		"--output: \"xml\"; say table, wide, json, jsonl, yaml or name");
	refuses(parse(&plain, "--color", "red"), "--color: \"red\"; say auto, always or never");
}
END_TEST

START_TEST(servers_have_a_limit)
{
	const char *words[2 * SERVERS_MAX + 4] = {"verb"};
	for (int i = 0; i <= SERVERS_MAX; i++) {
		words[1 + 2 * i] = "-s";
		words[2 + 2 * i] = "a:1";
	}
	refuses(parse_words(&plain, words), "--server: at most 16");
	ck_assert_uint_eq(cli.server_count, SERVERS_MAX);
}
END_TEST

static void write_config(char *path, const char *text)
{
	int fd = mkstemp(path);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

START_TEST(a_flag_wins_over_the_config_file)
{
	char path[] = "/tmp/centro-config-XXXXXX";
	write_config(path, "name: from file\ncount: 9\nwait: true\nlabel: [a=1, b=2]\n"
			   "server: [x:1, y:2]\nquiet: true\n");
	ck_assert_int_eq(parse(&plain, "-n", "flag", "--config", path), 0);
	unlink(path);
	ck_assert_uint_eq(args.flag_count, 5);
	ck_assert_int_eq(args.flags[0].id, COUNT);
	ck_assert_str_eq(args.flags[0].value, "9");
	ck_assert_int_eq(args.flags[1].id, WAIT);
	ck_assert_str_eq(args.flags[3].value, "b=2");
	ck_assert_str_eq(args.flags[4].value, "flag");
	ck_assert_uint_eq(cli.server_count, 2);
	ck_assert_str_eq(cli.servers[1], "y:2");
	ck_assert(cli.quiet);
}
END_TEST

START_TEST(a_wrong_config_file_says_where)
{
	char path[] = "/tmp/centro-config-XXXXXX", expected[128];
	write_config(path, "name: x\nbogus: 1\n");
	ck_assert_int_eq(parse(&plain, "--config", path), EXIT_CLI_USAGE);
	unlink(path);
	snprintf(expected, sizeof(expected), "centro submit: --config: %s:2: ", path);
	ck_assert_msg(strncmp(said.text, expected, strlen(expected)) == 0, "%s", said.text);
	args_free(&args);
	ck_assert_int_eq(parse(&plain, "--config", "/no/such"), EXIT_CLI_USAGE);
}
END_TEST

START_TEST(numbers_in_their_bounds)
{
	int64_t number = 5;
	capture_begin(&said, stderr);
	ck_assert_int_eq(args_parse_number(&cli, "n", "-1000", -1000, 1000, &number), 0);
	ck_assert_int_eq(number, -1000);
	const char *wrong[] = {"", "x", "1x", " 1", "+1", "1001", "-1001", "99999999999999999999"};
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		ck_assert_int_eq(args_parse_number(&cli, "n", wrong[i], -1000, 1000, &number),
				 EXIT_CLI_USAGE);
	ck_assert_int_eq(number, -1000);
	capture_end(&said);
	ck_assert_ptr_nonnull(
		strstr(said.text, "--n: \"1x\" is not a number from -1000 to 1000\n"));
}
END_TEST

START_TEST(help_comes_from_the_tables)
{
	struct capture out;
	capture_begin(&out, stdout);
	help_print_verb(&plain);
	const char *text = capture_end(&out);
	ck_assert_ptr_nonnull(strstr(text, "Usage: centro submit FILE\n\nSubmit.\n"));
	ck_assert_ptr_nonnull(strstr(text, "  -n, --name NAME             a name\n"));
	ck_assert_ptr_nonnull(strstr(text, "      --count N               how many\n"));
	ck_assert_ptr_nonnull(strstr(text, "may be\n                              repeated\n"));
	ck_assert_ptr_nonnull(strstr(text, "-o, --output FORMAT"));
}
END_TEST

START_TEST(the_nearest_name)
{
	const char *names[] = {"submit", "show", "ps", "logs", "wait"};
	ck_assert_str_eq(nearest_name("sbumit", names, 5), "submit");
	ck_assert_str_eq(nearest_name("shwo", names, 5), "show");
	ck_assert_str_eq(nearest_name("log", names, 5), "logs");
	ck_assert_ptr_null(nearest_name("frobnicate", names, 5));
	ck_assert_ptr_null(nearest_name("x", names, 5));
	ck_assert_ptr_null(nearest_name("", names, 5));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cli/args");
	TCase *tcase = tcase_create("args");
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, flags_and_words_in_any_order);
	tcase_add_test(tcase, a_command_is_left_alone);
	tcase_add_test(tcase, global_flags_are_taken);
	tcase_add_test(tcase, before_the_verb_only_global_ones);
	tcase_add_test(tcase, what_is_wrong_is_named);
	tcase_add_test(tcase, servers_have_a_limit);
	tcase_add_test(tcase, a_flag_wins_over_the_config_file);
	tcase_add_test(tcase, a_wrong_config_file_says_where);
	tcase_add_test(tcase, numbers_in_their_bounds);
	tcase_add_test(tcase, help_comes_from_the_tables);
	tcase_add_test(tcase, the_nearest_name);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
