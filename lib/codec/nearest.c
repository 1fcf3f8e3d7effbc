/* SPDX-License-Identifier: MIT */
/*
 * nearest.c - the name that a mistyped one was probably meant to be.
 *
 * The distance counts letters that are missing, too many, wrong or swapped with
 * their neighbour (optimal string alignment).
 *
 * Layer: codec.
 */
#include "codec/nearest.h"

#include "base/assert.h"

/* No name in the schema is longer. */
#define NAME_SIZE_MAX 63

static size_t min3(size_t a, size_t b, size_t c)
{
	size_t least = a < b ? a : b;
	return least < c ? least : c;
}

static uint8_t lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c - 'A' + 'a') : c;
}

static bool same(struct centro_bytes a, size_t i, struct centro_bytes b, size_t j)
{
	return lower(a.data[i]) == lower(b.data[j]);
}

static size_t distance(struct centro_bytes a, struct centro_bytes b)
{
	size_t rows[3][NAME_SIZE_MAX + 1];
	size_t *above2 = rows[0], *above = rows[1], *row = rows[2];

	CTR_ASSERT(b.size <= NAME_SIZE_MAX);
	for (size_t j = 0; j <= b.size; j++)
		above[j] = j;
	for (size_t i = 1; i <= a.size; i++) {
		row[0] = i;
		for (size_t j = 1; j <= b.size; j++) {
			row[j] = min3(above[j] + 1, row[j - 1] + 1,
				      above[j - 1] + !same(a, i - 1, b, j - 1));
			bool swapped = i > 1 && j > 1 && same(a, i - 1, b, j - 2) &&
				       same(a, i - 2, b, j - 1);
			if (swapped && above2[j - 2] + 1 < row[j])
				row[j] = above2[j - 2] + 1;
		}
		size_t *reused = above2;
		above2 = above;
		above = row;
		row = reused;
	}
	return above[b.size];
}

void ctr_nearest_init(struct ctr_nearest *nearest, struct centro_bytes wrong)
{
	*nearest = (struct ctr_nearest){
		.wrong = wrong,
		.distance = CTR_NEAREST_DISTANCE_MAX + 1,
	};
}

void ctr_nearest_add(struct ctr_nearest *nearest, const char *name)
{
	struct centro_bytes bytes = ctr_bytes_str(name);
	if (bytes.size > NAME_SIZE_MAX ||
	    nearest->wrong.size > bytes.size + CTR_NEAREST_DISTANCE_MAX)
		return;

	size_t away = distance(nearest->wrong, bytes);
	/* Two errors in three letters are not a typing error. */
	if (away < nearest->distance && 2 * away <= bytes.size) {
		nearest->distance = away;
		nearest->name = name;
	}
}
