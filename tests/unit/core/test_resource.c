/* SPDX-License-Identifier: MIT */
/* Tests of lib/core/resource.c. */
#include "core/resource.h"

#include <signal.h>
#include <stdio.h>

#include "base/bytes.h"
#include "support/failing_allocator.h"
#include "support/suite.h"

static const struct ctr_resource_spec plain = {.cpu_milli = 1500, .memory_mib = 128, .disk_mib = 7};

START_TEST(three_dimensions_are_always_there)
{
	struct ctr_dimension_table table;
	struct ctr_resources resources;
	ctr_dimensions_init(&table, NULL);

	ck_assert_uint_eq(table.dimensions.count, 3);
	ck_assert_int_eq(ctr_resources_acquire(&table, &plain, &resources, NULL), CENTRO_OK);
	ck_assert_int_eq(resources.amount[CTR_DIM_CPU], 1500);
	ck_assert_int_eq(resources.amount[CTR_DIM_MEMORY], 128);
	ck_assert_int_eq(resources.amount[CTR_DIM_DISK], 7);
	ctr_resources_release(&table, &resources);
	ctr_dimensions_fini(&table);
}
END_TEST

START_TEST(a_name_lives_as_long_as_somebody_has_some)
{
	struct ctr_dimension_table table;
	struct ctr_resources a, b, c;
	const struct ctr_named_amount named[] = {{ctr_bytes_str("gpu"), 2},
						 {ctr_bytes_str("none"), 0}};
	const struct ctr_named_amount other[] = {{ctr_bytes_str("licence"), 1}};
	const struct ctr_resource_spec gpu = {.named = named, .named_count = 2};
	const struct ctr_resource_spec licence = {.named = other, .named_count = 1};
	ctr_dimensions_init(&table, NULL);

	ck_assert_int_eq(ctr_resources_acquire(&table, &gpu, &a, NULL), CENTRO_OK);
	ck_assert_uint_eq(table.dimensions.count, 4);
	ck_assert_int_eq(a.amount[CTR_DIM_NAMED], 2);
	ck_assert_int_eq(ctr_resources_acquire(&table, &gpu, &a, NULL), CENTRO_OK);
	ck_assert_int_eq(ctr_resources_acquire(&table, &licence, &b, NULL), CENTRO_OK);
	ck_assert_int_eq(b.amount[CTR_DIM_NAMED + 1], 1);
	ctr_resources_release(&table, &a);
	ck_assert_uint_eq(table.dimensions.name[CTR_DIM_NAMED].size, 3);
	ctr_resources_release(&table, &a);
	ck_assert_uint_eq(table.dimensions.name[CTR_DIM_NAMED].size, 0);

	/* Its place is free for another. */
	ck_assert_int_eq(ctr_resources_acquire(&table, &licence, &c, NULL), CENTRO_OK);
	ck_assert_int_eq(c.amount[CTR_DIM_NAMED + 1], 1);
	ck_assert_int_eq(ctr_resources_acquire(&table, &gpu, &a, NULL), CENTRO_OK);
	ck_assert_int_eq(a.amount[CTR_DIM_NAMED], 2);
	ctr_dimensions_fini(&table);
}
END_TEST

START_TEST(there_are_only_so_many_names)
{
	struct ctr_dimension_table table;
	struct ctr_resources resources;
	struct ctr_named_amount named[CTR_DIMENSIONS_MAX - CTR_DIM_NAMED + 1];
	char names[CTR_ARRAY_SIZE(named)][8];
	struct ctr_resource_spec spec = {.named = named, .named_count = CTR_ARRAY_SIZE(named)};
	struct centro_error_text text = {""};
	ctr_dimensions_init(&table, NULL);

	for (size_t i = 0; i < CTR_ARRAY_SIZE(named); i++) {
		snprintf(names[i], sizeof(names[i]), "r%zu", i);
		named[i] = (struct ctr_named_amount){ctr_bytes_str(names[i]), 1};
	}
	ck_assert_int_eq(ctr_resources_acquire(&table, &spec, &resources, &text), CENTRO_ERR_LIMIT);
	ck_assert_ptr_nonnull(strstr(text.text, "\"r13\": the cluster tells at most 13"));
	/* What had been acquired was given back. */
	for (size_t i = 0; i < CTR_DIMENSIONS_MAX; i++)
		ck_assert_uint_eq(table.references[i], 0);
	spec.named_count--;
	ck_assert_int_eq(ctr_resources_acquire(&table, &spec, &resources, &text), CENTRO_OK);
	ctr_dimensions_fini(&table);
}
END_TEST

