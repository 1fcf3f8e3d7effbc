/* SPDX-License-Identifier: MIT */
#ifndef CTR_STORE_FILE_FORMAT_H
#define CTR_STORE_FILE_FORMAT_H

/*
 * The two rows that a file store keeps for itself. Both are text, so that
 * mdb_dump -p shows what they say.
 *
 *   !store/format   centro-store LAYOUT OLDEST WRITER
 *   !store/term     TERM NAME
 *
 * LAYOUT numbers how rows lie in the file, OLDEST is the oldest layout a reader
 * may know to read it all the same, WRITER is who made the file. TERM is that of
 * the last leader, which called itself NAME.
 */

#include <centro/store.h>

#define CTR_FILE_FORMAT_KEY CENTRO_STORE_RESERVED_PREFIX "format"
#define CTR_FILE_TERM_KEY   CENTRO_STORE_RESERVED_PREFIX "term"

/* The layout that this library writes, and the newest that it knows. */
#define CTR_FILE_LAYOUT 1

#define CTR_FILE_WRITER_SIZE_MAX 64

struct ctr_file_format {
	uint64_t layout;
	uint64_t oldest_reader;
	char writer[CTR_FILE_WRITER_SIZE_MAX + 1];
};

/* A row's value, made in place. */
struct ctr_file_value {
	size_t size;
	char text[320];
};

struct ctr_file_value ctr_file_format_print(const struct ctr_file_format *format);
/* OK; CORRUPT. */
int ctr_file_format_parse(struct centro_bytes value, struct ctr_file_format *ret_format);

/* `name` is at most CENTRO_STORE_NAME_SIZE_MAX long. */
struct ctr_file_value ctr_file_term_print(uint64_t term, const char *name);
/* OK; CORRUPT. */
int ctr_file_term_parse(struct centro_bytes value, uint64_t *ret_term);

#endif
