/* SPDX-License-Identifier: MIT */
/* Tests of lib/wire/grpc_text.c. */
#include "base/assert.h"
#include "base/bytes.h"
#include "base/prng.h"
#include "support/failing_allocator.h"
#include "support/suite.h"
#include "wire/grpc_meta.h"

START_TEST(timeouts_that_are_right)
{
	static const struct {
		const char *text;
		uint64_t ns;
	} cases[] = {
		{"1n", 1},
		{"20u", 20000},
		{"300m", 300 * CTR_NS_PER_MS},
		{"0S", 0},
		{"99999999S", 99999999 * CTR_NS_PER_SEC},
		{"2M", 120 * CTR_NS_PER_SEC},
		{"00000001H", 3600 * CTR_NS_PER_SEC},
		{"99999999H", UINT64_MAX}, /* over 2^64 ns: as good as none */
	};
	for (size_t i = 0; i < CTR_ARRAY_SIZE(cases); i++) {
		struct centro_span span;
		ck_assert_msg(ctr_grpc_timeout_parse(ctr_bytes_str(cases[i].text), &span), "%s",
			      cases[i].text);
		ck_assert_uint_eq(span.ns, cases[i].ns);
	}
}
END_TEST

START_TEST(timeouts_that_are_wrong)
{
	static const char *const cases[] = {"",    "S",    "1",   "1s",  "123456789S", "-1S",
					    "+1S", "1.5S", " 1S", "1S ", "1 S",        "0x1S"};
	for (size_t i = 0; i < CTR_ARRAY_SIZE(cases); i++) {
		struct centro_span span;
		ck_assert_msg(!ctr_grpc_timeout_parse(ctr_bytes_str(cases[i]), &span), "%s",
			      cases[i]);
	}
}
END_TEST

START_TEST(timeouts_are_written_finely_and_rounded_up)
{
	static const struct {
		uint64_t ns;
		const char *text;
	} cases[] = {
		{0, "0n"},
		{99999999, "99999999n"},
		{100000001, "100001u"},
		{5 * CTR_NS_PER_SEC, "5000000u"},
		{100 * CTR_NS_PER_SEC, "100000m"},
		{UINT64_MAX, "5124096H"},
	};
	for (size_t i = 0; i < CTR_ARRAY_SIZE(cases); i++) {
		char text[CTR_GRPC_TIMEOUT_CHARS];
		size_t length = ctr_grpc_timeout_format((struct centro_span){cases[i].ns}, text);
		ck_assert_str_eq(text, cases[i].text);
		ck_assert_uint_eq(length, strlen(text));
	}
	struct ctr_prng prng;
	ctr_prng_init(&prng, 5);
	for (size_t i = 0; i < 10000; i++) {
		char text[CTR_GRPC_TIMEOUT_CHARS];
		struct centro_span span = {ctr_prng_next(&prng) >> ctr_prng_below(&prng, 64)};
		struct centro_span back;
		size_t length = ctr_grpc_timeout_format(span, text);
		ck_assert(ctr_grpc_timeout_parse(ctr_bytes(text, length), &back));
		ck_assert_uint_ge(back.ns, span.ns);
	}
}
END_TEST

static void expect_percent(const char *plain, const char *encoded)
{
	struct ctr_buf buf;
	ctr_buf_init(&buf, NULL, 0);
	ck_assert_int_eq(ctr_grpc_percent_encode(&buf, ctr_bytes_str(plain)), CENTRO_OK);
	ck_assert(ctr_bytes_equal(ctr_buf_bytes(&buf), ctr_bytes_str(encoded)));
	ctr_buf_clear(&buf);
	ck_assert_int_eq(ctr_grpc_percent_decode(&buf, ctr_bytes_str(encoded)), CENTRO_OK);
	ck_assert(ctr_bytes_equal(ctr_buf_bytes(&buf), ctr_bytes_str(plain)));
	ctr_buf_fini(&buf);
}

START_TEST(messages_are_percent_encoded)
{
	expect_percent("", "");
	expect_percent("plain ~text", "plain ~text");
	expect_percent("100%", "100%25");
	expect_percent("a\nb\tc", "a%0Ab%09c");
	expect_percent("gr\xc3\xbc\xc3\x9f", "gr%C3%BC%C3%9F");
	expect_percent("\x7f\x1f", "%7F%1F");
}
END_TEST

START_TEST(what_is_not_an_escape_stays)
{
	static const struct {
		const char *encoded, *plain;
	} cases[] = {{"%", "%"},           {"%4", "%4"},           {"%4g", "%4g"},
		     {"a%zz%41", "a%zzA"}, {"%c3%bc", "\xc3\xbc"}, {"%%41", "%A"}};
	for (size_t i = 0; i < CTR_ARRAY_SIZE(cases); i++) {
		struct ctr_buf buf;
		ctr_buf_init(&buf, NULL, 0);
		ctr_grpc_percent_decode(&buf, ctr_bytes_str(cases[i].encoded));
		ck_assert_msg(ctr_bytes_equal(ctr_buf_bytes(&buf), ctr_bytes_str(cases[i].plain)),
			      "%s", cases[i].encoded);
		ctr_buf_fini(&buf);
	}
}
END_TEST

START_TEST(want_of_memory_is_returned)
{
	struct failing_allocator failing;
	failing_allocator_init(&failing, /* fail_at= */ 1);
	struct ctr_buf buf;
	ctr_buf_init(&buf, &failing.allocator, 0);
	ck_assert_int_eq(ctr_grpc_percent_encode(&buf, ctr_bytes_str("x")), CENTRO_ERR_NOMEM);
	ctr_buf_clear(&buf);
	failing.fail_at = 2;
	ck_assert_int_eq(ctr_grpc_percent_decode(&buf, ctr_bytes_str("x")), CENTRO_ERR_NOMEM);
	ctr_buf_fini(&buf);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("wire/grpc_text");
	TCase *tcase = tcase_create("all");
	tcase_add_test(tcase, timeouts_that_are_right);
	tcase_add_test(tcase, timeouts_that_are_wrong);
	tcase_add_test(tcase, timeouts_are_written_finely_and_rounded_up);
	tcase_add_test(tcase, messages_are_percent_encoded);
	tcase_add_test(tcase, what_is_not_an_escape_stays);
	tcase_add_test(tcase, want_of_memory_is_returned);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
