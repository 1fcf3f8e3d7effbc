/* SPDX-License-Identifier: MIT */
/* Tests of lib/wire/grpc_meta.c. */
#include "wire/grpc_meta.h"

#include "base/assert.h"
#include "base/bytes.h"
#include "support/failing_allocator.h"
#include "support/suite.h"

START_TEST(headers_are_known_by_their_whole_name)
{
	static const struct {
		const char *name;
		enum ctr_grpc_header header;
	} cases[] = {
		{":path", CTR_GRPC_HEADER_PATH},
		{":method", CTR_GRPC_HEADER_METHOD},
		{":status", CTR_GRPC_HEADER_STATUS},
		{":authority", CTR_GRPC_HEADER_OTHER},
		{"te", CTR_GRPC_HEADER_OTHER},
		{"content-type", CTR_GRPC_HEADER_CONTENT_TYPE},
		{"grpc-timeout", CTR_GRPC_HEADER_TIMEOUT},
		{"grpc-encoding", CTR_GRPC_HEADER_ENCODING},
		{"grpc-status", CTR_GRPC_HEADER_GRPC_STATUS},
		{"grpc-message", CTR_GRPC_HEADER_GRPC_MESSAGE},
		{"grpc-messagf", CTR_GRPC_HEADER_CUSTOM},
		{"grpc-statu", CTR_GRPC_HEADER_CUSTOM},
		{"authorization", CTR_GRPC_HEADER_CUSTOM},
		{"", CTR_GRPC_HEADER_CUSTOM},
	};
	for (size_t i = 0; i < CTR_ARRAY_SIZE(cases); i++)
		ck_assert_msg(ctr_grpc_header_find(ctr_bytes_str(cases[i].name)) == cases[i].header,
			      "%s", cases[i].name);
}
END_TEST

START_TEST(content_types)
{
	static const char *const right[] = {"application/grpc", "application/grpc+proto",
					    "Application/gRPC", "application/grpc;charset=utf-8",
					    "application/grpc+proto; x=1"};
	static const char *const wrong[] = {"",
					    "application/json",
					    "application/grp",
					    "application/grpc-web",
					    "application/grpc+json",
					    "application/grpc+protobuf",
					    " application/grpc",
					    "text/plain; application/grpc"};
	for (size_t i = 0; i < CTR_ARRAY_SIZE(right); i++)
		ck_assert_msg(ctr_grpc_content_type_is_grpc(ctr_bytes_str(right[i])), "%s",
			      right[i]);
	for (size_t i = 0; i < CTR_ARRAY_SIZE(wrong); i++)
		ck_assert_msg(!ctr_grpc_content_type_is_grpc(ctr_bytes_str(wrong[i])), "%s",
			      wrong[i]);
}
END_TEST

static void add(struct ctr_buf *buf, const char *name, const char *value)
{
	ck_assert_int_eq(ctr_grpc_metadata_add(buf, ctr_bytes_str(name), ctr_bytes_str(value)),
			 CENTRO_OK);
}

static void expect(const struct ctr_buf *buf, const char *name, const char *value)
{
	struct centro_bytes found;
	ck_assert(ctr_grpc_metadata_find(ctr_buf_bytes(buf), ctr_bytes_str(name), &found));
	ck_assert(ctr_bytes_equal(found, ctr_bytes_str(value)));
}

START_TEST(the_first_of_a_name_is_found)
{
	struct ctr_buf buf;
	ctr_buf_init(&buf, NULL, 0);
	add(&buf, "a", "1");
	add(&buf, "authorization", "Bearer x");
	add(&buf, "a", "2");
	add(&buf, "empty", "");
	expect(&buf, "a", "1");
	expect(&buf, "authorization", "Bearer x");
	expect(&buf, "empty", "");
	struct centro_bytes found;
	ck_assert(!ctr_grpc_metadata_find(ctr_buf_bytes(&buf), ctr_bytes_str("b"), &found));
	ck_assert(!ctr_grpc_metadata_find(ctr_bytes(NULL, 0), ctr_bytes_str("a"), &found));
	ctr_buf_fini(&buf);
}
END_TEST

START_TEST(binary_values_are_decoded)
{
	struct ctr_buf buf;
	ctr_buf_init(&buf, NULL, 0);
	add(&buf, "x-bin", "aGVsbG8");
	add(&buf, "y-bin", "aGVsbG8=");
	add(&buf, "z-bin", "aGk,aGVsbG8");
	add(&buf, "bin", "aGVsbG8");
	expect(&buf, "x-bin", "hello");
	expect(&buf, "y-bin", "hello");
	expect(&buf, "z-bin", "hi");
	expect(&buf, "bin", "aGVsbG8");
	size_t size = buf.size;
	ck_assert_int_eq(ctr_grpc_metadata_add(&buf, ctr_bytes_str("w-bin"), ctr_bytes_str("***")),
			 CENTRO_ERR_INVALID);
	ck_assert_uint_eq(buf.size, size);
	ck_assert_int_eq(buf.error, CENTRO_OK);
	ctr_buf_fini(&buf);
}
END_TEST

START_TEST(want_of_memory_adds_nothing)
{
	struct failing_allocator failing;
	failing_allocator_init(&failing, /* fail_at= */ 1);
	struct ctr_buf buf;
	ctr_buf_init(&buf, &failing.allocator, 0);
	ck_assert_int_eq(ctr_grpc_metadata_add(&buf, ctr_bytes_str("a"), ctr_bytes_str("1")),
			 CENTRO_ERR_NOMEM);
	ck_assert_uint_eq(buf.size, 0);
	ctr_buf_fini(&buf);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("wire/grpc_meta");
	TCase *tcase = tcase_create("all");
	tcase_add_test(tcase, headers_are_known_by_their_whole_name);
	tcase_add_test(tcase, content_types);
	tcase_add_test(tcase, the_first_of_a_name_is_found);
	tcase_add_test(tcase, binary_values_are_decoded);
	tcase_add_test(tcase, want_of_memory_adds_nothing);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
