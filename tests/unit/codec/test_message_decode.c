/* SPDX-License-Identifier: MIT */
/* Tests of lib/codec/message_decode.c: what is let in, what is refused, and how it is named. */
#include "codec/message.h"

#include "codec/wire.h"
#include "every.pb-c.h"
#include "helper.h"
#include "support/failing_allocator.h"

static void check_refused(const ProtobufCMessageDescriptor *descriptor, struct centro_bytes wire,
			  const char *text)
{
	struct helper helper;
	helper_init(&helper);
	ck_assert_int_eq(helper_decode(&helper, descriptor, wire), CENTRO_ERR_INVALID);
	ck_assert_ptr_null(helper.message);
	ck_assert_str_eq(helper.text.text, text);
	/* Nobody has to want the text. */
	ProtobufCMessage *message = NULL;
	ck_assert_int_eq(ctr_message_decode(descriptor, wire, &helper.arena, &message, NULL),
			 CENTRO_ERR_INVALID);
	helper_fini(&helper);
}

START_TEST(nothing_is_a_message_too)
{
	struct helper helper;
	helper_init(&helper);
	ck_assert_int_eq(helper_decode(&helper, &test__every__descriptor, ctr_bytes(NULL, 0)),
			 CENTRO_OK);
	ck_assert_str_eq(((Test__Every *)helper.message)->a_string, "");
	ck_assert_int_eq(helper_decode(&helper, &centro__v1__push_log_response__descriptor,
				       BYTES("\x08\x01")),
			 CENTRO_OK);
	ck_assert_uint_eq(helper.message->n_unknown_fields, 1);
	helper_fini(&helper);
}
END_TEST

START_TEST(repeated_numbers_come_packed_or_not)
{
	struct helper helper;
	helper_init(&helper);
	/* int32s = 21: one, two packed, an empty pack, one more; sfixed64s = 26 packed. */
	ck_assert_int_eq(
		helper_decode(&helper, &test__every__descriptor,
			      BYTES("\xa8\x01\x05\xaa\x01\x02\x06\x07\xaa\x01\x00\xa8\x01\x08"
				    "\xd2\x01\x08\x01\x00\x00\x00\x00\x00\x00\x80")),
		CENTRO_OK);
	ck_assert_str_eq(helper_json(&helper, helper.message),
			 "{\"int32s\":[5,6,7,8],\"sfixed64s\":[\"-9223372036854775807\"]}");
	helper_fini(&helper);
	check_refused(&test__every__descriptor, BYTES("\xaa\x01\x02\x06\x80"), "int32s: cut off");
	check_refused(&test__every__descriptor, BYTES("\xd2\x01\x03\x01\x02\x03"),
		      "sfixed64s: cut off");
	check_refused(&test__every__descriptor, BYTES("\xf2\x01\x02\x01\x02"),
		      "colours[1]: 2 is no value of test.Colour");
}
END_TEST

START_TEST(the_last_of_a_oneof_wins)
{
	struct helper helper;
	helper_init(&helper);
	/* one_number = 41, then one_string = 42. */
	helper_decode(&helper, &test__every__descriptor, BYTES("\xc8\x02\x07\xd2\x02\x01z"));
	ck_assert_str_eq(helper_json(&helper, helper.message), "{\"one_string\":\"z\"}");
	helper_decode(&helper, &test__every__descriptor, BYTES("\xd2\x02\x01z\xc8\x02\x00"));
	ck_assert_str_eq(helper_json(&helper, helper.message), "{\"one_number\":\"0\"}");
	/* A leaf with a number; another member that is a leaf must not get its pieces. */
	helper_decode(&helper, &test__every__descriptor,
		      BYTES("\xe2\x02\x02\x10\x05\xf2\x02\x03\x0a\x01x"));
	ck_assert_str_eq(helper_json(&helper, helper.message),
			 "{\"another_leaf\":{\"text\":\"x\"}}");
	/* Two pieces of the same one are one. */
	helper_decode(&helper, &test__every__descriptor,
		      BYTES("\xe2\x02\x02\x10\x05\xe2\x02\x03\x0a\x01x"));
	ck_assert_str_eq(helper_json(&helper, helper.message),
			 "{\"one_leaf\":{\"text\":\"x\",\"number\":5}}");
	helper_fini(&helper);
}
END_TEST

