/* SPDX-License-Identifier: MIT */
#ifndef POWER_CUT_H
#define POWER_CUT_H

/*
 * Power cuts: at a boundary between two calls of a log, what may be left of the
 * disk is made in a directory, and a store is opened there for real. It must hold
 * what had been promised by then, and go on.
 */

#include "life.h"

struct cut {
	char base[128];
	char path[160]; /* the store's directory, in `base` */
	char uri[200];
	char about[80]; /* which life, for a report; set by the test */
	uint64_t seed;
	struct disk image;

	uint64_t boundaries;
	uint64_t images[DISK_CUT_COUNT];
	uint64_t failures;
};

/* Makes a temporary directory: in memory if there is such a place. */
void cut_init(struct cut *cut);
void cut_fini(struct cut *cut);

/* Make what `disk` leaves by a cut of this kind. */
void cut_make(struct cut *cut, const struct disk *disk, enum disk_cut kind, uint64_t seed);
/* It was not as it should be: say so, and count it. */
void cut_fail(struct cut *cut, int status, const char *what);

/* Open what `disk` leaves by a cut of this kind; false, and it was said why. */
bool cut_try(struct cut *cut, const struct life *life, const struct disk *disk, enum disk_cut kind,
	     uint64_t seed);
/* By every kind of cut, those with chance in them `rounds` times. */
void cut_try_all(struct cut *cut, const struct life *life, const struct disk *disk,
		 unsigned rounds);
/* At each boundary of `log`, from the disk `start` on, which is moved to the end. */
void cut_walk(struct cut *cut, const struct life *life, struct disk *disk,
	      const struct disk_log *log, unsigned rounds);

/* How the power went the first time. */
enum cut_first {
	CUT_POWER, /* the disk is what a cut of the kind left */
	CUT_KILL,  /* the process was killed, and what it did not sync is still not */
};
/*
 * Open what `disk` leaves by a cut of this kind, go on for `commits`, and cut the
 * power again at each boundary of that.
 */
void cut_twice(struct cut *cut, const struct life *life, const struct disk *disk,
	       enum cut_first first, enum disk_cut kind, int commits);

/* From CENTRO_POWER_SEEDS: how many times as much as usual; 1 if it is not set. */
unsigned cut_seeds(void);
/* One line of JSON about what was tried. */
void cut_print(const struct cut *cut, const char *what);

#endif
