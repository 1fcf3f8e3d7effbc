/* SPDX-License-Identifier: MIT */
#ifndef CTR_CODEC_NEAREST_H
#define CTR_CODEC_NEAREST_H

/* "Did you mean …?" */

#include "base/bytes.h"

/* Typing errors that are forgiven. */
#define CTR_NEAREST_DISTANCE_MAX 2

/* The best guess so far. */
struct ctr_nearest {
	struct centro_bytes wrong;
	const char *name; /* NULL: none is near */
	size_t distance;
};

void ctr_nearest_init(struct ctr_nearest *nearest, struct centro_bytes wrong);
/* Of equally near names the first counts. */
void ctr_nearest_add(struct ctr_nearest *nearest, const char *name);

#endif
