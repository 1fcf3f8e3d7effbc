/* SPDX-License-Identifier: MIT */
/* Tests of lib/wire/grpc_frame.c. */
#include "wire/grpc_frame.h"

#include "base/bytes.h"
#include "base/prng.h"
#include "support/failing_allocator.h"
#include "support/suite.h"

#define MESSAGE_MAX ((size_t)100000)

static void add_message(struct ctr_buf *buf, size_t size, uint8_t fill)
{
	uint8_t prefix[CTR_GRPC_PREFIX_BYTES];
	ctr_grpc_prefix_write(prefix, (uint32_t)size);
	ctr_buf_append(buf, prefix, sizeof(prefix));
	uint8_t *body = ctr_buf_extend(buf, size);
	ck_assert_ptr_nonnull(body);
	memset(body, fill, size);
}

START_TEST(any_pieces_give_the_same_messages)
{
	struct ctr_buf bytes;
	struct ctr_prng prng;
	ctr_buf_init(&bytes, NULL, 0);
	ctr_prng_init(&prng, 11);
	size_t sizes[200];
	for (size_t i = 0; i < 200; i++) {
		sizes[i] = ctr_prng_below(&prng, i % 10 == 0 ? MESSAGE_MAX : 50);
		add_message(&bytes, sizes[i], (uint8_t)i);
	}

	for (size_t round = 0; round < 20; round++) {
		struct ctr_grpc_parser parser;
		ctr_grpc_parser_init(&parser, NULL, MESSAGE_MAX);
		size_t found = 0;
		for (size_t at = 0; at < bytes.size;) {
			size_t size = 1 + ctr_prng_below(&prng, round * 200 + 3);
			if (size > bytes.size - at)
				size = bytes.size - at;
			struct centro_bytes piece = ctr_bytes(bytes.data + at, size), message;
			while (ctr_grpc_parser_next(&parser, &piece, &message) ==
			       CTR_GRPC_PARSE_MESSAGE) {
				ck_assert_uint_eq(message.size, sizes[found]);
				if (message.size > 0) {
					ck_assert_uint_eq(message.data[0], (uint8_t)found);
					ck_assert_uint_eq(message.data[message.size - 1],
							  (uint8_t)found);
				}
				found++;
			}
			ck_assert_uint_eq(piece.size, 0);
			at += size;
		}
		ck_assert_uint_eq(found, 200);
		ck_assert(ctr_grpc_parser_is_empty(&parser));
		ctr_grpc_parser_fini(&parser);
	}
	ctr_buf_fini(&bytes);
}
END_TEST

START_TEST(a_message_in_one_piece_is_not_copied)
{
	struct failing_allocator failing;
	failing_allocator_init(&failing, /* fail_at= */ 1);
	struct ctr_grpc_parser parser;
	ctr_grpc_parser_init(&parser, &failing.allocator, MESSAGE_MAX);
	const uint8_t bytes[] = {0, 0, 0, 0, 2, 'h', 'i', 0, 0, 0, 0, 0};
	struct centro_bytes input = ctr_bytes(bytes, sizeof(bytes)), message;
	ck_assert_int_eq(ctr_grpc_parser_next(&parser, &input, &message), CTR_GRPC_PARSE_MESSAGE);
	ck_assert_ptr_eq(message.data, bytes + 5);
	ck_assert_uint_eq(message.size, 2);
	ck_assert_int_eq(ctr_grpc_parser_next(&parser, &input, &message), CTR_GRPC_PARSE_MESSAGE);
	ck_assert_uint_eq(message.size, 0);
	ck_assert_int_eq(ctr_grpc_parser_next(&parser, &input, &message), CTR_GRPC_PARSE_MORE);
	ck_assert_uint_eq(failing.calls, 0);
	ctr_grpc_parser_fini(&parser);
}
END_TEST

static enum ctr_grpc_parse parse(const uint8_t prefix[5], size_t *ret_message_bytes)
{
	struct ctr_grpc_parser parser;
	ctr_grpc_parser_init(&parser, NULL, /* message_bytes_max= */ 1000);
	struct centro_bytes input = ctr_bytes(prefix, 5), message;
	enum ctr_grpc_parse result = ctr_grpc_parser_next(&parser, &input, &message);
	*ret_message_bytes = parser.message_bytes;
	ctr_grpc_parser_fini(&parser);
	return result;
}

START_TEST(prefixes_that_are_refused)
{
	size_t bytes;
	ck_assert_int_eq(parse((uint8_t[]){0, 0, 0, 3, 232}, &bytes), CTR_GRPC_PARSE_MORE);
	ck_assert_int_eq(parse((uint8_t[]){0, 0, 0, 3, 233}, &bytes), CTR_GRPC_PARSE_TOO_LARGE);
	ck_assert_uint_eq(bytes, 1001);
	ck_assert_int_eq(parse((uint8_t[]){0, 255, 255, 255, 255}, &bytes),
			 CTR_GRPC_PARSE_TOO_LARGE);
	ck_assert_uint_eq(bytes, UINT32_MAX);
	ck_assert_int_eq(parse((uint8_t[]){1, 0, 0, 0, 5}, &bytes), CTR_GRPC_PARSE_COMPRESSED);
	ck_assert_int_eq(parse((uint8_t[]){2, 0, 0, 0, 5}, &bytes), CTR_GRPC_PARSE_BAD_FLAG);
}
END_TEST

START_TEST(a_promised_length_costs_nothing)
{
	struct ctr_grpc_parser parser;
	ctr_grpc_parser_init(&parser, NULL, 4 * 1024 * 1024);
	const uint8_t bytes[] = {0, 0, 63, 255, 255, 'x'};
	struct centro_bytes input = ctr_bytes(bytes, sizeof(bytes)), message;
	ck_assert_int_eq(ctr_grpc_parser_next(&parser, &input, &message), CTR_GRPC_PARSE_MORE);
	ck_assert_uint_eq(ctr_grpc_parser_held_bytes(&parser), 1);
	ck_assert_uint_le(parser.partial.capacity, 1024);
	ck_assert(!ctr_grpc_parser_is_empty(&parser));
	ctr_grpc_parser_reset(&parser, 0);
	ck_assert_uint_eq(parser.partial.capacity, 0);
	ck_assert(ctr_grpc_parser_is_empty(&parser));
	ctr_grpc_parser_fini(&parser);
}
END_TEST

START_TEST(want_of_memory_is_said)
{
	struct failing_allocator failing;
	failing_allocator_init(&failing, /* fail_at= */ 1);
	struct ctr_grpc_parser parser;
	ctr_grpc_parser_init(&parser, &failing.allocator, MESSAGE_MAX);
	const uint8_t bytes[] = {0, 0, 0, 0, 9, 'x'};
	struct centro_bytes input = ctr_bytes(bytes, sizeof(bytes)), message;
	ck_assert_int_eq(ctr_grpc_parser_next(&parser, &input, &message), CTR_GRPC_PARSE_NOMEM);
	ctr_grpc_parser_reset(&parser, 0);
	ck_assert(ctr_grpc_parser_is_empty(&parser));
	ctr_grpc_parser_fini(&parser);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("wire/grpc_frame");
	TCase *tcase = tcase_create("all");
	tcase_add_test(tcase, any_pieces_give_the_same_messages);
	tcase_add_test(tcase, a_message_in_one_piece_is_not_copied);
	tcase_add_test(tcase, prefixes_that_are_refused);
	tcase_add_test(tcase, a_promised_length_costs_nothing);
	tcase_add_test(tcase, want_of_memory_is_said);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
