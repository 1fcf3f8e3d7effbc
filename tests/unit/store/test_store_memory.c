/* SPDX-License-Identifier: MIT */
/*
 * Tests of lib/store/store_memory.c: what the contract suite does not see, which
 * is what the simulator does to its disk.
 */
#include "store/store_memory.h"

#include <stdio.h>

#include "base/assert.h"
#include "fixture.h"
#include "support/failing_allocator.h"

static struct ctr_memory_disk *disk;
static struct centro_store *store;
static struct centro_batch *batch;
static struct fixture_wait waited;

static struct centro_store *open_on(struct ctr_memory_disk *on, bool late)
{
	struct centro_store_options options = CENTRO_STORE_OPTIONS_INIT;
	struct centro_store *opened;
	options.complete_late = late;
	ck_assert_int_eq(ctr_store_memory_open(on, &options, &opened), CENTRO_OK);
	return opened;
}

static void setup(void)
{
	disk = ctr_memory_disk_new(NULL);
	store = open_on(disk, /* late= */ true);
	batch = centro_batch_new(NULL);
	waited = (struct fixture_wait){0};
	ck_assert_uint_eq(fixture_lead(store), 1);
	fixture_put(store, "a", "1");
}

static void teardown(void)
{
	centro_store_free(store);
	ctr_memory_disk_free(disk);
	ctr_memory_disk_free(NULL);
	centro_batch_free(batch);
}

static void start_commit(const char *key, const char *value)
{
	ck_assert_int_eq(centro_batch_put(batch, ctr_bytes_str(key), ctr_bytes_str(value)),
			 CENTRO_OK);
	ck_assert_int_eq(centro_store_commit(store, batch, fixture_done, &waited), CENTRO_OK);
}

static size_t rows;

static int count_row(void *arg, struct centro_bytes key, struct centro_bytes value)
{
	rows++;
	return 0;
}

static uint64_t poll_wake(void)
{
	struct centro_instant wake;
	ck_assert_int_eq(centro_store_poll(store, (struct centro_instant){5}, &wake), CENTRO_OK);
	return wake.ns;
}

START_TEST(stores_never_share)
{
	struct centro_store *one, *two;
	int status;
	ck_assert_int_eq(centro_store_open("memory:", NULL, &one, NULL), CENTRO_OK);
	ck_assert_int_eq(centro_store_open("memory:", NULL, &two, NULL), CENTRO_OK);
	ck_assert_uint_eq(fixture_lead(one), 1);
	ck_assert_uint_eq(fixture_lead(two), 1);
	fixture_put(one, "a", "1");
	ck_assert_uint_eq(fixture_count(one, &status), 1);
	ck_assert_uint_eq(fixture_count(two, &status), 0);
	centro_store_free(one);
	centro_store_free(two);
}
END_TEST

START_TEST(a_clone_goes_its_own_way)
{
	fixture_put(store, "b", "2");
	ck_assert_int_eq(centro_batch_delete(batch, ctr_bytes_str("a")), CENTRO_OK);
	ck_assert_int_eq(fixture_commit(store, batch), CENTRO_OK);
	struct ctr_memory_disk *clone = ctr_memory_disk_clone(disk);
	fixture_put(store, "b", "3");

	struct centro_store *other = open_on(clone, /* late= */ false);
	ck_assert_uint_eq(fixture_lead(other), 2);
	fixture_expect(other, "b", "2");
	fixture_expect(other, "a", NULL);
	fixture_put(other, "c", "4");
	fixture_expect(store, "c", NULL);
	fixture_expect(store, "b", "3");
	centro_store_free(other);
	ctr_memory_disk_free(clone);
}
END_TEST

START_TEST(a_crash_leaves_all_or_nothing)
{
	for (int written = 0; written <= 1; written++) {
		struct centro_scan scan = CENTRO_SCAN_INIT;
		struct fixture_wait scanned = {0};
		start_commit("a", "2");
		ck_assert_int_eq(centro_store_scan(store, &scan, count_row, fixture_done, &scanned),
				 CENTRO_OK);
		ctr_store_memory_crash(store, written);
		ck_assert_int_eq(waited.calls, 0);
		ck_assert_int_eq(scanned.calls, 0);
		centro_batch_clear(batch);
		store = open_on(disk, /* late= */ true);
		fixture_expect(store, "a", written ? "2" : "1");
		ck_assert_uint_eq(fixture_lead(store), 2 + (uint64_t)written);
	}
}
END_TEST