START_TEST(a_message_in_pieces_is_put_together)
{
	struct helper helper;
	helper_init(&helper);
	/* a_leaf = 15: a number and a word; a text and another word; a number again. */
	ck_assert_int_eq(helper_decode(&helper, &test__every__descriptor,
				       BYTES("\x7a\x05\x10\x05\x1a\x01x\x7a\x06\x0a\x01y\x1a\x01z"
					     "\x7a\x02\x10\x06")),
			 CENTRO_OK);
	ck_assert_str_eq(helper_json(&helper, helper.message),
			 "{\"a_leaf\":{\"text\":\"y\",\"number\":6,\"words\":[\"x\",\"z\"]}}");
	helper_fini(&helper);
}
END_TEST

START_TEST(halves_are_merged_and_fields_can_be_passed_over)
{
	struct helper helper;
	helper_init(&helper);
	ProtobufCMessage *job = NULL;
	ck_assert_int_eq(ctr_message_decode(&centro__v1__job__descriptor,
					    BYTES("\x08\x05\x1a\x01x"), &helper.arena, &job, NULL),
			 CENTRO_OK);
	/* owner = 3 again, spec = 2 which is not even a message, cancelled_by = 21. */
	struct centro_bytes more = BYTES("\x1a\x01y\x12\x01\xff\xaa\x01\x01z");
	ck_assert_int_eq(ctr_message_merge(job, more, CTR_FIELD_BIT(3) | CTR_FIELD_BIT(21),
					   &helper.arena, NULL),
			 CENTRO_OK);
	ck_assert_str_eq(helper_json(&helper, job),
			 "{\"id\":\"5\",\"owner\":\"y\",\"cancelled_by\":\"z\"}");
	ck_assert_int_eq(ctr_message_merge(job, more, CTR_FIELDS_ALL, &helper.arena, NULL),
			 CENTRO_ERR_INVALID);
	helper_fini(&helper);
}
END_TEST

START_TEST(maps_come_out_in_order)
{
	struct helper helper;
	helper_init(&helper);
	/* labels = 6: b=1, a=2, b=3, an entry without a key. */
	ck_assert_int_eq(helper_decode(&helper, &centro__v1__job_spec__descriptor,
				       BYTES("\x32\x06\x0a\x01"
					     "b\x12\x01"
					     "1\x32\x06\x0a\x01"
					     "a\x12\x01"
					     "2\x32\x06\x0a\x01"
					     "b\x12\x01"
					     "3\x32\x03\x12\x01"
					     "4")),
			 CENTRO_OK);
	ck_assert_str_eq(helper_json(&helper, helper.message),
			 "{\"labels\":{\"\":\"4\",\"a\":\"2\",\"b\":\"3\"}}");
	helper_fini(&helper);
}
END_TEST

START_TEST(unknown_fields_survive)
{
	/* One of each wire type, one of them twice, beside a known field. */
	struct centro_bytes wire =
		BYTES("\x0a\x01x\x98\x06\x96\x01\x99\x06\x01\x02\x03\x04\x05\x06\x07\x08"
		      "\x9a\x06\x02\xff\x00\x9d\x06\x01\x02\x03\x04\x98\x06\x01");
	struct helper helper;
	helper_init(&helper);
	ck_assert_int_eq(helper_decode(&helper, &test__leaf__descriptor, wire), CENTRO_OK);
	ck_assert_uint_eq(helper.message->n_unknown_fields, 5);
	ck_assert_bytes_eq(helper_wire(&helper, helper.message), wire);
	ck_assert_str_eq(helper_json(&helper, helper.message), "{\"text\":\"x\"}");
	helper_fini(&helper);
}
END_TEST

