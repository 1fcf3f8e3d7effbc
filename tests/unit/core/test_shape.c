/* SPDX-License-Identifier: MIT */
/* Tests of lib/core/shape.c. */
#include "core/shape.h"

#include <signal.h>

#include "base/bytes.h"
#include "support/failing_allocator.h"
#include "support/suite.h"

struct tables {
	struct ctr_dimension_table dimensions;
	struct ctr_zone_table zones;
	struct ctr_shape_table shapes;
};

static void tables_init(struct tables *tables, const struct centro_allocator *allocator)
{
	ctr_dimensions_init(&tables->dimensions, allocator);
	ctr_zones_init(&tables->zones, allocator, 1);
	ctr_shapes_init(&tables->shapes, allocator, &tables->dimensions, &tables->zones, 1);
}

static void tables_fini(struct tables *tables)
{
	ctr_shapes_fini(&tables->shapes);
	ctr_zones_fini(&tables->zones);
	ctr_dimensions_fini(&tables->dimensions);
}

static const struct centro_bytes eu_us[] = {{(const uint8_t *)"eu", 2}, {(const uint8_t *)"us", 2}};
static const struct centro_bytes us_eu_us[] = {
	{(const uint8_t *)"us", 2}, {(const uint8_t *)"eu", 2}, {(const uint8_t *)"us", 2}};

static struct ctr_shape *acquire_gang(struct tables *tables, uint32_t cpu_milli, uint32_t gpu,
				      const struct centro_bytes *datacenters, size_t count,
				      uint32_t gang)
{
	const struct ctr_named_amount named = {ctr_bytes_str("gpu"), gpu};
	const struct ctr_resource_spec spec = {
		.cpu_milli = cpu_milli,
		.named = &named,
		.named_count = 1,
	};
	struct ctr_shape *shape;
	ck_assert_int_eq(
		ctr_shape_acquire(&tables->shapes, &spec, datacenters, count, gang, &shape, NULL),
		CENTRO_OK);
	return shape;
}

static struct ctr_shape *acquire(struct tables *tables, uint32_t cpu_milli, uint32_t gpu,
				 const struct centro_bytes *datacenters, size_t count)
{
	return acquire_gang(tables, cpu_milli, gpu, datacenters, count, /* gang= */ 0);
}

START_TEST(what_asks_for_the_same_is_one_shape)
{
	struct tables tables;
	tables_init(&tables, NULL);

	struct ctr_shape *shape = acquire(&tables, 1000, 2, eu_us, 2);
	ck_assert_ptr_eq(acquire(&tables, 1000, 2, us_eu_us, 3), shape);
	ck_assert_uint_eq(shape->references, 2);
	ck_assert_uint_eq(shape->zone_count, 2);
	ck_assert_uint_eq(shape->want_count, 2);
	ck_assert_uint_eq(shape->wants[0].amount, 1000);
	ck_assert_uint_eq(shape->wants[1].dimension, CTR_DIM_NAMED);
	ck_assert_uint_eq(shape->wants[1].amount, 2);
	ck_assert_ptr_eq(ctr_shape_get(&tables.shapes, shape->number), shape);
	/* Two zones and one dimension, each held once. */
	ck_assert_uint_eq(shape->zones[0]->references, 1);
	ck_assert_uint_eq(tables.dimensions.references[CTR_DIM_NAMED], 1);
	tables_fini(&tables);
}
END_TEST

START_TEST(what_differs_is_another)
{
	struct tables tables;
	tables_init(&tables, NULL);
	struct ctr_shape *shapes[] = {
		acquire(&tables, 1000, 0, NULL, 0),
		acquire(&tables, 2000, 0, NULL, 0),
		acquire(&tables, 1000, 1, NULL, 0),
		acquire(&tables, 1000, 0, eu_us, 1),
		acquire(&tables, 1000, 0, eu_us, 2),
		acquire_gang(&tables, 1000, 0, NULL, 0, 2),
		acquire_gang(&tables, 1000, 0, NULL, 0, 3),
	};
	struct ctr_shape *again = acquire_gang(&tables, 1000, 0, NULL, 0, 3);

	ck_assert_ptr_eq(again, shapes[6]);
	ck_assert_uint_eq(again->gang, 3);

	for (size_t i = 0; i < CTR_ARRAY_SIZE(shapes); i++) {
		for (size_t j = 0; j < i; j++) {
			ck_assert_ptr_ne(shapes[i], shapes[j]);
			ck_assert_uint_ne(shapes[i]->number, shapes[j]->number);
		}
	}
	tables_fini(&tables);
}
END_TEST

