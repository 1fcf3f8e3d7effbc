/* SPDX-License-Identifier: MIT */
/* Tests of lib/core/zone.c. */
#include "core/zone.h"

#include "base/bytes.h"
#include "support/failing_allocator.h"
#include "support/suite.h"

#define NODES 200

START_TEST(a_zone_lives_as_long_as_somebody_refers_to_it)
{
	struct ctr_zone_table table;
	struct ctr_zone *eu, *again, *us;
	ctr_zones_init(&table, NULL, 1);

	ck_assert_int_eq(ctr_zone_acquire(&table, ctr_bytes_str("eu"), &eu), CENTRO_OK);
	ck_assert_int_eq(ctr_zone_acquire(&table, ctr_bytes_str("us"), &us), CENTRO_OK);
	ck_assert_int_eq(ctr_zone_acquire(&table, ctr_bytes_str("eu"), &again), CENTRO_OK);
	ck_assert_ptr_eq(eu, again);
	ck_assert_uint_ne(eu->number, us->number);
	uint64_t number = eu->number;
	for (int i = 0; i < 2; i++)
		ctr_zone_release(&table, eu);
	ck_assert_uint_eq(table.by_name.count, 1);
	ck_assert_int_eq(ctr_zone_acquire(&table, ctr_bytes_str("eu"), &eu), CENTRO_OK);
	ck_assert_uint_ne(eu->number, number);
	ctr_zones_fini(&table);
}
END_TEST

static void assert_bounds(const struct ctr_zone *zone)
{
	for (uint32_t i = 0; i < zone->count; i++) {
		for (size_t j = 0; j < CTR_DIMENSIONS_MAX; j++)
			ck_assert_uint_le(zone->rooms[i].amount[j],
					  zone->bounds[i / CTR_ZONE_BLOCK].amount[j]);
	}
}

static struct ctr_room room(uint32_t amount)
{
	return (struct ctr_room){.amount = {amount, 2 * amount}};
}

static void fill(struct ctr_zone *zone, struct ctr_node *nodes)
{
	for (uint32_t i = 0; i < NODES; i++) {
		struct ctr_room free_room = room(i);
		ck_assert_int_eq(ctr_zone_reserve(zone, NULL, 1), CENTRO_OK);
		ck_assert_uint_eq(ctr_zone_put(zone, &nodes[i], &free_room), i);
		nodes[i].place_all = i;
	}
}

START_TEST(nodes_come_and_go)
{
	struct ctr_zone zone = {0};
	struct ctr_node nodes[NODES] = {0};
	fill(&zone, nodes);
	ck_assert_uint_eq(zone.count, NODES);
	ck_assert_uint_eq(ctr_zone_block_count(&zone), (NODES + 63) / 64);
	assert_bounds(&zone);

	/* The last one, with the most free, moves into the first block. */
	struct ctr_node *moved = ctr_zone_take(&zone, 3);
	ck_assert_ptr_eq(moved, &nodes[NODES - 1]);
	ck_assert_ptr_eq(zone.nodes[3], moved);
	ck_assert_uint_eq(zone.rooms[3].amount[0], NODES - 1);
	assert_bounds(&zone);
	ck_assert_ptr_null(ctr_zone_take(&zone, zone.count - 1));
	while (zone.count > 0) {
		ctr_zone_take(&zone, 0);
		assert_bounds(&zone);
	}
	ctr_zone_fini(&zone, NULL);
}
END_TEST

START_TEST(a_bound_rises_at_once_and_falls_when_asked)
{
	struct ctr_zone zone = {0};
	struct ctr_node nodes[NODES] = {0};
	struct ctr_room much = room(5000), little = room(1);
	fill(&zone, nodes);

	ctr_zone_set_room(&zone, 70, &much);
	ck_assert_uint_eq(zone.bounds[1].amount[0], 5000);
	ctr_zone_set_room(&zone, 70, &little);
	ck_assert_uint_eq(zone.bounds[1].amount[0], 5000);
	ctr_zone_tighten(&zone, 1);
	ck_assert_uint_eq(zone.bounds[1].amount[0], 127);
	ck_assert_uint_eq(zone.bounds[1].amount[1], 254);
	ctr_zone_tighten(&zone, 3);
	ck_assert_uint_eq(zone.bounds[3].amount[0], NODES - 1);
	ctr_zone_fini(&zone, NULL);
}
END_TEST

START_TEST(a_block_begun_anew_forgets_its_old_bound)
{
	struct ctr_zone zone = {0};
	struct ctr_node node = {0};
	struct ctr_room much = room(5000), little = room(1);

	ck_assert_int_eq(ctr_zone_reserve(&zone, NULL, 1), CENTRO_OK);
	ctr_zone_put(&zone, &node, &much);
	ctr_zone_take(&zone, 0);
	ctr_zone_put(&zone, &node, &little);
	ck_assert_uint_eq(zone.bounds[0].amount[0], 1);
	ctr_zone_fini(&zone, NULL);
}
END_TEST

START_TEST(without_memory_nothing_changes)
{
	struct failing_allocator failing;
	size_t fail_at = 0;

	do {
		struct ctr_zone_table table;
		struct ctr_zone *zone;
		failing_allocator_init(&failing, ++fail_at);
		ctr_zones_init(&table, &failing.allocator, 1);
		int error = ctr_zone_acquire(&table, ctr_bytes_str("eu"), &zone);
		if (error == CENTRO_OK)
			error = ctr_zone_reserve(zone, &failing.allocator, 100);
		ck_assert_int_eq(error, failing.failed ? CENTRO_ERR_NOMEM : CENTRO_OK);
		ctr_zones_fini(&table);
		ck_assert_uint_eq(failing.live, 0);
	} while (failing.failed);
	ck_assert_uint_gt(fail_at, 4);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("zone");
	TCase *tcase = tcase_create("zone");

	tcase_add_test(tcase, a_zone_lives_as_long_as_somebody_refers_to_it);
	tcase_add_test(tcase, nodes_come_and_go);
	tcase_add_test(tcase, a_bound_rises_at_once_and_falls_when_asked);
	tcase_add_test(tcase, a_block_begun_anew_forgets_its_old_bound);
	tcase_add_test(tcase, without_memory_nothing_changes);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
