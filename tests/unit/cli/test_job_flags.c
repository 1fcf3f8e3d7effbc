/* SPDX-License-Identifier: MIT */
/* Flags into a JobSpec. */
#include "job_flags.h"

#include "capture.h"
#include "support/suite.h"

static struct cli cli = {.verb = "run"};
static struct job_flags flags;
static struct capture said;

static void setup(void)
{
	job_flags_init(&flags);
}

static void teardown(void)
{
	job_flags_free(&flags);
}

static int set(const char *name, const char *value)
{
	const struct flag *flag = job_flags;
	while (strcmp(flag->name, name) != 0)
		flag++;
	capture_begin(&said, stderr);
	int code = job_flags_set(&cli, &flags, &(struct arg){flag->id, value});
	capture_end(&said);
	return code;
}

static void gives(const char *json)
{
	char *text = cJSON_PrintUnformatted(flags.job);
	ck_assert_str_eq(text, json);
	free(text);
}

START_TEST(everything_a_job_can_have)
{
	char words[][8] = {"sh", "-c", "true"};
	char *command[] = {words[0], words[1], words[2]};
	const char *given[][2] = {
		{"name", "n"},           {"queue", "q"},         {"priority", "-5"},
		{"cpu", "1.5"},          {"memory", "2GiB"},     {"disk", "1500KiB"},
		{"resource", "gpu=1"},   {"resource", "fpga=2"}, {"count", "3"},
		{"datacenter", "eu"},    {"datacenter", "us"},   {"label", "team=a=b"},
		{"env", "A=1"},          {"env", "B="},          {"dir", "/tmp"},
		{"time-limit", "1h30m"}, {"lease", "30s"},       {"grace", "1.5s"},
		{"task", "train"},       {"gang", NULL},
	};
	for (size_t i = 0; i < sizeof(given) / sizeof(given[0]); i++)
		ck_assert_int_eq(set(given[i][0], given[i][1]), 0);
	ck_assert(flags.is_described);
	job_flags_set_command(&flags, command, 3);
	gives("{\"tasks\":[{\"resources\":{\"cpu_milli\":1500,\"memory_mib\":\"2048\","
	      "\"disk_mib\":\"2\",\"named\":{\"gpu\":\"1\",\"fpga\":\"2\"}},\"count\":3,"
	      "\"env\":{\"A\":\"1\",\"B\":\"\"},\"working_dir\":\"/tmp\","
	      "\"time_limit\":\"5400.000000000s\",\"lease\":\"30.000000000s\","
	      "\"kill_grace\":\"1.500000000s\",\"name\":\"train\",\"gang\":true,"
	      "\"command\":[\"sh\",\"-c\",\"true\"]}],\"name\":\"n\",\"queue\":\"q\","
	      "\"priority\":-5,\"datacenters\":[\"eu\",\"us\"],\"labels\":{\"team\":\"a=b\"}}");
}
END_TEST

START_TEST(the_last_one_counts)
{
	ck_assert_int_eq(set("name", "a"), 0);
	ck_assert_int_eq(set("name", "b"), 0);
	ck_assert_int_eq(set("env", "A=1"), 0);
	ck_assert_int_eq(set("env", "A=2"), 0);
	gives("{\"tasks\":[{\"env\":{\"A\":\"2\"}}],\"name\":\"b\"}");
}
END_TEST

static void refuses(const char *name, const char *value, const char *text)
{
	char expected[256];
	ck_assert_int_eq(set(name, value), EXIT_CLI_USAGE);
	snprintf(expected, sizeof(expected), "centro run: %s\nTry: centro help run\n", text);
	ck_assert_str_eq(said.text, expected);
}

START_TEST(what_cannot_be_read)
{
	refuses("cpu", "many", "--cpu: \"many\"; write cores like 2, 0.5 or 250m");
	refuses("memory", "lots", "--memory: \"lots\"; write a size like 512MiB or 4GiB");
	refuses("disk", "99999PiB", "--disk: \"99999PiB\"; write a size like 512MiB or 4GiB");
	refuses("time-limit", "90", "--time-limit: \"90\"; write a time like 90s, 10m or 1h30m");
	refuses("count", "0", "--count: \"0\" is not a number from 1 to 4294967295");
	refuses("priority", "1001", "--priority: \"1001\" is not a number from -1000 to 1000");
	refuses("env", "A", "--env: \"A\"; write it like key=value");
	refuses("label", "=x", "--label: \"=x\"; write it like key=value");
	refuses("resource", "gpu", "--resource: \"gpu\"; write it like key=value");
}
END_TEST

START_TEST(a_request_always_has_an_id)
{
	ck_assert_int_eq(set("request-id", "mine"), 0);
	ck_assert(!flags.is_described);
	cJSON *request = job_flags_request(&flags);
	ck_assert_str_eq(json_text(request, "request_id"), "mine");
	cJSON_Delete(request);

	flags.request_id = NULL;
	cJSON *one = job_flags_request(&flags), *two = job_flags_request(&flags);
	ck_assert_uint_eq(strlen(json_text(one, "request_id")), RANDOM_ID_SIZE - 1);
	ck_assert_str_ne(json_text(one, "request_id"), json_text(two, "request_id"));
	ck_assert_ptr_nonnull(json_get(one, "job"));
	cJSON_Delete(one);
	cJSON_Delete(two);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cli/job_flags");
	TCase *tcase = tcase_create("job_flags");
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, everything_a_job_can_have);
	tcase_add_test(tcase, the_last_one_counts);
	tcase_add_test(tcase, what_cannot_be_read);
	tcase_add_test(tcase, a_request_always_has_an_id);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