START_TEST(without_memory_nothing_is_held)
{
	const struct ctr_named_amount named[] = {{ctr_bytes_str("gpu"), 2},
						 {ctr_bytes_str("licence"), 1}};
	const struct ctr_resource_spec spec = {.named = named, .named_count = 2};
	struct failing_allocator failing;

	for (size_t fail_at = 1; fail_at <= 3; fail_at++) {
		struct ctr_dimension_table table;
		struct ctr_resources resources;
		failing_allocator_init(&failing, fail_at);
		ctr_dimensions_init(&table, &failing.allocator);
		ck_assert_int_eq(ctr_resources_acquire(&table, &spec, &resources, NULL),
				 fail_at <= 2 ? CENTRO_ERR_NOMEM : CENTRO_OK);
		ctr_dimensions_fini(&table);
		ck_assert_uint_eq(failing.live, 0);
	}
}
END_TEST

START_TEST(fitting_looks_only_at_what_is_needed)
{
	const struct ctr_resources need = {.amount = {1000, 0, 5}};
	struct ctr_resources room = {.amount = {1000, -3, 5, 9}};

	ck_assert(ctr_resources_fit(&need, &room));
	room.amount[2] = 4;
	ck_assert(!ctr_resources_fit(&need, &room));
	ck_assert(ctr_resources_are_zero(&(struct ctr_resources){0}));
	ck_assert(!ctr_resources_are_zero(&need));
}
END_TEST

START_TEST(sums_come_and_go)
{
	const struct ctr_resources more = {.amount = {1, 2, 3, 4}};
	struct ctr_resources sum = {.amount = {10}};

	ctr_resources_add(&sum, &more);
	ck_assert(ctr_resources_equal(&sum, &(struct ctr_resources){.amount = {11, 2, 3, 4}}));
	ctr_resources_subtract(&sum, &more);
	ck_assert(ctr_resources_equal(&sum, &(struct ctr_resources){.amount = {10}}));
}
END_TEST

START_TEST(less_than_nothing_is_a_defect)
{
	const struct ctr_resources less = {.amount = {0, 1}};
	struct ctr_resources sum = {.amount = {10}};
	ctr_resources_subtract(&sum, &less);
}
END_TEST

static void assert_shown(const struct ctr_dimensions *dimensions, size_t dimension, int64_t amount,
			 const char *expected)
{
	struct centro_error_text text;
	ck_assert_str_eq(ctr_amount_show(dimensions, dimension, amount, &text), expected);
}

START_TEST(amounts_in_words)
{
	struct ctr_dimension_table table;
	ctr_dimensions_init(&table, NULL);

	assert_shown(&table.dimensions, CTR_DIM_CPU, 0, "0 cores");
	assert_shown(&table.dimensions, CTR_DIM_CPU, 1000, "1 core");
	assert_shown(&table.dimensions, CTR_DIM_CPU, 64000, "64 cores");
	assert_shown(&table.dimensions, CTR_DIM_CPU, 1500, "1.5 cores");
	assert_shown(&table.dimensions, CTR_DIM_CPU, 1005, "1.005 cores");
	assert_shown(&table.dimensions, CTR_DIM_CPU, 250, "0.25 cores");
	assert_shown(&table.dimensions, CTR_DIM_MEMORY, 512, "512 MiB of memory");
	assert_shown(&table.dimensions, CTR_DIM_DISK, 1, "1 MiB of disk");
	table.dimensions.name[3] = ctr_bytes_str("gpu");
	table.dimensions.count = 4;
	assert_shown(&table.dimensions, 3, 2, "2 gpu");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("resource");
	TCase *tcase = tcase_create("resource");

	tcase_add_test(tcase, three_dimensions_are_always_there);
	tcase_add_test(tcase, a_name_lives_as_long_as_somebody_has_some);
	tcase_add_test(tcase, there_are_only_so_many_names);
	tcase_add_test(tcase, without_memory_nothing_is_held);
	tcase_add_test(tcase, fitting_looks_only_at_what_is_needed);
	tcase_add_test(tcase, sums_come_and_go);
	tcase_add_test_raise_signal(tcase, less_than_nothing_is_a_defect, SIGABRT);
	tcase_add_test(tcase, amounts_in_words);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
