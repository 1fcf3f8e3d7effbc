/* SPDX-License-Identifier: MIT */
/*
 * Tests of lib/store/store_file.c: what the contract suite does not see.
 */
#include "store/store_file.h"

#include <dirent.h>
#include <poll.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fixture.h"
#include "support/failing_allocator.h"

static struct fixture_dir dir;
static struct centro_batch *batch;

static void setup(void)
{
	fixture_dir_init(&dir);
	batch = centro_batch_new(NULL);
}

static void teardown(void)
{
	centro_batch_free(batch);
	fixture_dir_fini(&dir);
}

static int open_again(struct centro_error_text *text)
{
	struct centro_store *store = NULL;
	int status = centro_store_open(dir.uri, NULL, &store, text);
	ck_assert((status == CENTRO_OK) == (store != NULL));
	centro_store_free(store);
	return status;
}

static void fill(int first, int count, size_t size)
{
	static uint8_t value[CENTRO_STORE_VALUE_SIZE_MAX];
	for (int i = first; i < first + count; i++) {
		char key[16];
		snprintf(key, sizeof(key), "%06d", i);
		ck_assert_int_eq(
			centro_batch_put(batch, ctr_bytes_str(key), ctr_bytes(value, size)),
			CENTRO_OK);
		centro_batch_end_group(batch);
	}
}

START_TEST(it_is_what_it_says)
{
	struct stat info;
	struct centro_store *store = fixture_open(&dir, 0);
	ck_assert_str_eq(centro_store_name(store), "file");
	ck_assert_uint_eq(centro_store_caps(store), CENTRO_STORE_DURABLE);
	ck_assert_int_ge(centro_store_fd(store), 0);
	centro_store_free(store);

	char path[200];
	snprintf(path, sizeof(path), "%s/data.mdb", dir.path);
	ck_assert_int_eq(stat(path, &info), 0);
	ck_assert_uint_eq(info.st_mode & 077, 0);
	snprintf(path, sizeof(path), "%s/new.mdb", dir.path);
	ck_assert_int_eq(stat(path, &info), -1);
}
END_TEST

START_TEST(this_process_cannot_open_it_twice)
{
	struct centro_error_text text;
	struct centro_store *store = fixture_open(&dir, 0);
	fixture_lead(store);
	fixture_put(store, "a", "1");
	ck_assert_int_eq(open_again(&text), CENTRO_ERR_LOCKED);
	ck_assert_ptr_nonnull(strstr(text.text, "is in use by process"));
	/* And the first goes on. */
	fixture_put(store, "a", "2");
	fixture_expect(store, "a", "2");
	centro_store_free(store);
	ck_assert_int_eq(open_again(&text), CENTRO_OK);
}
END_TEST

START_TEST(nor_can_another)
{
	struct centro_store *store = fixture_open(&dir, 0);
	pid_t child = fork();
	if (child == 0) {
		struct centro_store *second;
		_exit(centro_store_open(dir.uri, NULL, &second, NULL) == CENTRO_ERR_LOCKED ? 0 : 1);
	}
	int status;
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	centro_store_free(store);
}
END_TEST

static int count_descriptors(void)
{
	int count = 0;
	DIR *fds = opendir("/proc/self/fd");
	while (readdir(fds))
		count++;
	closedir(fds);
	return count;
}

START_TEST(nothing_stays_open)
{
	struct centro_error_text text;
	int before = count_descriptors();
	for (int i = 0; i < 3; i++) {
		struct centro_store *store = fixture_open(&dir, 0);
		ck_assert_int_eq(open_again(&text), CENTRO_ERR_LOCKED);
		centro_store_free(store);
		ck_assert_int_eq(count_descriptors(), before);
	}
}
END_TEST

static bool is_readable(const struct centro_store *store)
{
	struct pollfd fd = {.fd = centro_store_fd(store), .events = POLLIN};
	return poll(&fd, 1, 0) == 1;
}

/* A descriptor that stays readable makes a loop spin. */
START_TEST(the_descriptor_is_quiet_when_idle)
{
	int status;
	struct centro_store *store = fixture_open(&dir, 0);
	ck_assert(!is_readable(store));
	fixture_lead(store);
	for (int i = 0; i < 50; i++) {
		struct centro_instant wake;
		fixture_put(store, "a", "1");
		fixture_count(store, &status);
		/* The thread's last event may come a moment late. */
		usleep(2000);
		ck_assert_int_eq(centro_store_poll(store, fixture_now(), &wake), CENTRO_OK);
		ck_assert(!is_readable(store));
		ck_assert_uint_eq(wake.ns, CENTRO_INSTANT_NEVER_NS);
	}
	centro_store_free(store);
}
END_TEST

struct watched {
	struct fixture_wait wait;
	size_t rows;
};

static int watch_row(void *arg, struct centro_bytes key, struct centro_bytes value)
{
	((struct watched *)arg)->rows++;
	return 0;
}

static void watch_done(void *arg, int status)
{
	fixture_done(&((struct watched *)arg)->wait, status);
}