START_TEST(held_commits_wait)
{
	ctr_memory_disk_hold(disk, true);
	start_commit("a", "2");
	for (int i = 0; i < 3; i++)
		ck_assert_uint_eq(poll_wake(), CENTRO_INSTANT_NEVER_NS);
	ck_assert_int_eq(waited.calls, 0);
	fixture_expect(store, "a", "1");
	ctr_memory_disk_hold(disk, false);
	poll_wake();
	ck_assert_int_eq(waited.calls, 1);
	fixture_expect(store, "a", "2");

	struct centro_store *other = open_on(disk, /* late= */ false);
	ck_assert_uint_eq(fixture_lead(other), 2);
	ctr_memory_disk_hold(disk, true);
	waited = (struct fixture_wait){0};
	centro_batch_clear(batch);
	ck_assert_int_eq(centro_store_commit(other, batch, fixture_done, &waited), CENTRO_OK);
	ck_assert_int_eq(waited.calls, 0);
	centro_store_free(other);
	ck_assert_int_eq(waited.calls, 1);
	ck_assert_int_eq(waited.status, CENTRO_OK);
}
END_TEST

START_TEST(late_means_at_the_next_poll)
{
	start_commit("a", "2");
	ck_assert_int_eq(waited.calls, 0);
	ck_assert_uint_eq(poll_wake(), CENTRO_INSTANT_NEVER_NS);
	ck_assert_int_eq(waited.calls, 1);
	fixture_expect(store, "a", "2");

	struct centro_scan scan = CENTRO_SCAN_INIT;
	struct fixture_wait scanned = {0};
	for (int i = 0; i < 40; i++) {
		char key[16];
		snprintf(key, sizeof(key), "%d", i);
		fixture_put(store, key, "");
	}
	rows = 0;
	ck_assert_int_eq(centro_store_scan(store, &scan, count_row, fixture_done, &scanned),
			 CENTRO_OK);
	/* Of 41 rows, 16 a poll. */
	ck_assert_uint_eq(poll_wake(), 5);
	ck_assert_uint_eq(rows, 16);
	ck_assert_uint_eq(poll_wake(), 5);
	ck_assert_uint_eq(poll_wake(), CENTRO_INSTANT_NEVER_NS);
	ck_assert_uint_eq(rows, 41);
	ck_assert_int_eq(scanned.calls, 1);
}
END_TEST

START_TEST(the_nth_commit_fails)
{
	static const int statuses[] = {CENTRO_ERR_FULL, CENTRO_ERR_LIMIT, CENTRO_ERR_NOMEM,
				       CENTRO_ERR_STATE};
	for (size_t i = 0; i < CTR_ARRAY_SIZE(statuses); i++) {
		ctr_memory_disk_set_fault(disk, (struct ctr_memory_fault){.commits_before = 2,
									  .status = statuses[i]});
		fixture_put(store, "a", "x");
		fixture_put(store, "a", "y");
		waited = (struct fixture_wait){0};
		start_commit("a", "z");
		fixture_wait(store, &waited);
		centro_batch_clear(batch);
		ck_assert_int_eq(waited.status, statuses[i]);
		fixture_expect(store, "a", "y");
		fixture_put(store, "a", "w");
	}
}
END_TEST

START_TEST(a_limit_of_bytes_makes_it_full)
{
	static uint8_t value[300 * 1024];
	struct centro_store_options options = CENTRO_STORE_OPTIONS_INIT;
	struct centro_store_usage usage = {.size = sizeof(usage)};
	struct centro_store *small;
	options.bytes_max = 1 << 20;
	ck_assert_int_eq(centro_store_open("memory:", &options, &small, NULL), CENTRO_OK);
	fixture_lead(small);
	for (int i = 0; i < 4; i++) {
		char key[2] = {(char)('a' + i), 0};
		ck_assert_int_eq(centro_batch_put(batch, ctr_bytes_str(key),
						  ctr_bytes(value, sizeof(value))),
				 CENTRO_OK);
		ck_assert_int_eq(fixture_commit(small, batch), i < 3 ? CENTRO_OK : CENTRO_ERR_FULL);
	}
	centro_store_get_usage(small, &usage);
	ck_assert_uint_eq(usage.bytes_max, 1 << 20);
	ck_assert_uint_ge(usage.bytes, 3 * sizeof(value));
	ck_assert_uint_le(usage.bytes, 1 << 20);
	ck_assert_int_eq(centro_batch_delete(batch, ctr_bytes_str("a")), CENTRO_OK);
	ck_assert_int_eq(fixture_commit(small, batch), CENTRO_OK);
	fixture_put(small, "d", "");
	centro_store_free(small);
}
END_TEST