START_TEST(numbers_are_used_again)
{
	struct tables tables;
	tables_init(&tables, NULL);

	struct ctr_shape *first = acquire(&tables, 1000, 1, eu_us, 2);
	acquire(&tables, 2000, 0, NULL, 0);
	uint32_t number = first->number;
	ctr_shape_release(&tables.shapes, first);
	ck_assert_uint_eq(tables.zones.by_name.count, 0);
	ck_assert_uint_eq(tables.dimensions.references[CTR_DIM_NAMED], 0);
	ck_assert_uint_eq(acquire(&tables, 3000, 0, NULL, 0)->number, number);
	tables_fini(&tables);
}
END_TEST

START_TEST(many_shapes)
{
	struct tables tables;
	struct ctr_shape *shapes[1000];
	tables_init(&tables, NULL);

	for (uint32_t i = 0; i < 1000; i++)
		shapes[i] = acquire(&tables, 1 + i, 0, NULL, 0);
	for (uint32_t i = 0; i < 1000; i++) {
		ck_assert_ptr_eq(acquire(&tables, 1 + i, 0, NULL, 0), shapes[i]);
		ctr_shape_release(&tables.shapes, shapes[i]);
		ctr_shape_release(&tables.shapes, shapes[i]);
	}
	ck_assert_uint_eq(tables.shapes.by_key.count, 0);
	ck_assert_uint_eq(tables.shapes.unused_count, tables.shapes.count);
	tables_fini(&tables);
}
END_TEST

START_TEST(without_memory_nothing_is_held)
{
	struct failing_allocator failing;
	const struct ctr_named_amount named = {ctr_bytes_str("gpu"), 1};
	const struct ctr_resource_spec spec = {.cpu_milli = 1, .named = &named, .named_count = 1};
	size_t fail_at = 0;

	do {
		struct tables tables;
		struct ctr_shape *shape;
		failing_allocator_init(&failing, ++fail_at);
		tables_init(&tables, &failing.allocator);
		int error = ctr_shape_acquire(&tables.shapes, &spec, us_eu_us, 3, /* gang= */ 0,
					      &shape, NULL);
		ck_assert_int_eq(error, failing.failed ? CENTRO_ERR_NOMEM : CENTRO_OK);
		if (error == CENTRO_OK)
			ctr_shape_release(&tables.shapes, shape);
		ck_assert_uint_eq(tables.zones.by_name.count, 0);
		ck_assert_uint_eq(tables.dimensions.references[CTR_DIM_NAMED], 0);
		ck_assert_uint_eq(tables.shapes.by_key.count, 0);
		tables_fini(&tables);
		ck_assert_uint_eq(failing.live, 0);
	} while (failing.failed);
	ck_assert_uint_gt(fail_at, 8);
}
END_TEST

START_TEST(a_number_of_none_is_a_defect)
{
	struct tables tables;
	tables_init(&tables, NULL);
	ctr_shape_get(&tables.shapes, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("shape");
	TCase *tcase = tcase_create("shape");

	tcase_add_test(tcase, what_asks_for_the_same_is_one_shape);
	tcase_add_test(tcase, what_differs_is_another);
	tcase_add_test(tcase, numbers_are_used_again);
	tcase_add_test(tcase, many_shapes);
	tcase_add_test(tcase, without_memory_nothing_is_held);
	tcase_add_test_raise_signal(tcase, a_number_of_none_is_a_defect, SIGABRT);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
