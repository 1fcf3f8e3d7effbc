/* SPDX-License-Identifier: MIT */
#include "io/lease_file.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "support/failing_allocator.h"
#include "support/suite.h"
#include "temp_dir.h"

static struct temp_dir temp;
static struct ctr_state_dir dir;

static void set_up(void)
{
	temp_dir_init(&temp);
	ck_assert_int_eq(ctr_state_dir_open(&dir, temp.path, NULL), CENTRO_OK);
}

static void tear_down(void)
{
	ctr_state_dir_close(&dir);
	temp_dir_fini(&temp);
}

static struct ctr_lease_file open_file(uint32_t count)
{
	struct ctr_lease_file file;
	struct centro_error_text text = {""};
	ck_assert_msg(ctr_lease_file_open(&file, NULL, &dir, count, &text) == CENTRO_OK, "%s",
		      text.text);
	return file;
}

START_TEST(test_take_all_release_one)
{
	struct ctr_lease_file file = open_file(5);
	bool seen[8] = {false};
	for (int i = 0; i < 5; i++) {
		uint32_t slot = ctr_lease_file_take(&file);
		ck_assert_uint_ge(slot, 1);
		ck_assert_uint_le(slot, 5);
		ck_assert(!seen[slot]);
		seen[slot] = true;
	}
	ck_assert_uint_eq(ctr_lease_file_take(&file), 0);
	ctr_lease_file_release(&file, 3);
	ck_assert_uint_eq(ctr_lease_file_take(&file), 3);
	ck_assert_uint_eq(ctr_lease_file_take(&file), 0);
	ctr_lease_file_close(&file);
}
END_TEST

/* What a shim still reads is not given to another; what is new is zero. */
START_TEST(test_adopt)
{
	struct ctr_lease_file file = open_file(3);
	ck_assert_uint_eq(ctr_lease_file_take(&file), 1);
	ck_assert_uint_eq(ctr_lease_file_take(&file), 2);
	ctr_lease_file_set_end(&file, 2, (struct centro_instant){77});
	ctr_lease_file_set_order(&file, 2, 88);
	ctr_lease_file_close(&file);

	file = open_file(3);
	ck_assert(!ctr_lease_file_adopt(&file, 0));
	ck_assert(!ctr_lease_file_adopt(&file, file.count));
	ck_assert(ctr_lease_file_adopt(&file, 2));
	ck_assert(!ctr_lease_file_adopt(&file, 2));
	ck_assert_uint_eq(file.slots[2].lease_end_ns, 77);
	ck_assert_uint_eq(file.slots[2].order, 88);
	ck_assert_uint_eq(ctr_lease_file_take(&file), 1);
	ck_assert_uint_eq(ctr_lease_file_take(&file), 3);
	ck_assert_uint_eq(ctr_lease_file_take(&file), 0);
	ctr_lease_file_release(&file, 2);
	ck_assert_uint_eq(ctr_lease_file_take(&file), 2);
	ck_assert_uint_eq(file.slots[2].lease_end_ns, 0);
	ck_assert_uint_eq(file.slots[2].order, 0);
	ctr_lease_file_close(&file);
}
END_TEST

START_TEST(test_another_boot_starts_empty)
{
	struct ctr_lease_file file = open_file(3);
	ck_assert_uint_eq(ctr_lease_file_take(&file), 1);
	ctr_lease_file_set_end(&file, 1, (struct centro_instant){77});
	ctr_lease_file_close(&file);
	dir.boot_id[3] ^= 1;
	file = open_file(3);
	ck_assert_uint_eq(file.slots[1].lease_end_ns, 0);
	ctr_lease_file_close(&file);
}
END_TEST

/* An agent that is to run fewer still finds those further up. */
START_TEST(test_smaller_limit_keeps_the_file)
{
	struct ctr_lease_file file = open_file(5000);
	uint32_t count = file.count;
	ck_assert_uint_ge(count, 5001);
	ctr_lease_file_close(&file);
	file = open_file(2);
	ck_assert_uint_eq(file.count, count);
	ck_assert(ctr_lease_file_adopt(&file, 5000));
	ck_assert_uint_eq(ctr_lease_file_take(&file), 1);
	ck_assert_uint_eq(ctr_lease_file_take(&file), 2);
	ck_assert_uint_eq(ctr_lease_file_take(&file), 0);
	ctr_lease_file_close(&file);
}
END_TEST

START_TEST(test_started)
{
	struct ctr_lease_file file = open_file(3);
	uint32_t slot = ctr_lease_file_take(&file);
	ck_assert_uint_eq(ctr_lease_file_started(&file, slot).ns, 0);
	file.slots[slot].started_wall_ns = 5;
	ck_assert_uint_eq(ctr_lease_file_started(&file, slot).ns, 5);
	/* Shims get it at a number that must not be its own. */
	ck_assert_int_ge(file.fd, CTR_SHIM_FD_END);
	ctr_lease_file_close(&file);
}
END_TEST

START_TEST(test_no_memory)
{
	struct failing_allocator failing;
	struct ctr_lease_file file;
	failing_allocator_init(&failing, 1);
	ck_assert_int_eq(ctr_lease_file_open(&file, &failing.allocator, &dir, 3, NULL),
			 CENTRO_ERR_NOMEM);
	ck_assert_uint_eq(failing.live, 0);
}
END_TEST

START_TEST(test_orders)
{
	uint64_t order = ctr_shim_order(8, UINT64_C(1500000000));
	ck_assert_uint_eq(ctr_shim_order_cause(order), 8);
	ck_assert_uint_eq(ctr_shim_order_grace_ns(order), UINT64_C(1500000000));
	ck_assert_uint_ne(ctr_shim_order(1, 0), 0);
	order = ctr_shim_order(3, UINT64_MAX);
	ck_assert_uint_eq(ctr_shim_order_cause(order), 3);
	ck_assert_uint_eq(ctr_shim_order_grace_ns(order), UINT64_C(4294967295000000));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("io/lease_file");
	TCase *test_case = tcase_create("lease_file");
	tcase_add_checked_fixture(test_case, set_up, tear_down);
	tcase_add_test(test_case, test_take_all_release_one);
	tcase_add_test(test_case, test_adopt);
	tcase_add_test(test_case, test_another_boot_starts_empty);
	tcase_add_test(test_case, test_smaller_limit_keeps_the_file);
	tcase_add_test(test_case, test_started);
	tcase_add_test(test_case, test_no_memory);
	tcase_add_test(test_case, test_orders);
	suite_add_tcase(suite, test_case);
	return ctr_suite_run(suite);
}
