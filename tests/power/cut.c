/* SPDX-License-Identifier: MIT */
/*
 * cut.c - what is left after a power cut is opened and looked at.
 */
#include "cut.h"
#include "tap.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/assert.h"
#include "support/suite.h"

/* So many are told in words. */
#define FAILURES_SHOWN 20

/* What is being tried, for whoever reads a crash. */
static char trying[160];

static void on_crash(int number)
{
	(void)!write(STDERR_FILENO, trying, strlen(trying));
	raise(number);
}

static void watch_for_crashes(void)
{
	static const int numbers[] = {SIGSEGV, SIGBUS, SIGABRT};
	struct sigaction action = {.sa_handler = on_crash, .sa_flags = (int)SA_RESETHAND};
	for (size_t i = 0; i < CTR_ARRAY_SIZE(numbers); i++)
		sigaction(numbers[i], &action, NULL);
}

void cut_init(struct cut *cut)
{
	*cut = (struct cut){0};
	const char *base = getenv("TMPDIR");
	if (!base)
		base = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
	snprintf(cut->base, sizeof(cut->base), "%s/centro-power-XXXXXX", base);
	ck_assert_ptr_nonnull(mkdtemp(cut->base));
	snprintf(cut->path, sizeof(cut->path), "%s/store", cut->base);
	snprintf(cut->uri, sizeof(cut->uri), "file:%s", cut->path);
	disk_init(&cut->image);
	watch_for_crashes();
}

void cut_fini(struct cut *cut)
{
	disk_remove(cut->path);
	ck_assert_int_eq(rmdir(cut->base), 0);
	disk_fini(&cut->image);
}

/* ---- one image --------------------------------------------------- */

void cut_make(struct cut *cut, const struct disk *disk, enum disk_cut kind, uint64_t seed)
{
	struct ctr_prng prng;
	ctr_prng_init(&prng, seed);
	disk_cut(disk, kind, &prng, &cut->image);
	disk_write(&cut->image, cut->path, &prng);
	cut->images[kind]++;
	snprintf(trying, sizeof(trying), "# %s, after %u calls, cut \"%s\", seed %llu", cut->about,
		 disk->op_count, disk_cut_name(kind), (unsigned long long)seed);
}

/* A store that is opened after a cut must open, hold what it should, and go on. */
static int recover(struct life *life, int commits)
{
	int status = life_open(life);
	if (status == CENTRO_OK)
		status = life_go_on(life, commits);
	if (status == CENTRO_OK)
		status = life_scan(life);
	life_close(life);
	return status;
}

void cut_fail(struct cut *cut, int status, const char *what)
{
	if (cut->failures++ < FAILURES_SHOWN)
		printf("%s: %s: %s\n", trying, centro_error_name(status), what);
}

static bool judge(struct cut *cut, const struct life *life, int status)
{
	if (status == CENTRO_OK && life->complaint[0] == '\0')
		return true;
	cut_fail(cut, status, life->complaint);
	return false;
}

bool cut_try(struct cut *cut, const struct life *life, const struct disk *disk, enum disk_cut kind,
	     uint64_t seed)
{
	struct life after;
	cut_make(cut, disk, kind, seed);
	life_fork(&after, life, &disk->promise, seed);
	int status = recover(&after, /* commits= */ 1);
	bool passed = judge(cut, &after, status);
	life_fini(&after);
	return passed;
}

void cut_try_all(struct cut *cut, const struct life *life, const struct disk *disk, unsigned rounds)
{
	size_t pieces = disk_pieces(disk);
	cut->boundaries++;
	cut_try(cut, life, disk, DISK_CUT_KEPT, ++cut->seed);
	if (pieces > 0)
		cut_try(cut, life, disk, DISK_CUT_DROPPED, ++cut->seed);
	for (unsigned i = 0; i < rounds && pieces > 1; i++)
		for (int kind = DISK_CUT_OPS; kind < DISK_CUT_COUNT; kind++)
			cut_try(cut, life, disk, (enum disk_cut)kind, ++cut->seed);
}

void cut_walk(struct cut *cut, const struct life *life, struct disk *disk,
	      const struct disk_log *log, unsigned rounds)
{
	for (size_t i = 0; i < log->count; i++) {
		disk_apply(disk, &log->ops[i]);
		cut_try_all(cut, life, disk, rounds);
	}
}

/* ---- twice ------------------------------------------------------- */

void cut_twice(struct cut *cut, const struct life *life, const struct disk *disk,
	       enum cut_first first, enum disk_cut kind, int commits)
{
	struct life after;
	struct disk second;
	struct disk_log log = {0};
	disk_init(&second);
	cut_make(cut, disk, first == CUT_KILL ? DISK_CUT_KEPT : kind, ++cut->seed);
	disk_copy(&second, first == CUT_KILL ? disk : &cut->image);
	life_fork(&after, life, &disk->promise, cut->seed);
	second.promise = after.promise;

	tap_start(cut->path, &second, &log);
	int status = recover(&after, commits);
	tap_stop();
	judge(cut, &after, status);
	cut_walk(cut, &after, &second, &log, /* rounds= */ 1);

	disk_log_fini(&log);
	disk_fini(&second);
	life_fini(&after);
}

/* ---- a campaign -------------------------------------------------- */

unsigned cut_seeds(void)
{
	const char *text = getenv("CENTRO_POWER_SEEDS");
	unsigned long seeds = text ? strtoul(text, NULL, 10) : 1;
	return seeds > 0 && seeds <= 1000000 ? (unsigned)seeds : 1;
}

void cut_print(const struct cut *cut, const char *what)
{
	uint64_t images = 0;
	for (int i = 0; i < DISK_CUT_COUNT; i++)
		images += cut->images[i];
	printf("{\"test\": \"power\", \"case\": \"%s\", \"seeds\": %u, \"boundaries\": %llu, "
	       "\"images\": %llu",
	       what, cut_seeds(), (unsigned long long)cut->boundaries, (unsigned long long)images);
	for (int i = 0; i < DISK_CUT_COUNT; i++)
		printf(", \"%s\": %llu", disk_cut_name((enum disk_cut)i),
		       (unsigned long long)cut->images[i]);
	printf(", \"failures\": %llu}\n", (unsigned long long)cut->failures);
	fflush(stdout);
}
