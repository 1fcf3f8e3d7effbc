/* SPDX-License-Identifier: MIT */
#ifndef CTR_CODEC_PATH_H
#define CTR_CODEC_PATH_H

/*
 * Where in a message something is wrong: "tasks[0].command[2]". A chain of steps
 * on the stack of whoever walks the message; turned into text only for an error.
 */

#include "base/arena.h"
#include "base/str.h"

#define CTR_PATH_NO_INDEX SIZE_MAX

struct ctr_path {
	const struct ctr_path *up; /* NULL: the message itself */
	const char *name;          /* of a field, or a key as somebody wrote it */
	size_t index;              /* in a repeated one, or CTR_PATH_NO_INDEX */
};

/* "PATH: …" in `text`, which may be NULL; without a path just "…". Returns `error`. */
int ctr_path_error(const struct ctr_path *path, struct centro_error_text *text, int error,
		   const char *format, ...) CENTRO_PRINTF(4, 5);

#define CTR_QUOTE_SIZE_MAX 60

/* Text from outside on its way into an error: its start, made harmless. */
struct ctr_quote {
	char text[4 * CTR_QUOTE_SIZE_MAX + 8];
};
/* Returns quote->text. */
const char *ctr_quote(struct ctr_quote *quote, struct centro_bytes text);

/*
 * An allocation of `bytes` from `arena` failed: CENTRO_ERR_LIMIT if its cap was
 * the reason, else CENTRO_ERR_NOMEM, with a text to match.
 */
int ctr_arena_error(const struct ctr_arena *arena, size_t bytes, struct centro_error_text *text);

#endif
