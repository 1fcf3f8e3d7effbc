/* SPDX-License-Identifier: MIT */
/* Tests of lib/base/text.c. */
#include <centro/text.h>

#include <string.h>

#include "base/prng.h"
#include "support/suite.h"

#define SECOND UINT64_C(1000000000)

static void assert_span(const char *text, uint64_t ns)
{
	struct centro_span span;
	ck_assert_msg(centro_span_parse(text, &span) == CENTRO_OK, "%s", text);
	ck_assert_uint_eq(span.ns, ns);
}

START_TEST(durations)
{
	assert_span("0", 0);
	assert_span("0s", 0);
	assert_span("90s", 90 * SECOND);
	assert_span("1h30m", 5400 * SECOND);
	assert_span("250ms", 250000000);
	assert_span("1.5s", 1500000000);
	assert_span("2d", 2 * 86400 * SECOND);
	assert_span("1d2h3m4s5ms6us7ns", 93784 * SECOND + 5006007);
	assert_span("0.5d", 43200 * SECOND);
	assert_span("0.00000000000125d", 108);
	assert_span("1.000000000s", SECOND);
	assert_span("0.1000000000000000000h", 360 * SECOND);
	assert_span("18446744073709551615ns", UINT64_MAX);
	assert_span("18446744073.709551615s", UINT64_MAX);
	assert_span("100h", 360000 * SECOND);
}
END_TEST

START_TEST(what_is_no_duration)
{
	static const char *const texts[] = {
		"",
		"1",
		"00",
		"s",
		"-1s",
		"+1s",
		" 1s",
		"1s ",
		"1 s",
		"1.s",
		".5s",
		"1,5s",
		"1e3s",
		"1S",
		"1min",
		"1hs",
		"1x",
		"1m1h",
		"1s1s",
		"1ms1m",
		"1.5ns",
		"0x1s",
		"1h30",
		"1..5s",
		"1.5.s",
		"0.0001us",
		"1w",
		"1y",
		"18446744073709551616ns",
		"18446744073.709551616s",
		"213504d",
		"1.00000000000000000000s",
	};
	struct centro_span span = {7};
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		ck_assert_msg(centro_span_parse(texts[i], &span) == CENTRO_ERR_INVALID, "%s",
			      texts[i]);
	ck_assert_int_eq(centro_span_parse(NULL, &span), CENTRO_ERR_INVALID);
	ck_assert_int_eq(centro_span_parse("1s", NULL), CENTRO_ERR_INVALID);
	ck_assert_uint_eq(span.ns, 7);
}
END_TEST

static void assert_span_text(uint64_t ns, const char *expected)
{
	char text[64];
	struct centro_span span = {ns};
	ck_assert_ptr_eq(centro_span_format(span, text, sizeof(text)), text);
	ck_assert_str_eq(text, expected);
	assert_span(text, ns);
}

START_TEST(durations_are_printed)
{
	assert_span_text(0, "0s");
	assert_span_text(1, "1ns");
	assert_span_text(1500, "1.5us");
	assert_span_text(250000000, "250ms");
	assert_span_text(SECOND + 1, "1.000000001s");
	assert_span_text(90 * SECOND, "1m30s");
	assert_span_text(5400 * SECOND, "1h30m");
	assert_span_text(86400 * SECOND, "1d");
	assert_span_text(86400 * SECOND + 1500000000, "1d1.5s");
	assert_span_text(3600 * SECOND + 1000, "1h1us");
	assert_span_text(UINT64_MAX, "213503d23h34m33.709551615s");
}
END_TEST

START_TEST(any_duration_comes_back)
{
	struct ctr_prng prng;
	ctr_prng_init(&prng, 1);
	for (int i = 0; i < 10000; i++) {
		struct centro_span span = {ctr_prng_next(&prng) >> ctr_prng_below(&prng, 64)};
		char text[64];
		assert_span(centro_span_format(span, text, sizeof(text)), span.ns);
	}
}
END_TEST

static void assert_size(const char *text, uint64_t bytes)
{
	uint64_t parsed;
	ck_assert_msg(centro_size_parse(text, &parsed) == CENTRO_OK, "%s", text);
	ck_assert_uint_eq(parsed, bytes);
}

START_TEST(sizes)
{
	assert_size("0", 0);
	assert_size("1234", 1234);
	assert_size("12B", 12);
	assert_size("512MiB", UINT64_C(512) << 20);
	assert_size("4GiB", UINT64_C(4) << 30);
	assert_size("4G", UINT64_C(4) << 30);
	assert_size("100MB", 100000000);
	assert_size("1kB", 1000);
	assert_size("1KB", 1000);
	assert_size("1K", 1024);
	assert_size("1T", UINT64_C(1) << 40);
	assert_size("1P", UINT64_C(1) << 50);
	assert_size("1E", UINT64_C(1) << 60);
	assert_size("1EB", UINT64_C(1000000000000000000));
	assert_size("1.5GiB", UINT64_C(3) << 29);
	assert_size("1.5 GiB", UINT64_C(3) << 29);
	assert_size("18446744073709551615", UINT64_MAX);
}
END_TEST

