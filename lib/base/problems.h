/* SPDX-License-Identifier: MIT */
#ifndef CTR_BASE_PROBLEMS_H
#define CTR_BASE_PROBLEMS_H

/*
 * All that is wrong with something from outside, a line each, so that whoever wrote it
 * learns of everything at once. Of fixed size: noting a problem cannot fail.
 */

#include <centro/types.h>

#define CTR_PROBLEMS_MAX      20   /* that are told; the others are counted */
#define CTR_PROBLEMS_SIZE_MAX 4096 /* of all their lines */

struct ctr_problems {
	size_t count; /* of all that were added */
	size_t shown; /* of these, the lines in `text` */
	size_t size;
	char text[CTR_PROBLEMS_SIZE_MAX]; /* always terminated */
};

void ctr_problems_init(struct ctr_problems *problems);
/* One line: where, the value, and what would be right. Without an end of line. */
void ctr_problems_add(struct ctr_problems *problems, const char *format, ...) CENTRO_PRINTF(2, 3);

#define CTR_PROBLEMS_TOLD_SIZE_MAX (CTR_PROBLEMS_SIZE_MAX + 32)
/*
 * The lines, as many whole ones as `size` bytes have room for, and then "and 7 more" when
 * there are others. At least 64 bytes. Returns `buffer`.
 */
const char *ctr_problems_tell(const struct ctr_problems *problems, char *buffer, size_t size);

/*
 * CENTRO_OK when there is none. Else CENTRO_ERR_INVALID, and in `text`, which may be NULL,
 * those that fit there: a single one is cut rather than left out.
 */
int ctr_problems_status(const struct ctr_problems *problems, struct centro_error_text *text);

#endif