START_TEST(text_is_checked)
{
	check_refused(&test__leaf__descriptor, BYTES("\x0a\x01\xff"),
		      "text: not UTF-8, or holds U+0000");
	check_refused(&test__leaf__descriptor,
		      BYTES("\x0a\x03"
			    "a\0b"),
		      "text: not UTF-8, or holds U+0000");
	check_refused(&test__leaf__descriptor, BYTES("\x1a\x01x\x1a\x02\xc0\x80"),
		      "words[1]: not UTF-8, or holds U+0000");
	/* tasks[0].env[0].key. */
	check_refused(&centro__v1__job_spec__descriptor, BYTES("\x22\x05\x1a\x03\x0a\x01\xff"),
		      "tasks[0].env[0].key: not UTF-8, or holds U+0000");
}
END_TEST

START_TEST(enums_and_times_are_checked)
{
	check_refused(&centro__v1__job__descriptor, BYTES("\x80\x01\x63"),
		      "state: 99 is no value of centro.v1.Job.State");
	check_refused(&centro__v1__job__descriptor,
		      BYTES("\x80\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"),
		      "state: -1 is no value of centro.v1.Job.State");
	check_refused(
		&centro__v1__job__descriptor, BYTES("\x2a\x06\x10\x80\x94\xeb\xdc\x03"),
		"submit_time: not a time between the years 1 and 9999 with 0 to 999999999 nanos");
	check_refused(
		&centro__v1__job_spec__descriptor,
		BYTES("\x22\x0f\x3a\x0d\x08\x01\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"),
		"tasks[0].time_limit: not a duration of at most 10,000 years with nanos of the "
		"same sign, below a second");
}
END_TEST

START_TEST(bad_wire_is_named)
{
	check_refused(&test__leaf__descriptor, BYTES("\x80"),
		      "test.Leaf: a field's tag is cut off");
	check_refused(&test__leaf__descriptor, BYTES("\x10"), "number: cut off");
	check_refused(&test__leaf__descriptor, BYTES("\x0a\x05x"), "text: cut off");
	check_refused(&test__every__descriptor, BYTES("\x7a\x02\x0a\x05"), "a_leaf.text: cut off");
	check_refused(&test__every__descriptor, BYTES("\xfa\x01\x01\x80"),
		      "leaves[0]: test.Leaf: a field's tag is cut off");
	check_refused(&test__leaf__descriptor, BYTES("\x0d\x01\x02\x03\x04"),
		      "text: wire type 5 instead of 2: made from another schema?");
	check_refused(&test__leaf__descriptor, BYTES("\x08\x01"),
		      "text: wire type 0 instead of 2: made from another schema?");
	check_refused(&test__leaf__descriptor, BYTES("\x0b\x0c"),
		      "text: a wire type that is not in use (a group, or not protobuf)");
	check_refused(&test__leaf__descriptor, BYTES("\x9b\x06\x9c\x06"),
		      "test.Leaf: a wire type that is not in use (a group, or not protobuf)");
	check_refused(&test__leaf__descriptor, BYTES("{\"text\": \"JSON\"}"),
		      "test.Leaf: a wire type that is not in use (a group, or not protobuf)");
}
END_TEST

/* `depth` messages, one in the other. */
static struct centro_bytes nested(struct helper *helper, int depth)
{
	ctr_buf_clear(&helper->buf);
	for (int i = 1; i < depth; i++) {
		struct ctr_buf outer;
		ctr_buf_init(&outer, NULL, 0);
		ctr_message_append_field(&outer, 1, ctr_buf_bytes(&helper->buf));
		ctr_buf_fini(&helper->buf);
		helper->buf = outer;
	}
	return ctr_buf_bytes(&helper->buf);
}

START_TEST(nesting_has_a_limit)
{
	struct helper helper;
	helper_init(&helper);
	ck_assert_int_eq(helper_decode(&helper, &test__nest__descriptor,
				       nested(&helper, CTR_MESSAGE_DEPTH_MAX)),
			 CENTRO_OK);
	ck_assert_int_eq(helper_decode(&helper, &test__nest__descriptor,
				       nested(&helper, CTR_MESSAGE_DEPTH_MAX + 1)),
			 CENTRO_ERR_INVALID);
	ck_assert_ptr_nonnull(
		strstr(helper.text.text, "inner.inner: messages are nested too deep"));
	/* What overflows protobuf-c's stack. */
	ck_assert_int_eq(helper_decode(&helper, &test__nest__descriptor, nested(&helper, 20000)),
			 CENTRO_ERR_INVALID);
	helper_fini(&helper);
}
END_TEST