START_TEST(what_is_no_size)
{
	static const char *const texts[] = {
		"",       "G",     "-1",  "+1",    " 1",
		"1 ",     "1  G",  "1g",  "1gib",  "1GIB",
		"1Gi",    "1Gib",  "1.5", "1.5B",  "0.1K",
		"1.",     ".5G",   "1e3", "1KiBs", "16E",
		"16.5E",  "1Z",    "1BB", "0x10",  "18446744073709551616",
		"1bytes", "1KiB ",
	};
	uint64_t bytes = 7;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		ck_assert_msg(centro_size_parse(texts[i], &bytes) == CENTRO_ERR_INVALID, "%s",
			      texts[i]);
	ck_assert_int_eq(centro_size_parse(NULL, &bytes), CENTRO_ERR_INVALID);
	ck_assert_int_eq(centro_size_parse("1", NULL), CENTRO_ERR_INVALID);
	ck_assert_uint_eq(bytes, 7);
}
END_TEST

static void assert_size_text(uint64_t bytes, const char *expected)
{
	char text[32];
	ck_assert_ptr_eq(centro_size_format(bytes, text, sizeof(text)), text);
	ck_assert_str_eq(text, expected);
}

START_TEST(sizes_are_printed)
{
	assert_size_text(0, "0 B");
	assert_size_text(1023, "1023 B");
	assert_size_text(1024, "1 KiB");
	assert_size_text(1536, "1.5 KiB");
	assert_size_text((1 << 20) - 1, "1 MiB");
	assert_size_text((1 << 20) - 60, "1023.9 KiB");
	assert_size_text(UINT64_C(3) << 29, "1.5 GiB");
	assert_size_text(UINT64_MAX, "16 EiB");
	assert_size_text(UINT64_C(1) << 60, "1 EiB");
}
END_TEST

static void assert_cpu(const char *text, uint32_t milli)
{
	uint32_t parsed;
	ck_assert_msg(centro_cpu_parse(text, &parsed) == CENTRO_OK, "%s", text);
	ck_assert_uint_eq(parsed, milli);
}

START_TEST(cores)
{
	assert_cpu("0", 0);
	assert_cpu("2", 2000);
	assert_cpu("1.5", 1500);
	assert_cpu("0.001", 1);
	assert_cpu("1.500000", 1500);
	assert_cpu("250m", 250);
	assert_cpu("4294967295m", UINT32_MAX);
	assert_cpu("4294967.295", UINT32_MAX);
}
END_TEST

START_TEST(what_is_no_number_of_cores)
{
	static const char *const texts[] = {
		"",   "m",  "-1",   "+1",     " 1",          "1 ",          "1.",  ".5",
		"1M", "1c", "1.5m", "0.0001", "4294967296m", "4294967.296", "1mm", "1e3",
	};
	uint32_t milli = 7;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		ck_assert_msg(centro_cpu_parse(texts[i], &milli) == CENTRO_ERR_INVALID, "%s",
			      texts[i]);
	ck_assert_int_eq(centro_cpu_parse(NULL, &milli), CENTRO_ERR_INVALID);
	ck_assert_int_eq(centro_cpu_parse("1", NULL), CENTRO_ERR_INVALID);
	ck_assert_uint_eq(milli, 7);
}
END_TEST

START_TEST(small_buffers_are_cut)
{
	char text[4] = "xxx";
	centro_span_format((struct centro_span){90 * SECOND}, text, sizeof(text));
	ck_assert_str_eq(text, "1m3");
	centro_size_format(1536, text, sizeof(text));
	ck_assert_str_eq(text, "1.5");
	centro_size_format(1536, text, 0);
	ck_assert_str_eq(text, "1.5");
	ck_assert_ptr_null(centro_size_format(1536, NULL, 10));
	ck_assert_ptr_null(centro_span_format((struct centro_span){1}, NULL, 10));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("base/text");
	TCase *tcase = tcase_create("text");
	tcase_add_test(tcase, durations);
	tcase_add_test(tcase, what_is_no_duration);
	tcase_add_test(tcase, durations_are_printed);
	tcase_add_test(tcase, any_duration_comes_back);
	tcase_add_test(tcase, sizes);
	tcase_add_test(tcase, what_is_no_size);
	tcase_add_test(tcase, sizes_are_printed);
	tcase_add_test(tcase, cores);
	tcase_add_test(tcase, what_is_no_number_of_cores);
	tcase_add_test(tcase, small_buffers_are_cut);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
