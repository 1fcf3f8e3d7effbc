/* SPDX-License-Identifier: MIT */
/* Bytes into lines and fields: pieces of any size, limits, and lines that are skipped. */
#include "workload_fixture.h"

#include "support/suite.h"

#include "base/bytes.h"
#include "sim/whatif/input.h"

static const char trace[] = "; MaxProcs: 8\r\n" SWF_JOB(1, 5, 10, 2) "\n   \n" SWF_JOB(
	2, 5, 7, 1) "3 6 -1 1 1 -1 -1 -1 -1 -1 1 -1 -1 -1 -1 -1 -1 -1";

START_TEST(pieces_of_any_size_give_the_same)
{
	for (size_t piece = 0; piece <= sizeof(trace); piece++) {
		struct centro_workload *workload = fixture_new(false);
		ck_assert_int_eq(fixture_read(workload, CENTRO_WORKLOAD_SWF, trace, piece, NULL),
				 CENTRO_OK);
		ck_assert_uint_eq(fixture_info(workload).jobs, 3);
		ck_assert_uint_eq(fixture_info(workload).processors, 8);
		ck_assert_uint_eq(workload->jobs[1].run_ns, UINT64_C(7000000000));
		ck_assert_uint_eq(workload->jobs[2].number, 3);
		centro_workload_free(workload);
	}
}
END_TEST

START_TEST(a_line_has_a_largest_size)
{
	char line[CENTRO_WORKLOAD_LINE_SIZE_MAX + 2];
	const char *said = "trace:1: it has more than 4096 bytes; is this a file of lines?";
	memset(line, ' ', sizeof(line));
	line[0] = ';';
	line[CENTRO_WORKLOAD_LINE_SIZE_MAX] = '\0';
	struct centro_workload *workload = fixture_swf(line);
	centro_workload_free(workload);

	line[CENTRO_WORKLOAD_LINE_SIZE_MAX] = ' ';
	line[CENTRO_WORKLOAD_LINE_SIZE_MAX + 1] = '\0';
	fixture_refused(CENTRO_WORKLOAD_SWF, line, said);
	for (size_t piece = 1; piece < 5000; piece += 700) {
		/* Not skipped either: where the next line begins is not known. */
		struct centro_error_text text;
		workload = fixture_new(/* skip_malformed= */ true);
		ck_assert_int_eq(fixture_read(workload, CENTRO_WORKLOAD_SWF, line, piece, &text),
				 CENTRO_ERR_LIMIT);
		ck_assert_str_eq(text.text, said);
		centro_workload_free(workload);
	}
}
END_TEST

START_TEST(malformed_lines_are_counted_when_asked)
{
	struct centro_workload *workload = fixture_new(/* skip_malformed= */ true);
	const char *bytes =
		SWF_JOB(1, 5, 10, 2) "nonsense\n" SWF_JOB(2, x, 1, 1) SWF_JOB(3, 6, 1, 1);
	ck_assert_int_eq(fixture_read(workload, CENTRO_WORKLOAD_SWF, bytes, 3, NULL), CENTRO_OK);
	ck_assert_uint_eq(fixture_info(workload).jobs, 2);
	ck_assert_uint_eq(fixture_info(workload).malformed, 2);
	ck_assert_str_eq(fixture_info(workload).malformed_first,
			 "trace:2: it has 1 columns; a line of SWF has 18, or 17 without the last");
	centro_workload_free(workload);
}
END_TEST

