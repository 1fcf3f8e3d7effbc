/* SPDX-License-Identifier: MIT */
/* Tests of lib/codec/keyspace.c. */
#include "codec/keyspace.h"

#include "base/str.h"
#include "helper.h"

START_TEST(keys_are_what_the_schema_says)
{
	ck_assert_str_eq(ctr_key_event(1).text, "event/00000000000000000001");
	ck_assert_str_eq(ctr_key_history(42).text, "history/00000000000000000042");
	ck_assert_str_eq(ctr_key_gone(42).text, "gone/00000000000000000042");
	ck_assert_str_eq(ctr_key_job_spec(1234).text, "job/00000000000000001234/spec");
	ck_assert_str_eq(ctr_key_job_state(UINT64_MAX).text, "job/18446744073709551615/state");
	ck_assert_str_eq(ctr_key_node(7).text, "node/00000000000000000007");
	ck_assert_str_eq(ctr_key_queue(ctr_bytes_str("default")).text, "queue/default");
	ck_assert_str_eq(ctr_key_ids().text, "meta/ids");
	ck_assert_str_eq(ctr_key_format().text, "meta/format");
	struct ctr_key key = ctr_key_node(7);
	ck_assert_uint_eq(key.size, strlen(key.text));
}
END_TEST

START_TEST(the_longest_queue_name_fits)
{
	char name[CTR_NAME_SIZE_MAX + 1];
	memset(name, 'q', CTR_NAME_SIZE_MAX);
	name[CTR_NAME_SIZE_MAX] = '\0';
	struct ctr_key key = ctr_key_queue(ctr_bytes_str(name));
	ck_assert_uint_eq(key.size, strlen("queue/") + CTR_NAME_SIZE_MAX);
	ck_assert_uint_lt(key.size, CTR_KEY_SIZE_MAX);
}
END_TEST

static enum ctr_key_type parse(struct ctr_key key, uint64_t *ret_number,
			       struct centro_bytes *ret_name)
{
	return ctr_key_parse(ctr_key_bytes(&key), ret_number, ret_name);
}

START_TEST(a_key_is_read_back)
{
	static const uint64_t numbers[] = {0, 1, 9, 10, 1234567890, INT64_MAX, UINT64_MAX};
	uint64_t number;
	struct centro_bytes name;

	for (size_t i = 0; i < CTR_ARRAY_SIZE(numbers); i++) {
		uint64_t n = numbers[i];
		ck_assert_int_eq(parse(ctr_key_event(n), &number, &name), CTR_KEY_EVENT);
		ck_assert_uint_eq(number, n);
		ck_assert_int_eq(parse(ctr_key_history(n), &number, &name), CTR_KEY_HISTORY);
		ck_assert_uint_eq(number, n);
		ck_assert_int_eq(parse(ctr_key_gone(n), &number, &name), CTR_KEY_GONE);
		ck_assert_uint_eq(number, n);
		ck_assert_int_eq(parse(ctr_key_job_spec(n), &number, &name), CTR_KEY_JOB_SPEC);
		ck_assert_uint_eq(number, n);
		ck_assert_int_eq(parse(ctr_key_job_state(n), &number, &name), CTR_KEY_JOB_STATE);
		ck_assert_uint_eq(number, n);
		ck_assert_int_eq(parse(ctr_key_node(n), &number, &name), CTR_KEY_NODE);
		ck_assert_uint_eq(number, n);
	}
	struct ctr_key key = ctr_key_queue(ctr_bytes_str("batch_2"));
	ck_assert_int_eq(ctr_key_parse(ctr_key_bytes(&key), &number, &name), CTR_KEY_QUEUE);
	ck_assert_bytes_eq(name, ctr_bytes_str("batch_2"));
	ck_assert_int_eq(parse(ctr_key_ids(), &number, &name), CTR_KEY_IDS);
	ck_assert_int_eq(parse(ctr_key_format(), &number, &name), CTR_KEY_FORMAT);
}
END_TEST

START_TEST(everything_else_is_unknown)
{
	static const char *const wrong[] = {
		"",
		"event",
		"event/",
		"event/1",
		"event/0000000000000000001",
		"event/000000000000000000001",
		"event/18446744073709551616",
		"event/0000000000000000000x",
		"event/ 0000000000000000001",
		"Event/00000000000000000001",
		"job/00000000000000000001",
		"job/00000000000000000001/",
		"job/00000000000000000001/Spec",
		"job/00000000000000000001/spec/",
		"job//spec",
		"node/00000000000000000001/",
		"queue/",
		"queue/Default",
		"queue/a/b",
		"meta/",
		"meta/id",
		"meta/idsx",
		"meta/term",
	};
	for (size_t i = 0; i < CTR_ARRAY_SIZE(wrong); i++) {
		uint64_t number = 99;
		struct centro_bytes name = {NULL, 99};
		ck_assert_int_eq(ctr_key_parse(ctr_bytes_str(wrong[i]), &number, &name),
				 CTR_KEY_UNKNOWN);
		ck_assert_uint_eq(number, 99);
		ck_assert_uint_eq(name.size, 99);
	}
}
END_TEST

static bool is_between(struct ctr_key key, const char *first, const char *end)
{
	struct centro_bytes bytes = ctr_key_bytes(&key);
	return ctr_bytes_compare(bytes, ctr_bytes_str(first)) >= 0 &&
	       ctr_bytes_compare(bytes, ctr_bytes_str(end)) < 0;
}

START_TEST(one_scan_reads_what_lives)
{
	ck_assert(is_between(ctr_key_event(0), CTR_KEY_EVENT_FIRST, CTR_KEY_EVENT_END));
	ck_assert(is_between(ctr_key_event(UINT64_MAX), CTR_KEY_EVENT_FIRST, CTR_KEY_EVENT_END));
	ck_assert(is_between(ctr_key_history(UINT64_MAX), CTR_KEY_HISTORY_FIRST,
			     CTR_KEY_HISTORY_END));
	ck_assert(is_between(ctr_key_job_spec(0), CTR_KEY_LIVE_FIRST, "\xff"));
	ck_assert(is_between(ctr_key_ids(), CTR_KEY_LIVE_FIRST, "\xff"));
	ck_assert(is_between(ctr_key_node(1), CTR_KEY_LIVE_FIRST, "\xff"));
	ck_assert(is_between(ctr_key_queue(ctr_bytes_str("a")), CTR_KEY_LIVE_FIRST, "\xff"));
	ck_assert(!is_between(ctr_key_history(UINT64_MAX), CTR_KEY_LIVE_FIRST, "\xff"));
	ck_assert(!is_between(ctr_key_event(UINT64_MAX), CTR_KEY_LIVE_FIRST, "\xff"));
	/* In the order in which the core wants them: jobs by id, then the rest. */
	struct ctr_key small = ctr_key_job_state(9), large = ctr_key_job_spec(10);
	ck_assert_int_lt(ctr_bytes_compare(ctr_key_bytes(&small), ctr_key_bytes(&large)), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("codec/keyspace");
	TCase *tcase = tcase_create("keyspace");
	tcase_add_test(tcase, keys_are_what_the_schema_says);
	tcase_add_test(tcase, the_longest_queue_name_fits);
	tcase_add_test(tcase, a_key_is_read_back);
	tcase_add_test(tcase, everything_else_is_unknown);
	tcase_add_test(tcase, one_scan_reads_what_lives);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