static void poll_at(struct centro_store *store, uint64_t ms, bool wants_more)
{
	struct centro_instant wake, steady = {ms * 1000000};
	ck_assert_int_eq(centro_store_poll(store, steady, &wake), CENTRO_OK);
	ck_assert_uint_eq(wake.ns, wants_more ? steady.ns : CENTRO_INSTANT_NEVER_NS);
	ck_assert(is_readable(store) == wants_more);
}

START_TEST(a_poll_shows_a_limited_number_of_rows)
{
	struct centro_scan scan = CENTRO_SCAN_INIT;
	struct watched few = {.rows = 0}, large = {.rows = 0};
	struct centro_store *store = fixture_open(&dir, 0);
	fixture_lead(store);
	fill(0, 3000, 10);
	ck_assert_int_eq(fixture_commit(store, batch), CENTRO_OK);
	usleep(2000);
	ck_assert_int_eq(centro_store_scan(store, &scan, watch_row, watch_done, &few), CENTRO_OK);
	ck_assert_uint_eq(few.rows, 0);
	poll_at(store, 1, true);
	ck_assert_uint_eq(few.rows, 1024);
	poll_at(store, 2, true);
	poll_at(store, 3, false);
	ck_assert_uint_eq(few.rows, 3000);
	ck_assert_int_eq(few.wait.calls, 1);

	/* Of large rows fewer, but one at least. */
	fill(0, 6, CENTRO_STORE_VALUE_SIZE_MAX / 2);
	ck_assert_int_eq(fixture_commit(store, batch), CENTRO_OK);
	usleep(2000);
	scan.rows_max = 6;
	ck_assert_int_eq(centro_store_scan(store, &scan, watch_row, watch_done, &large), CENTRO_OK);
	poll_at(store, 4, true);
	ck_assert_uint_eq(large.rows, 2);
	centro_store_free(store);
	ck_assert_int_eq(large.wait.status, CENTRO_ERR_CANCELLED);
}
END_TEST

START_TEST(scans_take_turns)
{
	struct centro_scan scan = CENTRO_SCAN_INIT;
	struct watched scans[3] = {{.rows = 0}};
	struct centro_store *store = fixture_open(&dir, 0);
	fixture_lead(store);
	fill(0, 2000, 10);
	ck_assert_int_eq(fixture_commit(store, batch), CENTRO_OK);
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(centro_store_scan(store, &scan, watch_row, watch_done, &scans[i]),
				 CENTRO_OK);
	for (uint64_t ms = 1; ms <= 3; ms++)
		poll_at(store, ms, true);
	for (int i = 0; i < 3; i++)
		ck_assert_uint_eq(scans[i].rows, 1024);
	centro_store_free(store);
}
END_TEST

/* Only one that holds pages back from commits has to hurry. */
START_TEST(a_scan_that_holds_things_back_has_a_deadline)
{
	struct centro_scan scan = CENTRO_SCAN_INIT;
	struct watched patient = {.rows = 0}, late = {.rows = 0};
	struct centro_store *store = fixture_open(&dir, 0);
	fixture_lead(store);
	fill(0, 9000, 10);
	ck_assert_int_eq(fixture_commit(store, batch), CENTRO_OK);
	usleep(2000);

	ck_assert_int_eq(centro_store_scan(store, &scan, watch_row, watch_done, &patient),
			 CENTRO_OK);
	poll_at(store, 1000, true);
	for (int i = 0; i < 7; i++)
		poll_at(store, 1000 + 10 * CENTRO_STORE_SCAN_MS_MAX, true);
	poll_at(store, 1000 + 10 * CENTRO_STORE_SCAN_MS_MAX, false);
	ck_assert_int_eq(patient.wait.status, CENTRO_OK);
	ck_assert_uint_eq(patient.rows, 9000);

	ck_assert_int_eq(centro_store_scan(store, &scan, watch_row, watch_done, &late), CENTRO_OK);
	poll_at(store, 1000, true);
	struct fixture_wait wait = {0};
	ck_assert_int_eq(centro_store_commit(store, batch, fixture_done, &wait), CENTRO_OK);
	while (wait.calls == 0) {
		struct centro_instant wake, steady = {UINT64_C(1000) * 1000000};
		/* Rows meanwhile, but few: it must not end before. */
		usleep(20000);
		ck_assert_int_eq(centro_store_poll(store, steady, &wake), CENTRO_OK);
	}
	ck_assert_int_eq(late.wait.calls, 0);
	poll_at(store, 999 + CENTRO_STORE_SCAN_MS_MAX, true);
	poll_at(store, 1000 + CENTRO_STORE_SCAN_MS_MAX, false);
	ck_assert_int_eq(late.wait.calls, 1);
	ck_assert_int_eq(late.wait.status, CENTRO_ERR_DEADLINE);
	ck_assert_uint_lt(late.rows, 9000);
	centro_store_free(store);
}
END_TEST