START_TEST(fields_are_exact)
{
	static const struct {
		const char *field;
		int status;
		uint64_t ns;
	} rows[] = {
		{"0", CENTRO_OK, 0},
		{"12", CENTRO_OK, UINT64_C(12000000000)},
		{"0012", CENTRO_OK, UINT64_C(12000000000)},
		{"1.5", CENTRO_OK, 1500000000},
		{"0.0000000019", CENTRO_OK, 1},
		{"4611686018", CENTRO_OK, UINT64_C(4611686018000000000)},
		{"4611686019", CENTRO_ERR_INVALID, 0},
		{"18446744073709551616", CENTRO_ERR_INVALID, 0},
		{"1.", CENTRO_ERR_INVALID, 0},
		{".5", CENTRO_ERR_INVALID, 0},
		{"1.x", CENTRO_ERR_INVALID, 0},
		{"-2", CENTRO_ERR_INVALID, 0},
		{"1e3", CENTRO_ERR_INVALID, 0},
		{"", CENTRO_ERR_INVALID, 0},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		bool known;
		uint64_t ns;
		int status =
			ctr_field_seconds(ctr_bytes_str(rows[i].field), "it", &known, &ns, NULL);
		ck_assert_msg(status == rows[i].status, "%s", rows[i].field);
		if (status == CENTRO_OK)
			ck_assert_uint_eq(ns, rows[i].ns);
	}
}
END_TEST

START_TEST(lines_are_split)
{
	struct ctr_line line;
	ctr_line_split(ctr_bytes_str("  a \t bc  "), ' ', &line);
	ck_assert_uint_eq(line.count, 2);
	ck_assert(ctr_bytes_equal(line.fields[1], ctr_bytes_str("bc")));
	ctr_line_split(ctr_bytes_str("a,,b,"), ',', &line);
	ck_assert_uint_eq(line.count, 4);
	ck_assert_uint_eq(line.fields[1].size, 0);
	ck_assert_uint_eq(line.fields[3].size, 0);
	/* Fields beyond the array are counted and not kept. */
	char many[2 * (CTR_INPUT_FIELDS_MAX + 5) + 1];
	for (size_t i = 0; i < sizeof(many) - 1; i++)
		many[i] = i % 2 ? ' ' : '1';
	many[sizeof(many) - 1] = '\0';
	ctr_line_split(ctr_bytes_str(many), ' ', &line);
	ck_assert_uint_eq(line.count, CTR_INPUT_FIELDS_MAX + 5);
}
END_TEST

START_TEST(calls_out_of_order_are_refused)
{
	struct centro_workload *workload = fixture_new(false);
	struct centro_sim *sim;
	ck_assert_int_eq(centro_workload_feed(workload, ctr_bytes_str("x"), NULL),
			 CENTRO_ERR_STATE);
	ck_assert_int_eq(centro_workload_end(workload, NULL), CENTRO_ERR_STATE);
	ck_assert_int_eq(centro_workload_begin(workload, 9, "x", NULL), CENTRO_ERR_INVALID);
	ck_assert_int_eq(centro_workload_begin(workload, CENTRO_WORKLOAD_SWF, "x", NULL),
			 CENTRO_OK);
	ck_assert_int_eq(centro_workload_begin(workload, CENTRO_WORKLOAD_SWF, "x", NULL),
			 CENTRO_ERR_STATE);
	ck_assert_int_eq(centro_sim_run(workload, NULL, &sim, NULL), CENTRO_ERR_INVALID);
	ck_assert_int_eq(centro_workload_add_mix(workload, "", 0, NULL), CENTRO_ERR_STATE);
	ck_assert_int_eq(centro_workload_end(workload, NULL), CENTRO_OK);
	/* Its jobs are there, even if there is none. */
	ck_assert_int_eq(centro_workload_begin(workload, CENTRO_WORKLOAD_SWF, "x", NULL),
			 CENTRO_ERR_STATE);
	ck_assert_int_eq(centro_workload_add_mix(workload, "", 0, NULL), CENTRO_ERR_STATE);
	centro_workload_free(workload);
	centro_workload_free(NULL);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("sim/input");
	TCase *tcase = tcase_create("input");
	tcase_add_test(tcase, pieces_of_any_size_give_the_same);
	tcase_add_test(tcase, a_line_has_a_largest_size);
	tcase_add_test(tcase, malformed_lines_are_counted_when_asked);
	tcase_add_test(tcase, fields_are_exact);
	tcase_add_test(tcase, lines_are_split);
	tcase_add_test(tcase, calls_out_of_order_are_refused);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
