/* SPDX-License-Identifier: MIT */
/*
 * The power goes while a file store works: at each boundary between two of its
 * calls, from the making of its directory on, with what was not synced kept, lost,
 * torn and reordered; and once more while it recovers.
 *
 * CENTRO_POWER_SEEDS=1000 makes a long campaign of it: that many lives, of other
 * seeds each.
 */
#include "cut.h"
#include "tap.h"

#include <stdio.h>

#include "support/suite.h"

/* A store's life: so many times opened, and so many commits each time. */
#define OPENS   5
#define COMMITS 70

/* Of the boundaries of a life so many are cut at twice. */
#define TWICE_EVERY 29

static struct cut cut;
static struct life life;
static struct disk_log life_log;

static void setup(void)
{
	cut_init(&cut);
}

static void teardown(void)
{
	cut_fini(&cut);
}

/* A life without any accident, from the making of its directory on. */
static void live(uint64_t seed, int opens, int commits)
{
	struct disk empty;
	disk_init(&empty);
	life_init(&life, cut.uri, seed);
	snprintf(cut.about, sizeof(cut.about), "life %llu", (unsigned long long)seed);
	disk_remove(cut.path);
	tap_start(cut.path, &empty, &life_log);
	for (int i = 0; i < opens; i++) {
		ck_assert_int_eq(life_open(&life), CENTRO_OK);
		ck_assert_int_eq(life_go_on(&life, commits), CENTRO_OK);
		life_close(&life);
	}
	tap_stop();
	ck_assert_str_eq(life.complaint, "");
	disk_fini(&empty);
}

static void die(void)
{
	disk_log_fini(&life_log);
	life_fini(&life);
}

static void finish(const char *what)
{
	cut_print(&cut, what);
	ck_assert_uint_eq(cut.failures, 0);
}

START_TEST(at_every_boundary)
{
	for (unsigned seed = 1; seed <= cut_seeds(); seed++) {
		struct disk disk;
		disk_init(&disk);
		live(seed, OPENS, COMMITS);
		cut_walk(&cut, &life, &disk, &life_log, /* rounds= */ 2);
		disk_fini(&disk);
		die();
	}
	finish("at every boundary");
}
END_TEST

/* At some boundaries of a life, one after another in different ways. */
static void cut_some_twice(enum cut_first first, unsigned offset)
{
	struct disk disk;
	unsigned turn = 0;
	disk_init(&disk);
	for (size_t i = 0; i < life_log.count; i++) {
		disk_apply(&disk, &life_log.ops[i]);
		/* All of the start, where each call does something else. */
		if (i > 40 && (i + offset) % TWICE_EVERY != 0)
			continue;
		cut_twice(&cut, &life, &disk, first, (enum disk_cut)(turn++ % DISK_CUT_COUNT),
			  /* commits= */ 1);
	}
	disk_fini(&disk);
}

START_TEST(again_during_recovery)
{
	for (unsigned seed = 1; seed <= cut_seeds(); seed++) {
		live(seed, OPENS / 2, COMMITS);
		cut_some_twice(CUT_POWER, seed);
		die();
	}
	finish("again during recovery");
}
END_TEST

START_TEST(after_a_kill)
{
	for (unsigned seed = 1; seed <= cut_seeds(); seed++) {
		live(seed, OPENS / 2, COMMITS);
		cut_some_twice(CUT_KILL, seed);
		die();
	}
	finish("after kill -9");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("power/cut");
	TCase *tcase = tcase_create("all");
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 0);
	tcase_add_test(tcase, at_every_boundary);
	tcase_add_test(tcase, again_during_recovery);
	tcase_add_test(tcase, after_a_kill);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
