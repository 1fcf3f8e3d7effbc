/* SPDX-License-Identifier: MIT */
#ifndef CTR_SIM_WHATIF_INPUT_H
#define CTR_SIM_WHATIF_INPUT_H

/*
 * A file on its way into a workload: bytes come in pieces, lines go out to the
 * reader of their format. It is not trusted: a line has a largest size, and what
 * is wrong is said with the number of its line.
 */

#include "sim/whatif/workload.h"

#define CTR_INPUT_FIELDS_MAX 32

struct ctr_input;

/* One line without its end, in fields; a mark of a missing column is -1. */
struct ctr_line {
	struct centro_bytes fields[CTR_INPUT_FIELDS_MAX];
	size_t count; /* may be above the number of those that are kept */
};

/*
 * Take one line that is not empty. OK; INVALID: it is malformed, and nothing of
 * it was taken; LIMIT, NOMEM. The text names no place.
 */
typedef int ctr_line_fn(struct ctr_input *input, struct centro_bytes line,
			struct centro_error_text *text);

/* Where each column that matters stands in a CSV file; -1: it is not there. */
#define CTR_COLUMNS_MAX 12

struct ctr_input {
	struct centro_workload *workload;
	ctr_line_fn *take;
	char *name;
	struct ctr_buf partial; /* of a line whose end has not come */
	uint64_t line;          /* the number of the last one that was taken */
	bool has_header;        /* of CSV: its first line was read */
	int8_t columns[CTR_COLUMNS_MAX];
};

/* NULL is allowed. */
void ctr_input_free(struct ctr_input *input);

/* Cut a line at `separator`, or at runs of blanks if that is ' '. */
void ctr_line_split(struct centro_bytes line, char separator, struct ctr_line *ret_line);

/*
 * The value of a field. `what` names it in a text: "field 4 (run time)". -1 is
 * *ret_known false.
 *
 * @retval CENTRO_ERR_INVALID  not a number, or out of range
 */
int ctr_field_seconds(struct centro_bytes field, const char *what, bool *ret_known,
		      uint64_t *ret_ns, struct centro_error_text *text);
int ctr_field_number(struct centro_bytes field, const char *what, uint64_t max, bool *ret_known,
		     uint64_t *ret_number, struct centro_error_text *text);

/* ---- the formats ---- */

ctr_line_fn ctr_swf_take;        /* swf.c */
ctr_line_fn ctr_openb_take_node; /* openb.c */
ctr_line_fn ctr_openb_take_pod;  /* openb.c */

#endif