static struct fixture_wait lost;

static void note_lost(void *arg, int status)
{
	fixture_done(&lost, status);
}

/* Also one that does not commit hears of it. */
START_TEST(who_campaigns_last_leads)
{
	struct centro_store *first = open_on(disk, /* late= */ true);
	uint64_t term = 0;
	lost = (struct fixture_wait){0};
	ck_assert_int_eq(
		centro_store_campaign(first, "first", &term, fixture_done, note_lost, &waited),
		CENTRO_OK);
	fixture_wait(first, &waited);
	ck_assert_uint_eq(term, 2);
	struct centro_store *second = open_on(disk, /* late= */ false);
	ck_assert_uint_eq(fixture_lead(second), 3);
	struct centro_instant wake;
	ck_assert_int_eq(centro_store_poll(first, fixture_now(), &wake), CENTRO_OK);
	ck_assert_int_eq(lost.calls, 1);
	ck_assert_int_eq(centro_store_commit(first, batch, fixture_done, &waited),
			 CENTRO_ERR_FENCED);
	fixture_put(second, "a", "second");
	centro_store_free(first);
	centro_store_free(second);
}
END_TEST

/* How many rows there are, or -1 if a scan cannot be started for lack of memory. */
static int count_rows(struct centro_store *opened)
{
	struct centro_scan scan = CENTRO_SCAN_INIT;
	struct fixture_wait scanned = {0};
	rows = 0;
	int status = centro_store_scan(opened, &scan, count_row, fixture_done, &scanned);
	if (status == CENTRO_ERR_NOMEM)
		return -1;
	ck_assert_int_eq(status, CENTRO_OK);
	fixture_wait(opened, &scanned);
	ck_assert_int_eq(scanned.status, CENTRO_OK);
	return (int)rows;
}

static void use(struct centro_store *opened)
{
	fixture_lead(opened);
	for (int i = 0; i < 5; i++)
		ck_assert_int_eq(
			centro_batch_put(batch, ctr_bytes(&i, sizeof(i)), ctr_bytes_str("v")),
			CENTRO_OK);
	int status = fixture_commit(opened, batch);
	ck_assert(status == CENTRO_OK || status == CENTRO_ERR_NOMEM);
	int count = count_rows(opened);
	ck_assert(count == -1 || count == (status == CENTRO_OK ? 5 : 0));
}

/* Everything once, with each allocation failing in turn. */
static void scenario(const struct centro_allocator *allocator)
{
	struct centro_store_options options = CENTRO_STORE_OPTIONS_INIT;
	struct ctr_memory_disk *own = ctr_memory_disk_new(allocator);
	struct centro_store *opened;
	options.allocator = allocator;
	options.complete_late = true;
	if (!own)
		return;
	if (ctr_store_memory_open(own, &options, &opened) == CENTRO_OK) {
		use(opened);
		centro_store_free(opened);
	}
	ctr_memory_disk_free(ctr_memory_disk_clone(own));
	ctr_memory_disk_free(own);
}

START_TEST(every_allocation_may_fail)
{
	struct failing_allocator failing;
	size_t fail_at = 0;
	do {
		failing_allocator_init(&failing, ++fail_at);
		scenario(&failing.allocator);
		ck_assert_uint_eq(failing.live, 0);
	} while (failing.failed);
	/* A disk of two, a store, five rows, a scan of two, a clone of seven. */
	ck_assert_uint_eq(fail_at, 2 + 1 + 5 + 2 + 7 + 1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("store/store_memory");
	TCase *tcase = tcase_create("all");
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, stores_never_share);
	tcase_add_test(tcase, a_clone_goes_its_own_way);
	tcase_add_test(tcase, a_crash_leaves_all_or_nothing);
	tcase_add_test(tcase, held_commits_wait);
	tcase_add_test(tcase, late_means_at_the_next_poll);
	tcase_add_test(tcase, the_nth_commit_fails);
	tcase_add_test(tcase, a_limit_of_bytes_makes_it_full);
	tcase_add_test(tcase, who_campaigns_last_leads);
	tcase_add_test(tcase, every_allocation_may_fail);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