/* Bytes that make a message far larger than they are. */
static int decode_repeated(const char *unit, size_t unit_size, size_t *ret_used)
{
	enum { COUNT = 200000 };
	struct ctr_arena arena;
	ProtobufCMessage *message;
	struct centro_error_text text;
	char *wire = malloc(COUNT * unit_size);
	for (size_t i = 0; i < COUNT; i++)
		memcpy(wire + i * unit_size, unit, unit_size);
	ctr_arena_init(&arena, NULL, ctr_message_arena_bytes(COUNT * unit_size));
	int status =
		ctr_message_decode(&centro__v1__job_spec__descriptor,
				   ctr_bytes(wire, COUNT * unit_size), &arena, &message, &text);
	*ret_used = arena.used_bytes;
	ck_assert_uint_le(arena.used_bytes, 16 * COUNT * unit_size + 64 * 1024);
	ctr_arena_fini(&arena);
	free(wire);
	return status;
}

START_TEST(the_cap_bounds_what_bytes_can_cost)
{
	size_t used;
	/* Empty entries of a map: 56 times their size in protobuf-c. */
	ck_assert_int_eq(decode_repeated("\x32\x00", 2, &used), CENTRO_ERR_LIMIT);
	/* Unknown fields: 24 times. */
	ck_assert_int_eq(decode_repeated("\x78\x01", 2, &used), CENTRO_ERR_LIMIT);
	/* Strings of one byte, which are honest, fit. */
	ck_assert_int_eq(decode_repeated("\x2a\x01x", 3, &used), CENTRO_OK);
	ck_assert_uint_eq(ctr_message_arena_bytes(0), 64 * 1024);
	ck_assert_uint_eq(ctr_message_arena_bytes(SIZE_MAX / 2), SIZE_MAX);
}
END_TEST

START_TEST(every_allocation_may_fail)
{
	/* A leaf with many words, some unknown, in a list; labels out of order. */
	static const struct centro_bytes wire = {
		(const uint8_t *)"\xfa\x01\x10\x1a\x01x\x1a\x01x\x1a\x01x\x1a\x01x\x1a\x01x\x78",
		19};
	struct failing_allocator failing;
	size_t fail_at = 0;
	do {
		struct ctr_arena arena;
		struct centro_error_text text = {""};
		ProtobufCMessage *message = NULL;
		failing_allocator_init(&failing, ++fail_at);
		ctr_arena_init(&arena, &failing.allocator, SIZE_MAX);
		int status =
			ctr_message_decode(&test__every__descriptor, wire, &arena, &message, &text);
		ck_assert_int_eq(status, failing.failed ? CENTRO_ERR_NOMEM : CENTRO_ERR_INVALID);
		ctr_arena_fini(&arena);
		ck_assert_uint_eq(failing.live, 0);
	} while (failing.failed);
	ck_assert_uint_ge(fail_at, 2);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("codec/message_decode");
	TCase *tcase = tcase_create("message_decode");
	tcase_add_test(tcase, nothing_is_a_message_too);
	tcase_add_test(tcase, repeated_numbers_come_packed_or_not);
	tcase_add_test(tcase, the_last_of_a_oneof_wins);
	tcase_add_test(tcase, a_message_in_pieces_is_put_together);
	tcase_add_test(tcase, halves_are_merged_and_fields_can_be_passed_over);
	tcase_add_test(tcase, maps_come_out_in_order);
	tcase_add_test(tcase, unknown_fields_survive);
	tcase_add_test(tcase, text_is_checked);
	tcase_add_test(tcase, enums_and_times_are_checked);
	tcase_add_test(tcase, bad_wire_is_named);
	tcase_add_test(tcase, nesting_has_a_limit);
	tcase_add_test(tcase, the_cap_bounds_what_bytes_can_cost);
	tcase_add_test(tcase, every_allocation_may_fail);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
