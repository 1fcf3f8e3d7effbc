/* SPDX-License-Identifier: MIT */
/* Tests of lib/codec/journal_frame.c. */
#include "codec/journal_frame.h"

#include "base/assert.h"
#include "base/bytes.h"
#include "base/str.h"
#include "support/failing_allocator.h"
#include "support/suite.h"

#define PLACE 17

/* Frames of these texts, behind one another, for a file in which they stand at PLACE. */
static void fill(struct ctr_buf *buf, const char *const *texts, size_t count)
{
	ctr_buf_init(buf, NULL, 0);
	for (size_t i = 0; i < count; i++) {
		uint64_t place = PLACE + buf->size;
		size_t mark = ctr_journal_frame_begin(buf);
		ctr_buf_append_str(buf, texts[i]);
		ctr_journal_frame_end(buf, mark, place);
	}
	ck_assert_int_eq(buf->error, CENTRO_OK);
}

static int take(struct centro_bytes bytes, uint64_t place, struct centro_error_text *text)
{
	struct centro_bytes record;
	text->text[0] = '\0';
	return ctr_journal_frame_take(&bytes, place, &record, text);
}

START_TEST(records_come_out_as_they_went_in)
{
	static const char *const texts[] = {"one", "", "three and more"};
	struct ctr_buf buf;
	struct centro_error_text text;
	fill(&buf, texts, CTR_ARRAY_SIZE(texts));
	struct centro_bytes rest = ctr_buf_bytes(&buf);
	for (size_t i = 0; i < CTR_ARRAY_SIZE(texts); i++) {
		struct centro_bytes record;
		uint64_t place = PLACE + buf.size - rest.size;
		ck_assert_int_eq(ctr_journal_frame_take(&rest, place, &record, &text), CENTRO_OK);
		ck_assert(ctr_bytes_equal(record, ctr_bytes_str(texts[i])));
	}
	ck_assert_uint_eq(rest.size, 0);
	ck_assert_int_eq(take(rest, PLACE + buf.size, &text), CENTRO_ERR_UNAVAILABLE);
	ctr_buf_fini(&buf);
}
END_TEST

START_TEST(what_is_cut_off_is_not_all_there)
{
	static const char *const texts[] = {"a record"};
	struct ctr_buf buf;
	struct centro_error_text text;
	fill(&buf, texts, 1);
	for (size_t size = 0; size < buf.size; size++)
		ck_assert_int_eq(take(ctr_bytes(buf.data, size), PLACE, &text),
				 CENTRO_ERR_UNAVAILABLE);
	ctr_buf_fini(&buf);
}
END_TEST

START_TEST(every_flipped_bit_is_found)
{
	static const char *const texts[] = {"a record"};
	struct ctr_buf buf;
	struct centro_error_text text;
	fill(&buf, texts, 1);
	for (size_t bit = 0; bit < 8 * buf.size; bit++) {
		buf.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
		ck_assert_int_eq(take(ctr_buf_bytes(&buf), PLACE, &text), CENTRO_ERR_CORRUPT);
		ck_assert_str_eq(text.text, bit < 64 ? "no record begins there: its head is damaged"
						     : "the record is damaged");
		buf.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	ctr_buf_fini(&buf);
}
END_TEST

START_TEST(a_frame_belongs_to_its_place)
{
	static const char *const texts[] = {"a record"};
	struct ctr_buf buf;
	struct centro_error_text text;
	fill(&buf, texts, 1);
	ck_assert_int_eq(take(ctr_buf_bytes(&buf), PLACE, &text), CENTRO_OK);
	ck_assert_int_eq(take(ctr_buf_bytes(&buf), PLACE + 1, &text), CENTRO_ERR_CORRUPT);
	ctr_buf_fini(&buf);
}
END_TEST

/* Also where a check says that the size is what was meant. */
START_TEST(a_giant_size_is_refused)
{
	uint8_t head[CTR_JOURNAL_FRAME_HEAD_SIZE] = {0xff, 0xff, 0xff, 0x7f};
	struct centro_error_text text;
	uint32_t check = (uint32_t)ctr_hash_bytes(ctr_bytes(head, 4), PLACE);
	for (int i = 0; i < 4; i++)
		head[4 + i] = (uint8_t)(check >> (8 * i));
	ck_assert_int_eq(take(ctr_bytes(head, sizeof(head)), PLACE, &text), CENTRO_ERR_CORRUPT);
	ck_assert_str_eq(text.text, "a record of 2147483647 bytes; the most is 16777216");
}
END_TEST

START_TEST(a_record_has_a_largest_size)
{
	struct ctr_buf buf;
	ctr_buf_init(&buf, NULL, 0);
	size_t mark = ctr_journal_frame_begin(&buf);
	ck_assert_ptr_nonnull(ctr_buf_extend(&buf, CTR_JOURNAL_RECORD_SIZE_MAX));
	ctr_journal_frame_end(&buf, mark, PLACE);
	ck_assert_int_eq(buf.error, CENTRO_OK);
	ctr_buf_append_char(&buf, 'x');
	ctr_journal_frame_end(&buf, mark, PLACE);
	ck_assert_int_eq(buf.error, CENTRO_ERR_LIMIT);
	ctr_buf_fini(&buf);
}
END_TEST

START_TEST(no_memory_sticks_in_the_buffer)
{
	struct failing_allocator failing;
	struct ctr_buf buf;
	failing_allocator_init(&failing, 1);
	ctr_buf_init(&buf, &failing.allocator, 0);
	ctr_journal_frame_end(&buf, ctr_journal_frame_begin(&buf), PLACE);
	ck_assert_int_eq(buf.error, CENTRO_ERR_NOMEM);
	ctr_buf_fini(&buf);
}
END_TEST

static enum ctr_journal_magic check(const char *text)
{
	return ctr_journal_check_magic(ctr_bytes_str(text));
}

START_TEST(the_first_line_says_what_it_is)
{
	ck_assert_int_eq(check("centro-journal 1\n"), CTR_JOURNAL_MAGIC_OK);
	ck_assert_int_eq(check("centro-journal 1\nmore"), CTR_JOURNAL_MAGIC_OK);
	ck_assert_int_eq(check(""), CTR_JOURNAL_MAGIC_SHORT);
	ck_assert_int_eq(check("centro-journal"), CTR_JOURNAL_MAGIC_SHORT);
	ck_assert_int_eq(check("centro-journal 2\n"), CTR_JOURNAL_MAGIC_OTHER);
	ck_assert_int_eq(check("\x7f"
			       "ELF"),
			 CTR_JOURNAL_MAGIC_OTHER);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("journal_frame");
	TCase *tcase = tcase_create("journal_frame");

	tcase_add_test(tcase, records_come_out_as_they_went_in);
	tcase_add_test(tcase, what_is_cut_off_is_not_all_there);
	tcase_add_test(tcase, every_flipped_bit_is_found);
	tcase_add_test(tcase, a_frame_belongs_to_its_place);
	tcase_add_test(tcase, a_giant_size_is_refused);
	tcase_add_test(tcase, a_record_has_a_largest_size);
	tcase_add_test(tcase, no_memory_sticks_in_the_buffer);
	tcase_add_test(tcase, the_first_line_says_what_it_is);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
