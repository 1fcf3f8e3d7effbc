/* SPDX-License-Identifier: MIT */
/* Tests of lib/codec/field_write.c. */
#include "codec/field_write.h"

#include "base/assert.h"
#include "helper.h"

struct thing {
	uint8_t small;
	uint16_t medium;
	uint32_t large;
	uint64_t huge;
	bool flag;
	int32_t number;
	uint64_t fixed;
	struct centro_bytes bytes;
	const char *text;
	struct centro_instant time;
	struct centro_span span;
	struct centro_attempt_ref ref;
};

#define ROW(number, kind, member) CTR_WRITE_ROW(number, kind, struct thing, member)
static const struct ctr_write_row rows[] = {
	ROW(1, CTR_WRITE_UINT, small),    ROW(2, CTR_WRITE_UINT, medium),
	ROW(3, CTR_WRITE_UINT, large),    ROW(4, CTR_WRITE_UINT, huge),
	ROW(5, CTR_WRITE_UINT, flag),     ROW(6, CTR_WRITE_INT32, number),
	ROW(7, CTR_WRITE_FIXED64, fixed), ROW(8, CTR_WRITE_BYTES, bytes),
	ROW(9, CTR_WRITE_TEXT, text),     ROW(10, CTR_WRITE_TIME, time),
	ROW(11, CTR_WRITE_SPAN, span),    ROW(300, CTR_WRITE_REF, ref),
};

static struct centro_bytes write_thing(struct ctr_buf *buf, const struct thing *thing)
{
	ctr_buf_clear(buf);
	CTR_WRITE_FIELDS(rows, thing, buf);
	ck_assert_int_eq(buf->error, CENTRO_OK);
	return ctr_buf_bytes(buf);
}

START_TEST(defaults_are_left_out)
{
	struct thing thing = {.text = ""};
	struct ctr_buf buf;
	ctr_buf_init(&buf, NULL, 0);
	ck_assert_uint_eq(write_thing(&buf, &thing).size, 0);
	thing.text = NULL;
	/* A reference without a job names nothing. */
	thing.ref.attempt = 1;
	ck_assert_uint_eq(write_thing(&buf, &thing).size, 0);
	ctr_buf_fini(&buf);
}
END_TEST

START_TEST(every_kind_is_written)
{
	struct ctr_buf buf;
	ctr_buf_init(&buf, NULL, 0);
#define WRITES(expected, ...) \
	ck_assert_bytes_eq(write_thing(&buf, &(struct thing){__VA_ARGS__}), BYTES(expected))
	WRITES("\x08\xff\x01", .small = 255);
	WRITES("\x10\xff\xff\x03", .medium = 65535);
	WRITES("\x18\xff\xff\xff\xff\x0f", .large = UINT32_MAX);
	WRITES("\x20\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", .huge = UINT64_MAX);
	WRITES("\x28\x01", .flag = true);
	WRITES("\x30\x07", .number = 7);
	WRITES("\x30\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", .number = -1);
	WRITES("\x39\xef\xcd\xab\x89\x67\x45\x23\x01", .fixed = 0x0123456789abcdef);
	WRITES("\x42\x02hi", .bytes = BYTES("hi"));
	WRITES("\x4a\x02hi", .text = "hi");
	WRITES("\x52\x02\x08\x01", .time = {1000000000});
	WRITES("\x52\x02\x10\x01", .time = {1});
	WRITES("\x5a\x08\x08\x01\x10\x80\xca\xb5\xee\x01", .span = {1500000000});
	WRITES("\xe2\x12\x04\x08\x05\x20\x01", .ref = {.job = 5, .attempt = 1});
	WRITES("\xe2\x12\x08\x08\x05\x10\x01\x18\x02\x20\x03", .ref = {5, 1, 2, 3});
#undef WRITES
	ctr_buf_fini(&buf);
}
END_TEST

START_TEST(messages_of_any_size_get_their_length)
{
	static const size_t sizes[] = {0, 1, 127, 128, 16383, 16384, 70000};
	static char filler[70000];

	memset(filler, 'x', sizeof(filler));
	for (size_t i = 0; i < CTR_ARRAY_SIZE(sizes); i++) {
		struct ctr_buf buf, expected;
		ctr_buf_init(&buf, NULL, 0);
		ctr_buf_init(&expected, NULL, 0);
		ctr_buf_append_str(&buf, "before");
		ctr_buf_append_str(&expected, "before");
		size_t mark = ctr_write_begin(&buf, 17);
		ctr_buf_append(&buf, filler, sizes[i]);
		ctr_write_end(&buf, mark);
		ctr_message_append_field(&expected, 17, ctr_bytes(filler, sizes[i]));
		ck_assert_bytes_eq(ctr_buf_bytes(&buf), ctr_buf_bytes(&expected));
		ctr_buf_fini(&buf);
		ctr_buf_fini(&expected);
	}
}
END_TEST

START_TEST(messages_nest)
{
	struct ctr_buf buf;
	ctr_buf_init(&buf, NULL, 0);
	size_t outer = ctr_write_begin(&buf, 1);
	size_t inner = ctr_write_begin(&buf, 2);
	for (int i = 0; i < 200; i++)
		ctr_buf_append_char(&buf, 'x');
	ctr_write_end(&buf, inner);
	ctr_write_end(&buf, outer);
	ck_assert_uint_eq(buf.size, 3 + 3 + 200);
	ck_assert_int_eq(memcmp(buf.data, "\x0a\xcb\x01\x12\xc8\x01xxx", 9), 0);
	ctr_buf_fini(&buf);
}
END_TEST

START_TEST(entries_of_a_map)
{
	struct ctr_buf buf;
	ctr_buf_init(&buf, NULL, 0);
	ctr_write_amount(&buf, 4, BYTES("gpu"), 2);
	ctr_write_amount(&buf, 4, BYTES("x"), 0);
	ck_assert_bytes_eq(ctr_buf_bytes(&buf),
			   BYTES("\x22\x07\x0a\x03gpu\x10\x02\x22\x03\x0a\x01x"));
	ctr_buf_fini(&buf);
}
END_TEST

START_TEST(at_any_limit_the_error_sticks)
{
	struct thing thing = {1,      2,   3,   4,           true, 5, 6, BYTES("bytes"),
			      "text", {7}, {8}, {1, 2, 3, 4}};
	struct ctr_buf buf;
	ctr_buf_init(&buf, NULL, 0);
	size_t whole = write_thing(&buf, &thing).size;
	ctr_buf_fini(&buf);
	for (size_t limit = 1; limit < whole; limit++) {
		ctr_buf_init(&buf, NULL, limit);
		CTR_WRITE_FIELDS(rows, &thing, &buf);
		ck_assert_int_eq(buf.error, CENTRO_ERR_LIMIT);
		ctr_buf_fini(&buf);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("codec/field_write");
	TCase *tcase = tcase_create("field_write");
	tcase_add_test(tcase, defaults_are_left_out);
	tcase_add_test(tcase, every_kind_is_written);
	tcase_add_test(tcase, messages_of_any_size_get_their_length);
	tcase_add_test(tcase, messages_nest);
	tcase_add_test(tcase, entries_of_a_map);
	tcase_add_test(tcase, at_any_limit_the_error_sticks);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
