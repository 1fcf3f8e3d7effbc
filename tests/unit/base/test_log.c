/* SPDX-License-Identifier: MIT */
/* Tests of lib/base/log.c. */
#include "base/log.h"

#include <string.h>

#include "base/bytes.h"
#include "support/suite.h"

struct sink {
	int lines;
	enum centro_log_level level;
	char text[CTR_LOG_LINE_SIZE];
};

static void sink_write(void *arg, enum centro_log_level level, const char *message)
{
	struct sink *sink = arg;
	sink->lines++;
	sink->level = level;
	ck_assert_uint_lt(strlen(message), sizeof(sink->text));
	memcpy(sink->text, message, strlen(message) + 1);
}

static struct centro_log log_to(struct sink *sink, enum centro_log_level level)
{
	return (struct centro_log){
		.size = sizeof(struct centro_log),
		.arg = sink,
		.level = level,
		.write = sink_write,
	};
}

START_TEST(a_line_reaches_the_sink)
{
	struct sink sink = {0};
	struct centro_log log = log_to(&sink, CENTRO_LOG_DEBUG);
	ctr_log_warn(&log, "node lost id=%d", 7);
	ck_assert_int_eq(sink.lines, 1);
	ck_assert_int_eq(sink.level, CENTRO_LOG_WARN);
	ck_assert_str_eq(sink.text, "node lost id=7");
}
END_TEST

START_TEST(what_lies_above_the_level_is_dropped)
{
	struct sink sink = {0};
	struct centro_log log = log_to(&sink, CENTRO_LOG_WARN);
	ctr_log_info(&log, "no");
	ctr_log_debug(&log, "no");
	ck_assert_int_eq(sink.lines, 0);
	ctr_log_warn(&log, "yes");
	ctr_log_error(&log, "yes");
	ck_assert_int_eq(sink.lines, 2);
}
END_TEST

START_TEST(without_a_sink_it_is_silent)
{
	struct centro_log log = {.size = sizeof(log), .level = CENTRO_LOG_DEBUG};
	ctr_log_error(NULL, "nothing");
	ctr_log_error(&log, "nothing");
}
END_TEST

START_TEST(a_long_line_is_cut_at_a_character)
{
	char euros[3 * CTR_LOG_LINE_SIZE + 1];
	for (size_t i = 0; i < CTR_LOG_LINE_SIZE; i++)
		memcpy(euros + 3 * i, "€", 4);
	struct sink sink = {0};
	struct centro_log log = log_to(&sink, CENTRO_LOG_DEBUG);

	for (int shift = 0; shift < 3; shift++) {
		ctr_log_info(&log, "%.*s%s", shift, "xx", euros);
		ck_assert(ctr_utf8_is_valid(ctr_bytes_str(sink.text)));
		ck_assert_uint_gt(strlen(sink.text), CTR_LOG_LINE_SIZE - 4);
	}
}
END_TEST

START_TEST(levels_have_names)
{
	ck_assert_str_eq(centro_log_level_name(CENTRO_LOG_ERROR), "error");
	ck_assert_str_eq(centro_log_level_name(CENTRO_LOG_WARN), "warn");
	ck_assert_str_eq(centro_log_level_name(CENTRO_LOG_INFO), "info");
	ck_assert_str_eq(centro_log_level_name(CENTRO_LOG_DEBUG), "debug");
	ck_assert_str_eq(centro_log_level_name((enum centro_log_level)99), "unknown");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("base/log");
	TCase *tcase = tcase_create("log");
	tcase_add_test(tcase, a_line_reaches_the_sink);
	tcase_add_test(tcase, what_lies_above_the_level_is_dropped);
	tcase_add_test(tcase, without_a_sink_it_is_silent);
	tcase_add_test(tcase, a_long_line_is_cut_at_a_character);
	tcase_add_test(tcase, levels_have_names);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
