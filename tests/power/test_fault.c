/* SPDX-License-Identifier: MIT */
/*
 * Each system call that a file store makes fails once, in each way that it can,
 * while a store is made, written, read, closed and opened again. Nothing that was
 * not written is acknowledged; a store whose write or sync failed has failed for
 * good (I13); it closes, and opened anew it holds what it should, and goes on.
 *
 * Where a write or a sync failed, the power is then cut at each boundary of what
 * came after, since the system's memory and the disk differ from then on; also when
 * the next opening had a sync that failed.
 */
#include "cut.h"
#include "tap.h"

#include <stdio.h>

#include "support/suite.h"

/* Before the fault, each time that the store is open; and after it. */
#define COMMITS       3
#define COMMITS_AFTER 1

static struct cut cut;

/* What one call was made to do, and how it went. */
struct trial {
	enum tap_call call;
	uint64_t nth;
	enum tap_fault fault;
	bool twice; /* and at the next opening the sync fails */
	struct life life;
	struct disk_log log;
	struct disk disk;
};

static struct {
	uint64_t trials, refused_opens, failed_stores, unharmed;
} counts;

static void setup(void)
{
	cut_init(&cut);
}

static void teardown(void)
{
	cut_fini(&cut);
}

static void trial_begin(struct trial *trial)
{
	disk_remove(cut.path);
	disk_init(&trial->disk);
	life_init(&trial->life, cut.uri, /* seed= */ 7);
	tap_start(cut.path, &trial->disk, &trial->log);
}

static void trial_end(struct trial *trial)
{
	tap_stop();
	disk_log_fini(&trial->log);
	disk_fini(&trial->disk);
	life_fini(&trial->life);
}

/* Use an open store; the first status that is not OK. */
static int use(struct life *life)
{
	struct centro_store_usage usage = {.size = sizeof(usage)};
	int status = life_go_on(life, COMMITS);
	if (status == CENTRO_OK)
		status = life_scan(life);
	if (status == CENTRO_OK)
		centro_store_get_usage(life->store, &usage);
	return status;
}

/* Make a store and use it, and use it again. *ret_opened: it is no opening that failed. */
static int live(struct life *life, bool *ret_opened)
{
	int status = CENTRO_OK;
	for (int i = 0; i < 2 && status == CENTRO_OK; i++) {
		status = life_open(life);
		*ret_opened = status == CENTRO_OK;
		if (status == CENTRO_OK)
			status = use(life);
		life_close(life);
	}
	return status;
}

static void report(const struct trial *trial, const char *what, int status)
{
	printf("# %s: %s: %s: %s\n", cut.about, what, centro_error_name(status),
	       trial->life.complaint);
	cut.failures++;
}

static void note(int status, bool opened)
{
	counts.trials++;
	if (status == CENTRO_OK)
		counts.unharmed++;
	else if (opened)
		counts.failed_stores++;
	else
		counts.refused_opens++;
}

/* The store does not open, and the time after it does. */
static void open_in_vain(struct trial *trial)
{
	tap_fail(TAP_FDATASYNC, 0, TAP_FAULT_EIO);
	int status = life_open(&trial->life);
	if (tap_heal() == SIZE_MAX || status != CENTRO_ERR_IO)
		report(trial, "opened though a sync failed", status);
	life_close(&trial->life);
}

/* With the fault, and after it without. Where in the log it came. */
static size_t trial_run(struct trial *trial)
{
	bool opened;
	tap_fail(trial->call, trial->nth, trial->fault);
	int status = live(&trial->life, &opened);
	size_t hit_at = tap_heal();
	if (hit_at == SIZE_MAX)
		report(trial, "it never came to that", status);
	if (opened && status != CENTRO_OK && status != CENTRO_ERR_IO)
		report(trial, "it would go on", status);
	note(status, opened);
	if (trial->life.complaint[0] != '\0')
		report(trial, "with the fault", status);
	if (trial->twice)
		open_in_vain(trial);

	status = life_open(&trial->life);
	if (status == CENTRO_OK)
		status = life_go_on(&trial->life, COMMITS_AFTER);
	if (status == CENTRO_OK)
		status = life_scan(&trial->life);
	life_close(&trial->life);
	if (status != CENTRO_OK || trial->life.complaint[0] != '\0')
		report(trial, "after the fault", status);
	return hit_at;
}

/* Up to the fault all went as it does without one. */
static void cut_after(struct trial *trial, size_t hit_at)
{
	for (size_t i = 0; i < trial->log.count; i++) {
		disk_apply(&trial->disk, &trial->log.ops[i]);
		if (i >= hit_at)
			cut_try_all(&cut, &trial->life, &trial->disk, cut_seeds());
	}
}

static void fail_once(enum tap_call call, uint64_t nth, enum tap_fault fault, bool twice)
{
	struct trial trial = {.call = call, .nth = nth, .fault = fault, .twice = twice};
	snprintf(cut.about, sizeof(cut.about), "%s %llu, %s%s", tap_call_name(call),
		 (unsigned long long)nth, tap_fault_name(fault), twice ? ", and a sync" : "");
	trial_begin(&trial);
	size_t hit_at = trial_run(&trial);
	tap_stop();
	if (tap_is_of_disk(call))
		cut_after(&trial, hit_at);
	trial_end(&trial);
}

static void fail_in_every_way(enum tap_call call, uint64_t nth)
{
	for (int fault = 0; fault < TAP_FAULT_COUNT; fault++) {
		if (!tap_can_fail(call, (enum tap_fault)fault))
			continue;
		fail_once(call, nth, (enum tap_fault)fault, /* twice= */ false);
		/* Whatever the error's name, the disk is the same afterwards. */
		bool named = fault == TAP_FAULT_ENOSPC || fault == TAP_FAULT_EINTR;
		if (tap_is_of_disk(call) && !named)
			fail_once(call, nth, (enum tap_fault)fault, /* twice= */ true);
	}
}

static uint64_t count_calls(enum tap_call call)
{
	struct trial trial = {0};
	bool opened;
	trial_begin(&trial);
	ck_assert_int_eq(live(&trial.life, &opened), CENTRO_OK);
	ck_assert_str_eq(trial.life.complaint, "");
	uint64_t count = tap_count(call);
	trial_end(&trial);
	return count;
}

START_TEST(each_call_fails_once)
{
	enum tap_call call = (enum tap_call)_i;
	uint64_t count = count_calls(call);
	ck_assert_uint_gt(count, 0);
	for (uint64_t nth = 0; nth < count; nth++)
		fail_in_every_way(call, nth);
	printf("# %s: %llu calls, %llu faults: %llu were refused at the opening, %llu made it fail "
	       "for good, %llu did no harm\n",
	       tap_call_name(call), (unsigned long long)count, (unsigned long long)counts.trials,
	       (unsigned long long)counts.refused_opens, (unsigned long long)counts.failed_stores,
	       (unsigned long long)counts.unharmed);
	cut_print(&cut, tap_call_name(call));
	ck_assert_uint_eq(cut.failures, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("power/fault");
	TCase *tcase = tcase_create("all");
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 0);
	tcase_add_loop_test(tcase, each_call_fails_once, 0, TAP_CALL_COUNT);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
