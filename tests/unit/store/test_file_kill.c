/* SPDX-License-Identifier: MIT */
/*
 * A process that commits to a file store is killed at any moment, again and
 * again: what it acknowledged is there, and every batch is whole.
 */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/prng.h"
#include "base/str.h"
#include "fixture.h"

#define KILLS          20
#define ROWS_PER_BATCH 7
#define SEED           20261124

static struct fixture_dir dir;

static void setup(void)
{
	fixture_dir_init(&dir);
}

static void teardown(void)
{
	fixture_dir_fini(&dir);
}

/*
 * ---- the process that is killed ----------------------------------
 *
 * It uses nothing of Check: that writes to a file which the parent reads, and
 * must not be killed while it does.
 */

static void require(bool condition)
{
	if (!condition)
		_exit(1);
}

static void wait_in_child(struct centro_store *store, struct fixture_wait *wait)
{
	while (wait->calls == 0) {
		struct centro_instant wake;
		struct pollfd fd = {.fd = centro_store_fd(store), .events = POLLIN};
		require(poll(&fd, 1, -1) == 1);
		require(centro_store_poll(store, fixture_now(), &wake) == CENTRO_OK);
	}
	require(wait->calls == 1 && wait->status == CENTRO_OK);
	wait->calls = 0;
}

/* Batch `number` puts a row of its own and changes all of "row/0" to "row/5" to it. */
static void fill(struct centro_batch *batch, uint64_t number)
{
	char key[32], value[32];
	snprintf(value, sizeof(value), "%llu", (unsigned long long)number);
	snprintf(key, sizeof(key), "batch/%08llu", (unsigned long long)number);
	centro_batch_clear(batch);
	require(centro_batch_put(batch, ctr_bytes_str(key), ctr_bytes_str(value)) == CENTRO_OK);
	for (int i = 0; i < ROWS_PER_BATCH - 1; i++) {
		snprintf(key, sizeof(key), "row/%d", i);
		require(centro_batch_put(batch, ctr_bytes_str(key), ctr_bytes_str(value)) ==
			CENTRO_OK);
	}
}

/* Commits until it is killed; each number goes into the pipe when it is durable. */
static void commit_for_ever(uint64_t number, int acks)
{
	struct centro_store *store = NULL;
	struct centro_batch *batch = centro_batch_new(NULL);
	struct fixture_wait wait = {0};
	uint64_t term;
	require(batch && centro_store_open(dir.uri, NULL, &store, NULL) == CENTRO_OK);
	require(centro_store_campaign(store, "child", &term, fixture_done, NULL, &wait) ==
		CENTRO_OK);
	wait_in_child(store, &wait);
	for (;; number++) {
		fill(batch, number);
		require(centro_store_commit(store, batch, fixture_done, &wait) == CENTRO_OK);
		wait_in_child(store, &wait);
		require(write(acks, &number, sizeof(number)) == sizeof(number));
	}
}

/* ---- the one that kills it --------------------------------------- */

struct found {
	struct fixture_wait wait;
	uint64_t batches; /* numbers seen, which must be 1, 2, 3, … */
	uint64_t row;     /* the number in every "row/" */
	size_t rows;
	bool whole;
};

static int find_row(void *arg, struct centro_bytes key, struct centro_bytes value)
{
	struct found *found = arg;
	uint64_t number = 0;
	if (!ctr_parse_u64(value, &number))
		found->whole = false;
	if (ctr_bytes_starts_with(key, ctr_bytes_str("batch/"))) {
		found->whole = found->whole && number == ++found->batches;
		return 0;
	}
	if (found->rows++ > 0 && number != found->row)
		found->whole = false;
	found->row = number;
	return 0;
}

static void find_done(void *arg, int status)
{
	fixture_done(&((struct found *)arg)->wait, status);
}

/* The last batch in the store, which is whole, as are all before it. */
static uint64_t check_store(void)
{
	struct found found = {.whole = true};
	struct centro_scan scan = CENTRO_SCAN_INIT;
	struct centro_store *store = fixture_open(&dir, 0);
	ck_assert_int_eq(centro_store_scan(store, &scan, find_row, find_done, &found), CENTRO_OK);
	fixture_wait(store, &found.wait);
	ck_assert_int_eq(found.wait.status, CENTRO_OK);
	ck_assert(found.whole);
	ck_assert_uint_eq(found.row, found.batches);
	ck_assert(found.batches == 0 || found.rows == ROWS_PER_BATCH - 1);
	centro_store_free(store);
	return found.batches;
}

/* Kill a process after `us` from its first ack on; the last number that it acknowledged. */
static uint64_t run_and_kill(uint64_t first, uint64_t us)
{
	int acks[2];
	ck_assert_int_eq(pipe(acks), 0);
	pid_t child = fork();
	if (child == 0) {
		close(acks[0]);
		commit_for_ever(first, acks[1]);
	}
	close(acks[1]);
	uint64_t last = 0, number;
	ck_assert_int_eq(read(acks[0], &last, sizeof(last)), sizeof(last));
	struct timespec wait = {.tv_nsec = (long)us * 1000};
	nanosleep(&wait, NULL);
	ck_assert_int_eq(kill(child, SIGKILL), 0);
	int status;
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	while (read(acks[0], &number, sizeof(number)) == sizeof(number)) {
		ck_assert_uint_eq(number, last + 1);
		last = number;
	}
	close(acks[0]);
	return last;
}

START_TEST(what_was_acknowledged_is_there)
{
	struct ctr_prng prng;
	ctr_prng_init(&prng, SEED);
	uint64_t last = 0;
	for (int i = 0; i < KILLS; i++) {
		uint64_t acknowledged = run_and_kill(last + 1, ctr_prng_below(&prng, 30000));
		last = check_store();
		ck_assert_uint_ge(last, acknowledged);
		/* One more may have become durable without anybody being told. */
		ck_assert_uint_le(last, acknowledged + 1);
	}
	ck_assert_uint_gt(last, 2 * KILLS);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("store/file_kill");
	TCase *tcase = tcase_create("all");
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 120);
	tcase_add_test(tcase, what_was_acknowledged_is_there);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