START_TEST(a_full_store_says_so_and_usage_warns_before)
{
	struct centro_store_usage usage = {.size = sizeof(usage)};
	struct centro_store *store = fixture_open(&dir, CENTRO_STORE_BYTES_MIN);
	fixture_lead(store);
	int status = CENTRO_OK, count = 0, warned = 0;
	for (; status == CENTRO_OK; count++) {
		fill(count, 1, 1000);
		status = fixture_commit(store, batch);
		centro_store_get_usage(store, &usage);
		ck_assert_uint_eq(usage.bytes_max, CENTRO_STORE_BYTES_MIN);
		if (warned == 0 && usage.bytes * 10 > usage.bytes_max * 9)
			warned = count;
	}
	ck_assert_int_eq(status, CENTRO_ERR_FULL);
	ck_assert_int_gt(warned, count * 8 / 10);
	ck_assert_int_lt(warned, count);
	ck_assert_uint_eq(fixture_count(store, &status), (size_t)count - 1);
	ck_assert_str_eq(centro_store_failure(store), "");
	centro_store_free(store);

	/* With more room it goes on where it was. */
	store = fixture_open(&dir, 2 * CENTRO_STORE_BYTES_MIN);
	centro_store_get_usage(store, &usage);
	ck_assert_uint_gt(usage.bytes, CENTRO_STORE_BYTES_MIN / 2);
	fixture_lead(store);
	fill(count, 1, 1000);
	ck_assert_int_eq(fixture_commit(store, batch), CENTRO_OK);
	ck_assert_uint_eq(fixture_count(store, &status), (size_t)count);
	centro_store_free(store);
}
END_TEST

START_TEST(at_ninety_percent_there_is_room_to_tidy_up)
{
	struct centro_store_usage usage = {.size = sizeof(usage)};
	struct centro_store *store = fixture_open(&dir, 4 * CENTRO_STORE_BYTES_MIN);
	fixture_lead(store);
	int count = 0;
	do {
		fill(count, 10, 300);
		ck_assert_int_eq(fixture_commit(store, batch), CENTRO_OK);
		count += 10;
		centro_store_get_usage(store, &usage);
	} while (usage.bytes * 10 < usage.bytes_max * 9);
	for (int i = 0; i < count; i++) {
		char key[16];
		snprintf(key, sizeof(key), "%06d", i);
		ck_assert_int_eq(centro_batch_delete(batch, ctr_bytes_str(key)), CENTRO_OK);
		centro_batch_end_group(batch);
		if (i % 50 == 49)
			ck_assert_int_eq(fixture_commit(store, batch), CENTRO_OK);
	}
	ck_assert_int_eq(fixture_commit(store, batch), CENTRO_OK);
	int status;
	ck_assert_uint_eq(fixture_count(store, &status), 0);
	centro_store_get_usage(store, &usage);
	ck_assert_uint_lt(usage.bytes, usage.bytes_max / 10);
	centro_store_free(store);
}
END_TEST

/* Opening, with each allocation failing in turn, and then everything else. */
static void scenario(struct failing_allocator *failing)
{
	struct centro_store_options options = CENTRO_STORE_OPTIONS_INIT;
	struct centro_scan scan = CENTRO_SCAN_INIT;
	struct centro_store *store;
	struct watched seen = {.rows = 0};
	options.allocator = &failing->allocator;
	options.bytes_max = 64 << 20;
	int status = centro_store_open(dir.uri, &options, &store, NULL);
	if (status != CENTRO_OK) {
		ck_assert_int_eq(status, CENTRO_ERR_NOMEM);
		return;
	}
	fixture_lead(store);
	fixture_put(store, "a", "1");
	status = centro_store_scan(store, &scan, watch_row, watch_done, &seen);
	if (status == CENTRO_OK) {
		fixture_wait(store, &seen.wait);
		ck_assert_uint_eq(seen.rows, 1);
	}
	ck_assert_int_eq(status, failing->failed ? CENTRO_ERR_NOMEM : CENTRO_OK);
	centro_store_free(store);
}

START_TEST(every_allocation_may_fail)
{
	struct failing_allocator failing;
	size_t fail_at = 0;
	do {
		failing_allocator_init(&failing, ++fail_at);
		scenario(&failing);
		ck_assert_uint_eq(failing.live, 0);
	} while (failing.failed);
	ck_assert_uint_gt(fail_at, 6);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("store/store_file");
	TCase *tcase = tcase_create("all");
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, it_is_what_it_says);
	tcase_add_test(tcase, this_process_cannot_open_it_twice);
	tcase_add_test(tcase, nor_can_another);
	tcase_add_test(tcase, nothing_stays_open);
	tcase_add_test(tcase, the_descriptor_is_quiet_when_idle);
	tcase_add_test(tcase, a_poll_shows_a_limited_number_of_rows);
	tcase_add_test(tcase, scans_take_turns);
	tcase_add_test(tcase, a_scan_that_holds_things_back_has_a_deadline);
	tcase_add_test(tcase, a_full_store_says_so_and_usage_warns_before);
	tcase_add_test(tcase, at_ninety_percent_there_is_room_to_tidy_up);
	tcase_add_test(tcase, every_allocation_may_fail);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
